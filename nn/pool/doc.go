// Package pool shares short pieces of work among a few goroutines.
//
// A training step is a dozen pieces of work of 10 to 1,000 µs. To start a
// goroutine, or to wake one that sleeps, may take longer than the shortest. A Crew
// therefore keeps its goroutines awake for a moment after each piece; they end by
// themselves when no other comes, so that a Crew needs no closing. A piece costs a
// fraction of a microsecond beyond its work, and no memory.
//
// # The protocol
//
// The goroutine that calls Each is worker 0. Every other worker is a helper: at
// most one goroutine, and a word in memory that holds all that it and the caller
// tell each other.
//
//	         call                   take               sleep
//	absent ────────▶ called ──────────────────▶ working ──────▶ awaited
//	  ▲              │    ▲                      │   │           │   │
//	  │         miss │    │ call          finish │   │    finish │   │
//	  │              ▼    │                      │   │           │   │
//	  │              waiting ◀───────────────────┴───│───────────┘   │
//	  │                 │                            │               │
//	  │           leave │                            │ end           │ end
//	  │                 ▼                            │               │
//	  │      end     leaving                         │               │
//	  └─────────────────┴────────────────────────────┴───────────────┘
//
// The caller makes call, miss and sleep happen. It calls the helpers that it has
// work for, and starts a goroutine for one that was absent; one that is leaving
// cannot be called. When no work is left, it takes the call back from those that
// have not begun, because their processor does something else (miss), and waits
// for the others, at first awake, then asleep.
//
// The helper makes the others happen: take, finish and leave, and end, which is
// the last thing that a helper's goroutine does, whether it retires or is ended by
// runtime.Goexit in the middle of work. In the states in which it can end, all
// that the caller can do is to fall asleep, and a goroutine is started in none but
// absent: so there are never two for one helper. Whoever takes a helper out of
// awaited wakes the caller, which is exactly once for each sleep.
//
// A Free is a list of values to be used again.
package pool

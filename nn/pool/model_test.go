package pool

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// world is all that the protocol depends on, while one caller makes a few calls
// of Each with two indices: the helpers' states, how far everybody has come, and
// what is left to do. Each of its steps is one access to memory that others can
// see. Whatever the speed of a goroutine, how long it stays awake, where its
// processor leaves it, and whether f returns, panics or ends the goroutine, what
// happens is one path through the worlds that next leads to.
type world struct {
	helpers    [2]state
	goroutines [8]goroutine // in the order of their start
	started    int
	caller     place
	at         int // the helper that the caller is busy with
	calls      int // that have returned
	left       int // indices
	wake       int // in the caller's channel
}

type goroutine struct {
	helper int
	place  place
}

// place is what somebody does next.
type place int

const (
	gone place = iota
	calling
	looking
	retiring
	sharing // takes indices, or is in f
	finishing
	waking
	ending
	lastWaking
	missing
	joining
	sleeping
)

// next calls to for every world one step away, and wrong with what may not be.
func (w world) next(r *rules, crew, calls int, to func(world), wrong func(string)) {
	do := func(w *world, e event, h int) (was state, ok bool) {
		was = w.helpers[h]
		if next := r[e][was]; next != impossible {
			w.helpers[h] = next
			return was, true
		}
		return was, false
	}
	must := func(w *world, e event, h int) (was state) {
		was, ok := do(w, e, h)
		if !ok {
			wrong("an event that cannot happen")
		}
		return was
	}
	send := func(w *world) {
		if w.wake++; w.wake > 1 {
			wrong("the caller is woken twice")
		}
	}

	for i, g := range w.goroutines[:w.started] {
		step := func(f func(w *world, p *place)) {
			w := w
			f(&w, &w.goroutines[i].place)
			to(w)
		}
		switch g.place {
		case looking:
			step(func(w *world, p *place) {
				*p = retiring
				if _, ok := do(w, take, g.helper); ok {
					*p = sharing
				}
			})
		case retiring:
			step(func(w *world, p *place) {
				*p = looking
				if _, ok := do(w, leave, g.helper); ok {
					*p = ending
				}
			})
		case sharing:
			if w.left > 0 {
				step(func(w *world, _ *place) { w.left-- })
			}
			step(func(w *world, p *place) { w.left, *p = 0, finishing }) // none is left, or f panics
			step(func(w *world, p *place) { w.left, *p = 0, ending })    // runtime.Goexit
		case finishing:
			step(func(w *world, p *place) {
				*p = looking
				if must(w, finish, g.helper) == awaited {
					*p = waking
				}
			})
		case waking:
			step(func(w *world, p *place) { send(w); *p = looking })
		case ending:
			step(func(w *world, p *place) {
				*p = gone
				if must(w, end, g.helper) == awaited {
					*p = lastWaking
				}
			})
		case lastWaking:
			step(func(w *world, p *place) { send(w); *p = gone })
		}
	}

	// The caller. on makes it go to the next helper, and then on.
	on := func(w *world, then place) {
		if w.at++; w.at == crew {
			w.at, w.caller = 0, then
		}
	}
	switch w.caller {
	case calling:
		if w.at == 0 {
			w.left = 2
		}
		if was, ok := do(&w, call, w.at); ok && was == absent {
			w.goroutines[w.started] = goroutine{w.at, looking}
			w.started++
		}
		on(&w, sharing)
	case sharing:
		if w.left > 0 {
			w := w
			w.left--
			to(w)
		}
		w.left, w.caller = 0, missing
	case missing:
		do(&w, miss, w.at)
		on(&w, joining)
	case joining:
		if _, ok := do(&w, sleep, w.at); ok {
			w.caller = sleeping
		} else if w.helpers[w.at] == working {
			return // rules without sleep: it stays awake
		} else {
			w.joined(crew, calls)
		}
	case sleeping:
		if w.wake == 0 {
			return
		}
		w.wake--
		w.caller = joining
		w.joined(crew, calls)
	case gone:
		return
	}
	to(w)
}

// joined makes the caller go on from a helper it has waited for.
func (w *world) joined(crew, calls int) {
	if w.at++; w.at < crew {
		return
	}
	w.at, w.caller = 0, calling
	if w.calls++; w.calls == calls {
		w.caller = gone
	}
}

// explore visits all worlds and returns their number and all that is wrong.
func explore(r *rules, crew, calls int) (worlds int, faults map[string]bool) {
	faults = map[string]bool{}
	wrong := func(what string) { faults[what] = true }
	first := world{helpers: [2]state{absent, absent}, caller: calling}
	before := map[world][]world{first: nil} // of every world, those one step earlier
	var ends []world
	for queue := []world{first}; len(queue) > 0; {
		w := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		w.next(r, crew, calls, func(next world) {
			earlier, seen := before[next]
			before[next] = append(earlier, w)
			if !seen {
				queue = append(queue, next)
			}
		}, wrong)
		var alive, inside [2]int
		over := w.caller == gone
		for _, g := range w.goroutines[:w.started] {
			if g.place == gone {
				continue
			}
			over = false
			if alive[g.helper]++; alive[g.helper] > 1 {
				wrong("a helper has two goroutines")
			}
			if g.place != sharing {
				continue
			}
			if w.caller == gone || w.caller == calling && w.at == 0 {
				wrong("a helper works when nobody is in Each")
			}
			if inside[g.helper]++; inside[g.helper] > 1 {
				wrong("two goroutines are the same worker")
			}
		}
		if over {
			ends = append(ends, w)
		}
		if over && w.helpers != first.helpers {
			wrong("a helper without a goroutine is not absent")
		}
	}
	hopeful := map[world]bool{}
	for len(ends) > 0 {
		w := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		if !hopeful[w] {
			hopeful[w] = true
			ends = append(ends, before[w]...)
		}
	}
	if len(hopeful) < len(before) {
		wrong("there is no way to the end")
	}
	return len(before), faults
}

// Every interleaving of a caller and its helpers, of which each call may find
// another generation, ends well.
func TestNoInterleavingBreaksTheProtocol(t *testing.T) {
	for _, c := range []struct{ crew, calls, worlds int }{{1, 4, 300}, {2, 3, 5_000}} {
		worlds, faults := explore(&protocol, c.crew, c.calls)
		require.Empty(t, faults, "%d helpers, %d calls", c.crew, c.calls)
		require.Greater(t, worlds, c.worlds, "the model does what it should")
		t.Logf("%d helpers, %d calls: %d worlds", c.crew, c.calls, worlds)
	}
}

// The model would see a mistake in the rules. One rule can be replaced: a helper
// that leaves could call itself working, and callers would wait for its end.
func TestNoOtherRuleWouldDo(t *testing.T) {
	for e := miss; e < events; e++ {
		for s := absent; s < states; s++ {
			for other := absent; other < states; other++ {
				if protocol[e][s] == impossible || protocol[e][s] == other || e == leave && other == working {
					continue
				}
				mutant := protocol
				mutant[e][s] = other
				_, faults := explore(&mutant, 1, 3)
				require.NotEmpty(t, faults, "event %d makes %d of state %d", e, other, s)
			}
		}
	}
}

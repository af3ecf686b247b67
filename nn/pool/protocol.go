package pool

// state is what a helper is in.
type state uint32

const (
	impossible state = iota
	absent           // there is no goroutine
	waiting          // the goroutine looks for work
	called           // there is work, which the goroutine has not taken
	working          // the goroutine takes part in a call of Each
	awaited          // it does, and the caller sleeps until it has finished
	leaving          // the goroutine is about to end
	states
)

// event is what the caller or the helper does.
type event int

const (
	call event = iota
	miss
	sleep
	take
	finish
	leave
	end
	events
)

// rules say for each event what state it makes of one; it cannot happen in the
// states that are not listed.
type rules [events][states]state

// protocol holds the rules drawn in the package's documentation.
var protocol = rules{
	call:   {absent: called, waiting: called},
	miss:   {called: waiting},
	sleep:  {working: awaited},
	take:   {called: working},
	finish: {working: waiting, awaited: waiting},
	leave:  {waiting: leaving},
	end:    {leaving: absent, working: absent, awaited: absent},
}

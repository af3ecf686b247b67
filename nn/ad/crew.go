package ad

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Crew is a group of goroutines that share pieces of work. The goroutine that
// calls Each is worker 0; the others are started when they are needed, stay
// awake for a moment after a piece of work, because waking a goroutine may take
// longer than the next piece, and end when none comes. So a Crew needs no
// closing. It serves one caller at a time. A nil Crew is the caller alone.
type Crew struct {
	workers int
	linger  time.Duration
	helpers []helper // workers 1, 2, …

	// The present piece of work.
	n       int
	f       func(worker, i int)
	next    atomic.Int64 // index to be taken
	busy    atomic.Int32 // helpers called that have not finished
	done    sync.WaitGroup
	failure atomic.Pointer[failure]

	beside func()      // nil: nothing
	taken  atomic.Bool // by a worker
}

// helper is one goroutine, or the place for one.
type helper struct {
	state atomic.Uint32
	start func()
	_     [40]byte // one cache line each: states are watched
}

// The states of a helper.
const (
	absent  = iota // there is no goroutine
	waiting        // the goroutine looks for work
	called         // there is work, and nobody waits for the helper yet
	working
)

// failure carries a panic to the goroutine that called Each.
type failure struct{ value any }

// lingering is how long helpers stay awake: longer than what lies between the
// parallel parts of a training step, shorter than anybody would notice.
const lingering = 200 * time.Microsecond

// NewCrew returns a crew of the given number of workers, 0 for one a processor.
func NewCrew(workers int) *Crew {
	processors := runtime.GOMAXPROCS(0)
	if workers <= 0 {
		workers = processors
	}
	c := &Crew{workers: workers, helpers: make([]helper, workers-1)}
	if workers <= processors { // else those awake would keep the others from working
		c.linger = lingering
	}
	for k := range c.helpers {
		c.helpers[k].start = func() { c.help(k) }
	}
	return c
}

// Workers returns the number of workers, which bounds the first argument of
// what Each calls.
func (c *Crew) Workers() int {
	if c == nil {
		return 1
	}
	return c.workers
}

// Each calls f(worker, i) for every i below n and waits. Workers take the
// indices in increasing order; what f computes for one may not depend on which
// worker computes it, nor on other indices of the same call. A panic of f is
// raised in the caller's goroutine, once all workers have stopped. Each does not
// allocate.
func (c *Crew) Each(n int, f func(worker, i int)) {
	pieces := n
	if c != nil && c.beside != nil {
		pieces++
	}
	others := min(c.Workers(), pieces) - 1
	if others <= 0 {
		c.catchUp()
		for i := range n {
			f(0, i)
		}
		return
	}
	c.n, c.f = n, f
	c.next.Store(0)
	c.busy.Store(int32(others))
	c.done.Add(others)
	for k := range others {
		if h := &c.helpers[k]; h.state.Swap(called) == absent {
			go h.start()
		}
	}
	c.work(0)
	for k := range others {
		// One that has not begun, because its processor does something
		// else, has missed the work.
		if c.helpers[k].state.CompareAndSwap(called, waiting) {
			c.finished()
		}
	}
	c.spin(func() bool { return c.busy.Load() == 0 })
	c.done.Wait()
	c.beside = nil
	if p := c.failure.Swap(nil); p != nil {
		panic(p.value)
	}
}

// Beside leaves f to the next call of Each, in which one worker, other than the
// caller's if there is one, runs it before it takes indices: what only one
// goroutine can do then does not keep the others waiting. f may not use the
// crew. A Crew of one worker runs it at once.
func (c *Crew) Beside(f func()) {
	if c.Workers() == 1 {
		f()
		return
	}
	c.beside = f
	c.taken.Store(false)
}

// catchUp does what was left by Beside.
func (c *Crew) catchUp() {
	if c != nil && c.beside != nil {
		f := c.beside
		c.beside = nil
		f()
	}
}

// work takes indices until none is left, and reports whether it came to an
// end. After a panic there is nothing left for anybody.
func (c *Crew) work(worker int) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		if v == nil {
			v = "ad: a worker's goroutine was ended by runtime.Goexit"
		}
		c.failure.Store(&failure{v})
		c.next.Store(int64(c.n))
	}()
	if worker > 0 {
		c.aside()
	}
	for i := int(c.next.Add(1)) - 1; i < c.n; i = int(c.next.Add(1)) - 1 {
		c.f(worker, i)
	}
	c.aside()
	returned = true
}

// aside does what was left by Beside unless another worker does.
func (c *Crew) aside() {
	if c.beside != nil && c.taken.CompareAndSwap(false, true) {
		c.beside()
	}
}

func (c *Crew) finished() {
	c.busy.Add(-1)
	c.done.Done()
}

// help is the life of a helper's goroutine.
func (c *Crew) help(k int) {
	h := &c.helpers[k]
	defer func() {
		if h.state.CompareAndSwap(working, absent) { // ended by Goexit
			c.finished()
		}
	}()
	for {
		c.spin(func() bool { return h.state.Load() == called })
		switch {
		case h.state.CompareAndSwap(called, working):
			c.work(k + 1)
			h.state.Store(waiting)
			c.finished()
		case h.state.CompareAndSwap(waiting, absent):
			return
		}
	}
}

// spin waits for a condition, not longer than the linger.
func (c *Crew) spin(met func() bool) {
	const looks = 128 // between two at the clock
	for start := time.Now(); c.linger > 0 && time.Since(start) < c.linger; {
		for range looks {
			if met() {
				return
			}
		}
	}
}

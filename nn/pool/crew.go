package pool

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// Crew is a number of workers that share pieces of work. It serves one caller at
// a time. A nil Crew is the caller alone.
type Crew struct {
	workers int
	linger  time.Duration // that goroutines stay awake
	helpers []helper      // workers 1, 2, …
	wake    chan struct{} // the caller, when it sleeps
	inUse   atomic.Bool

	// The present piece of work.
	f       func(worker, i int)
	beside  func()                  // nil: nothing
	taken   atomic.Bool             // beside, by a worker
	shares  []portion               // of the indices: one for each worker that is asked
	failure atomic.Pointer[failure] // the first of a helper
}

// portion is the part of the indices that a worker takes first, and others when they have
// no more of their own.
type portion struct {
	next atomic.Int64 // index to be taken
	end  int64
	_    [48]byte // one cache line each
}

// failure carries a panic to the goroutine that called Each.
type failure struct{ value any }

// lingering is how long helpers stay awake: longer than what lies between the
// parallel parts of a training step, shorter than anybody would notice.
const lingering = 200 * time.Microsecond

// MostWorkers is the largest number of workers of a crew.
const MostWorkers = 1 << 16

// New returns a crew of the given number of workers, 0 for one a processor. It
// panics when there are more than MostWorkers.
func New(workers int) *Crew {
	if workers > MostWorkers {
		panic(fmt.Sprintf("pool: New: workers is %d, want at most %d", workers, MostWorkers))
	}
	processors := runtime.GOMAXPROCS(0)
	if workers <= 0 {
		workers = processors
	}
	c := &Crew{workers: workers, helpers: make([]helper, workers-1), shares: make([]portion, 0, workers), wake: make(chan struct{}, 1)}
	if workers <= processors { // else those awake would keep the others from working
		c.linger = lingering
	}
	for k := range c.helpers {
		c.helpers[k].now.Store(uint32(absent))
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

// Each calls f(worker, i) for every i below n and waits. Each worker begins with a share
// of its own, in increasing order, which is the same whenever n is: what an index needs is
// then still in the cache of the processor that had it in the call before. When its share
// is done it helps with those of others. What f computes for one index may not depend on
// which worker computes it, nor on other indices of the same call. No two goroutines
// have the same worker number at once.
//
// When f panics, or ends its goroutine by runtime.Goexit, indices that have not
// been taken are dropped, and the crew can be used again. What happens on the
// caller's goroutine goes its own way once the others have stopped; a panic of
// another worker is raised in the caller, and its Goexit is one.
//
// Each does not allocate. It panics when another call of the same crew has not
// returned, be it that of another goroutine or the one that has called f, and when
// f is nil, unless n is 0.
func (c *Crew) Each(n int, f func(worker, i int)) { c.EachBeside(n, f, nil) }

// EachBeside is Each with something that only one goroutine can do and that
// should not keep the others waiting: one worker, other than the caller's if there
// is one, calls beside before it takes indices. What is said of f holds for beside.
// A nil beside is nothing.
func (c *Crew) EachBeside(n int, f func(worker, i int), beside func()) {
	if f == nil && n > 0 {
		panic("pool: Each: f is nil, want what is to be done for every index")
	}
	if c == nil {
		alone(n, f, beside)
		return
	}
	if c.inUse.Swap(true) {
		panic("pool: Each: the crew is in use: it serves one caller at a time, and what that calls may not use it")
	}
	if failed := c.share(n, f, beside); failed != nil {
		panic(failed.value)
	}
}

// alone is EachBeside without helpers.
func alone(n int, f func(worker, i int), beside func()) {
	if beside != nil {
		beside()
	}
	for i := range n {
		f(0, i)
	}
}

// share is EachBeside of a crew, and returns what a helper failed of.
func (c *Crew) share(n int, f func(worker, i int), beside func()) (failed *failure) {
	pieces := n
	if beside != nil {
		pieces++
	}
	helpers := c.helpers[:max(0, min(c.workers, pieces)-1)]
	defer func() { failed = c.dismiss(helpers) }() // whatever becomes of the caller's part
	if len(helpers) == 0 {
		alone(n, f, beside)
		return nil
	}
	c.f, c.beside = f, beside
	c.taken.Store(beside == nil)
	c.shares = c.shares[:1+len(helpers)]
	at := int64(0)
	for k := range c.shares {
		c.shares[k].next.Store(at)
		at = int64(k+1) * int64(n) / int64(len(c.shares))
		c.shares[k].end = at
	}
	for k := range helpers {
		if was, ok := helpers[k].do(call); ok && was == absent {
			go helpers[k].start()
		}
	}
	c.take(0)
	return nil
}

// dismiss ends a piece of work: no helper is left in it.
func (c *Crew) dismiss(helpers []helper) (failed *failure) {
	c.drop()
	for k := range helpers {
		helpers[k].do(miss)
	}
	for k := range helpers {
		c.wait(&helpers[k])
	}
	if failed = c.failure.Load(); failed != nil {
		c.failure.Store(nil)
	}
	c.f, c.beside = nil, nil
	c.inUse.Store(false)
	return failed
}

// work is a helper's part of a piece of work.
func (c *Crew) work(worker int) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		if v == nil {
			v = "pool: a worker's goroutine was ended by runtime.Goexit"
		}
		c.failure.CompareAndSwap(nil, &failure{v})
		c.drop()
	}()
	c.aside()
	c.take(worker)
	returned = true
}

// take calls f for indices until none is left.
func (c *Crew) take(worker int) {
	for k := range c.shares {
		s := &c.shares[(worker+k)%len(c.shares)]
		for s.next.Load() < s.end {
			if i := s.next.Add(1) - 1; i < s.end {
				c.f(worker, int(i))
			}
		}
	}
	c.aside()
}

// aside calls beside unless another worker has.
func (c *Crew) aside() {
	if !c.taken.Load() && c.taken.CompareAndSwap(false, true) {
		c.beside()
	}
}

// drop leaves nothing to be taken.
func (c *Crew) drop() {
	for k := range c.shares {
		if s := &c.shares[k]; s.next.Load() < s.end {
			s.next.Store(s.end)
		}
	}
	if !c.taken.Load() {
		c.taken.Store(true)
	}
}

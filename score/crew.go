package score

import (
	"sync"
	"sync/atomic"
)

// crew runs a function of an index on several goroutines. What the function
// computes for an index may not depend on the others, so that the result has
// the same bits for any number of workers.
type crew struct {
	workers int
	start   func() // bound once
	next    atomic.Int64
	done    sync.WaitGroup
	n       int
	f       func(i int)
	fault   atomic.Pointer[any]
}

// grain is the number of indices that a goroutine takes at a time.
const grain = 16

func newCrew(workers int) *crew {
	c := &crew{workers: workers}
	c.start = func() { defer c.done.Done(); c.work() }
	return c
}

// each calls f for the indices below n and waits. A panic of f is raised here.
func (c *crew) each(n int, f func(i int)) {
	c.n, c.f = n, f
	c.next.Store(0)
	others := min(c.workers, (n+grain-1)/grain) - 1
	for range others {
		c.done.Add(1)
		go c.start()
	}
	c.work()
	c.done.Wait()
	if v := c.fault.Swap(nil); v != nil {
		panic(*v)
	}
}

// work takes indices until none is left.
func (c *crew) work() {
	defer func() {
		if v := recover(); v != nil {
			fault := v // v itself would be on the heap in every call
			c.fault.Store(&fault)
		}
	}()
	for {
		first := int(c.next.Add(grain)) - grain
		if first >= c.n {
			return
		}
		for i := first; i < min(first+grain, c.n); i++ {
			c.f(i)
		}
	}
}

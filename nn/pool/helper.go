package pool

import (
	"sync/atomic"
	"time"
)

// helper is one goroutine, or the place for one.
type helper struct {
	now     atomic.Uint32 // its state
	start   func()        // the life of its goroutine
	preempt func()        // ahead of events, for tests: what may happen there anyway
	_       [40]byte      // one cache line each: states are watched
}

// do makes an event happen if it can, and returns the state it found.
func (h *helper) do(e event) (was state, ok bool) {
	if h.preempt != nil {
		h.preempt()
	}
	for {
		was = h.state()
		next := protocol[e][was]
		if next == impossible {
			return was, false
		}
		if h.now.CompareAndSwap(uint32(was), uint32(next)) {
			return was, true
		}
	}
}

func (h *helper) state() state { return state(h.now.Load()) }

// until waits for a helper to be in a state, or out of it, but not longer than
// the linger.
func (h *helper) until(s state, in bool, linger time.Duration) {
	const looks = 128 // between two at the clock
	if linger == 0 {
		return
	}
	for start := time.Now(); time.Since(start) < linger; {
		for range looks {
			if (h.state() == s) == in {
				return
			}
		}
	}
}

// help is the life of the goroutine of worker k+1.
func (c *Crew) help(k int) {
	h := &c.helpers[k]
	defer func() {
		if was, _ := h.do(end); was == awaited {
			c.wake <- struct{}{}
		}
	}()
	for {
		h.until(called, true, c.linger)
		if _, ok := h.do(take); ok {
			c.work(k + 1)
			if was, _ := h.do(finish); was == awaited {
				c.wake <- struct{}{}
			}
		} else if _, ok := h.do(leave); ok {
			return
		}
	}
}

// wait returns when a helper that has been called has finished.
func (c *Crew) wait(h *helper) {
	h.until(working, false, c.linger)
	if _, ok := h.do(sleep); ok {
		<-c.wake
	}
}

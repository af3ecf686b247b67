package pool

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Helpers that retire after a nanosecond, more of them than processors and fewer,
// processors that are busy with something else, goroutines that lose theirs ahead
// of any event, and an f that yields, panics or ends its goroutine: whatever
// happens, no two goroutines are the same worker at once, and every index is run
// once.
func TestACrewSurvivesABusyMachine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for processors := 1; processors <= 8; processors++ {
		runtime.GOMAXPROCS(processors)
		for _, linger := range []time.Duration{0, 1, 2 * time.Microsecond} {
			t.Run(fmt.Sprintf("%d processors, %v", processors, linger), func(t *testing.T) {
				stop := busy(2)
				defer stop()
				s := newStress(t, 2+processors%4, linger)
				length := 40 * time.Millisecond
				if testing.Short() {
					length /= 4
				}
				for start := time.Now(); time.Since(start) < length && !t.Failed(); {
					s.call()
				}
			})
		}
	}
}

// busy keeps goroutines running that take processors away from others, and
// returns what ends them.
func busy(goroutines int) (stop func()) {
	var over atomic.Bool
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for k := 0; !over.Load(); k++ {
				if k%1000 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	return func() {
		over.Store(true)
		wg.Wait()
	}
}

// stress is a crew under test.
type stress struct {
	t      *testing.T
	c      *Crew
	rng    *rand.Rand
	inside []atomic.Int32 // goroutines that are a worker
	seen   [20]atomic.Int32
}

func newStress(t *testing.T, workers int, linger time.Duration) *stress {
	c := New(workers)
	c.linger = linger
	for k := range c.helpers {
		c.helpers[k].preempt = func() {
			if rand.IntN(4) == 0 {
				runtime.Gosched()
			}
		}
	}
	return &stress{t: t, c: c, rng: rand.New(rand.NewPCG(uint64(workers), uint64(linger))), inside: make([]atomic.Int32, workers)}
}

// What f does at one of the indices.
const (
	returns = iota
	panics
	exits
	outcomes
)

// call makes one call of EachBeside.
func (s *stress) call() {
	n := s.rng.IntN(len(s.seen))
	outcome, at, yields := returns, s.rng.IntN(len(s.seen)), s.rng.IntN(4)
	if s.rng.IntN(4) == 0 {
		outcome = s.rng.IntN(outcomes)
	}
	beside := atomic.Int32{}
	for i := range s.seen {
		s.seen[i].Store(0)
	}
	f := func(worker, i int) {
		if s.inside[worker].Add(1) != 1 {
			s.t.Error("two goroutines are the same worker")
		}
		defer s.inside[worker].Add(-1)
		if i%4 == yields {
			runtime.Gosched()
		}
		s.seen[i].Add(1)
		switch {
		case i == at && outcome == panics:
			panic("here")
		case i == at && outcome == exits:
			runtime.Goexit()
		}
	}
	completed := false
	var raised any
	var wg sync.WaitGroup
	wg.Go(func() {
		defer func() { raised = recover() }()
		s.c.EachBeside(n, f, func() { beside.Add(1) })
		completed = true
	})
	wg.Wait()

	fails := outcome != returns && at < n
	require.Equal(s.t, !fails, completed)
	if outcome == panics && fails {
		require.Equal(s.t, "here", raised)
	}
	for i := range s.seen {
		runs := s.seen[i].Load()
		require.True(s.t, runs == 1 || fails && runs == 0 || i >= n && runs == 0, "index %d of %d ran %d times", i, n, runs)
	}
	require.True(s.t, beside.Load() == 1 || fails && beside.Load() == 0)
	for w := range s.inside {
		require.Zero(s.t, s.inside[w].Load(), "nobody works after Each")
	}
}

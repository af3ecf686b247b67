package ad

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestACrewTakesEveryIndexOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 50} {
		c := NewCrew(workers)
		require.Equal(t, workers, c.Workers())
		for round := range 200 {
			n := round % 7 * 16
			seen := make([]int, n)
			inside := make([]atomic.Int32, workers)
			c.Each(n, func(worker, i int) {
				if inside[worker].Add(1) != 1 {
					t.Error("two goroutines are the same worker")
				}
				seen[i]++
				inside[worker].Add(-1)
			})
			for _, k := range seen {
				require.Equal(t, 1, k)
			}
		}
	}
}

func TestACrewHandsPanicsOver(t *testing.T) {
	for _, workers := range []int{1, 3, 50} {
		c := NewCrew(workers)
		for _, bad := range []int{0, 77, 99} {
			require.PanicsWithValue(t, "here", func() {
				c.Each(100, func(_, i int) {
					if i == bad {
						panic("here")
					}
				})
			})
			count := new(atomic.Int32)
			c.Each(100, func(int, int) { count.Add(1) })
			require.EqualValues(t, 100, count.Load(), "the crew still works")
		}
	}
}

func TestACrewOutlivesTheEndOfAHelper(t *testing.T) {
	c := NewCrew(2)
	require.Panics(t, func() {
		var both sync.WaitGroup
		both.Add(2)
		c.Each(2, func(worker, _ int) {
			both.Done()
			both.Wait()
			if worker == 1 {
				runtime.Goexit()
			}
		})
	})
	count := new(atomic.Int32)
	c.Each(10, func(int, int) { count.Add(1) })
	require.EqualValues(t, 10, count.Load())
}

func TestWhatIsLeftBesideRunsOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 50} {
		c := NewCrew(workers)
		for round := range 200 {
			n := round % 7
			var beside, count atomic.Int32
			c.Beside(func() { beside.Add(1) })
			c.Each(n, func(int, int) { count.Add(1) })
			require.EqualValues(t, 1, beside.Load())
			require.EqualValues(t, n, count.Load())
			c.Each(n, func(int, int) { count.Add(1) })
			require.EqualValues(t, 1, beside.Load(), "once")
		}
	}
	done := false
	(*Crew)(nil).Beside(func() { done = true })
	require.True(t, done)
}

// It is not the caller who runs it, while others could.
func TestWhatIsLeftBesideKeepsNobodyWaiting(t *testing.T) {
	c := NewCrew(2)
	all := make(chan bool)
	c.Beside(func() { <-all }) // blocks for ever if it comes before the pieces of one worker
	var count atomic.Int32
	c.Each(10, func(int, int) {
		if count.Add(1) == 10 {
			close(all)
		}
	})
	require.EqualValues(t, 10, count.Load())
}

func TestPanicsBesideReachTheCaller(t *testing.T) {
	for _, workers := range []int{2, 3} {
		c := NewCrew(workers)
		for _, n := range []int{0, 1, 100} {
			c.Beside(func() { panic("here") })
			require.PanicsWithValue(t, "here", func() { c.Each(n, func(int, int) {}) })
			var count atomic.Int32
			c.Each(n, func(int, int) { count.Add(1) })
			require.EqualValues(t, n, count.Load(), "the crew still works")
		}
	}
}

func TestACrewLeavesNoGoroutineBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		NewCrew(4).Each(100, func(int, int) {})
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, time.Second, time.Millisecond,
		"one more is Eventually's own")
}

func TestACrewDoesNotAllocate(t *testing.T) {
	c := NewCrew(2)
	f := func(int, int) {}
	c.Each(10, f)
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Each(10, f) }))
}

func TestANilCrewIsTheCaller(t *testing.T) {
	var c *Crew
	require.Equal(t, 1, c.Workers())
	sum := 0
	c.Each(5, func(worker, i int) { sum += 10*worker + i })
	require.Equal(t, 10, sum)
}

// BenchmarkEach is the price of sharing nothing.
func BenchmarkEach(b *testing.B) {
	c := NewCrew(2)
	f := func(int, int) {}
	for b.Loop() {
		c.Each(2, f)
	}
}

package pool

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
		c := New(workers)
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
		c := New(workers)
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
	c := New(2)
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
		c := New(workers)
		for round := range 200 {
			n := round % 7
			var beside, count atomic.Int32
			c.EachBeside(n, func(int, int) { count.Add(1) }, func() { beside.Add(1) })
			require.EqualValues(t, 1, beside.Load())
			require.EqualValues(t, n, count.Load())
			c.Each(n, func(int, int) { count.Add(1) })
			require.EqualValues(t, 1, beside.Load(), "once")
		}
	}
	done := false
	(*Crew)(nil).EachBeside(0, nil, func() { done = true })
	require.True(t, done)
}

// It is not the caller who runs it, while others could.
func TestWhatIsLeftBesideKeepsNobodyWaiting(t *testing.T) {
	c := New(2)
	all := make(chan bool)
	var count atomic.Int32
	c.EachBeside(10, func(int, int) {
		if count.Add(1) == 10 {
			close(all)
		}
	}, func() { <-all }) // blocks for ever if it comes before the pieces of one worker
	require.EqualValues(t, 10, count.Load())
}

func TestPanicsBesideReachTheCaller(t *testing.T) {
	for _, workers := range []int{2, 3} {
		c := New(workers)
		for _, n := range []int{0, 1, 100} {
			require.PanicsWithValue(t, "here", func() { c.EachBeside(n, func(int, int) {}, func() { panic("here") }) })
			var count atomic.Int32
			c.Each(n, func(int, int) { count.Add(1) })
			require.EqualValues(t, n, count.Load(), "the crew still works")
		}
	}
}

// The caller's own panic comes first, and nothing of the helpers' is left for the
// next call.
func TestPanicsEverywhereAreOne(t *testing.T) {
	c := New(2)
	for range 100 {
		require.PanicsWithValue(t, 0, func() {
			var both sync.WaitGroup
			both.Add(2)
			c.EachBeside(1, func(worker, _ int) {
				both.Done()
				both.Wait()
				panic(worker)
			}, func() {
				both.Done()
				both.Wait()
				panic(1)
			})
		})
		require.NotPanics(t, func() { c.Each(10, func(int, int) {}) })
	}
}

// Two callers would be the same worker, and mix their pieces of work.
func TestACrewServesOneCaller(t *testing.T) {
	for _, workers := range []int{1, 2} {
		c := New(workers)
		require.PanicsWithValue(t, "pool: Each: the crew is in use: it serves one caller at a time, and what that calls may not use it", func() {
			c.Each(4, func(int, int) { c.Each(1, func(int, int) {}) })
		})
		c.Each(4, func(int, int) {})
	}
}

func TestACrewLeavesNoGoroutineBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		New(4).Each(100, func(int, int) {})
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, time.Second, time.Millisecond,
		"one more is Eventually's own")
}

func TestACrewDoesNotAllocate(t *testing.T) {
	c := New(2)
	f := func(int, int) {}
	c.Each(10, f)
	beside := func() {}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		c.Each(10, f)
		c.EachBeside(10, f, beside)
	}))
	short := New(2)
	short.linger = 0 // most calls start a goroutine, which the runtime has in store
	require.Zero(t, testing.AllocsPerRun(1000, func() { short.Each(10, f) }))
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
	c := New(2)
	f := func(int, int) {}
	for b.Loop() {
		c.Each(2, f)
	}
}

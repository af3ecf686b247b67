package pool

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// A goroutine that retired was absent at once, and had yet to look whether it had
// been ended within its work. By then it could be its successor's work that it saw.
func TestTheModelFindsAHelperThatEndsItsSuccessor(t *testing.T) {
	rules := rules{
		call:   {absent: called, waiting: called, called: called, working: called},
		miss:   {called: waiting},
		take:   {called: working},
		finish: {absent: waiting, waiting: waiting, called: waiting, working: waiting},
		leave:  {waiting: absent},
		end:    {working: absent, absent: absent, waiting: waiting, called: called},
	}
	_, faults := explore(&rules, 1, 3)
	require.Contains(t, faults, "a helper works when nobody is in Each")
	require.Contains(t, faults, "two goroutines are the same worker")
}

// A caller whose f ended its goroutine left helpers at work that nobody waited for.
func TestACallerMayEndItsGoroutine(t *testing.T) {
	c := New(3)
	for range 100 {
		var wg sync.WaitGroup
		wg.Go(func() {
			c.Each(10, func(worker, _ int) {
				if worker == 0 {
					runtime.Goexit()
				}
				runtime.Gosched()
			})
		})
		wg.Wait()
		var count atomic.Int32
		c.Each(10, func(int, int) { count.Add(1) })
		require.EqualValues(t, 10, count.Load())
	}
}

// A nil f was a panic of whichever worker called it, and 2⁴⁰ workers one of makeslice.
func TestCrewsNameWhatTheyCannotWorkWith(t *testing.T) {
	for _, c := range []*Crew{nil, New(1), New(3)} {
		for n := 1; n < 3; n++ {
			require.PanicsWithValue(t, "pool: Each: f is nil, want what is to be done for every index", func() { c.Each(n, nil) })
		}
		done := 0
		c.Each(1, func(int, int) { done++ })
		require.Equal(t, 1, done, "the crew can be used afterwards")
	}
	require.PanicsWithValue(t, "pool: New: workers is 1073741824, want at most 65536", func() { New(1 << 30) })
}

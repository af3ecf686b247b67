package soak

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// at is the number of goroutines that use the library at the same time.
const at = 3

// Rounds of all uses at once, each goroutine beginning with another one: for the time that
// GRADLOGP_SOAK says, and otherwise two rounds. Every use has the same numbers each time,
// whatever runs beside it. After a tenth of the rounds the heap, what the system has given,
// and the goroutines do not grow.
func TestUsesBesideEachOtherHaveTheSameNumbersAndFlatMemory(t *testing.T) {
	var length time.Duration
	if s := os.Getenv("GRADLOGP_SOAK"); s != "" {
		var err error
		length, err = time.ParseDuration(s)
		require.NoError(t, err, "GRADLOGP_SOAK")
	}
	first, memory := make([]uint64, len(uses)), []size{}
	for begin := time.Now(); len(memory) < 2 || time.Since(begin) < length; {
		round(t, first, len(memory) == 0)
		memory = append(memory, measure())
		if n := len(memory); n&(n-1) == 0 || time.Since(begin) >= length {
			t.Logf("round %d, %v: %v", n, time.Since(begin).Round(time.Second), memory[n-1])
		}
	}
	settled := max(1, len(memory)/10)
	var before, after size
	for i, m := range memory {
		if i < settled {
			before = before.max(m)
		} else {
			after = after.max(m)
		}
	}
	require.LessOrEqual(t, after.goroutines, before.goroutines)
	if length > 0 {
		require.LessOrEqual(t, after.heap, before.heap+1<<20)
		require.LessOrEqual(t, after.resident, before.resident+before.resident/4)
	}
}

// round runs all uses on every goroutine and compares what came out with what came first.
func round(t *testing.T, first []uint64, is bool) {
	t.Helper()
	came := make([][]uint64, at)
	var wait sync.WaitGroup
	for g := range at {
		dir := t.TempDir()
		came[g] = make([]uint64, len(uses))
		wait.Go(func() {
			defer os.RemoveAll(dir) // or an hour of rounds would fill the disk
			for k := range uses {
				i := (k + g*len(uses)/at) % len(uses)
				h, err := uses[i].run(context.Background(), dir)
				if err != nil {
					t.Errorf("%s: %v", uses[i].name, err)
				}
				came[g][i] = h
			}
		})
	}
	wait.Wait()
	if is {
		copy(first, came[0])
	}
	for g := range at {
		for i, h := range came[g] {
			require.Equal(t, first[i], h, "%s has other numbers beside others", uses[i].name)
		}
	}
	require.False(t, t.Failed())
}

// size is what the process takes: bytes in use on the heap, bytes in memory (0 where the
// system does not say so in a file), goroutines.
type size struct {
	heap, resident uint64
	goroutines     int
}

func (a size) String() string {
	return fmt.Sprintf("heap %.2f MB, in memory %d MB, %d goroutines", float64(a.heap)/(1<<20), a.resident>>20, a.goroutines)
}

func (a size) max(b size) size {
	return size{max(a.heap, b.heap), max(a.resident, b.resident), max(a.goroutines, b.goroutines)}
}

func measure() size {
	for range 3 {
		runtime.GC() // finalizers, pools and what they held
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := size{heap: m.HeapAlloc, goroutines: runtime.NumGoroutine()}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			pages, _ := strconv.ParseUint(f[1], 10, 64)
			s.resident = pages * uint64(os.Getpagesize())
		}
	}
	return s
}

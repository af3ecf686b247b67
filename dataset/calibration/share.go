package calibration

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// each calls work for the indices below n on as many goroutines as there are
// processors, and returns when all are done. What is stored for each index does not
// depend on their number.
func each(n int, work func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	wg.Wait()
}

package boost

import (
	"sync"
	"sync/atomic"
)

// each calls f(worker, i) once for every i < n, from at most this many goroutines,
// and returns when all calls have. What f does for i must not depend on the worker,
// which only tells whose scratch space to use.
func each(n, workers int, f func(worker, i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var next atomic.Int64
	run := func(worker int) {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(worker, int(i))
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { run(w) })
	}
	run(0)
	wg.Wait()
}

// chunkRows is the number of rows in a piece of work.
const chunkRows = 1024

// chunks calls f for every piece [lo, hi) of n rows.
func chunks(n, workers int, f func(worker, lo, hi int)) {
	each((n+chunkRows-1)/chunkRows, workers, func(worker, i int) {
		f(worker, i*chunkRows, min(n, (i+1)*chunkRows))
	})
}

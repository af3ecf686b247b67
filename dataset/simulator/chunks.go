package simulator

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// rowsPerChunk rows are made without a look at the context.
const rowsPerChunk = 16

// chunks calls f with consecutive parts of 0, …, n−1 of a size, on all processors, until the
// context is done, whose error it returns.
func chunks(ctx context.Context, n, size int, f func(from, to int)) error {
	var next atomic.Int64
	var all sync.WaitGroup
	for range max(1, min(runtime.GOMAXPROCS(0), (n+size-1)/size)) {
		all.Go(func() {
			for ctx.Err() == nil {
				to := int(next.Add(int64(size)))
				from := to - size
				if from >= n {
					return
				}
				f(from, min(to, n))
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

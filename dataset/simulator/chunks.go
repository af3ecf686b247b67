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
// context is done, whose error it returns. When f panics, chunks does, with the same value.
func chunks(ctx context.Context, n, size int, f func(from, to int)) error {
	if ctx == nil {
		panic("simulator: ctx is nil")
	}
	var next atomic.Int64
	var all sync.WaitGroup
	var failure atomic.Pointer[any]
	work := func() {
		returned := false
		defer func() {
			if returned {
				return
			}
			v := recover()
			if v == nil {
				v = "simulator: a task ended its goroutine"
			}
			failure.CompareAndSwap(nil, &v)
		}()
		for ctx.Err() == nil && failure.Load() == nil {
			to := int(next.Add(int64(size)))
			from := to - size
			if from >= n {
				break
			}
			f(from, min(to, n))
		}
		returned = true
	}
	for range max(1, min(runtime.GOMAXPROCS(0), (n+size-1)/size)) {
		all.Go(work)
	}
	all.Wait()
	if v := failure.Load(); v != nil {
		panic(*v)
	}
	return ctx.Err()
}

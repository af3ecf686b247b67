package sampler

import (
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// How rows are shared among workers depends on how many numbers they have, which is
// all that is known of what a score costs: a picture is as much work as hundreds of
// short rows. No number of a row depends on it.
const (
	// chunkRows bounds the rows of a chunk, so that the matrices of its Step stay
	// in cache, and those of an evaluation.
	chunkRows = 512
	// leastChunk is the numbers whose whole way is worth a goroutine,
	// leastEvaluation those for which a single evaluation is.
	leastChunk      = 64
	leastEvaluation = 512
)

// cut is a number of rows in parts that are equal but for one row.
type cut struct{ rows, parts int }

// cutOf cuts rows of so many columns into as many parts as there are workers, or a
// multiple of that when there are many rows, but not into less than so many numbers.
func cutOf(rows, cols, workers, least int) cut {
	parts := max(1, min(workers, rows, rows*cols/least))
	return cut{rows, parts * ((rows-1)/chunkRows/parts + 1)}
}

// part returns the first row of the i-th part and the one after its last.
func (c cut) part(i int) (lo, hi int) {
	size, more := c.rows/c.parts, c.rows%c.parts
	lo = i*size + min(i, more)
	hi = lo + size
	if i < more {
		hi++
	}
	return lo, hi
}

// each calls do for every part, on so many goroutines that take the parts in order,
// and waits. A panic, or the end of a goroutine, drops the parts that have not
// been taken, and is raised in the caller.
func (c cut) each(workers int, do func(i int)) {
	if workers = min(workers, c.parts); workers == 1 {
		for i := range c.parts {
			do(i) // a panic keeps its stack
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	panics := make([]any, workers)
	for w := range workers {
		wg.Go(func() {
			panics[w] = errExit // unless do returns, or panics
			defer func() {
				if p := recover(); p != nil {
					panics[w] = p
				}
				if panics[w] != nil {
					next.Store(int64(c.parts))
				}
			}()
			for i := int(next.Add(1)) - 1; i < c.parts; i = int(next.Add(1)) - 1 {
				do(i)
			}
			panics[w] = nil
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}

// errExit is what a scorer or method that ends its goroutine leaves behind.
const errExit = "sampler: a worker's goroutine was ended by runtime.Goexit"

// crew is how the evaluations of a Step that has all rows of a run are shared.
type crew struct {
	workers int      // 0: not at all
	every   []int    // the indices of the rows, where they are not alike
	parts   []subset // by part: the scorer of its rows, likewise
}

// share lets workers share the evaluations of a Step, unless the score of some rows
// can only be had by evaluating all.
func (s *Step) share(workers int) {
	if s.alike {
		s.crew.workers = workers
		return
	}
	if _, ok := sde.As[sde.Selector](s.problem.Score); ok {
		n, _ := s.X.Dims()
		s.crew = crew{workers: workers, every: make([]int, n)}
		for i := range n {
			s.crew.every[i] = i
		}
	}
}

// evaluate calls the scorer of the rows of X whose indices are given, or those of the
// rows of its parts.
func (s *Step) evaluate(scorer sde.Scorer, rows []int, dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	r, k := dst.Dims()
	fit := r == n && k == d && (len(t) == 1 || len(t) == n) && (s.alike || len(rows) == n)
	c := cutOf(n, d, s.crew.workers, leastEvaluation)
	if s.crew.workers == 0 || c.parts == 1 || !fit { // the scorer knows how to tell what does not fit
		scorer.Score(dst, x, t)
		return
	}
	for len(s.crew.parts) < c.parts {
		s.crew.parts = append(s.crew.parts, subset{})
	}
	c.each(s.crew.workers, func(i int) {
		lo, hi := c.part(i)
		of, at := scorer, t
		if !s.alike {
			of = s.crew.parts[i].of(s.problem, rows[lo:hi], s.Row0)
		}
		if len(t) > 1 {
			at = t[lo:hi]
		}
		of.Score(dst.Slice(lo, hi, 0, d).(*mat.Dense), x.Slice(lo, hi, 0, d).(*mat.Dense), at)
	})
}

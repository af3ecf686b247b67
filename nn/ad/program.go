package ad

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Program is a compiled set of expressions. It may run concurrently; each run
// has storage of its own, which later runs reuse.
type Program[T Float] struct {
	in, out    []*Expr
	nodes      int
	phases     [3][]instr
	layout     layout
	constant   []T
	blockRows  int
	params     int // length of the parameter vector that the program reads
	randomCols int
	packings   []packing

	mu   sync.Mutex
	idle []*frame[T]
}

// Weights are the parameters as a program's kernels read them. They belong to
// the program that packed them and may be shared by any number of runs.
type Weights[T Float] struct{ theta, packed []T }

// Filler fills dst with the uniform numbers on [0, 1) that belong to a row of
// the run and a slot. It is called from several goroutines at once.
type Filler func(dst []float64, row, slot int)

// Params returns the length of the parameter vector the program reads: one
// more than the largest index.
func (p *Program[T]) Params() int { return p.params }

// Pack lays the parameter vector theta out for the program's kernels. theta
// may change afterwards. It panics when theta is too short.
func (p *Program[T]) Pack(dst *Weights[T], theta []T) {
	if len(theta) < p.params {
		panic(fmt.Sprintf("ad: Pack: %d parameters, want at least %d", len(theta), p.params))
	}
	dst.theta = append(dst.theta[:0], theta[:p.params]...)
	if k := len(p.packings); k > 0 {
		last := p.packings[k-1]
		if n := last.to + last.size(); len(dst.packed) != n {
			dst.packed = make([]T, n)
		}
	}
	for _, q := range p.packings {
		to, w := dst.packed[q.to:q.to+q.size()], theta[q.from:q.from+q.rows*q.cols]
		if q.transposed {
			kernel.PackT(to, w, q.rows, q.cols)
		} else {
			kernel.Pack(to, w, q.rows, q.cols)
		}
	}
}

// Run evaluates the program for n rows. in and out hold one slice for each
// input and output, row-major: n·cols numbers for a per-row value, rows·cols
// for a uniform or shared one. They may not overlap. w holds the parameters
// (nil when there are none), random the numbers of random leaves (nil when
// there are none). workers is the number of goroutines to use, 0 for one a
// processor; the result has the same bits for any. Run does not allocate once
// it has run with as many rows and workers before. It panics on wrong lengths.
func (p *Program[T]) Run(n int, w *Weights[T], random Filler, out, in [][]T, workers int) {
	p.check(n, w, random, out, in)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	f := p.frame()
	f.weights, f.random, f.out, f.in, f.n = w, random, out, in, n
	f.blocks = (n + p.blockRows - 1) / p.blockRows
	f.units = f.blocks
	if p.layout.lane > 0 {
		f.units = laneCount(f.blocks, p.layout.lane)
		f.reserveLanes(f.units)
	}
	workers = max(1, min(workers, f.units))
	if n <= 64 {
		workers = 1
	}
	f.reserveWorkers(workers)
	for i := range p.phases[before] {
		f.exec(&p.phases[before][i], 0, 0, 0, 0)
	}
	f.parallel(workers)
	if p.layout.lane > 0 {
		f.reduce()
	}
	for i := range p.phases[after] {
		f.exec(&p.phases[after][i], 0, 0, 0, 0)
	}
	p.release(f)
}

func (p *Program[T]) check(n int, w *Weights[T], random Filler, out, in [][]T) {
	switch {
	case n < 0:
		panic(fmt.Sprintf("ad: Run: %d rows", n))
	case len(in) != len(p.in):
		panic(fmt.Sprintf("ad: Run: %d inputs, want %d", len(in), len(p.in)))
	case len(out) != len(p.out):
		panic(fmt.Sprintf("ad: Run: %d outputs, want %d", len(out), len(p.out)))
	case p.params > 0 && (w == nil || len(w.theta) < p.params):
		panic("ad: Run: weights that this program has not packed")
	case p.randomCols > 0 && random == nil:
		panic("ad: Run: random leaves, but no Filler")
	}
	checkLengths("input", n, p.in, in)
	checkLengths("output", n, p.out, out)
}

func checkLengths[T Float](what string, n int, es []*Expr, s [][]T) {
	for i, e := range es {
		rows := e.rows
		if rows == 0 {
			rows = n
		}
		if len(s[i]) != rows*e.cols {
			panic(fmt.Sprintf("ad: Run: %s %d, %s, has length %d, want %d·%d", what, i, e.describe(), len(s[i]), rows, e.cols))
		}
	}
}

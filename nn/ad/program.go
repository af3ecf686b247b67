package ad

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// Program is a compiled set of expressions. It may run concurrently; each run
// has storage of its own, which later runs reuse.
type Program[T Float] struct {
	in, out    []*Expr
	nodes      int
	phases     [4][]instr
	directions int
	layout     layout
	constant   []T
	wide       bool // enough work in a block for several workers
	groups     int  // the largest number of rows of a sample
	blockRows  int  // samples
	params     int  // length of the parameter vector that the program reads
	randomCols int
	packings   []packing
	plain      []span    // of the parameter vector: what is read as it is
	pieces     []piece   // of the sums over rows
	segments   []segment // of the instructions of a block
	half       bool      // wide products are of bfloat16
	order      kernel.Order
	work       float64 // see Work
	space      int     // numbers of bfloat16 that a worker makes at a time
	sums       int     // numbers that its sums of products over rows use

	idle pool.Free[*frame[T]]
}

// Weights are the parameters as a program's kernels read them. They belong to
// the program that packed them and may be shared by any number of runs, but not
// copied.
type Weights[T Float] struct {
	program any
	theta   []T // where it is read as it is
	packed  []T
	half    []uint16 // packed for products of bfloat16
	version int      // counts the packings
	from    []T      // while it is packed
	part    func(worker, i int)
}

// Filler fills dst with the uniform numbers on [0, 1) that belong to a row of
// the run and a slot. It is called from several goroutines at once.
type Filler func(dst []float64, row, slot int)

// Params returns the length of the parameter vector the program reads: one
// more than the largest index.
func (p *Program[T]) Params() int { return p.params }

// Pack lays the parameter vector theta out for the program's kernels, with the
// help of crew. theta may change afterwards. It panics when theta is too short.
func (p *Program[T]) Pack(dst *Weights[T], theta []T, crew *pool.Crew) {
	if len(theta) < p.params {
		panic(fmt.Sprintf("ad: Pack: %d parameters, want at least %d", len(theta), p.params))
	}
	if dst.program != any(p) {
		dst.assign(p)
	}
	dst.version++
	dst.from = theta
	crew.Each(1+len(p.packings), dst.part)
	dst.from = nil
}

// assign makes w the weights of p.
func (w *Weights[T]) assign(p *Program[T]) {
	packed := map[bool]int{}
	for _, q := range p.packings {
		packed[q.half] = q.to + q.size()
	}
	w.program, w.theta, w.packed, w.half = p, make([]T, p.params), make([]T, packed[false]), make([]uint16, packed[true])
	w.part = func(_, i int) {
		if i == 0 {
			for _, s := range p.plain {
				copy(w.theta[s.from:s.to], w.from[s.from:s.to])
			}
			return
		}
		q := p.packings[i-1]
		m := w.from[q.from : q.from+q.rows*q.cols]
		if q.half {
			q.packHalf(w.half[q.to:q.to+q.size()], singles(m))
			return
		}
		to := w.packed[q.to : q.to+q.size()]
		switch {
		case q.blocks > 0:
			kernel.PackBlocksT(to, m, q.blocks, q.rows/q.blocks, q.cols)
		case q.transposed:
			kernel.PackT(to, m, q.rows, q.cols)
		default:
			kernel.Pack(to, m, q.rows, q.cols)
		}
	}
}

// Run evaluates the program for n samples. in and out hold one slice for each
// input and output, row-major: n·cols numbers for a per-row value, n·g·cols if it
// has g rows a sample, rows·cols for a uniform or shared one. They may not overlap.
// w holds the parameters (nil when there are none), random the numbers of random
// leaves (nil when there are none). crew shares the work, nil being the caller alone; the result
// has the same bits for any. Run does not allocate once it has run with as many
// rows and workers before. It panics on wrong lengths.
func (p *Program[T]) Run(n int, w *Weights[T], random Filler, out, in [][]T, crew *pool.Crew) {
	p.RunBeside(n, w, random, out, in, crew, nil)
}

// RunBeside is Run, in which one goroutine of the crew, other than the caller's
// if there is one, calls beside, nil being nothing (see pool.Crew.EachBeside).
func (p *Program[T]) RunBeside(n int, w *Weights[T], random Filler, out, in [][]T, crew *pool.Crew, beside func()) {
	p.check(n, w, random, out, in)
	if n <= inline/p.groups {
		if beside != nil {
			beside()
		}
		crew, beside = nil, nil
	}
	f := p.frame()
	f.weights, f.random, f.out, f.in, f.n = w, random, out, in, n
	f.blocks = (n + p.blockRows - 1) / p.blockRows
	f.units = f.blocks
	if p.layout.lane > 0 {
		f.units = laneCount(f.blocks, p.layout.lane, p.groups)
		f.reserveLanes(f.units)
	}
	f.team = 1
	if p.wide && f.units > 0 {
		f.team = max(1, crew.Workers()/f.units)
	}
	f.reserveWorkers(crew.Workers())
	if !f.remembers() {
		f.once(before)
	}
	if f.team > 1 {
		f.together(crew, beside)
	} else {
		crew.EachBeside(f.units, f.unit, beside)
	}
	if p.layout.lane > 0 {
		crew.Each(len(p.pieces), f.piece)
	}
	f.once(after)
	p.release(f)
}

// inline is the number of rows, of all samples, up to which a run is not worth sharing.
const inline = 64

func (p *Program[T]) check(n int, w *Weights[T], random Filler, out, in [][]T) {
	switch {
	case n < 0:
		panic(fmt.Sprintf("ad: Run: %d rows", n))
	case len(in) != len(p.in):
		panic(fmt.Sprintf("ad: Run: %d inputs, want %d", len(in), len(p.in)))
	case len(out) != len(p.out):
		panic(fmt.Sprintf("ad: Run: %d outputs, want %d", len(out), len(p.out)))
	case p.params > 0 && (w == nil || w.program != any(p)):
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
		if e.PerRow() {
			rows = n
		}
		if cols := e.columns(); len(s[i])%cols != 0 || len(s[i])/cols != rows { // their product may overflow
			panic(fmt.Sprintf("ad: Run: %s %d, %s, has length %d, want %d·%d", what, i, e.describe(), len(s[i]), rows, cols))
		}
	}
}

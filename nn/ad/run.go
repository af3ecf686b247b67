package ad

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// frame takes idle storage for one run, or makes some.
func (p *Program[T]) frame() *frame[T] {
	if f, ok := p.idle.Take(); ok {
		return f
	}
	f := &frame[T]{p: p, shared: make([]T, p.layout.once), one: []T{1}}
	f.unit, f.piece, f.share = f.doUnit, f.reduce, f.doShare
	return f
}

// release returns storage; it forgets the caller's slices.
func (p *Program[T]) release(f *frame[T]) {
	f.weights, f.random, f.out, f.in = nil, nil, nil, nil
	p.idle.Give(f)
}

// frame is the storage of one run.
type frame[T Float] struct {
	p       *Program[T]
	weights *Weights[T]
	random  Filler
	out, in [][]T
	n       int // rows
	blocks  int
	units   int // of work: lanes when the program sums over rows, else blocks
	workers []worker[T]
	shared  []T // values computed once
	memory  memory[T]
	one     []T
	lanes   []T

	team    int // workers that share a unit
	segment *segment
	turn    int // blocks of each unit that have been done

	unit, piece, share func(worker, i int) // doUnit, reduce and doShare, bound once
}

// worker is the storage of one goroutine.
type worker[T Float] struct {
	arena   []T
	piece   []T
	half    []uint16
	sums    []T // what sums of products over rows use
	uniform []float64
}

func (f *frame[T]) reserveWorkers(n int) {
	for len(f.workers) < n {
		f.workers = append(f.workers, worker[T]{
			arena:   make([]T, f.p.layout.arena*f.p.blockRows),
			piece:   make([]T, f.p.layout.piece),
			half:    make([]uint16, f.p.space),
			sums:    make([]T, f.p.sums),
			uniform: make([]float64, f.p.randomCols),
		})
	}
}

// reserveLanes makes room for n lanes. Sums that the caller gets out are formed
// there in lane 0.
func (f *frame[T]) reserveLanes(n int) {
	if size := n * f.p.layout.lane; len(f.lanes) < size {
		f.lanes = make([]T, size)
	}
}

// memory is what the values computed once were computed from.
type memory[T Float] struct {
	valid   bool
	weights *Weights[T]
	version int
	inputs  []T // the uniform ones
}

// remembers reports whether the values computed once are still those of this
// run, as they are for a sampler's many rows at one time, and takes note of the
// run if they are not.
func (f *frame[T]) remembers() bool {
	m := &f.memory
	same := m.valid && m.weights == f.weights && (f.weights == nil || m.version == f.weights.version)
	at := 0
	for i, e := range f.p.in {
		if e.PerRow() {
			continue
		}
		for _, v := range f.in[i] {
			if at == len(m.inputs) {
				m.inputs, same = append(m.inputs, v), false
			} else if w := m.inputs[at]; v != w || math.Signbit(float64(v)) != math.Signbit(float64(w)) {
				m.inputs[at], same = v, false
			}
			at++
		}
	}
	m.valid, m.weights = true, f.weights
	if f.weights != nil {
		m.version = f.weights.version
	}
	return same
}

// once runs the instructions of a phase that no row takes part in.
func (f *frame[T]) once(ph phase) {
	for i := range f.p.phases[ph] {
		f.exec(&f.p.phases[ph][i], stretch{})
	}
}

// stretch is where an instruction works: on the rows [row, row+rows), which are
// in an arena, on a worker, adding to the sums of a lane, the first to do so or
// not, for one of the directions.
type stretch struct {
	worker, arena, lane int
	row, rows           int
	first               bool
	direction           int
	part, parts         int // of the columns of x in sums xᵀ·g, when a team shares them
}

// doUnit runs the blocks of one unit.
func (f *frame[T]) doUnit(worker, u int) {
	if f.p.layout.lane == 0 {
		f.block(stretch{worker: worker, arena: worker}, u)
		return
	}
	first := u * f.blocks / f.units
	for b := first; b < (u+1)*f.blocks/f.units; b++ {
		f.block(stretch{worker: worker, arena: worker, lane: u, first: b == first}, b)
	}
}

// block runs the per-row instructions on the rows of one block.
func (f *frame[T]) block(s stretch, b int) {
	s.row, s.rows = f.rowsOf(b)
	f.run(body, 0, len(f.p.phases[body]), s)
	f.run(turns, 0, len(f.p.phases[turns]), s)
}

// rowsOf returns the first row of a block and their number.
func (f *frame[T]) rowsOf(b int) (row, rows int) {
	row = b * f.p.blockRows
	return row, min(f.p.blockRows, f.n-row)
}

// run runs instructions, those of the directions once for each.
func (f *frame[T]) run(ph phase, from, to int, s stretch) {
	times := 1
	if ph == turns {
		times = f.p.directions
	}
	for s.direction = range times {
		for i := from; i < to; i++ {
			f.exec(&f.p.phases[ph][i], s)
		}
	}
}

// piece is a part of the sums over rows that one worker adds up at a time.
type piece struct {
	lane int // offset in a lane
	size int
	out  int // 1 + the output that it belongs to, or 0
	at   int // offset there
}

// piecesOf cuts a sum of the given size.
func piecesOf(lane, size, out int) []piece {
	const most = 1 << 13
	var ps []piece
	for at := 0; at < size; at += most {
		ps = append(ps, piece{lane + at, min(most, size-at), out, at})
	}
	return ps
}

// reduce adds a piece of the lanes pairwise, in a tree that depends on their
// number only, into lane 0. Without rows the sums are zero.
func (f *frame[T]) reduce(_, i int) {
	p := f.p.pieces[i]
	of := func(lane int) []T {
		if lane == 0 && p.out > 0 {
			return f.out[p.out-1][p.at : p.at+p.size]
		}
		return f.lanes[lane*f.p.layout.lane+p.lane:][:p.size]
	}
	if f.n == 0 {
		clear(of(0))
	}
	for step := 1; step < f.units; step *= 2 {
		for i := 0; i+step < f.units; i += 2 * step {
			kernel.Add(of(i), of(i+step))
		}
	}
}

package ad

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// BFloat16 is the order in which CompileBFloat16 adds up products: what the instructions of
// some processors compute. Both have the same bits on every machine, and take longer than
// products of float32 where there are no such instructions: up to twice as long with
// AVX-512, and many times where there is none. The zero value stands for float32.
type BFloat16 int

const (
	// BFloat16Tiles is the order of the tiles of AMX-BF16 (Intel Xeon from 2023 on), some ten
	// times as fast as float32: in blocks of 32 terms, of which those with even and with odd
	// numbers are added up apart and then to what came before. The first program,
	// or FastBFloat16, asks the system, Linux, for the tiles.
	BFloat16Tiles BFloat16 = 1 + iota
	// BFloat16Pairs is the order of the vectors of AVX512-BF16: one term after the other, of
	// each pair first the second. AMD has them twice as fast as float32 from Zen 4 on
	// (2022); Intel's, where there are tiles, too, are no faster.
	BFloat16Pairs
)

// FastBFloat16 returns the order for which this machine has instructions: BFloat16Tiles where
// it has tiles, BFloat16Pairs where it has the vectors only, and 0, float32, elsewhere.
func FastBFloat16() BFloat16 {
	if order, ok := kernel.FastOrder(); ok {
		return BFloat16Tiles + BFloat16(order)
	}
	return 0
}

// String returns "float32", "tiles" or "pairs".
func (b BFloat16) String() string {
	switch b {
	case 0:
		return "float32"
	case BFloat16Tiles:
		return "tiles"
	case BFloat16Pairs:
		return "pairs"
	}
	return fmt.Sprintf("BFloat16(%d)", int(b))
}

// Validate returns an error unless b is BFloat16Tiles, BFloat16Pairs or 0.
func (b BFloat16) Validate() error {
	if b < 0 || b > BFloat16Pairs {
		return fmt.Errorf("is %d, want BFloat16Tiles, BFloat16Pairs or 0", int(b))
	}
	return nil
}

// CompileBFloat16 is Compile of a program whose wide products are of numbers rounded to
// bfloat16, which have the exponents of float32 and eight bits, and are added up in
// float32: x·w and g·wᵀ where w is a parameter of at least 32 rows and columns, and xᵀ·g
// where x and g have at least 32 columns. What is narrower, products within samples,
// one-hots and everything else is in float32, and so are the parameters that are given
// to Pack and the gradients. A gradient is that of the program without rounding, with
// its own wide products rounded.
//
// Each product has a relative error of up to 2⁻⁸, of random sign. Sums are rounded in the
// given order, with subnormal numbers taken as zeros; with order 0 the program is that of
// Compile. It panics for others. The bits are the same for any number of workers.
func CompileBFloat16(out, in []*Expr, order BFloat16) *Program[float32] {
	if err := order.Validate(); err != nil {
		panic("ad: CompileBFloat16: order " + err.Error())
	}
	return compile[float32](out, in, nil, order)
}

// halfLeast is how many rows and columns the matrices of a wide product have.
const halfLeast = 32

// halfRows is the number of rows that are a block of a sum over rows, and of numbers up to
// a multiple of which rows are filled up.
const halfRows = 32

func wideEnough(rows, cols int) bool { return min(rows, cols) >= halfLeast }

// halfSize is size of a matrix rounded to bfloat16.
func (p packing) halfSize() int {
	switch {
	case p.blocks > 0:
		return kernel.HalfPackedSize(p.blocks*p.cols, p.rows/p.blocks)
	case p.transposed:
		return kernel.HalfPackedSize(p.cols, p.rows)
	}
	return kernel.HalfPackedSize(p.rows, p.cols)
}

func (p packing) packHalf(dst []uint16, w []float32) {
	switch {
	case p.blocks > 0:
		kernel.PackHalfBlocksT(dst, w, p.blocks, p.rows/p.blocks, p.cols)
	case p.transposed:
		kernel.PackHalfT(dst, w, p.rows, p.cols)
	default:
		kernel.PackHalf(dst, w, p.rows, p.cols)
	}
}

// pairs returns the table that gathers pairs of rounded numbers, so many that a row of a
// product's factor is full; nil when the cells cannot be cut into pairs.
func (t *Table) pairs() *Table {
	if t.size%2 != 0 {
		return nil
	}
	half := t.size / 2
	row := t.cols * half
	w := &Table{rows: t.rows, cols: (row + halfRows/2 - 1) / (halfRows / 2) * (halfRows / 2), cells: t.cells * half, size: 1}
	for i := range t.rows {
		w.first = append(w.first, int32(len(w.runs)))
		at := i * w.cols
		w.runs = appendRuns(w.runs, at, t.from[i*t.cols:][:t.cols], half)
		if w.cols > row {
			w.runs = append(w.runs, kernel.Run{To: int32(at + row), From: -1, N: int32(w.cols - row)})
		}
	}
	w.first = append(w.first, int32(len(w.runs)))
	return w
}

// productOfPairs is product of rows that are gathered once they are rounded.
func (f *frame[T]) productOfPairs(in *instr, s stretch, dst, from []T) {
	x, n := &in.operands[0], in.width()
	t := x.table
	rows, k := t.pieceRows(true), x.width()
	piece := f.workers[s.worker].half[:kernel.MatMulHalfSpace(rows, k)]
	rounded := f.workers[s.worker].half[len(piece):]
	kernel.Round(rounded, singles(from[:s.rows*t.source()]))
	packed := f.weights.half[f.p.packings[in.operands[1].packed-1].to:]
	init, initRows := f.init(in, s)
	t.pieces(s.rows, true, func(first, last int) {
		gatherRows(kernel.Words(piece), kernel.Words(rounded), in.pairs, first, last)
		own := init
		if initRows > 1 {
			own = init[first*n:]
		}
		kernel.MatMulRounded(f.p.order, singles(dst[first*n:]), piece, packed, singles(own), min(initRows, last-first), last-first, k, n)
	})
}

// addPairs is addProduct of rows that are gathered once they are rounded.
func (f *frame[T]) addPairs(dst []T, t, pairs *Table, x, g []T, s stretch, n, from, to int, set bool) {
	k := t.cols * t.size
	rows := t.pieceRows(true)
	piece := f.workers[s.worker].half[:kernel.MatMulHalfSpace(rows, k)]
	space := f.workers[s.worker].half[len(piece):]
	rounded := space[kernel.MatTMulHalfSpace(k, rows, n):]
	kernel.Round(rounded, singles(x[:s.rows*t.source()]))
	t.pieces(s.rows, true, func(first, last int) {
		gatherRows(kernel.Words(piece), kernel.Words(rounded), pairs, first, last)
		kernel.MatTMulRounded(f.p.order, singles(dst), piece, singles(g[first*n:]), last-first, k, n, from, to, set && first == 0, space)
	})
}

// halfSpace returns the largest number of factors that an instruction rounds at a time.
func halfSpace(phases *[4][]instr, blockRows int) int {
	space := 0
	for _, instructions := range phases {
		for i := range instructions {
			if in := &instructions[i]; in.half {
				space = max(space, in.halfSpace(blockRows))
			}
		}
	}
	return space
}

func (in *instr) halfSpace(blockRows int) int {
	// rows is the number of rows at a time of what may be gathered by a table.
	rows := func(o *operand, t *Table) int {
		if t != nil {
			return t.pieceRows(true)
		}
		return o.height(blockRows)
	}
	x := &in.operands[0]
	if in.op != opMatTMul {
		if in.table != nil {
			return kernel.MatMulHalfSpace(in.table.pieceRows(true), x.width())
		}
		if t := x.table; in.pairs != nil {
			return kernel.MatMulHalfSpace(t.pieceRows(true), x.width()) + blockRows*t.source() + halfRows
		}
		return kernel.MatMulHalfSpace(rows(x, x.table), x.width())
	}
	space, last := 0, len(in.operands)-1
	if t := x.table; in.pairs != nil {
		k, rows := x.width(), t.pieceRows(true)
		return kernel.MatMulHalfSpace(rows, k) + kernel.MatTMulHalfSpace(k, rows, in.dst.cols) + blockRows*t.source() + halfRows
	}
	for i := range last {
		x, g := &in.operands[i], &in.operands[last]
		if x.table != nil {
			for _, part := range x.table.parts {
				space = max(space, kernel.MatTMulHalfSpace(part.cols*part.size, part.pieceRows(true), in.dst.cols))
			}
			continue
		}
		space = max(space, kernel.MatTMulHalfSpace(x.width(), rows(x, g.table), in.dst.cols))
	}
	return space
}

// singles returns numbers that are float32.
func singles[T Float](v []T) []float32 { return any(v).([]float32) }

package ad

import "github.com/gradlogp/gradlogp/nn/internal/kernel"

// withinSamples runs an instruction that works sample by sample.
func (f *frame[T]) withinSamples(in *instr, s stretch) {
	dst, a, n := f.at(&in.dst, s), &in.operands[0], in.dst.cols
	x, to, from := f.at(a, s), in.dst.columns(), a.columns()
	if in.dst.rows == 1 {
		s.rows = 1 // the same for all samples
	}
	switch in.op {
	case opSumGroups:
		for i := range s.rows {
			kernel.SumRowsSet(dst[i*to:], x[i*from:], -a.rows, n)
		}
	case opGather:
		gatherRows(dst, x, in.table, 0, s.rows*in.table.rows)
	case opScatter:
		clear(dst[:s.rows*to])
		for i := range s.rows {
			kernel.Scatter(dst[i*to:], x[i*from:], in.table.runs, 0)
		}
	default:
		f.rowProducts(in, dst, x, f.at(&in.operands[1], s), s.rows*in.index, f.workers[s.worker].sums)
	}
}

// rowProducts computes the products of so many parts of samples.
func (f *frame[T]) rowProducts(in *instr, dst, a, b []T, parts int, space []T) {
	rowsOf := func(o *operand) int { return -o.rows / in.index }
	left, right, n := &in.operands[0], &in.operands[1], in.dst.cols
	r, k := rowsOf(left), left.cols
	to, fromA, fromB := rowsOf(&in.dst)*n, r*k, rowsOf(right)*right.cols
	for range parts {
		switch in.op {
		case opRowMatMul:
			kernel.MatMul(dst, a, b, nil, 0, r, k, n)
		case opRowMatMulT:
			kernel.MatMulT(dst, a, b, r, n, k)
		case opRowMatTMul:
			kernel.MatTMulRows(dst, a, b, r, k, n, 0, k, true, space)
		}
		dst, a, b = dst[to:], a[fromA:], b[fromB:]
	}
}

// binary computes dst = a op b, sample by sample if one operand has a single row
// for the rows that a sample has in dst.
func (f *frame[T]) binary(op kernel.BinaryOp, o *operand, dst []T, samples int, aOf *operand, a []T, bOf *operand, b []T) {
	if !aOf.repeats(o) && !bOf.repeats(o) {
		kernel.Binary(op, dst, a, b, rowsIn(o.rows, samples), o.cols, aOf.spread, bOf.spread)
		return
	}
	to, fromA, fromB := o.columns(), aOf.step(), bOf.step()
	for range samples {
		kernel.Binary(op, dst, a, b, -o.rows, o.cols, aOf.spread, bOf.spread)
		dst, a, b = dst[to:], a[fromA:], b[fromB:]
	}
}

// repeats reports whether a sample's row of o stands for all rows that the sample
// has in dst.
func (o *operand) repeats(dst *operand) bool { return o.rows == batch && dst.rows < batch }

// step returns how far samples lie apart.
func (o *operand) step() int {
	if o.rows < 0 && o.space != inConstant {
		return o.columns()
	}
	return 0
}

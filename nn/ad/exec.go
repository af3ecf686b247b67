package ad

import (
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// exec runs one instruction on a stretch of rows, outside the blocks on none.
func (f *frame[T]) exec(in *instr, s stretch) {
	dst := f.at(&in.dst, s)
	size := func(o *operand) int { return rowsIn(o.rows, s.rows) }
	arg := func(i int) []T { return f.at(&in.operands[i], s) }
	set := s.first || !in.sums // what sums over rows has nothing to add to
	r, n := size(&in.dst), in.dst.cols
	switch in.op {
	case opInput: // the direction
		clear(dst[:n])
		dst[s.direction] = 1
	case opConst:
		kernel.Fill(dst[:r*n], T(in.value))
	case opRandom:
		f.fill(in, dst, s)
	case opMatMul, opMatMulT:
		f.product(in, s, dst)
		if in.folded {
			kernel.Unary(in.fn, dst[:r*n], dst[:r*n], T(in.value))
		}
	case opMatTMul:
		f.addProducts(in, s, dst, set)
	case opAdd, opSub, opMul, opDiv:
		if in.folded {
			kernel.MulUnary(in.fn, dst[:r*n], arg(0), arg(1), T(in.value))
			return
		}
		f.binary(arithmeticKernel[in.op-opAdd], &in.dst, dst, s.rows, &in.operands[0], arg(0), &in.operands[1], arg(1))
	case opScale:
		kernel.Scale(dst[:r*n], arg(0), T(in.value))
	case opShift:
		kernel.Shift(dst[:r*n], arg(0), T(in.value))
	case opSumCols:
		kernel.SumCols(dst, arg(0), r, in.operands[0].cols)
	case opSumRows:
		if s.part > 0 {
			return // a single row is not worth sharing
		}
		if set {
			kernel.SumRowsSet(dst, arg(0), size(&in.operands[0]), n)
		} else {
			kernel.SumRows(dst, arg(0), size(&in.operands[0]), n)
		}
	case opSpread:
		f.binary(kernel.OpMul, &in.dst, dst, s.rows, &in.operands[0], arg(0), &operand{spread: kernel.Scalar}, f.one)
	case opConcat:
		at := 0
		for i := range in.operands {
			o := &in.operands[i]
			switch {
			case o.repeats(&in.dst):
				for j := range s.rows {
					kernel.CopyColumns(dst[j*in.dst.columns()+at:], n, arg(i)[j*o.cols:], 0, -in.dst.rows, o.cols)
				}
			case o.rows == 1:
				kernel.CopyColumns(dst[at:], n, arg(i), 0, r, o.cols)
			default:
				kernel.CopyColumns(dst[at:], n, arg(i), o.cols, r, o.cols)
			}
			at += o.cols
		}
	case opSlice:
		kernel.CopyColumns(dst, n, arg(0)[in.index:], in.operands[0].cols, r, n)
	case opUnary:
		kernel.Unary(in.fn, dst[:r*n], arg(0), T(in.value))
	case opOneHot:
		kernel.OneHot(dst, arg(0), r, n, in.index)
	case opMaxCols:
		kernel.MaxCols(dst, arg(0), r, in.operands[0].cols)
	case opSoftmaxSlope:
		kernel.SoftmaxSlope(dst, arg(0), arg(1), r, n)
	case opInverseRMS:
		kernel.InverseRMS(dst, arg(0), r, in.operands[0].cols, T(in.value))
	case opNormSlope:
		kernel.NormSlope(dst, arg(0), arg(1), arg(2), r, n)
	case opSoftmax:
		kernel.Softmax(dst, arg(0), r, n)
	default:
		f.withinSamples(in, s)
	}
}

var arithmeticKernel = [...]kernel.BinaryOp{kernel.OpAdd, kernel.OpSub, kernel.OpMul, kernel.OpDiv}

// at returns the storage of an operand.
func (f *frame[T]) at(o *operand, s stretch) []T {
	switch o.space {
	case inArena:
		return f.workers[s.arena].arena[o.at*f.p.blockRows:]
	case inOnce:
		return f.shared[o.at:]
	case inLane:
		if s.lane == 0 && o.out > 0 {
			return f.out[o.out-1]
		}
		return f.lanes[s.lane*f.p.layout.lane+o.at:]
	case inWeights:
		return f.weights.theta[o.at:]
	case inInput:
		return own(f.in[o.at], o, s)
	case inOutput:
		return own(f.out[o.at], o, s)
	case inConstant:
		return f.p.constant[o.at:]
	}
	panic("ad: internal: operand without storage")
}

// own returns the part of the caller's slice v that belongs to a stretch.
func own[T Float](v []T, o *operand, s stretch) []T {
	if o.rows < 0 {
		return v[s.row*o.columns() : (s.row+s.rows)*o.columns()]
	}
	return v
}

// fill writes a random leaf.
func (f *frame[T]) fill(in *instr, dst []T, s stretch) {
	n := in.dst.cols
	u := f.workers[s.worker].uniform[:n]
	for r := range s.rows {
		f.random(u, s.row+r, in.index)
		for j, v := range u {
			dst[r*n+j] = T(truncate(v))
		}
	}
}

// truncate keeps the first 24 bits of a number on [0, 1), so that no rounding
// to float32 can reach 1.
func truncate(u float64) float64 {
	const scale = 1 << 24
	return float64(int(u*scale)) / scale
}

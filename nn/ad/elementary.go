package ad

import (
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// elementary returns the expressions with functions of one variable and norms written out in
// those that other engines have.
func elementary(out []*Expr) []*Expr {
	of := make(map[*Expr]*Expr)
	for _, e := range topological(out...) {
		args := make([]*Expr, len(e.args))
		for i, a := range e.args {
			args[i] = of[a]
		}
		switch {
		case e.op == opUnary && elementaryOps[e.fn] == 0:
			of[e] = compose(e.fn, args[0], e.value)
		case e.op == opRMSNorm:
			of[e] = Mul(args[0], composeInverseRMS(args[0], e.value))
		case e.op == opInverseRMS:
			of[e] = composeInverseRMS(args[0], e.value)
		case slices.Equal(args, e.args):
			of[e] = e
		default:
			copied := *e
			copied.args = args
			of[e] = &copied
		}
	}
	result := make([]*Expr, len(out))
	for i, e := range out {
		result[i] = of[e]
	}
	return result
}

// compose returns fn(x) with the parameter p. No exponential is of a positive number, so
// that none overflows.
func compose(fn kernel.UnaryOp, x *Expr, p float64) *Expr {
	s := Sigmoid(x)
	φ := Scale(1/math.Sqrt(2*math.Pi), Exp(Scale(-0.5, Square(x))))
	Φ := Scale(0.5, Shift(Erf(Scale(1/math.Sqrt2, x)), 1))
	negative := oneMinus(Step(x))             // [x ≤ 0]
	decay := Scale(p, Exp(Neg(ReLU(Neg(x))))) // p eˣ for x ≤ 0
	switch fn {
	case kernel.SiLU:
		return Mul(x, s)
	case kernel.SiLU1:
		return Mul(s, Shift(Mul(x, oneMinus(s)), 1))
	case kernel.SiLU2:
		return Mul(Mul(s, oneMinus(s)), Shift(Mul(x, Shift(Scale(-2, s), 1)), 2))
	case kernel.GELU:
		return Mul(x, Φ)
	case kernel.GELU1:
		return Add(Φ, Mul(x, φ))
	case kernel.GELU2:
		return Mul(φ, Shift(Neg(Square(x)), 2))
	case kernel.GELUTanh, kernel.GELUTanh1, kernel.GELUTanh2:
		return composeGELUTanh(fn, x)
	case kernel.LeakyReLU:
		return Add(Scale(p, x), Scale(1-p, ReLU(x)))
	case kernel.LeakyReLU1:
		return Shift(Scale(1-p, Step(x)), p)
	case kernel.ELU:
		return Add(ReLU(x), Shift(decay, -p))
	case kernel.ELU1:
		return Add(Step(x), Mul(negative, decay))
	case kernel.ELU2:
		return Mul(negative, decay)
	}
	panic("ad: List: " + functionNames[fn] + " has no elementary form")
}

// composeGELUTanh returns GELUTanh and its derivatives by t = tanh u, u = c(x + bx³).
func composeGELUTanh(fn kernel.UnaryOp, x *Expr) *Expr {
	c, b := math.Sqrt(2/math.Pi), 0.044715
	square := Square(x)
	t := Tanh(Scale(c, Mul(x, Shift(Scale(b, square), 1))))
	u1, u2 := Shift(Scale(3*b*c, square), c), Scale(6*b*c, x)
	t1 := Mul(oneMinus(Square(t)), u1)
	half := Scale(0.5, x)
	switch fn {
	case kernel.GELUTanh:
		return Mul(half, Shift(t, 1))
	case kernel.GELUTanh1:
		return Add(Scale(0.5, Shift(t, 1)), Mul(half, t1))
	}
	t2 := Mul(oneMinus(Square(t)), Sub(u2, Scale(2, Mul(t, Square(u1)))))
	return Add(t1, Mul(half, t2))
}

// composeInverseRMS returns 1/√(Σ_j x_j²/n + eps). Where the sum of squares overflows it is 0;
// the operation of this package has no such end.
func composeInverseRMS(x *Expr, eps float64) *Expr {
	return Recip(Sqrt(Shift(Scale(1/float64(x.cols), SumCols(Square(x))), eps)))
}

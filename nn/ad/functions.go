package ad

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// functionOf returns the function that a scale, a shift or a unary expression
// applies to each element, written with package math from the definitions: the
// kernels have implementations of their own.
func functionOf(e *Expr) func(x float64) float64 {
	switch e.op {
	case opScale:
		return func(x float64) float64 { return e.value * x }
	case opShift:
		return func(x float64) float64 { return x + e.value }
	}
	positive := func(yes, no func(x float64) float64) func(float64) float64 {
		return func(x float64) float64 {
			if x > 0 {
				return yes(x)
			}
			return no(x)
		}
	}
	is := func(c float64) func(float64) float64 { return func(float64) float64 { return c } }
	identity := func(x float64) float64 { return x }
	p := e.value
	switch e.fn {
	case kernel.Square:
		return func(x float64) float64 { return x * x }
	case kernel.Sqrt:
		return math.Sqrt
	case kernel.Recip:
		return func(x float64) float64 { return 1 / x }
	case kernel.Exp:
		return math.Exp
	case kernel.Log:
		return math.Log
	case kernel.Sin:
		return math.Sin
	case kernel.Cos:
		return math.Cos
	case kernel.Tanh:
		return math.Tanh
	case kernel.Sigmoid:
		return sigmoid
	case kernel.Softplus:
		return func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
	case kernel.Erf:
		return math.Erf
	case kernel.SiLU:
		return func(x float64) float64 { return x * sigmoid(x) }
	case kernel.SiLU1:
		return func(x float64) float64 { return sigmoid(x) * (1 + x*sigmoid(-x)) }
	case kernel.SiLU2:
		return func(x float64) float64 { s, c := sigmoid(x), sigmoid(-x); return s * c * (2 + x*(c-s)) }
	case kernel.GELU:
		return func(x float64) float64 { return x * phiCDF(x) }
	case kernel.GELU1:
		return func(x float64) float64 { return phiCDF(x) + x*phiPDF(x) }
	case kernel.GELU2:
		return func(x float64) float64 { return phiPDF(x) * (2 - x*x) }
	case kernel.GELUTanh:
		return func(x float64) float64 { t, _, _ := geluTanhArgument(x); return 0.5 * x * (1 + t) }
	case kernel.GELUTanh1:
		return func(x float64) float64 {
			t, u1, _ := geluTanhArgument(x)
			return 0.5*(1+t) + 0.5*x*(1-t*t)*u1
		}
	case kernel.GELUTanh2:
		return func(x float64) float64 {
			t, u1, u2 := geluTanhArgument(x)
			return (1-t*t)*u1 + 0.5*x*(1-t*t)*(u2-2*t*u1*u1)
		}
	case kernel.ReLU:
		return func(x float64) float64 { return max(x, 0) }
	case kernel.Step:
		return positive(is(1), is(0))
	case kernel.LeakyReLU:
		return positive(identity, func(x float64) float64 { return p * x })
	case kernel.LeakyReLU1:
		return positive(is(1), is(p))
	case kernel.ELU:
		return positive(identity, func(x float64) float64 { return p * math.Expm1(x) })
	case kernel.ELU1:
		return positive(is(1), func(x float64) float64 { return p * math.Exp(x) })
	case kernel.ELU2:
		return positive(is(0), func(x float64) float64 { return p * math.Exp(x) })
	}
	panic("ad: unknown function " + functionNames[e.fn])
}

// arithmeticOf returns the operation on two numbers that op stands for.
func arithmeticOf(op opcode) func(x, y float64) float64 {
	switch op {
	case opAdd:
		return func(x, y float64) float64 { return x + y }
	case opSub:
		return func(x, y float64) float64 { return x - y }
	case opMul:
		return func(x, y float64) float64 { return x * y }
	}
	return func(x, y float64) float64 { return x / y }
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// phiCDF and phiPDF are the standard normal distribution function and density.
func phiCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
func phiPDF(x float64) float64 { return math.Exp(-0.5*x*x) / math.Sqrt(2*math.Pi) }

// geluTanhArgument returns tanh u, u′ and u″ for u = √(2/π)(x + 0.044715x³).
func geluTanhArgument(x float64) (t, u1, u2 float64) {
	c, b := math.Sqrt(2/math.Pi), 0.044715
	return math.Tanh(c * (x + b*x*x*x)), c * (1 + 3*b*x*x), 6 * b * c * x
}

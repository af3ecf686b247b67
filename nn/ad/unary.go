package ad

import (
	"math"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

func unary(fn kernel.UnaryOp, x *Expr) *Expr { return unaryWith(fn, x, 0) }

func unaryWith(fn kernel.UnaryOp, x *Expr, p float64) *Expr {
	return &Expr{op: opUnary, fn: fn, args: []*Expr{x}, rows: x.rows, cols: x.cols, value: p}
}

// Neg returns −x.
func Neg(x *Expr) *Expr { return Scale(-1, x) }

// Square returns x².
func Square(x *Expr) *Expr { return unary(kernel.Square, x) }

// Sqrt returns √x.
func Sqrt(x *Expr) *Expr { return unary(kernel.Sqrt, x) }

// Recip returns 1/x.
func Recip(x *Expr) *Expr { return unary(kernel.Recip, x) }

// Exp returns eˣ.
func Exp(x *Expr) *Expr { return unary(kernel.Exp, x) }

// Log returns ln x.
func Log(x *Expr) *Expr { return unary(kernel.Log, x) }

// Sin returns sin x, x in radians.
func Sin(x *Expr) *Expr { return unary(kernel.Sin, x) }

// Cos returns cos x, x in radians.
func Cos(x *Expr) *Expr { return unary(kernel.Cos, x) }

// Tanh returns tanh x.
func Tanh(x *Expr) *Expr { return unary(kernel.Tanh, x) }

// Sigmoid returns S(x) = 1/(1+e⁻ˣ).
func Sigmoid(x *Expr) *Expr { return unary(kernel.Sigmoid, x) }

// Softplus returns ln(1+eˣ).
func Softplus(x *Expr) *Expr { return unary(kernel.Softplus, x) }

// Erf returns the error function of x.
func Erf(x *Expr) *Expr { return unary(kernel.Erf, x) }

// SiLU returns x·S(x), the swish of Hendrycks & Gimpel 2016 and Ramachandran
// et al. 2017.
func SiLU(x *Expr) *Expr { return unary(kernel.SiLU, x) }

// GELU returns x·Φ(x) with the standard normal distribution function Φ
// (Hendrycks & Gimpel 2016).
func GELU(x *Expr) *Expr { return unary(kernel.GELU, x) }

// GELUTanh returns ½x(1+tanh(√(2/π)(x+0.044715x³))), the usual approximation
// of GELU.
func GELUTanh(x *Expr) *Expr { return unary(kernel.GELUTanh, x) }

// ReLU returns max(x, 0). Its derivative at 0 is taken as 0.
func ReLU(x *Expr) *Expr { return unary(kernel.ReLU, x) }

// LeakyReLU returns x where x > 0 and a·x elsewhere.
func LeakyReLU(x *Expr, a float64) *Expr { return unaryWith(kernel.LeakyReLU, x, a) }

// ELU returns x where x > 0 and a(eˣ−1) elsewhere (Clevert et al. 2016).
func ELU(x *Expr, a float64) *Expr { return unaryWith(kernel.ELU, x, a) }

// Step returns 1 where x > 0 and 0 elsewhere. Its derivative is 0.
func Step(x *Expr) *Expr { return unary(kernel.Step, x) }

// slope returns the derivative of e = fn(x) with respect to x, element by
// element, as an expression of x and e; nil stands for 0. It is the only
// derivative rule of a function of one variable: Grad and JVP both use it,
// and since it returns an expression it can be differentiated again.
func slope(e *Expr) *Expr {
	x := e.args[0]
	switch e.fn {
	case kernel.Square:
		return Scale(2, x)
	case kernel.Sqrt:
		return Scale(0.5, Recip(e))
	case kernel.Recip:
		return Neg(Square(e))
	case kernel.Exp:
		return e
	case kernel.Log:
		return Recip(x)
	case kernel.Sin:
		return Cos(x)
	case kernel.Cos:
		return Neg(Sin(x))
	case kernel.Tanh:
		return oneMinus(Square(e))
	case kernel.Sigmoid:
		return Mul(e, oneMinus(e))
	case kernel.Softplus:
		return Sigmoid(x)
	case kernel.Erf:
		return Scale(2/math.Sqrt(math.Pi), Exp(Neg(Square(x))))
	case kernel.SiLU, kernel.SiLU1, kernel.GELU, kernel.GELU1, kernel.GELUTanh, kernel.GELUTanh1,
		kernel.LeakyReLU, kernel.ELU:
		return unaryWith(e.fn+1, x, e.value) // the kernels know this function's derivative
	case kernel.SiLU2:
		return silu3(x)
	case kernel.GELU2:
		return gelu3(x)
	case kernel.GELUTanh2:
		return geluTanh3(x)
	case kernel.ReLU:
		return Step(x)
	case kernel.ELU1, kernel.ELU2:
		return unaryWith(kernel.ELU2, x, e.value)
	case kernel.Step, kernel.LeakyReLU1:
		return nil
	}
	panic("ad: no derivative rule for " + functionNames[e.fn])
}

// oneMinus returns 1 − x.
func oneMinus(x *Expr) *Expr { return Shift(Neg(x), 1) }

// silu3 returns p(3q + xq² − 2xp), p = S(1−S), q = 1−2S: the third derivative
// of SiLU.
func silu3(x *Expr) *Expr {
	s := Sigmoid(x)
	p, q := Mul(s, oneMinus(s)), Shift(Scale(-2, s), 1)
	return Mul(p, Add(Scale(3, q), Mul(x, Sub(Square(q), Scale(2, p)))))
}

// gelu3 returns φ(x)(x³ − 4x), the third derivative of GELU.
func gelu3(x *Expr) *Expr {
	φ := Scale(1/math.Sqrt(2*math.Pi), Exp(Scale(-0.5, Square(x))))
	return Mul(φ, Mul(x, Shift(Square(x), -4)))
}

// geluTanh3 returns 3/2 t″ + ½x t‴ for t = tanh u, u = √(2/π)(x + ax³): the
// third derivative of GELUTanh.
func geluTanh3(x *Expr) *Expr {
	c, a := math.Sqrt(2/math.Pi), 0.044715
	x2 := Square(x)
	t := Tanh(Scale(c, Mul(x, Shift(Scale(a, x2), 1))))
	u1, u2 := Shift(Scale(3*a*c, x2), c), Scale(6*a*c, x)
	h := oneMinus(Square(t))
	t1 := Mul(h, u1)
	inner := Sub(u2, Scale(2, Mul(t, Square(u1))))
	t2 := Mul(h, inner)
	t3 := Sub(
		Mul(h, Shift(Scale(-2, Add(Mul(t1, Square(u1)), Scale(2, Mul(t, Mul(u1, u2))))), 6*a*c)),
		Scale(2, Mul(t, Mul(t1, inner))))
	return Add(Scale(1.5, t2), Scale(0.5, Mul(x, t3)))
}

package kernel

import (
	"math"
	"math/big"
)

// The reference values of the functions, in arithmetic of enough digits that
// cancellation between their terms does no harm.

const precision = 1700

func num(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }
func add(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Add(x, y)
}
func sub(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Sub(x, y)
}
func mul(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Mul(x, y)
}
func quo(x, y *big.Float) *big.Float {
	return new(big.Float).SetPrec(precision).Quo(x, y)
}
func bigSqrt(x *big.Float) *big.Float { return new(big.Float).SetPrec(precision).Sqrt(x) }
func halve(x *big.Float) *big.Float   { return mul(x, num(0.5)) }

// series adds t₀ + t₁ + … until a term no longer counts; term turns tₙ₋₁
// into tₙ in place.
func series(t *big.Float, digits int, term func(n int64, t *big.Float)) *big.Float {
	s := new(big.Float).SetPrec(precision).Set(t)
	for n := int64(1); t.Sign() != 0 && t.MantExp(nil) > s.MantExp(nil)-digits; n++ {
		term(n, t)
		s.Add(s, t)
	}
	return s
}

func bigExp(x *big.Float) *big.Float {
	halvings := max(0, x.MantExp(nil)+8)
	r := new(big.Float).SetPrec(400).SetMantExp(x, -halvings)
	y := series(new(big.Float).SetPrec(400).SetInt64(1), 400, func(n int64, t *big.Float) {
		t.Mul(t, r)
		t.Quo(t, new(big.Float).SetInt64(n))
	}).SetPrec(400)
	for range halvings {
		y.Mul(y, y)
	}
	return y.SetPrec(precision)
}

// bigExpm1 is accurate for small x, where eˣ − 1 = x + x²/2 + x³/6 + ….
func bigExpm1(x *big.Float) *big.Float {
	if x.Sign() != 0 && x.MantExp(nil) < -3 {
		return series(new(big.Float).SetPrec(400).Set(x), 300, func(n int64, t *big.Float) {
			t.Mul(t, x)
			t.Quo(t, new(big.Float).SetInt64(n+1))
		})
	}
	return sub(bigExp(x), num(1))
}

// bigLog is Halley's iteration for eʸ = x.
func bigLog(x *big.Float) *big.Float {
	mantissa := new(big.Float)
	e := x.MantExp(mantissa)
	m, _ := mantissa.Float64()
	y := num(math.Log(m) + float64(e)*math.Ln2)
	for range 3 {
		z := bigExp(y)
		y = add(y, mul(num(2), quo(sub(x, z), add(x, z))))
	}
	return y
}

func bigLog1p(x *big.Float) *big.Float {
	if x.MantExp(nil) < -100 {
		return sub(x, halve(mul(x, x)))
	}
	return bigLog(add(num(1), x))
}

func arctanInverse(n int64) *big.Float {
	square := new(big.Float).SetInt64(n * n)
	p := quo(num(1), new(big.Float).SetInt64(n))
	s := new(big.Float).SetPrec(precision).Set(p)
	for k := int64(1); p.MantExp(nil) > -precision; k++ {
		p = quo(p, square)
		p.Neg(p)
		s.Add(s, quo(p, new(big.Float).SetInt64(2*k+1)))
	}
	return s
}

// pi is Machin's formula.
var pi = mul(num(4), sub(mul(num(4), arctanInverse(5)), arctanInverse(239)))

var sqrt2Pi = bigSqrt(mul(num(2), pi))

// bigSin returns sin(x + quarters π/2).
func bigSin(x *big.Float, quarters int64) *big.Float {
	if x.Sign() < 0 {
		// sin(x + qπ/2) = −sin(−x − qπ/2)
		return new(big.Float).Neg(bigSin(new(big.Float).Neg(x), -quarters))
	}
	turns, _ := add(quo(x, halve(pi)), num(0.5)).Int(nil)
	r := sub(x, mul(new(big.Float).SetPrec(precision).SetInt(turns), halve(pi)))
	q := (new(big.Int).And(turns, big.NewInt(3)).Int64() + quarters) & 3
	r.SetPrec(400)
	z := new(big.Float).SetPrec(400).Mul(r, r)
	first := r
	odd := int64(1)
	if q&1 == 1 {
		first, odd = new(big.Float).SetPrec(400).SetInt64(1), 0
	}
	y := series(new(big.Float).SetPrec(400).Set(first), 300, func(n int64, t *big.Float) {
		t.Mul(t, z)
		t.Quo(t, new(big.Float).SetInt64(-(2*n-1+odd)*(2*n+odd)))
	})
	if q >= 2 {
		y.Neg(y)
	}
	return y
}

func bigLogistic(x *big.Float) *big.Float {
	return quo(num(1), add(num(1), bigExp(new(big.Float).Neg(x))))
}

func bigTanh(x *big.Float) *big.Float {
	m := bigExpm1(mul(num(2), x))
	return quo(m, add(m, num(2)))
}

func bigDensity(x *big.Float) *big.Float {
	return quo(bigExp(halve(mul(x, new(big.Float).Neg(x)))), sqrt2Pi)
}

// bigNormal returns Φ(x) − ½ = φ(x) (x + x³/3 + x⁵/15 + …).
func bigNormal(x *big.Float) *big.Float {
	z := mul(x, x)
	// What is left when ½ is added is as small as exp(−x²/2), and wants digits too.
	small, _ := z.Float64()
	digits := uint(300 + 0.75*small)
	z.SetPrec(digits)
	s := series(new(big.Float).SetPrec(digits).Set(x), int(digits), func(n int64, t *big.Float) {
		t.Mul(t, z)
		t.Quo(t, new(big.Float).SetInt64(2*n+1))
	})
	e := new(big.Float).SetPrec(digits).Mul(z, num(0.5))
	halvings := max(0, e.MantExp(nil)+8)
	e.SetMantExp(e, -halvings)
	y := series(new(big.Float).SetPrec(digits).SetInt64(1), int(digits), func(n int64, t *big.Float) {
		t.Mul(t, e)
		t.Quo(t, new(big.Float).SetInt64(n))
	})
	for range halvings {
		y.Mul(y, y)
	}
	return quo(s, mul(y, sqrt2Pi))
}

// reference returns op at x with parameter p, where |x| is modest for the
// functions built on an exponential.
func reference(op UnaryOp, at, p float64) *big.Float {
	x, one, two := num(at), num(1), num(2)
	positive := at > 0
	gate := func() (v, slope, curve *big.Float) {
		c := mul(two, bigSqrt(quo(two, pi)))
		a := num(0.044715)
		a.SetString("0.044715")
		x2 := mul(x, x)
		v = mul(c, add(x, mul(a, mul(x2, x))))
		slope = mul(c, add(one, mul(num(3), mul(a, x2))))
		curve = mul(c, mul(num(6), mul(a, x)))
		return v, slope, curve
	}
	switch op {
	case Square:
		return mul(x, x)
	case Sqrt:
		return bigSqrt(x)
	case Recip:
		return quo(one, x)
	case Exp:
		return bigExp(x)
	case Log:
		return bigLog(x)
	case Sin:
		return bigSin(x, 0)
	case Cos:
		return bigSin(x, 1)
	case Tanh:
		return bigTanh(x)
	case Sigmoid:
		return bigLogistic(x)
	case Softplus:
		return bigLog1p(bigExp(x))
	case Erf:
		return mul(two, bigNormal(mul(x, bigSqrt(two))))
	case SiLU:
		return mul(x, bigLogistic(x))
	case SiLU1:
		s := bigLogistic(x)
		return mul(s, add(one, mul(x, sub(one, s))))
	case SiLU2:
		s := bigLogistic(x)
		return mul(mul(s, bigLogistic(new(big.Float).Neg(x))), add(two, mul(x, sub(one, mul(two, s)))))
	case GELU:
		return mul(x, add(num(0.5), bigNormal(x)))
	case GELU1:
		return add(add(num(0.5), bigNormal(x)), mul(x, bigDensity(x)))
	case GELU2:
		return mul(bigDensity(x), sub(two, mul(x, x)))
	case GELUTanh:
		v, _, _ := gate()
		return mul(x, bigLogistic(v))
	case GELUTanh1:
		v, slope, _ := gate()
		s := bigLogistic(v)
		return mul(s, add(one, mul(mul(x, slope), bigLogistic(v.Neg(v)))))
	case GELUTanh2:
		v, slope, curve := gate()
		s := bigLogistic(v)
		c := bigLogistic(new(big.Float).Neg(v))
		inner := add(mul(sub(one, mul(two, s)), mul(slope, slope)), curve)
		return mul(mul(s, c), add(mul(two, slope), mul(x, inner)))
	case ReLU:
		return num(max(at, 0))
	case Step, LeakyReLU1, ELU1:
		if positive {
			return one
		}
	case LeakyReLU, ELU:
		if positive {
			return x
		}
	case ELU2:
		if positive {
			return num(0)
		}
	}
	switch op {
	case LeakyReLU:
		return mul(num(p), x)
	case LeakyReLU1:
		return num(p)
	case ELU:
		return mul(num(p), bigExpm1(x))
	case ELU1, ELU2:
		return mul(num(p), bigExp(x))
	}
	return num(0)
}

// MatTMul adds xᵀ·g to dst, MatTMulSet stores it.
func MatTMul[T Float](dst, x, g []T, r, k, n int) {
	MatTMulRows(dst, x, g, r, k, n, 0, k, false, make([]T, MatTMulSpace[T](k, n)))
}

func MatTMulSet[T Float](dst, x, g []T, r, k, n int) {
	MatTMulRows(dst, x, g, r, k, n, 0, k, true, make([]T, MatTMulSpace[T](k, n)))
}

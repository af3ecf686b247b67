package kernel

import "math"

// UnaryOp is a function of one number and, in the LeakyReLU and ELU families,
// of a parameter p.
type UnaryOp uint8

// The functions of Unary. A name that ends in 1 or 2 is a first or second
// derivative.
const (
	Square     UnaryOp = iota // x²
	Sqrt                      // √x
	Recip                     // 1/x
	Exp                       // eˣ
	Log                       // ln x
	Sin                       // sin x
	Cos                       // cos x
	Tanh                      // tanh x
	Sigmoid                   // S(x) = 1/(1+e⁻ˣ)
	Softplus                  // ln(1+eˣ)
	Erf                       // 2/√π ∫₀ˣ exp(−t²) dt
	SiLU                      // x S(x)
	SiLU1                     // S (1 + x(1−S))
	SiLU2                     // S (1−S) (2 + x(1−2S))
	GELU                      // x Φ(x), Φ the standard normal distribution function
	GELU1                     // Φ + xφ
	GELU2                     // φ (2−x²)
	GELUTanh                  // ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³)
	GELUTanh1                 // its first derivative
	GELUTanh2                 // its second derivative
	ReLU                      // max(x, 0)
	Step                      // 1 where x > 0, else 0
	LeakyReLU                 // x where x > 0, else px
	LeakyReLU1                // 1 where x > 0, else p
	ELU                       // x where x > 0, else p(eˣ−1)
	ELU1                      // 1 where x > 0, else peˣ
	ELU2                      // 0 where x > 0, else peˣ
)

// Unary computes dst = f(x) for the elements of dst. p is the parameter of
// the LeakyReLU and ELU families, the others ignore it. dst may be x.
func Unary[T Float](op UnaryOp, dst, x []T, p T) {
	x = x[:len(dst)]
	if unaryFast(op, dst, nil, x, p) {
		return
	}
	switch op {
	case Square:
		for i, v := range x {
			dst[i] = v * v
		}
	case Sqrt:
		for i, v := range x {
			dst[i] = T(math.Sqrt(float64(v)))
		}
	case Recip:
		for i, v := range x {
			dst[i] = 1 / v
		}
	case ReLU:
		for i, v := range x {
			dst[i] = max(v, 0)
		}
	case Step:
		for i, v := range x {
			dst[i] = choose(v, 1, 0)
		}
	case LeakyReLU:
		for i, v := range x {
			dst[i] = choose(v, v, p*v)
		}
	case LeakyReLU1:
		for i, v := range x {
			dst[i] = choose(v, 1, p)
		}
	case ELU:
		for i, v := range x {
			dst[i] = v
			if !(v > 0) {
				dst[i] = T(float64(p) * expm1(float64(v)))
			}
		}
	case ELU1:
		expWhereNegative(dst, x, p, 1)
	case ELU2:
		expWhereNegative(dst, x, p, 0)
	default:
		apply(function(op), dst, x)
	}
}

// MulUnary computes dst = g f(x) element by element, with the same bits as
// Unary followed by a product. dst may be g or x.
func MulUnary[T Float](op UnaryOp, dst, g, x []T, p T) {
	g, x = g[:len(dst)], x[:len(dst)]
	if unaryFast(op, dst, g, x, p) {
		return
	}
	var values [128]T
	for len(dst) > 0 {
		f := values[:min(len(dst), len(values))]
		Unary(op, f, x[:len(f)], p)
		vectors(OpMul, dst[:len(f)], g[:len(f)], f)
		dst, g, x = dst[len(f):], g[len(f):], x[len(f):]
	}
}

// apply computes dst = f(x). The conversions have loops of their own: amd64's
// leave half of a register as it was, so that between calls of f each element
// would wait for the one before.
func apply[T Float](f func(float64) float64, dst, x []T) {
	var buffer [128]float64
	for len(dst) > 0 {
		values := buffer[:min(len(dst), len(buffer))]
		for i, v := range x[:len(values)] {
			values[i] = float64(v)
		}
		for i, v := range values {
			values[i] = f(v)
		}
		for i, v := range values {
			dst[i] = T(v)
		}
		dst, x = dst[len(values):], x[len(values):]
	}
}

// choose returns a where x > 0 and b elsewhere.
func choose[T Float](x, a, b T) T {
	if x > 0 {
		return a
	}
	return b
}

// expWhereNegative computes dst = c where x > 0 and peˣ elsewhere.
func expWhereNegative[T Float](dst, x []T, p, c T) {
	for i, v := range x {
		dst[i] = c
		if !(v > 0) {
			dst[i] = T(float64(p) * exp(float64(v)))
		}
	}
}

const unknownUnary = "kernel: unknown unary operation"

// function returns the operations that are computed by a call in float64.
func function(op UnaryOp) func(float64) float64 {
	switch op {
	case Exp:
		return exp
	case Log:
		return log
	case Sin:
		return sin
	case Cos:
		return cos
	case Tanh:
		return tanh
	case Sigmoid:
		return sigmoid
	case Softplus:
		return softplus
	case Erf:
		return erf
	case SiLU:
		return silu
	case SiLU1:
		return silu1
	case SiLU2:
		return silu2
	case GELU:
		return gelu
	case GELU1:
		return gelu1
	case GELU2:
		return gelu2
	case GELUTanh:
		return geluTanh
	case GELUTanh1:
		return geluTanh1
	case GELUTanh2:
		return geluTanh2
	}
	panic(unknownUnary)
}

var unaryNames = [...]string{
	"square", "sqrt", "recip", "exp", "log", "sin", "cos", "tanh",
	"sigmoid", "softplus", "erf", "silu", "silu'", "silu''", "gelu", "gelu'",
	"gelu''", "gelutanh", "gelutanh'", "gelutanh''", "relu", "step",
	"leakyrelu", "leakyrelu'", "elu", "elu'", "elu''",
}

// String returns the function's name, with a prime for each derivative.
func (op UnaryOp) String() string { return unaryNames[op] }

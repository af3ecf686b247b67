package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// ulps returns how many units in the last place of T y lies from want.
func ulps[T Float](y T, want *big.Float) float64 {
	digits, least, most := 24, -149, 128
	if unsafe.Sizeof(y) == 8 {
		digits, least, most = 53, -1074, 1024
	}
	e := want.MantExp(nil)
	if e > most || math.IsInf(float64(y), 0) {
		w, _ := want.Float64()
		rounded := T(w)
		if rounded == y {
			return 0
		}
		return math.Inf(1)
	}
	if math.IsNaN(float64(y)) {
		return math.Inf(1)
	}
	unit := new(big.Float).SetMantExp(num(1), max(e-digits, least))
	d, _ := quo(sub(num(float64(y)), want), unit).Float64()
	return math.Abs(d)
}

type interval struct{ lo, hi float64 }

// domain returns where op is compared with the reference; beyond it op has
// its limit or T has no more numbers.
func domain[T Float](op UnaryOp) interval {
	var x T
	double := unsafe.Sizeof(x) == 8
	switch op {
	case Log, Sqrt:
		return interval{0, math.Inf(1)}
	case Exp, Tanh, Softplus, ELU, ELU1, ELU2:
		if double {
			return interval{-745, 745}
		}
		return interval{-110, 110}
	case Sigmoid, SiLU, SiLU1, SiLU2:
		// Below 1e-300 they may be zero.
		if double {
			return interval{-700, 700}
		}
		return interval{-110, 110}
	case Erf:
		return interval{-9, 9}
	case GELU, GELU1, GELU2:
		if double {
			return interval{-37, 37}
		}
		return interval{-20, 20}
	case GELUTanh, GELUTanh1, GELUTanh2:
		if double {
			return interval{-20, 20}
		}
		return interval{-20, 20}
	}
	return interval{math.Inf(-1), math.Inf(1)}
}

func points[T Float](d interval, rng *rand.Rand) []T {
	var xs []T
	var least, most, stride int
	var x T
	if unsafe.Sizeof(x) == 8 {
		least, most, stride = -1074, 1023, 9
	} else {
		least, most, stride = -149, 127, 1
	}
	for e := least; e <= most; e += stride {
		for range 2 {
			xs = append(xs, T(math.Ldexp(1+rng.Float64(), e)), -T(math.Ldexp(1+rng.Float64(), e)))
		}
	}
	for range 300 {
		xs = append(xs, T(3*rng.NormFloat64()), T(max(d.lo, -1000)+(min(d.hi, 1000)-max(d.lo, -1000))*rng.Float64()))
	}
	in := xs[:0]
	for _, v := range xs {
		if v != 0 && d.lo <= float64(v) && float64(v) <= d.hi && !math.IsInf(float64(v), 0) {
			in = append(in, v)
		}
	}
	return in
}

// testUnaryAccuracy asks for at most limit(op, x) units in the last place,
// counted near a zero of op as if the value were floor.
func testUnaryAccuracy[T Float](t *testing.T, floor float64, limit func(op UnaryOp, x float64) float64) {
	for op := Square; op <= ELU2; op++ {
		rng := rand.New(rand.NewPCG(7, uint64(op)))
		worst, where := 0.0, T(0)
		for _, x := range points[T](domain[T](op), rng) {
			var y [1]T
			Unary(op, y[:], []T{x}, 0.5)
			want := reference(op, float64(x), 0.5)
			d := ulps(y[0], want)
			if hasZero(op) && math.Abs(float64(x)) < 8 {
				w, _ := want.Float64()
				d *= min(1, math.Abs(w)/floor)
			}
			require.LessOrEqual(t, d, limit(op, float64(x)), "%v(%v)", op, x)
			if d > worst {
				worst, where = d, x
			}
		}
		t.Logf("%-12v %.2f ulp at %v", op, worst, where)
	}
}

// hasZero reports whether op has a zero that is not a number of T.
func hasZero(op UnaryOp) bool {
	switch op {
	case SiLU1, SiLU2, GELU1, GELU2, GELUTanh1, GELUTanh2:
		return true
	}
	return false
}

func TestPortableFloat32FunctionsAreNearlyCorrectlyRounded(t *testing.T) {
	take(t, portable)
	testUnaryAccuracy[float32](t, 0, func(UnaryOp, float64) float64 { return 0.51 })
}

func TestFloat64FunctionsAreWithinFewUlps(t *testing.T) {
	testUnaryAccuracy[float64](t, 0.25, func(op UnaryOp, x float64) float64 {
		switch op {
		case Square, Sqrt, Recip, ReLU, Step, LeakyReLU, LeakyReLU1:
			return 0.5
		case Exp, Log, Sin, Cos, ELU1, ELU2:
			return 1
		case Sigmoid, Softplus, Erf, ELU:
			return 2
		case GELUTanh, GELUTanh1, GELUTanh2:
			// The rounding of the argument of S counts as often as it is large.
			return 4 + 4*math.Abs(x)*(1.6+0.072*x*x)
		}
		return 6
	})
}

func TestFunctionsHaveTheirLimits(t *testing.T) {
	forPaths(t, testLimits[float32])
	forPaths(t, testLimits[float64])
}

func testLimits[T Float](t *testing.T) {
	inf := math.Inf(1)
	nan := math.NaN()
	for _, c := range []struct {
		op                UnaryOp
		minus, zero, plus float64
		bigMinus, bigPlus float64
	}{
		{op: Exp, minus: 0, zero: 1, plus: inf, bigMinus: 0, bigPlus: inf},
		{op: Log, minus: nan, zero: -inf, plus: inf, bigMinus: nan, bigPlus: math.Log(1e38)},
		{op: Sin, minus: nan, zero: 0, plus: nan, bigMinus: math.Sin(-float64(T(1e38))), bigPlus: math.Sin(float64(T(1e38)))},
		{op: Cos, minus: nan, zero: 1, plus: nan, bigMinus: math.Cos(float64(T(1e38))), bigPlus: math.Cos(float64(T(1e38)))},
		{op: Tanh, minus: -1, zero: 0, plus: 1, bigMinus: -1, bigPlus: 1},
		{op: Sigmoid, minus: 0, zero: 0.5, plus: 1, bigMinus: 0, bigPlus: 1},
		{op: Softplus, minus: 0, zero: math.Ln2, plus: inf, bigMinus: 0, bigPlus: 1e38},
		{op: Erf, minus: -1, zero: 0, plus: 1, bigMinus: -1, bigPlus: 1},
		{op: SiLU, minus: 0, zero: 0, plus: inf, bigMinus: 0, bigPlus: 1e38},
		{op: SiLU1, minus: 0, zero: 0.5, plus: 1, bigMinus: 0, bigPlus: 1},
		{op: SiLU2, minus: 0, zero: 0.5, plus: 0, bigMinus: 0, bigPlus: 0},
		{op: GELU, minus: 0, zero: 0, plus: inf, bigMinus: 0, bigPlus: 1e38},
		{op: GELU1, minus: 0, zero: 0.5, plus: 1, bigMinus: 0, bigPlus: 1},
		{op: GELU2, minus: 0, zero: 2 / math.Sqrt(2*math.Pi), plus: 0, bigMinus: 0, bigPlus: 0},
		{op: GELUTanh, minus: 0, zero: 0, plus: inf, bigMinus: 0, bigPlus: 1e38},
		{op: GELUTanh1, minus: 0, zero: 0.5, plus: 1, bigMinus: 0, bigPlus: 1},
		{op: GELUTanh2, minus: 0, zero: 2 / math.Sqrt(2*math.Pi), plus: 0, bigMinus: 0, bigPlus: 0},
		{op: ReLU, minus: 0, zero: 0, plus: inf, bigMinus: 0, bigPlus: 1e38},
		{op: Step, minus: 0, zero: 0, plus: 1, bigMinus: 0, bigPlus: 1},
		{op: LeakyReLU, minus: -inf, zero: 0, plus: inf, bigMinus: -5e37, bigPlus: 1e38},
		{op: LeakyReLU1, minus: 0.5, zero: 0.5, plus: 1, bigMinus: 0.5, bigPlus: 1},
		{op: ELU, minus: -0.5, zero: 0, plus: inf, bigMinus: -0.5, bigPlus: 1e38},
		{op: ELU1, minus: 0, zero: 0.5, plus: 1, bigMinus: 0, bigPlus: 1},
		{op: ELU2, minus: 0, zero: 0.5, plus: 0, bigMinus: 0, bigPlus: 0},
	} {
		x := []T{T(-inf), 0, T(inf), -1e38, 1e38, T(nan)}
		y := make([]T, len(x))
		Unary(c.op, y, x, 0.5)
		for i, want := range []float64{c.minus, c.zero, c.plus, c.bigMinus, c.bigPlus} {
			switch {
			case math.IsNaN(want):
				require.True(t, math.IsNaN(float64(y[i])), "%v(%v) = %v", c.op, x[i], y[i])
			case want == 0 || math.IsInf(want, 0):
				require.Equal(t, want, float64(y[i])+0, "%v(%v)", c.op, x[i])
			default:
				require.InEpsilon(t, want, float64(y[i]), 1e-6, "%v(%v)", c.op, x[i])
			}
		}
		if c.op != Step && c.op != LeakyReLU1 {
			require.True(t, math.IsNaN(float64(y[5])), "%v(NaN) = %v", c.op, y[5])
		}
	}
}

func TestMonotoneFunctionsAreMonotone(t *testing.T) {
	take(t, portable)
	for _, op := range []UnaryOp{Exp, Tanh, Sigmoid, Softplus, Erf, ELU} {
		x := float32(-30)
		var before, y [1]float32
		Unary(op, before[:], []float32{x}, 1)
		for x < 30 {
			x = max(math.Nextafter32(x, 100), x+0.0007)
			Unary(op, y[:], []float32{x}, 1)
			if !(y[0] >= before[0]) {
				require.Failf(t, "not monotone", "%v(%v) = %v, after %v", op, x, y[0], before[0])
			}
			before = y
		}
	}
}

func TestUnaryElementsAreIndependentAndMayBeInPlace(t *testing.T) {
	forPaths(t, testUnaryInPlace[float32])
	forPaths(t, testUnaryInPlace[float64])
}

func testUnaryInPlace[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for op := Square; op <= ELU2; op++ {
		for _, n := range []int{0, 1, 2, 3, 17, 128, 129, 300} {
			x, g := random[T](rng, n), random[T](rng, n)
			want, product := make([]T, n), make([]T, n)
			for i := range x {
				var y [1]T
				Unary(op, y[:], x[i:i+1], 0.25)
				want[i] = y[0]
				product[i] = g[i] * y[0]
			}
			dst := guarded[T](n)
			Unary(op, dst.in, x, 0.25)
			dst.requireBits(t, want)
			MulUnary(op, dst.in, g, x, 0.25)
			dst.requireBits(t, product)
			copy(dst.in, x)
			MulUnary(op, dst.in, g, dst.in, 0.25)
			dst.requireBits(t, product)
			copy(dst.in, g)
			MulUnary(op, dst.in, dst.in, x, 0.25)
			dst.requireBits(t, product)
			copy(dst.in, x)
			Unary(op, dst.in, dst.in, 0.25)
			dst.requireBits(t, want)
		}
	}
}

func TestUnknownFunctionPanics(t *testing.T) {
	require.PanicsWithValue(t, "kernel: unknown unary operation", func() {
		Unary(ELU2+1, make([]float32, 1), make([]float32, 1), 0)
	})
}

func TestFunctionsHaveTheirNames(t *testing.T) {
	require.Equal(t, []string{"square", "gelu''", "elu''"}, []string{Square.String(), GELU2.String(), ELU2.String()})
	require.Len(t, unaryNames, int(ELU2)+1)
}

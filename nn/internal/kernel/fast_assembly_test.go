//go:build (amd64 || arm64) && !purego

package kernel

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// ulps32 returns how many units in the last place of float32 y lies from want,
// counted as if |want| were at least floor.
func ulps32(y float32, want, floor float64) float64 {
	if y == float32(want) || y != y && want != want {
		return 0
	}
	if d := math.Abs(float64(y) - want); d <= math.MaxFloat64 {
		_, e := math.Frexp(max(math.Abs(want), floor))
		return math.Ldexp(d, -max(e-24, -149))
	}
	return math.Inf(1)
}

// fastLimit is what the package comment promises of assembly.
func fastLimit(op UnaryOp) float64 {
	if op == SiLU1 {
		return 2.2
	}
	return 2
}

// testFast compares every stride-th float32 on every path with float64, and
// the paths of assembly with each other.
func testFast(t *testing.T, stride uint64) {
	const n = 4096
	x, y, other := make([]float32, n), make([]float32, n), make([]float32, n)
	wide, want := make([]float64, n), make([]float64, n)
	for op := Square; op <= ELU2; op++ {
		t.Run(op.String(), func(t *testing.T) {
			worst, where := 0.0, float32(0)
			for bits := uint64(0); bits < 1<<32; {
				k := 0
				for ; k < n && bits < 1<<32; k++ {
					x[k] = math.Float32frombits(uint32(bits))
					bits += stride
				}
				for i, v := range x[:k] {
					wide[i] = float64(v)
				}
				Unary(op, want[:k], wide[:k], 0.5)
				for i, p := range paths() {
					restore := using
					using = p
					Unary(op, y[:k], x[:k], 0.5)
					if i > 1 && !sameBits(y[:k], other[:k]) {
						t.Fatalf("%v: the paths of assembly differ", op)
					}
					copy(other, y[:k])
					using = restore
				}
				for i, v := range y[:k] {
					floor := 0.0
					if hasZero(op) && math.Abs(wide[i]) < 8 {
						floor = 0.25
					}
					if d := ulps32(v, want[i], floor); d > worst {
						worst, where = d, x[i]
					}
				}
			}
			t.Logf("%-12v %.3f ulp at %v", op, worst, where)
			require.LessOrEqual(t, worst, fastLimit(op), where)
		})
	}
}

func sameBits(a, b []float32) bool {
	for i, v := range a {
		if math.Float32bits(v) != math.Float32bits(b[i]) && (v == v || b[i] == b[i]) {
			return false
		}
	}
	return true
}

// TestFastFunctionsAreWithinTwoUlps takes 2¹² numbers for each exponent and
// sign or, if GRADLOGP_ULP_STRIDE is set, every so manieth float32.
func TestFastFunctionsAreWithinTwoUlps(t *testing.T) {
	stride := uint64(2047)
	if s := os.Getenv("GRADLOGP_ULP_STRIDE"); s != "" {
		var err error
		stride, err = strconv.ParseUint(s, 10, 32)
		require.NoError(t, err)
		require.NotZero(t, stride)
	}
	testFast(t, stride)
}

func TestFarAnglesAreTakenOneByOne(t *testing.T) {
	forAssembly(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(31, 32))
		for _, op := range []UnaryOp{Sin, Cos} {
			for _, n := range []int{1, 5, 16, 17, 40, 100} {
				x, g := random[float32](rng, n), random[float32](rng, n)
				for range 1 + n/10 {
					x[rng.IntN(n)] = float32(math.Ldexp(rng.NormFloat64(), rng.IntN(110)))
				}
				want, product := make([]float32, n), make([]float32, n)
				for i := range x {
					Unary(op, want[i:i+1], x[i:i+1], 0)
					require.LessOrEqual(t, ulps32(want[i], function(op)(float64(x[i])), 0), 2.0)
					product[i] = g[i] * want[i]
				}
				dst := guarded[float32](n)
				Unary(op, dst.in, x, 0)
				dst.requireBits(t, want)
				copy(dst.in, x)
				MulUnary(op, dst.in, g, dst.in, 0)
				dst.requireBits(t, product)
			}
		}
	})
}

// FuzzLengths compares assembly with the portable path, where these have equal
// bits, on slices of any length and alignment.
func FuzzLengths(f *testing.F) {
	f.Add(uint16(3), uint16(7), uint8(1), uint64(1))
	f.Add(uint16(8), uint16(16), uint8(0), uint64(2))
	f.Add(uint16(1), uint16(1031), uint8(5), uint64(3))
	f.Fuzz(func(t *testing.T, rows, columns uint16, offset uint8, seed uint64) {
		r, n := int(rows%40), int(columns%2000)
		if n == 0 {
			n = 1
		}
		fuzzLengths[float32](t, r, n, int(offset%16), seed)
		fuzzLengths[float64](t, r, n, int(offset%16), seed)
	})
}

func fuzzLengths[T Float](t *testing.T, r, n, offset int, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	a, b, row := random[T](rng, r*n+offset)[offset:], random[T](rng, r*n), random[T](rng, n)
	run := func() (out []area[T]) {
		next := func(size int) []T {
			out = append(out, guarded[T](size))
			in := out[len(out)-1].in
			Fill(in, 1)
			return in
		}
		for op := OpAdd; op <= OpDiv; op++ {
			Binary(op, next(r*n), a, b, r, n, Full, Full)
			Binary(op, next(r*n), a, row, r, n, Full, Row)
			Binary(op, next(r*n), b, a, r, n, Column, Full)
		}
		for _, op := range []UnaryOp{Square, Sqrt, Recip, ReLU, Step, LeakyReLU, LeakyReLU1} {
			Unary(op, next(r*n), a, 0.25)
			MulUnary(op, next(r*n), b, a, 0.25)
		}
		Scale(next(r*n), a, 3)
		Shift(next(r*n), a, 3)
		Add(next(r*n), a)
		SumRows(next(n), a, r, n)
		SumCols(next(r), a, r, n)
		next(1)[0] = T(SumSquares(a))
		s := AdamStep{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-6, Decay: 0.1, Correct1: 0.2, Correct2: 0.03}
		AdamEMA(next(r*n), next(r*n), next(r*n), a, next(r*n), s, 0.9)
		return out
	}
	before := using
	defer func() { using = before }()
	using = portable
	want := run()
	for _, p := range paths()[1:] {
		using = p
		for i, got := range run() {
			got.requireBits(t, want[i].in)
		}
	}
}

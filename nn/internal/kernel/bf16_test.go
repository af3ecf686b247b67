package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// halfModes are numbers of any kind that products may meet.
var halfModes = map[string]func(rng *rand.Rand) float32{
	"common":       func(rng *rand.Rand) float32 { return float32(rng.NormFloat64()) },
	"wide":         func(rng *rand.Rand) float32 { return float32(math.Ldexp(rng.NormFloat64(), rng.IntN(80)-40)) },
	"any bits":     func(rng *rand.Rand) float32 { return math.Float32frombits(rng.Uint32()) },
	"underflowing": func(rng *rand.Rand) float32 { return float32(math.Ldexp(rng.NormFloat64(), -rng.IntN(30)-50)) },
	"overflowing":  func(rng *rand.Rand) float32 { return float32(math.Ldexp(rng.NormFloat64(), rng.IntN(20)+50)) },
	// Products of which some are 2⁻¹⁵⁰ and like sums that are 2⁻¹²⁶.
	"least": func(rng *rand.Rand) float32 {
		x := math.Ldexp(1+float64(rng.IntN(4)/3*rng.IntN(128))/128, []int{-63, -75, -75, -126}[rng.IntN(4)])
		return float32(math.Copysign(x, float64(rng.IntN(2)*2-1)))
	},
	"subnormal": func(rng *rand.Rand) float32 { return math.Float32frombits(rng.Uint32() & 0x81ffffff) },
	"odd": func(rng *rand.Rand) float32 {
		return []float32{0, float32(math.Copysign(0, -1)), 1, -1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126, -0x1.fffffep-127}[rng.IntN(12)]
	},
}

func halfNumbers(rng *rand.Rand, n int, mode string) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = halfModes[mode](rng)
	}
	return v
}

// sameBits32 requires equal bits, save of NaNs.
func sameBits32(t testing.TB, want, got []float32, what string) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		g := got[i]
		if (w != w) != (g != g) || w == w && math.Float32bits(w) != math.Float32bits(g) {
			require.Fail(t, "different bits", "%s: element %d is %x (%v), want %x (%v)", what, i, math.Float32bits(g), g, math.Float32bits(w), w)
		}
	}
}

// Go computes what the tiles and the pairs compute, to the bit, for whatever numbers and
// shapes.
func TestHalvesHaveTheBitsOfTheDefinition(t *testing.T) {
	for name, order := range map[string]Order{"tiles": Tiles, "pairs": Pairs} {
		t.Run(name, func(t *testing.T) { testHalves(t, order) })
	}
}

func testHalves(t *testing.T, order Order) {
	forPaths(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		times := 1
		if pathNames[using] == "avx512" {
			times = 4
		}
		for mode := range halfModes {
			for range times {
				r, k, n := 1+rng.IntN(40), 1+rng.IntN(70), 1+rng.IntN(40)
				if rng.IntN(4) == 0 {
					k, n = 32, 32
				}
				what := fmt.Sprintf("%s %d×%d×%d", mode, r, k, n)
				x, w, g, init := halfNumbers(rng, r*k, mode), halfNumbers(rng, k*n, mode), halfNumbers(rng, r*n, mode), halfNumbers(rng, r*n, mode)
				row := halfNumbers(rng, n, mode)
				packed, packedT := make([]uint16, HalfPackedSize(k, n)), make([]uint16, HalfPackedSize(n, k))
				PackHalf(packed, w, k, n)
				PackHalfT(packedT, w, k, n)
				space := make([]uint16, max(MatMulHalfSpace(r, max(k, n)), MatTMulHalfSpace(k, r, n)))
				for i := range space {
					space[i] = uint16(rng.Uint32())
				}
				around := []area[float32]{guarded[float32](r * n), guarded[float32](r * k), guarded[float32](k * n)}
				dst, back, sum := around[0].in, around[1].in, around[2].in
				MatMulHalf(order, dst, x, packed, nil, 0, r, k, n, space)
				sameBits32(t, halfReference(order, nil, 0, 0, x, k, 1, w, n, 1, r, k, n), dst, what)
				MatMulHalf(order, dst, x, packed, row, 1, r, k, n, space)
				sameBits32(t, halfReference(order, row, 0, 1, x, k, 1, w, n, 1, r, k, n), dst, what+" a row")
				MatMulHalf(order, dst, x, packed, init, r, r, k, n, space)
				sameBits32(t, halfReference(order, init, n, 1, x, k, 1, w, n, 1, r, k, n), dst, what+" rows")
				MatMulHalf(order, back, g, packedT, nil, 0, r, n, k, space)
				sameBits32(t, halfReference(order, nil, 0, 0, g, n, 1, w, 1, n, r, n, k), back, what+" transposed")

				{
					const blocks = 3
					rows := halfNumbers(rng, r*blocks*n, mode)
					all := halfNumbers(rng, blocks*k*n, mode)
					flat := make([]float32, blocks*n*k)
					for at, v := range all {
						flat[((blocks-1-at/n/k)*n+at%n)*k+at/n%k] = v
					}
					turned := make([]uint16, HalfPackedSize(blocks*n, k))
					PackHalfBlocksT(turned, all, blocks, k, n)
					MatMulHalf(order, back, rows, turned, nil, 0, r, blocks*n, k, make([]uint16, MatMulHalfSpace(r, blocks*n)))
					sameBits32(t, halfReference(order, nil, 0, 0, rows, blocks*n, 1, flat, k, 1, r, blocks*n, k), back, what+" turned")
				}

				from := rng.IntN(k)
				to := from + rng.IntN(k-from+1)
				copy(sum, halfNumbers(rng, k*n, mode))
				want := append([]float32(nil), sum...)
				copy(want[from*n:to*n], halfReference(order, sum[from*n:], n, 1, x[from:], 1, k, g, n, 1, to-from, r, n))
				MatTMulHalfRows(order, sum, x, g, r, k, n, from, to, false, space)
				sameBits32(t, want, sum, what+" added")
				copy(want[from*n:to*n], halfReference(order, nil, 0, 0, x[from:], 1, k, g, n, 1, to-from, r, n))
				MatTMulHalfRows(order, sum, x, g, r, k, n, from, to, true, space)
				sameBits32(t, want, sum, what+" set")
				rounded := make([]uint16, MatMulHalfSpace(r, k))
				for i := range r {
					Round(rounded[i*roundUp(k, 32):][:roundUp(k, 32)], x[i*k:(i+1)*k])
				}
				clear(sum[from*n : to*n])
				MatTMulRounded(order, sum, rounded, g, r, k, n, from, to, true, space)
				sameBits32(t, want, sum, what+" of rounded rows")
				for _, a := range around {
					a.requireGuards(t)
				}
			}
		}
	})
}

// halfReference is the definition, written once more: a has rows and columns so far
// apart, as b has.
func halfReference(order Order, init []float32, ir, ic int, a []float32, ar, ac int, b []float32, br, bc, m, k, n int) []float32 {
	c := make([]float32, m*n)
	zero := func(x float32) float32 {
		if x > -0x1p-126 && x < 0x1p-126 {
			return float32(math.Copysign(0, float64(x)))
		}
		return x
	}
	for i := range m {
		for j := range n {
			s := float32(0)
			if init != nil {
				s = zero(init[i*ir+j*ic])
			}
			for l := 0; l < k; l += 32 {
				factors := func(q int) (x, y float64) {
					if q >= k {
						return 0, 0
					}
					return half(a[i*ar+q*ac]), half(b[q*br+j*bc])
				}
				if order == Pairs {
					for q := l; q < l+32; q++ {
						x, y := factors(q ^ 1)
						s = fusedOnce(x, y, s)
					}
					continue
				}
				var parts [2]float32
				for q := l; q < l+32; q++ {
					x, y := factors(q)
					parts[q%2] = fusedOnce(x, y, parts[q%2])
				}
				s = zero(s + zero(parts[0]+parts[1]))
			}
			c[i*n+j] = s
		}
	}
	return c
}

// half rounds to bfloat16.
func half(x float32) float64 {
	if f := float64(x); f != f || math.IsInf(f, 0) {
		return f
	} else if math.Abs(f) < 0x1p-126 {
		return math.Copysign(0, f)
	}
	f, e := math.Frexp(float64(x))
	f = math.Ldexp(math.RoundToEven(math.Ldexp(f, 8)), e-8)
	if math.Abs(f) >= 0x1p128 {
		return math.Inf(int(math.Copysign(1, f)))
	}
	return f
}

// fusedOnce returns xy + z, rounded once, and zero when what it is rounded to, with no limit
// of the exponent, is less than the least normal number.
func fusedOnce(x, y float64, z float32) float32 {
	p := x * y // exact
	s := p + float64(z)
	if a := math.Abs(s); a > 0 && a < 0x1p-125 {
		sum := new(big.Float).SetPrec(600)
		sum.Add(sum.SetFloat64(p), new(big.Float).SetFloat64(float64(z)))
		sum.SetMode(big.ToNearestEven).SetPrec(24)
		f, _ := sum.Float64()
		if math.Abs(f) < 0x1p-126 {
			f = math.Copysign(0, f)
		}
		return float32(f)
	}
	if t := s - p; math.IsInf(s, 0) || s != s || (p-(s-t))+(float64(z)-t) == 0 { // the sum is exact
		return float32(s)
	}
	sum := new(big.Float).SetPrec(600)
	sum.Add(sum.SetFloat64(p), new(big.Float).SetFloat64(float64(z)))
	f, _ := sum.Float32()
	return f
}

// BenchmarkMatMulHalf is a product of wide layers beside that of float32.
func BenchmarkMatMulHalf(b *testing.B) {
	for _, s := range []struct{ r, k, n int }{{128, 1024, 1024}, {64, 128, 128}, {128, 512, 512}, {64, 432, 48}} {
		rng := rand.New(rand.NewPCG(1, 2))
		x, w, g := halfNumbers(rng, s.r*s.k, "common"), halfNumbers(rng, s.k*s.n, "common"), halfNumbers(rng, s.r*s.n, "common")
		packed, plain := make([]uint16, HalfPackedSize(s.k, s.n)), make([]float32, PackedSize(s.k, s.n))
		PackHalf(packed, w, s.k, s.n)
		Pack(plain, w, s.k, s.n)
		space := make([]uint16, max(MatMulHalfSpace(s.r, s.k), MatTMulHalfSpace(s.k, s.r, s.n)))
		dst, sums := make([]float32, s.r*s.n), make([]float32, MatTMulSpace[float32](s.k, s.n))
		for name, f := range map[string]func(){
			"tiles/packed":       func() { MatMulHalf(Tiles, dst, x, packed, nil, 0, s.r, s.k, s.n, space) },
			"tiles/transposed":   func() { MatTMulHalfRows(Tiles, w, x, g, s.r, s.k, s.n, 0, s.k, true, space) },
			"pairs/packed":       func() { MatMulHalf(Pairs, dst, x, packed, nil, 0, s.r, s.k, s.n, space) },
			"pairs/transposed":   func() { MatTMulHalfRows(Pairs, w, x, g, s.r, s.k, s.n, 0, s.k, true, space) },
			"float32/packed":     func() { MatMulPacked(dst, x, plain, nil, 0, s.r, s.k, s.n) },
			"float32/transposed": func() { MatTMulRows(w, x, g, s.r, s.k, s.n, 0, s.k, true, sums) },
		} {
			b.Run(fmt.Sprintf("%d×%d×%d/%s", s.r, s.k, s.n, name), func(b *testing.B) {
				reportRate[float32](b, 2*float64(s.r)*float64(s.k)*float64(s.n), f)
			})
		}
	}
}

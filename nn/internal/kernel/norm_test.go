package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// onPaths compares what f returns on all paths, bit by bit, and returns it.
func onPaths[T Float](t *testing.T, f func() []T) []T {
	var want []T
	for _, p := range paths() {
		take(t, p)
		got := f()
		if want == nil {
			want = got
		}
		require.Equal(t, want, got, p)
	}
	return want
}

func testInverseRMS[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(71, 72))
	tolerance := 1e-6
	if size[T]() == 8 {
		tolerance = 1e-14
	}
	for _, r := range sizes {
		for _, n := range sizes[1:] {
			for _, scale := range []float64{0, 1e-20, 1e-3, 1, 1e18, 1e30} {
				x := random[T](rng, r*n)
				for i := range x {
					x[i] *= T(scale)
				}
				got := onPaths(t, func() []T {
					dst := guarded[T](r)
					InverseRMS(dst.in, x, r, n, 1e-5)
					dst.requireGuards(t)
					return dst.in
				})
				for i := range r {
					square := 0.0
					for _, v := range x[i*n:][:n] {
						square += float64(v) * float64(v) / float64(n)
					}
					want := 1 / math.Sqrt(square+1e-5)
					require.InDelta(t, want, got[i], tolerance*want, "%d columns of %g", n, scale)
				}
			}
		}
	}
}

// It is arithmetic, and has the same bits on all paths.
func TestInverseRMSIsItsDefinitionForRowsOfAnySize(t *testing.T) {
	testInverseRMS[float32](t)
	testInverseRMS[float64](t)
}

func TestInverseRMSOfRowsThatAreNotFinite(t *testing.T) {
	huge := float32(math.MaxFloat32)
	for _, c := range []struct{ x, want float64 }{{math.NaN(), math.NaN()}, {math.Inf(1), math.NaN()}, {float64(huge), 1 / float64(huge)}, {-float64(huge), 1 / float64(huge)}} {
		got := onPaths(t, func() []float32 {
			x, dst := make([]float32, 17), make([]float32, 1)
			for i := range x {
				x[i] = float32(c.x)
			}
			InverseRMS(dst, x, 1, len(x), 1e-5)
			if dst[0] != dst[0] {
				dst[0] = -1
			}
			return dst
		})
		if math.IsNaN(c.want) {
			c.want = -1
		}
		require.InEpsilon(t, c.want, got[0], 1e-6)
	}
}

func testNormSlope[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(73, 74))
	tolerance := 1e-5
	if size[T]() == 8 {
		tolerance = 1e-14
	}
	for _, r := range sizes {
		for _, n := range sizes[1:] {
			g, y, s := random[T](rng, r*n), random[T](rng, r*n), random[T](rng, r)
			got := onPaths(t, func() []T {
				dst := guarded[T](r * n)
				NormSlope(dst.in, g, y, s, r, n)
				dst.requireGuards(t)
				return dst.in
			})
			for i := range r {
				mean := 0.0
				for j := range n {
					mean += float64(g[i*n+j]) * float64(y[i*n+j]) / float64(n)
				}
				for j := range n {
					require.InDelta(t, (float64(g[i*n+j])-float64(y[i*n+j])*mean)*float64(s[i]), got[i*n+j], tolerance*(1+math.Abs(mean)))
				}
			}
			require.Equal(t, got, onPaths(t, func() []T { to := slices.Clone(g); NormSlope(to, to, y, s, r, n); return to }))
			require.Equal(t, got, onPaths(t, func() []T { to := slices.Clone(y); NormSlope(to, g, to, s, r, n); return to }))
		}
	}
}

func TestNormSlopeIsTheDerivative(t *testing.T) {
	testNormSlope[float32](t)
	testNormSlope[float64](t)
}

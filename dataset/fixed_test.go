package dataset

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// everyDistribution returns one of each that the package has.
func everyDistribution(t *testing.T) map[string]Diffusible {
	means := mat.NewDense(2, 2, []float64{0, 1, 2, 3})
	full, err := NewMixture([]float64{1, 0}, means, []*mat.SymDense{
		mat.NewSymDense(2, []float64{2, 1, 1, 2}), mat.NewSymDense(2, []float64{1, 0, 0, 3}),
	}, nil)
	require.NoError(t, err)
	wide, err := NewIsotropicMixture([]float64{1, 2}, mat.NewDense(2, 3, []float64{0, 1, 2, 3, 4, 5}), []float64{1, 2}, nil)
	require.NoError(t, err)
	all := distributions(1)
	all["mixture in space"] = wide
	all["full mixture with a component of no weight"] = full
	all["affine of affine"] = NewAffine(NewAffine(NewCheckerboard(nil), 2, nil), 3, nil)
	for name, f := range forms(1) {
		all["other library's "+name] = f.dist
	}
	return all
}

// noisings are processes of little and of much noise, for which some
// distributions take different ways.
var noisings = [][2]float64{{1, 0.01}, {0.9, 0.3}, {0.1, 1}, {1, 50}}

// The score and the clean point of a NaN were 0 for the FFJORD pinwheel, and the
// density of a NaN on the checkerboard was that of a point outside.
func TestEverythingOfANaNIsNaN(t *testing.T) {
	for name, dist := range everyDistribution(t) {
		d := dist.Dim()
		for at := range d {
			x := make([]float64, d)
			for i := range x {
				x[i] = 0.3
			}
			x[at] = math.NaN()
			all := func(what string, values ...float64) {
				for _, v := range values {
					require.True(t, math.IsNaN(v), "%s: %s of %v: %v", name, what, x, values)
				}
			}
			all("LogProb", dist.LogProb(x))
			all("ScoreInput", dist.ScoreInput(nil, x)...)
			if m, ok := dist.(*Mixture); ok {
				all("Responsibilities", m.Responsibilities(nil, x)...)
				all("Divergence", m.Divergence(x))
			}
			if j, ok := dist.(interface {
				ScoreJacobian(dst *mat.Dense, x []float64)
			}); ok {
				var h mat.Dense
				j.ScoreJacobian(&h, x)
				all("ScoreJacobian", h.RawMatrix().Data...)
			}
			for _, k := range noisings {
				p := dist.Diffuse(k[0], k[1])
				all("diffused LogProb", p.LogProb(x))
				all("diffused ScoreInput", p.ScoreInput(nil, x)...)
				all("Denoise", p.Denoise(nil, x)...)
				var h mat.Dense
				p.ScoreJacobian(&h, x)
				all("diffused ScoreJacobian", h.RawMatrix().Data...)
			}
		}
	}
}

// An infinite point has no density, and nothing hangs on it.
func TestNothingLiesAtInfinity(t *testing.T) {
	for name, dist := range everyDistribution(t) {
		for _, sign := range []int{-1, 1} {
			x := make([]float64, dist.Dim())
			x[0] = math.Inf(sign)
			none := func(what string, l float64) {
				require.True(t, math.IsNaN(l) || math.IsInf(l, -1), "%s: %s at %v is %v", name, what, x, l)
			}
			none("LogProb", dist.LogProb(x))
			for _, k := range noisings {
				none("diffused LogProb", dist.Diffuse(k[0], k[1]).LogProb(x))
			}
		}
	}
}

// A NaN passed for a kernel, as it is not below zero, and a variance without a
// reciprocal gave a density of NaN.
func TestDiffuseRefusesWhatIsNoKernel(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, dist := range everyDistribution(t) {
		for _, k := range [][2]float64{{nan, 1}, {1, nan}, {inf, 1}, {1, inf}, {1, -0.1}, {0, 0}, {0, 1e-200}, {1e200, 1}, {1, 1e200}} {
			if k == [2]float64{0, 1e-200} || k[0] == 1e200 || k[1] == 1e200 {
				if _, mixture := dist.(*Mixture); !mixture {
					continue
				}
			}
			func() {
				defer func() { require.Contains(t, recover(), "dataset: Diffuse: alpha is ", "%s at %v", name, k) }()
				dist.Diffuse(k[0], k[1])
			}()
		}
	}
	for name, dist := range map[string]Diffusible{"checkerboard": NewCheckerboard(nil), "pinwheel": NewPinwheel(0.25, nil)} {
		require.PanicsWithValue(t, "dataset: Diffuse: alpha is 1 and sigma 0, want finite and alpha ≥ 0, sigma > 0", func() { dist.Diffuse(1, 0) }, name)
		require.PanicsWithValue(t, "dataset: Diffuse: alpha is -1 and sigma 1, want finite and alpha ≥ 0, sigma > 0", func() { dist.Diffuse(-1, 1) }, name)
	}
}

// 1/sum overflowed for weights of 5e-324, which made every density NaN, and large
// weights with a sum that overflows were refused.
func TestWeightsOfAnySizeAreProportions(t *testing.T) {
	means := mat.NewDense(3, 1, []float64{-1, 0, 2})
	std := []float64{1, 0.5, 2}
	mixture := func(w ...float64) *Mixture {
		m, err := NewIsotropicMixture(w, means, std, rand.NewPCG(1, 1))
		require.NoError(t, err)
		return m
	}
	x := []float64{0.3}
	want := mixture(1, 2, 1)
	for _, unit := range []float64{5e-324, 1e-310, 0x1p-1022, 1e-300, 3, 0x1p1022} {
		m := mixture(unit, 2*unit, unit)
		require.InEpsilon(t, want.LogProb(x), m.LogProb(x), 1e-13, "unit %v", unit)
		require.InDeltaSlice(t, want.ScoreInput(nil, x), m.ScoreInput(nil, x), 1e-13, "unit %v", unit)
		require.InDeltaSlice(t, want.Mean(nil), m.Mean(nil), 1e-13)
		require.False(t, math.IsNaN(m.Rand(nil)[0]))
	}
	m := mixture(5e-324, math.MaxFloat64, 0)
	require.InEpsilon(t, mixture(0, 1, 0).LogProb(x), m.LogProb(x), 1e-13, "of any range too")
	for _, bad := range [][]float64{{0, 0, 0}, {math.NaN(), 1, 1}, {-5e-324, 1, 1}} {
		_, err := NewIsotropicMixture(bad, means, std, nil)
		require.ErrorIs(t, err, ErrRange)
	}
}

// The reciprocal of a variance overflowed, and the density at the mean was NaN.
func TestVariancesWithoutAReciprocalAreRefused(t *testing.T) {
	mean := mat.NewDense(1, 2, nil)
	for _, s := range []float64{1e-155, 1e-162, 1e155} {
		_, err := NewIsotropicMixture([]float64{1}, mean, []float64{s}, nil)
		require.ErrorIs(t, err, ErrRange, "std %v", s)
		_, err = NewMixture([]float64{1}, mean, []*mat.SymDense{mat.NewSymDense(2, []float64{s * s, 0, 0, s * s})}, nil)
		require.Error(t, err, "std %v", s)
	}
	m, err := NewIsotropicMixture([]float64{1}, mean, []float64{2e-154}, nil)
	require.NoError(t, err)
	require.Equal(t, []float64{0, 0}, m.ScoreInput(nil, []float64{0, 0}))
	require.InEpsilon(t, -math.Log(2*math.Pi)-2*math.Log(2e-154), m.LogProb([]float64{0, 0}), 1e-13)
}

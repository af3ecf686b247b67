package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// A Gaussian that is mapped is the Gaussian with the mapped mean and covariance.
func TestAffineMapOfAGaussianIsAGaussian(t *testing.T) {
	gaussian := func(mean, cov []float64, src rand.Source) *Mixture {
		m, err := NewMixture([]float64{1}, mat.NewDense(1, 2, mean), []*mat.SymDense{mat.NewSymDense(2, cov)}, src)
		require.NoError(t, err)
		return m
	}
	src := func() rand.Source { return rand.NewPCG(1, 2) }
	for _, a := range []float64{3, -0.5} {
		dist := NewAffine(gaussian([]float64{0.2, -1}, []float64{0.5, 0.1, 0.1, 0.3}, src()), a, []float64{4, 7})
		want := gaussian([]float64{0.2*a + 4, -a + 7}, []float64{0.5 * a * a, 0.1 * a * a, 0.1 * a * a, 0.3 * a * a}, nil)
		x := gaussian([]float64{0.2, -1}, []float64{0.5, 0.1, 0.1, 0.3}, src()).Rand(nil)
		y := dist.Rand(nil)
		require.InDeltaSlice(t, []float64{a*x[0] + 4, a*x[1] + 7}, y, 1e-14)
		require.InDelta(t, want.LogProb(y), dist.LogProb(y), 1e-12)
		require.InDeltaSlice(t, want.ScoreInput(nil, y), dist.ScoreInput(nil, y), 1e-12)
		p, q := dist.Diffuse(0.6, 0.8), want.Diffuse(0.6, 0.8)
		require.InDelta(t, q.LogProb(y), p.LogProb(y), 1e-12)
		require.InDeltaSlice(t, q.Denoise(nil, y), p.Denoise(nil, y), 1e-12)
		var j, k mat.Dense
		p.ScoreJacobian(&j, y)
		q.ScoreJacobian(&k, y)
		require.True(t, mat.EqualApprox(&j, &k, 1e-12))
	}
	ring := NewRing(nil)
	require.Equal(t, 2, NewAffine(ring, 2, nil).Dim())
	for _, bad := range []float64{0, math.NaN(), math.Inf(1), 5e-324} {
		require.PanicsWithValue(t, fmt.Sprintf("dataset: NewAffine: scale is %v, want it and its reciprocal finite", bad), func() { NewAffine(ring, bad, nil) })
	}
	require.PanicsWithValue(t, "dataset: shift has 1 elements, want 2", func() { NewAffine(ring, 1, []float64{1}) })
	require.PanicsWithValue(t, "dataset: NewAffine: shift[1] is NaN, want finite", func() { NewAffine(ring, 1, []float64{1, math.NaN()}) })
	require.PanicsWithValue(t, "dataset: NewAffine: dist is nil", func() { NewAffine(nil, 1, nil) })
	require.PanicsWithValue(t, badSource, func() { NewAffine(ring, 1, nil).Rand(nil) })
}

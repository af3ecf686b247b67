package dataset_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
)

func correlated(t testing.TB) *dataset.Mixture {
	c1 := mat.NewSymDense(3, []float64{1, .5, .8, .5, 2, .2, .8, .2, 1})
	c2 := mat.NewSymDense(3, []float64{1, -.5, .1, -.5, 1, .2, .1, .2, .7})
	m, err := dataset.NewMixture([]float64{1, 2}, mat.NewDense(2, 3, []float64{-1, 0, 2, 1, 0, -2}), []*mat.SymDense{c1, c2}, nil)
	require.NoError(t, err)
	return m
}

func TestGivenIsTheRatioOfDensities(t *testing.T) {
	m, nan := correlated(t), math.NaN()
	x := []float64{.3, -.4, .9}
	known, err := m.Given([]float64{nan, math.Inf(1), nan}, nil) // p(x₀, x₂)
	require.NoError(t, err)
	given, err := m.Given([]float64{x[0], nan, x[2]}, nil) // p(x₁ | x₀, x₂)
	require.NoError(t, err)
	require.Equal(t, 1, given.Dim())
	require.InDelta(t, m.LogProb(x), known.LogProb([]float64{x[0], x[2]})+given.LogProb(x[1:2]), 1e-12)
	all, err := m.Given([]float64{nan, nan, nan}, nil)
	require.NoError(t, err)
	require.InDelta(t, m.LogProb(x), all.LogProb(x), 1e-12)
}

func TestGivenOfFarValuesKeepsAWeight(t *testing.T) {
	given, err := correlated(t).Given([]float64{1e6, math.NaN(), math.Inf(1)}, nil)
	require.NoError(t, err)
	require.False(t, math.IsNaN(given.LogProb([]float64{0})))
}

func TestGivenRefusesWhatHasNoAnswer(t *testing.T) {
	m := correlated(t)
	_, err := m.Given([]float64{1, 2, 3}, nil)
	require.ErrorIs(t, err, dataset.ErrRange)
	_, err = m.Given([]float64{math.Inf(-1), math.NaN(), 3}, nil)
	require.ErrorContains(t, err, "x[0]: is −Inf")
	require.Panics(t, func() { _, _ = m.Given([]float64{1}, nil) })
}

// What one column is, given another of which it is the negative but for noise.
func ExampleMixture_Given() {
	cov := mat.NewSymDense(2, []float64{1, -.9, -.9, 1})
	m, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, nil), []*mat.SymDense{cov}, nil)
	if err != nil {
		panic(err)
	}
	given, err := m.Given([]float64{2, math.NaN()}, nil)
	if err != nil {
		panic(err)
	}
	variance := mat.NewSymDense(1, nil)
	given.Cov(variance)
	fmt.Printf("%.2f %.2f\n", given.Mean(nil)[0], variance.At(0, 0))
	// Output:
	// -1.80 0.19
}

package dataset_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/dataset"
)

// p(x | y) p(y) = p(x) p(y | x), at any point.
func TestObserveIsBayes(t *testing.T) {
	isotropic, err := dataset.NewIsotropicMixture([]float64{1, 3, 0}, mat.NewDense(3, 3, []float64{1, 0, 0, 0, -2, 1, 5, 5, 5}), []float64{.5, 2, 1}, nil)
	require.NoError(t, err)
	for _, m := range []*dataset.Mixture{correlated(t), isotropic} {
		for _, a := range []*mat.Dense{
			mat.NewDense(1, 3, []float64{1, 1, 1}),
			mat.NewDense(2, 3, []float64{1, 0, 0, .3, -2, 1}),
			mat.NewDense(4, 3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}),
			mat.NewDense(2, 3, []float64{1, 2, 3, 1, 2, 3}),
		} {
			k, _ := a.Dims()
			noise := mat.NewSymDense(k, nil)
			for i := range k {
				for j := range i + 1 {
					noise.SetSym(i, j, .1/float64(1+i-j))
				}
			}
			y := []float64{.5, -1, .2, 3}[:k]
			x := []float64{.3, -.4, .9}
			given, err := m.Observe(a, y, noise, nil)
			require.NoError(t, err)
			seen, err := m.Project(a, noise, nil)
			require.NoError(t, err)
			mean := make([]float64, k)
			mat.NewVecDense(k, mean).MulVec(a, mat.NewVecDense(3, x))
			likelihood, ok := distmv.NewNormal(mean, noise, nil)
			require.True(t, ok)
			require.InDelta(t, m.LogProb(x)+likelihood.LogProb(y), given.LogProb(x)+seen.LogProb(y), 1e-10)
		}
	}
}

func TestObserveWithLittleNoiseIsGiven(t *testing.T) {
	m, nan := correlated(t), math.NaN()
	given, err := m.Given([]float64{nan, .4, nan}, nil)
	require.NoError(t, err)
	observed, err := m.Observe(mat.NewDense(1, 3, []float64{0, 1, 0}), []float64{.4}, mat.NewSymDense(1, []float64{1e-12}), nil)
	require.NoError(t, err)
	mean := observed.Mean(nil)
	require.InDeltaSlice(t, []float64{given.Mean(nil)[0], .4, given.Mean(nil)[1]}, mean, 1e-9)
}

func TestObserveOfFarValuesKeepsAWeight(t *testing.T) {
	far, err := correlated(t).Observe(mat.NewDense(1, 3, []float64{1, 0, 0}), []float64{1e6}, mat.NewSymDense(1, []float64{1}), nil)
	require.NoError(t, err)
	require.False(t, math.IsNaN(far.LogProb([]float64{0, 0, 0})))
}

func TestObserveRefusesWhatHasNoAnswer(t *testing.T) {
	m, one := correlated(t), mat.NewSymDense(1, []float64{1})
	a := mat.NewDense(1, 3, []float64{1, 0, 0})
	for says, c := range map[string]struct {
		a     *mat.Dense
		y     float64
		noise mat.Symmetric
		is    error
	}{
		"y[0] is NaN":       {a, math.NaN(), one, dataset.ErrNonFinite},
		"row 0, column 2":   {mat.NewDense(1, 3, []float64{1, 0, math.Inf(1)}), 1, one, dataset.ErrNonFinite},
		"noise at (0, 0)":   {a, 1, mat.NewSymDense(1, []float64{math.NaN()}), dataset.ErrNonFinite},
		"positive definite": {a, 1, mat.NewSymDense(1, nil), dataset.ErrRange},
		"want one: out of":  {a, 1, nil, dataset.ErrRange},
	} {
		_, err := m.Observe(c.a, []float64{c.y}, c.noise, nil)
		require.ErrorIs(t, err, c.is)
		require.ErrorContains(t, err, says)
	}
	_, err := m.Project(mat.NewDense(1, 3, nil), nil, nil)
	require.ErrorIs(t, err, dataset.ErrRange)
	require.Panics(t, func() { _, _ = m.Observe(mat.NewDense(1, 2, nil), []float64{1}, one, nil) })
	require.Panics(t, func() { _, _ = m.Observe(a, []float64{1, 2}, one, nil) })
	require.Panics(t, func() { _, _ = m.Observe(a, []float64{1}, mat.NewSymDense(2, nil), nil) })
}

func TestProjectIsWhatOneSees(t *testing.T) {
	m := correlated(t)
	a := mat.NewDense(1, 3, []float64{1, 1, 1})
	p, err := m.Project(a, nil, rand.NewPCG(1, 2))
	require.NoError(t, err)
	mean, cov, seen := m.Mean(nil), mat.NewSymDense(3, nil), mat.NewSymDense(1, nil)
	m.Cov(cov)
	p.Cov(seen)
	require.InDelta(t, mean[0]+mean[1]+mean[2], p.Mean(nil)[0], 1e-12)
	require.InDelta(t, mat.Sum(cov), seen.At(0, 0), 1e-12)
	require.Len(t, p.Rand(nil), 1)
}

// Two independent columns of which the sum has been seen.
func ExampleMixture_Observe() {
	m, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, nil), []float64{1}, nil)
	if err != nil {
		panic(err)
	}
	sum, noise := mat.NewDense(1, 2, []float64{1, 1}), mat.NewSymDense(1, []float64{.01})
	given, err := m.Observe(sum, []float64{3}, noise, nil)
	if err != nil {
		panic(err)
	}
	cov := mat.NewSymDense(2, nil)
	given.Cov(cov)
	fmt.Printf("%.3f\n%.3f\n", given.Mean(nil), mat.Formatted(cov))
	// Output:
	// [1.493 1.493]
	// ⎡ 0.502  -0.498⎤
	// ⎣-0.498   0.502⎦
}

// How plausible a sum of 3 is, before it is seen.
func ExampleMixture_Project() {
	m, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, nil), []float64{1}, nil)
	if err != nil {
		panic(err)
	}
	sum, err := m.Project(mat.NewDense(1, 2, []float64{1, 1}), mat.NewSymDense(1, []float64{.25}), nil)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", sum.LogProb([]float64{3}))
	// Output:
	// -3.324
}

package simulator_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/dataset/simulator"
)

// The precision of the filter is FᵀF with F made from the squared matrix of first differences.
func TestFiltersAreSmoothAPriori(t *testing.T) {
	difference := mat.NewDense(9, 9, nil)
	for i := range 9 {
		difference.Set(i, i, 1)
		if i > 0 {
			difference.Set(i, i-1, -1)
		}
	}
	var f, precision mat.Dense
	f.Mul(difference, difference)
	for i := range 9 {
		f.Set(i, i, f.At(i, i)+math.Sqrt(float64(i)/9))
	}
	precision.Mul(f.T(), &f)
	all := mat.NewSymDense(10, nil)
	all.SetSym(0, 0, 0.5)
	for i := range 9 {
		for j := range 9 {
			all.SetSym(1+i, 1+j, precision.At(i, j))
		}
	}
	want, ok := distmv.NewNormalPrecision(make([]float64, 10), all, nil)
	require.True(t, ok)
	prior := simulator.NewBernoulliGLM().Prior()
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 20000
	draws := mat.NewDense(n, 10, nil)
	for i := range n {
		prior.Sample(draws.RawRowView(i), rng)
		if i < 100 {
			require.InDelta(t, want.LogProb(draws.RawRowView(i)), prior.LogProb(draws.RawRowView(i)), 1e-9)
		}
	}
	var cov, got mat.SymDense
	want.CovarianceMatrix(&cov)
	stat.CovarianceMatrix(&got, draws, nil)
	for i := range 10 {
		for j := range 10 {
			require.InDelta(t, cov.At(i, j), got.At(i, j), 6*math.Sqrt(cov.At(i, i)*cov.At(j, j)/n))
		}
	}
}

// The input is numpy 1.24's np.random.RandomState(42).randn(100) as float32.
func TestSumsAreThoseOfTheBenchmarksInput(t *testing.T) {
	raw := simulator.NewRawBernoulliGLM()
	z := make([]float64, 100)
	z[10] = 1
	require.Equal(t, []float64{
		1, -0.46341768, 0.54256004, -0.46947438, 0.76743472, 1.57921278, -0.23413695, -0.23415338, 1.5230298, 0.64768857,
	}, rounded(raw.Sums(z)))
	z[99] = 1
	require.Equal(t, []float64{
		2, -0.69800481, 0.5476735, -0.20841911, 1.063555, 0.11569786, -0.6262451, -0.56181552, 0.82097673, 1.61633354,
	}, rounded(raw.Sums(z)))
}

func rounded(x []float64) []float64 {
	for i, v := range x {
		x[i] = math.Round(v*1e8) / 1e8
	}
	return x
}

package sde_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/distuv"
)

// What the sampler starts from can be judged here.
var _ sde.Prior = sde.Prior{}

func normal(t *testing.T, mean []float64, cov *mat.SymDense) *distmv.Normal {
	n, ok := distmv.NewNormal(mean, cov, nil)
	require.True(t, ok)
	return n
}

// Checks sde (17).
func TestKLOfGaussianDataIsExact(t *testing.T) {
	data := sde.Moments{Mean: []float64{0.7, -0.4}, Cov: mat.NewSymDense(2, []float64{0.5, 0.18, 0.18, 0.288})}
	for _, prior := range []sde.Prior{
		{},
		{Mean: []float64{0.7, -0.4}},
		{Mean: []float64{0.7, -0.4}, Variance: []float64{0.5, 0.288}},
		{Variance: []float64{0, 0}},
	} {
		for _, c := range []struct {
			p  sde.SDE
			at float64
		}{{sde.VP{}, 1}, {sde.VP{}, 0.2}, {sde.EDM{}, 3}, {sde.EDM{}, 80}, {sde.Linear{}, 0.9}} {
			alpha, sigma := c.p.Kernel(c.at)
			noised, start := mat.NewSymDense(2, nil), mat.NewSymDense(2, nil)
			mean, startMean := make([]float64, 2), make([]float64, 2)
			for j := range 2 {
				m, v := 0.0, 1.0
				if prior.Mean != nil {
					m = prior.Mean[j]
				}
				if prior.Variance != nil {
					v = prior.Variance[j]
				}
				mean[j], startMean[j] = alpha*data.Mean[j], alpha*m
				start.SetSym(j, j, alpha*alpha*v+sigma*sigma)
				for k := range j + 1 {
					noised.SetSym(j, k, alpha*alpha*data.Cov.At(j, k))
				}
				noised.SetSym(j, j, noised.At(j, j)+sigma*sigma)
			}
			want := distmv.KullbackLeibler{}.DistNormal(normal(t, mean, noised), normal(t, startMean, start))
			got, bound, err := prior.KL(c.p, c.at, data)
			require.NoError(t, err)
			require.InDelta(t, want, got, 1e-12*max(1, want))
			require.GreaterOrEqual(t, bound, got)

			// The difference is what x_t tells about x₀.
			ratio := sigma * sigma / (alpha * alpha)
			det := (0.5/ratio+1)*(0.288/ratio+1) - 0.18*0.18/(ratio*ratio)
			require.InDelta(t, 0.5*math.Log(det), bound-got, 1e-12*max(1, bound))
		}
	}
}

func TestVariancesWillDoForACovariance(t *testing.T) {
	mean := []float64{0.3, -1, 2}
	full := sde.Moments{Mean: mean, Cov: mat.NewSymDense(3, []float64{2, 0, 0, 0, 0.1, 0, 0, 0, 0})}
	variances := sde.Moments{Mean: mean, Cov: mat.NewDiagDense(3, []float64{2, 0.1, 0})}
	for _, at := range []float64{0.01, 1, 30} {
		want, wantBound, err := sde.Prior{}.KL(sde.EDM{}, at, full)
		require.NoError(t, err)
		got, bound, err := sde.Prior{}.KL(sde.EDM{}, at, variances)
		require.NoError(t, err)
		require.InEpsilon(t, want, got, 1e-12)
		require.Equal(t, wantBound, bound)
	}
}

// Two sharp, unequal clusters, whose divergence is an integral over a line.
//
// Checks sde (17).
func TestKLOfOtherDataIsBracketed(t *testing.T) {
	centres, weights, width := []float64{-2, 1}, []float64{0.3, 0.7}, 0.05
	mean, second := 0.0, 0.0
	for i, c := range centres {
		mean += weights[i] * c
		second += weights[i] * (c*c + width*width)
	}
	data := sde.Moments{Mean: []float64{mean}, Cov: mat.NewDiagDense(1, []float64{second - mean*mean})}
	for _, prior := range []sde.Prior{{}, {Mean: data.Mean, Variance: []float64{second - mean*mean}}, {Variance: []float64{0}}} {
		for _, sigma := range []float64{0.5, 1, 2, 5} {
			m, v := 0.0, 1.0
			if prior.Mean != nil {
				m = prior.Mean[0]
			}
			if prior.Variance != nil {
				v = prior.Variance[0]
			}
			start := distuv.Normal{Mu: m, Sigma: math.Sqrt(v + sigma*sigma)}
			divergence := quad.Fixed(func(x float64) float64 {
				density := 0.0
				for i, c := range centres {
					density += weights[i] * distuv.Normal{Mu: c, Sigma: math.Hypot(width, sigma)}.Prob(x)
				}
				return density * (math.Log(density) - start.LogProb(x))
			}, -2-9*sigma, 1+9*sigma, 400, nil, 0)
			gaussian, bound, err := prior.KL(sde.EDM{}, sigma, data)
			require.NoError(t, err)
			require.Greater(t, divergence, gaussian-1e-12)
			require.Greater(t, bound, divergence)
		}
	}
}

func TestKLDoesNotDependOnTheProcess(t *testing.T) {
	data := sde.Moments{Mean: []float64{0.7, -0.4}, Cov: mat.NewSymDense(2, []float64{0.5, 0.18, 0.18, 0.288})}
	wantGaussian, wantBound, err := sde.Prior{}.KL(sde.EDM{}, 5, data)
	require.NoError(t, err)
	for _, p := range processes {
		at := sde.TimeAt(p, -math.Log(5))
		if _, end := p.Span(); at >= end {
			continue // parabola's last ratio, and those of other short processes
		}
		gaussian, bound, err := sde.Prior{}.KL(p, at, data)
		require.NoError(t, err)
		require.InDelta(t, wantGaussian, gaussian, 1e-12)
		require.InDelta(t, wantBound, bound, 1e-12)
	}
}

func TestNoiseForReachesItsTolerance(t *testing.T) {
	data := sde.Moments{Mean: []float64{0.7, -0.4}, Cov: mat.NewSymDense(2, []float64{0.5, 0.18, 0.18, 0.288})}
	for _, prior := range []sde.Prior{{}, {Mean: data.Mean}, {Variance: []float64{0, 0}}, {Variance: []float64{4, 9}}} {
		for _, tolerance := range []float64{1e-8, 1e-3, 0.1, 3} {
			ratio, err := prior.NoiseFor(tolerance, data)
			require.NoError(t, err)
			_, above, err := prior.KL(sde.EDM{}, ratio*(1-1e-5), data)
			require.NoError(t, err)
			_, reached, err := prior.KL(sde.EDM{}, ratio, data)
			require.NoError(t, err)
			require.Greater(t, above, tolerance)
			require.LessOrEqual(t, reached, tolerance)
		}
	}
	// Without a variance of the prior's own the answer is a formula.
	ratio, err := sde.Prior{Variance: []float64{0, 0}}.NoiseFor(1e-3, data)
	require.NoError(t, err)
	require.InEpsilon(t, math.Sqrt((0.5+0.288+0.7*0.7+0.4*0.4)/2e-3), ratio, 1e-12)
	// Data that are one known point need no noise.
	ratio, err = sde.Prior{Variance: []float64{0}}.NoiseFor(1e-3, sde.Moments{Mean: []float64{0}, Cov: mat.NewDiagDense(1, nil)})
	require.NoError(t, err)
	require.Zero(t, ratio)
}

func TestPriorNamesWhatIsWrong(t *testing.T) {
	unit := mat.NewDiagDense(1, []float64{1})
	for want, c := range map[string]struct {
		prior sde.Prior
		data  sde.Moments
	}{
		"means of coordinate 0 are NaN (data) and 0 (prior)":    {sde.Prior{}, sde.Moments{Mean: []float64{math.NaN()}, Cov: unit}},
		"means of coordinate 0 are 0 (data) and -Inf (prior)":   {sde.Prior{Mean: []float64{math.Inf(-1)}}, sde.Moments{Mean: []float64{0}, Cov: unit}},
		"variances of coordinate 0 are 1 (data) and -1 (prior)": {sde.Prior{Variance: []float64{-1}}, sde.Moments{Mean: []float64{0}, Cov: unit}},
		"variances of coordinate 1 are -3 (data) and 1 (prior)": {sde.Prior{}, sde.Moments{Mean: []float64{0, 0}, Cov: mat.NewDiagDense(2, []float64{1, -3})}},
		"Moments.Cov[1][0] = 5 with variances":                  {sde.Prior{}, sde.Moments{Mean: []float64{0, 0}, Cov: mat.NewSymDense(2, []float64{1, 5, 5, 1})}},
	} {
		_, _, err := c.prior.KL(sde.EDM{}, 0.1, c.data)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
	data := sde.Moments{Mean: []float64{0}, Cov: unit}
	for _, tolerance := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, err := sde.Prior{}.NoiseFor(tolerance, data)
		require.ErrorContains(t, err, fmt.Sprintf("tolerance: is %v,", tolerance))
	}
	_, err := sde.Prior{Variance: []float64{-1}}.NoiseFor(1, data)
	require.ErrorIs(t, err, sde.ErrRange)
	panicsAbout(t, "sde: dimension mismatch: ", func() { _, _, _ = sde.Prior{Mean: []float64{0, 0}}.KL(sde.EDM{}, 1, data) })
	panicsAbout(t, "sde: dimension mismatch: ", func() { _, _, _ = sde.Prior{Variance: []float64{0, 0}}.KL(sde.EDM{}, 1, data) })
	panicsAbout(t, "sde: dimension mismatch: ", func() { _, _, _ = sde.Prior{}.KL(sde.EDM{}, 1, sde.Moments{Cov: unit}) })
}

func TestLargestDistanceIsThatOfTheFurthestPair(t *testing.T) {
	x := random(rand.New(rand.NewPCG(4, 1)), 30, 3)
	x.SetRow(7, []float64{10, 0, 0})
	x.SetRow(21, []float64{-10, 0, 15})
	require.InDelta(t, 25, sde.LargestDistance(x), 1e-14)
	require.Zero(t, sde.LargestDistance(mat.NewDense(1, 2, []float64{3, 4})))
}

func TestMomentsAreThoseOfTheRows(t *testing.T) {
	m := sde.MomentsOf(mat.NewDense(3, 2, []float64{0, 1, 2, 3, 4, -1}))
	require.Equal(t, []float64{2, 1}, m.Mean)
	require.True(t, mat.EqualApprox(mat.NewSymDense(2, []float64{4, -2, -2, 4}), m.Cov, 1e-15))
}

func ExamplePrior_NoiseFor() {
	x := mat.NewDense(5, 2, []float64{1, 2, 0, -1, -2, 0, 3, 1, -2, -2})
	ratio, err := sde.Prior{}.NoiseFor(1e-3, sde.MomentsOf(x))
	if err != nil {
		panic(err)
	}
	p := sde.EDM{SigmaMax: ratio} // for a process of another kind: TimeAt(p, −log ratio)
	gaussian, bound, err := sde.Prior{}.KL(p, ratio, sde.MomentsOf(x))
	if err != nil {
		panic(err)
	}
	fmt.Printf("σ_max %.1f: from %.1e to %.1e nats\n", ratio, gaussian, bound)
	fmt.Printf("by the largest distance: %.1f\n", sde.LargestDistance(x))
	// Output:
	// σ_max 59.2: from 5.0e-07 to 1.0e-03 nats
	// by the largest distance: 5.8
}

package simulator_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
)

// bins of equal width for ranks of 0, …, 31.
const bins = 16

// chi2 returns Σ (n_i − n̄)²/n̄.
func chi2(counts []float64) float64 {
	var n, s float64
	for _, c := range counts {
		n += c
	}
	n /= float64(len(counts))
	for _, c := range counts {
		s += (c - n) * (c - n) / n
	}
	return s
}

// statistics of parameters and data whose ranks are looked at.
func statistics(task simulator.Task, x, theta []float64) []float64 {
	s := append([]float64{}, theta...)
	low, high := task.Prior().Bounds()
	near := math.Inf(1)
	for j, v := range theta {
		near = min(near, v-low[j], high[j]-v)
	}
	product, norm := 1.0, 0.0
	for _, v := range theta {
		product *= v
		norm += v * v
	}
	s = append(s, task.LogLikelihood(x, theta), theta[0]+theta[1], theta[0]-theta[1], product, norm)
	if !math.IsInf(near, 1) {
		s = append(s, near)
	}
	return s
}

// simulationBased returns χ² of the ranks of every statistic of θ* among those of 31 draws of
// the posterior given x from θ* ("Validating Bayesian Inference Algorithms with
// Simulation-Based Calibration", Talts et al. 2018, arXiv:1804.06788), over m observations.
func simulationBased(t *testing.T, task simulator.Task, m int) []float64 {
	const draws = 2*bins - 1
	ties := rand.New(rand.NewPCG(1, 1))
	dst := mat.NewDense(draws, task.Prior().Dim(), nil)
	var counts [][]float64
	for i := range m {
		theta, x := observe(t, task, uint64(i))
		if task.Name() == "slcp" && !simulator.EasySLCP(x, uint64(i)) {
			continue // the ranks given x are uniform for every x
		}
		require.NoError(t, task.Reference(t.Context(), dst, x, uint64(i)))
		truth := statistics(task, x, theta)
		if counts == nil {
			counts = make([][]float64, len(truth))
			for k := range counts {
				counts[k] = make([]float64, bins)
			}
		}
		rank := make([]int, len(truth))
		for r := range draws {
			for k, v := range statistics(task, x, dst.RawRowView(r)) {
				if v < truth[k] || v == truth[k] && ties.IntN(2) == 0 {
					rank[k]++
				}
			}
		}
		for k, r := range rank {
			counts[k][r/2]++
		}
	}
	all := make([]float64, len(counts))
	for k, c := range counts {
		all[k] = chi2(c)
	}
	return all
}

// limit is the quantile 1 − 1e-5 of χ² with 15 degrees of freedom.
const limit = 50.5

func TestExactReferencesAreCalibrated(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, task := range []simulator.Task{
		simulator.GaussianLinear{}, simulator.GaussianLinearUniform{}, simulator.GaussianMixture{},
		simulator.TwoMoons{}, simulator.SLCP{},
	} {
		t.Run(task.Name(), func(t *testing.T) {
			for k, c := range simulationBased(t, task, 1000) {
				require.Less(t, c, limit, "statistic %d", k)
			}
		})
	}
}

// For any h, the mean of p(x | θ + h)/p(x | θ) over x from p(x | θ) is 1.
func TestLikelihoodsBelongToTheSimulators(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	each(t, func(t *testing.T, task simulator.Task) {
		rng := rand.New(rand.NewPCG(1, 2))
		for seed := range uint64(2) {
			theta, x := observe(t, task, seed)
			shifted := make([]float64, len(theta))
			for direction := range 2 {
				h := make([]float64, len(theta))
				for j := range h {
					h[j] = rng.NormFloat64() * theta[j]
				}
				// ratios returns mean and deviation of n ratios, and the deviation of their logarithms.
				ratios := func(n int, step float64) (mean, sd, logSD float64) {
					floats.AddScaledTo(shifted, theta, step, h)
					r, l := make([]float64, n), make([]float64, n)
					for i := range r {
						require.NoError(t, task.Simulate(x, theta, rng))
						l[i] = task.LogLikelihood(x, shifted) - task.LogLikelihood(x, theta)
						r[i] = math.Exp(l[i])
					}
					mean, sd = stat.MeanStdDev(r, nil)
					return mean, sd, stat.StdDev(l, nil)
				}
				step := 1e-4
				_, _, logSD := ratios(50, step)
				step *= 0.3 / logSD
				const n = 500
				mean, sd, _ := ratios(n, step)
				require.InDelta(t, 1, mean, 4.5*sd/math.Sqrt(n), "seed %d, direction %d", seed, direction)
				require.InDelta(t, 0.3, sd, 0.2, "the step is as large as wanted")
			}
		}
	})
}

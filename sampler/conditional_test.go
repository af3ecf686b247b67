package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// ranks is simulation-based calibration (Talts et al. 2018) of the reverse
// process: for data x₀* and x_t* drawn from the forward process, x₀* and the
// results of reverse runs from x_t* are draws from one distribution, q(x₀|x_t*), so that
// the rank of any function of x₀* among them is uniform. It returns χ² of the
// ranks in 16 bins of two projections and of log p.
func ranks(t *testing.T, pred sampler.Predictor, points int) (chi2 [3]float64) {
	const m, l, bins, from, to = 2000, 31, 16, 0.4, 1e-4
	p := sde.VP{}
	means, weight := mat.NewDense(2, 2, []float64{-0.8, 0.3, 0.7, -0.5}), 0.6
	std := []float64{0.4, 0.25}
	mix, err := dataset.NewIsotropicMixture([]float64{weight, 1 - weight}, means, std, nil)
	require.NoError(t, err)
	problem := sde.Problem{SDE: p, Score: sde.Analytic(p, mix.Diffuse)}
	alpha, sigma := p.Kernel(from)
	truth, x := mat.NewDense(m, 2, nil), mat.NewDense(m*l, 2, nil)
	for i := range m {
		rng := noise.Rand(9, noise.Draw{Purpose: noise.Data, Row: i})
		k := 0
		if rng.Float64() > weight {
			k = 1
		}
		var later [2]float64
		for j := range 2 {
			truth.Set(i, j, means.At(k, j)+std[k]*rng.NormFloat64())
			later[j] = alpha*truth.At(i, j) + sigma*rng.NormFloat64()
		}
		for r := range l {
			x.SetRow(i*l+r, later[:])
		}
	}
	s := &sampler.Settings{Grid: append(grid.UniformLogSNR(p, from, to, points), 0), Seed: 10}
	require.NoError(t, sampler.Continue(context.Background(), x, problem, pred, s))
	for f, value := range [3]func(x []float64) float64{
		func(x []float64) float64 { return 0.6*x[0] + 0.8*x[1] },
		func(x []float64) float64 { return 0.8*x[0] - 0.6*x[1] },
		mix.LogProb,
	} {
		var count [bins]float64
		for i := range m {
			rank, own := 0, value(truth.RawRowView(i))
			for r := range l {
				if value(x.RawRowView(i*l+r)) < own {
					rank++
				}
			}
			count[rank*bins/(l+1)]++
		}
		for _, c := range count {
			chi2[f] += (c - m/bins) * (c - m/bins) / (m / bins)
		}
	}
	return chi2
}

// odeDrift is the reverse SDE with the drift of the flow: half of the score.
func odeDrift(s *sampler.Step) error {
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	f, g2 := s.Rates(s.T)
	h := s.T - s.U
	blend(s, 1-f*h, 0.5*g2*h)
	s.AddNoise(math.Sqrt(g2*h), 0)
	return nil
}

func TestReverseProcessHasTheConditionalLaw(t *testing.T) {
	long(t)
	const limit, far = 44.3, 60 // of χ² with 15 degrees of freedom: 1e-4, and beyond doubt
	// Of second order: Euler–Maruyama and Ancestral take 80 and 160 points.
	chi2 := ranks(t, sampler.DPMpp2MSDE{}, 30)
	t.Logf("χ² %.1f", chi2)
	for _, v := range chi2 {
		require.Less(t, v, limit)
	}
	for name, pred := range map[string]sampler.Predictor{
		"without noise":        sampler.DPMpp2M{},
		"with the ODE's drift": predictor(odeDrift),
	} {
		t.Run(name, func(t *testing.T) {
			chi2 := ranks(t, pred, 12)
			t.Logf("χ² %.1f", chi2)
			for _, v := range chi2 {
				require.Greater(t, v, float64(far))
			}
		})
	}
}

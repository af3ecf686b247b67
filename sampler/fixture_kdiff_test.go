package sampler_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// kdiff is a run of k-diffusion.
type kdiff struct {
	Sampler string `json:"sampler"`
	Options struct {
		Churn      float64  `json:"s_churn"`
		Min        float64  `json:"s_tmin"`
		Max        float64  `json:"s_tmax"`
		Noise      float64  `json:"s_noise"`
		Eta        *float64 `json:"eta"`
		Order      int      `json:"order"`
		R          float64  `json:"r"`
		Solver     string   `json:"solver_type"`
		N          int      `json:"n"`
		SigmaMin   float64  `json:"sigma_min"`
		SigmaMax   float64  `json:"sigma_max"`
		RTol       float64  `json:"rtol"`
		ATol       float64  `json:"atol"`
		First      float64  `json:"h_init"`
		P          float64  `json:"pcoeff"`
		I          float64  `json:"icoeff"`
		D          float64  `json:"dcoeff"`
		Acceptance float64  `json:"accept_safety"`
	} `json:"options"`
	Mixture    int           `json:"mixture"`
	Schedule   string        `json:"schedule"`
	EndsAtZero bool          `json:"ends_at_zero"`
	Sigmas     []float64     `json:"sigmas"`
	Start      fixture.Array `json:"x_init"`
	Noise      fixture.Array `json:"noise"`
	SigmaHat   []float64     `json:"cb_sigma_hat"`
	X          fixture.Array `json:"cb_x"`
	Final      fixture.Array `json:"x_final"`
	Calls      int           `json:"nfe"`
	SigmaAfter []float64     `json:"step_sigma_after"`
	Info       struct {
		Steps int `json:"steps"`
		Calls int `json:"nfe"`
	} `json:"info"`
}

// predictor returns the method of a run. Where η = 0 it is the one without
// noise.
func (c kdiff) predictor(t *testing.T) sampler.Predictor {
	o := c.Options
	churn := sampler.Churn{SChurn: o.Churn, STmin: o.Min, STmax: o.Max, SNoise: o.Noise}
	eta, still := 0.0, false
	if o.Eta != nil {
		eta, still = *o.Eta, *o.Eta == 0
	}
	fast := eta
	if still { // an η without effect
		eta = math.SmallestNonzeroFloat64
	}
	switch c.Sampler {
	case "sample_euler":
		return sampler.RungeKutta{Churn: churn}
	case "sample_heun":
		return sampler.Heun{Churn: churn}
	case "sample_dpm_2":
		return sampler.DPM2{Churn: churn}
	case "sample_lms":
		return sampler.LMS{Order: o.Order}
	case "sample_dpmpp_2m":
		return sampler.DPMpp2M{}
	case "sample_dpm_fast":
		return sampler.DPMFast{Evaluations: o.N, Eta: fast, SNoise: o.Noise}
	case "sample_euler_ancestral":
		if still {
			return sampler.DDIM{}
		}
		return sampler.EulerAncestral{Eta: eta, SNoise: o.Noise}
	case "sample_dpm_2_ancestral":
		if still {
			return sampler.DPM2{}
		}
		return sampler.DPM2Ancestral{Eta: eta, SNoise: o.Noise}
	case "sample_dpmpp_2s_ancestral":
		if still {
			return sampler.DPMpp2S{}
		}
		return sampler.DPMpp2SAncestral{Eta: eta, SNoise: o.Noise}
	case "sample_dpmpp_sde":
		if still && o.R == 0 {
			return sampler.DPMpp2S{}
		}
		return sampler.DPMppSDE{Eta: eta, SNoise: o.Noise, R: o.R, Independent: true}
	case "sample_dpmpp_2m_sde":
		if still && o.Solver != "heun" {
			return sampler.DPMpp2M{}
		}
		return sampler.DPMpp2MSDE{Eta: eta, SNoise: o.Noise, Heun: o.Solver == "heun"}
	case "sample_dpmpp_3m_sde":
		if still {
			return sampler.DPMpp3M{Published: true, FullOrder: true}
		}
		return sampler.DPMpp3MSDE{Eta: eta, SNoise: o.Noise, Published: true, FullOrder: true}
	}
	require.FailNow(t, "unknown sampler", c.Sampler)
	return nil
}

// calls keeps the times and the states at which a score is evaluated.
type calls struct {
	sde.Scorer
	t []float64
	x []*mat.Dense
}

func (c *calls) Score(dst, x *mat.Dense, t []float64) {
	c.t = append(c.t, t[0])
	c.x = append(c.x, mat.DenseCopyOf(x))
	c.Scorer.Score(dst, x, t)
}

// marked is a predictor that notes which evaluation is the first of each step.
type marked struct {
	sampler.Predictor
	calls *calls
	first []int
}

func (m *marked) Predict(s *sampler.Step) error {
	m.first = append(m.first, len(m.calls.t))
	return m.Predictor.Predict(s)
}

// Midway returns the process σ = t, valid some way beyond the levels of a run.
func between(low, high float64) sde.EDM {
	return sde.EDM{SigmaMin: 1e-3 * low, SigmaMax: 1.5 * high}
}

func exact(p sde.SDE, mix fixture.Mixture) sde.Problem {
	d := mix.Distribution()
	return sde.Problem{SDE: p, Score: sde.Analytic(p, d.Diffuse)}
}

// tape returns the recorded normals, n of them a step.
func tape(draws fixture.Array, n int) noise.Recorded {
	z := noise.Recorded{}
	if draws.Shape == nil {
		return z
	}
	for i := range draws.Shape[0] {
		z[noise.Key{Purpose: noise.Predict, Step: i / n, Part: i % n}] = draws.At(i).Dense()
	}
	return z
}

func TestFixtureKDiffusion(t *testing.T) {
	arithmetic(t)
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []kdiff           `json:"cases"`
	}](t, "kdiff")
	fixture.Each(t, file.Cases, func(i int, c kdiff) string {
		return fmt.Sprintf("%d/%s,%s,zero=%v", i, c.Sampler, c.Schedule, c.EndsAtZero)
	}, func(t *testing.T, c kdiff) {
		if c.Sampler == "sample_dpm_adaptive" {
			c.adaptive(t, file.Mixtures)
		} else {
			c.run(t, file.Mixtures)
		}
	})
	t.Log("elsewhere: preconditioners, sigma_densities, log_likelihood and discrete concern models, training and likelihoods; schedules are grids")
}

func (c kdiff) run(t *testing.T, mixtures []fixture.Mixture) {
	times := c.Sigmas
	if c.Sampler == "sample_dpm_fast" {
		p := between(c.Options.SigmaMin, c.Options.SigmaMax)
		times = grid.UniformLogSNR(p, c.Options.SigmaMax, c.Options.SigmaMin, sampler.DPMFast{Evaluations: c.Options.N}.Steps()+1)
	}
	last := len(times) - 1
	if times[last] == 0 {
		last--
	}
	p := exact(between(times[last], times[0]), mixtures[c.Mixture])
	seen := &calls{Scorer: p.Score}
	p.Score = seen
	pred := &marked{Predictor: c.predictor(t), calls: seen}
	draws := 1
	if c.Sampler == "sample_dpmpp_sde" {
		draws = 2
	}
	x := c.Start.Dense()
	require.NoError(t, sampler.Continue(context.Background(), x, p, pred, &sampler.Settings{
		Grid: times, Final: sampler.FinalState, Noise: tape(c.Noise, draws), Workers: 1,
	}))
	near(t, c.Final, x, 1e-8)
	require.Len(t, seen.t, c.Calls)
	require.Len(t, c.SigmaHat, len(pred.first))
	for k, first := range pred.first {
		require.InEpsilon(t, c.SigmaHat[k], seen.t[first], 1e-10)
		near(t, c.X.At(k), seen.x[first], 1e-8)
	}
}

// adaptive repeats a run whose steps depend on what was found on the way: the
// levels evaluated at show the steps, of which those with another beginning
// were accepted.
func (c kdiff) adaptive(t *testing.T, mixtures []fixture.Mixture) {
	o := c.Options
	p := exact(between(o.SigmaMin, o.SigmaMax), mixtures[c.Mixture])
	seen := &calls{Scorer: p.Score}
	p.Score = seen
	pred := sampler.DPMAdaptive{
		Order: o.Order, RTol: o.RTol, ATol: o.ATol, FirstStep: o.First, P: o.P, I: o.I, D: o.D,
		Threshold: o.Acceptance, Eta: *o.Eta, SNoise: o.Noise, BatchNorm: true,
	}
	x := c.Start.Dense()
	require.NoError(t, sampler.Continue(context.Background(), x, p, pred, &sampler.Settings{
		Grid: []float64{o.SigmaMax, o.SigmaMin}, Final: sampler.FinalState, Noise: tape(c.Noise, math.MaxInt),
	}))
	near(t, c.Final, x, 1e-8)
	require.Len(t, seen.t, c.Info.Calls)
	for k := 1; k < c.Info.Steps; k++ {
		require.InEpsilon(t, c.SigmaAfter[k-1], seen.t[o.Order*k], 1e-8)
	}
}

// The levels of an ancestral step, read off a step of a score for which D = 0:
// the state ends at ς_down, and the noise is ς_up.
func TestFixtureAncestralLevels(t *testing.T) {
	t.Parallel()
	type record struct {
		From float64 `json:"sigma_from"`
		To   float64 `json:"sigma_to"`
		Eta  float64 `json:"eta"`
		Down float64 `json:"sigma_down"`
		Up   float64 `json:"sigma_up"`
	}
	file := fixture.Load[struct {
		Steps []record `json:"ancestral_step"`
	}](t, "kdiff")
	fixture.Each(t, file.Steps, func(i int, c record) string {
		return fmt.Sprintf("%d/%g to %g,η=%g", i, c.From, c.To, c.Eta)
	}, func(t *testing.T, c record) {
		p := sde.Problem{SDE: between(max(c.To, 0.1*c.From), c.From), Score: origin{}}
		var pred sampler.Predictor = sampler.EulerAncestral{Eta: c.Eta}
		if c.Eta == 0 {
			pred = sampler.DDIM{}
		}
		x := mat.NewDense(1, 1, []float64{c.From})
		rec := &recorder{Predictor: pred}
		one := noise.Recorded{{Purpose: noise.Predict}: mat.NewDense(1, 1, []float64{1})}
		require.NoError(t, sampler.Continue(context.Background(), x, p, rec, &sampler.Settings{
			Grid: []float64{c.From, c.To}, Final: sampler.FinalState, Noise: one, Workers: 1,
		}))
		require.InDelta(t, c.Down, rec.mean[0].At(0, 0), 1e-10*c.From)
		require.InDelta(t, c.Up, x.At(0, 0)-rec.mean[0].At(0, 0), 1e-10*c.From)
	})
}

// origin is the score −x/σ² of data that are all 0, for σ = t.
type origin struct{}

func (origin) Score(dst, x *mat.Dense, t []float64) { dst.Scale(-1/(t[0]*t[0]), x) }

func TestFixtureDenoisers(t *testing.T) {
	t.Parallel()
	type record struct {
		Mixture  int           `json:"mixture"`
		Sigma    []float64     `json:"sigma"`
		X        fixture.Array `json:"x"`
		Denoised fixture.Array `json:"denoised"`
		Score    fixture.Array `json:"score"`
		LogP     []float64     `json:"logp"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Checks   []record          `json:"denoiser_check"`
	}](t, "kdiff")
	fixture.Each(t, file.Checks, func(i int, c record) string {
		return fmt.Sprintf("%d/mixture=%d", i, c.Mixture)
	}, func(t *testing.T, c record) {
		p := exact(between(slices.Min(c.Sigma), slices.Max(c.Sigma)), file.Mixtures[c.Mixture])
		x := c.X.Dense()
		n, d := x.Dims()
		denoised, score := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		p.Score.Score(score, x, c.Sigma)
		for k, sigma := range c.Sigma {
			row := mat.DenseCopyOf(x.Slice(k, k+1, 0, d))
			look := predictor(func(s *sampler.Step) error { return s.X0(s.Mean, s.X, s.T) })
			require.NoError(t, sampler.Continue(context.Background(), row, p, look, &sampler.Settings{
				Grid: []float64{sigma, 0.9 * sigma}, Final: sampler.FinalMean,
			}))
			denoised.SetRow(k, row.RawRowView(0))
			at := file.Mixtures[c.Mixture].Distribution().Diffuse(1, sigma)
			require.InDelta(t, c.LogP[k], at.LogProb(x.RawRowView(k)), 1e-10*math.Max(1, math.Abs(c.LogP[k])))
		}
		near(t, c.Denoised, denoised, 1e-10)
		near(t, c.Score, score, 1e-10)
	})
}

package sampler_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// probes serves recorded divergence probes: a matrix with a row for every row,
// or one row for all.
type probes struct{ *mat.Dense }

func (p probes) Normal(dst *mat.Dense, at noise.Draw) {
	if at.Purpose != noise.Probe {
		panic(fmt.Sprintf("asked for normals of purpose %d", at.Purpose))
	}
	n, _ := dst.Dims()
	rows, _ := p.Dims()
	for i := range n {
		dst.SetRow(i, p.RawRowView(min(at.Row+i, rows-1)))
	}
}

// tight are settings with tolerances that leave the error to the peer.
func tight(p noise.Source) *sampler.FlowSettings {
	s := &sampler.FlowSettings{RTol: 1e-10, ATol: 1e-10, Latents: true}
	if p != nil {
		s.Probes, s.Noise = 1, p
	}
	return s
}

func logProbs(t *testing.T, p sde.Problem, x *mat.Dense, s *sampler.FlowSettings) ([]float64, *sampler.FlowResult) {
	n, _ := x.Dims()
	dst := make([]float64, n)
	r, err := sampler.LogProb(context.Background(), dst, x, p, s)
	require.NoError(t, err)
	return dst, r
}

func TestFixtureLikelihood(t *testing.T) {
	arithmetic(t)
	type record struct {
		setting
		Eps        float64       `json:"eps"`
		X          fixture.Array `json:"x"`
		Probe      fixture.Array `json:"rademacher_probe"`
		Hutchinson []float64     `json:"logp_hutchinson"`
		Exact      []float64     `json:"logp_exact_div"`
		Z          fixture.Array `json:"latent_z"`
		AtEps      []float64     `json:"analytic_logp_at_eps"`
		AtT        []float64     `json:"analytic_logp_T_at_z"`
		Prior      []float64     `json:"prior_logp_at_z"`
		Bits       []float64     `json:"bpd_exact_as_returned"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"cases"`
	}](t, "likelihood")
	fixture.Each(t, file.Cases, func(i int, c record) string { return c.name(i) }, func(t *testing.T, c record) {
		p := c.problem(t, file.Mixtures)
		x := c.X.Dense()
		_, d := x.Dims()
		prior := sde.Prior{}
		if c.SDE == "VESDE" { // the peer's is N(0, σ²)
			prior.Variance = make([]float64, d)
		}
		if c.SDE == "subVPSDE" { // the peer's is N(0, 1), σ² being a little less
			_, sigma := p.Kernel(1)
			alpha, _ := p.Kernel(1)
			prior.Variance = make([]float64, d)
			for j := range prior.Variance {
				prior.Variance[j] = (1 - sigma*sigma) / (alpha * alpha)
			}
		}
		s := tight(nil)
		s.Start, s.Prior = c.Eps, prior
		logp, r := logProbs(t, p, x, s)
		require.InDeltaSlice(t, c.Exact, logp, 1e-6)
		require.InDeltaSlice(t, c.Prior, r.LogPrior, 1e-6)
		near(t, c.Z, r.Latents, 1e-6)
		for k, v := range logp {
			require.InDelta(t, c.AtEps[k], v-r.LogPrior[k]+c.AtT[k], 1e-6, "what the prior's misfit adds")
			require.InDelta(t, c.Bits[k], sampler.BitsPerDim(v, d, 2./256), 1e-6)
		}
		s = tight(probes{c.Probe.Dense()})
		s.Start, s.Prior = c.Eps, prior
		logp, _ = logProbs(t, p, x, s)
		require.InDeltaSlice(t, c.Hutchinson, logp, 1e-6)
	})
	t.Log("left out: nfe_*, which count the evaluations of a batch with one step for all")
}

func TestFixtureLikelihoodOfKDiffusion(t *testing.T) {
	arithmetic(t)
	type record struct {
		Mixture  int           `json:"mixture"`
		X        fixture.Array `json:"x"`
		SigmaMin float64       `json:"sigma_min"`
		SigmaMax float64       `json:"sigma_max"`
		V        fixture.Array `json:"v_patterns"`
		Each     fixture.Array `json:"log_likelihood_per_pattern"`
		Mean     []float64     `json:"log_likelihood_mean_over_patterns"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"log_likelihood"`
	}](t, "kdiff")
	fixture.Each(t, file.Cases, func(i int, c record) string {
		return fmt.Sprintf("%d/mixture=%d", i, c.Mixture)
	}, func(t *testing.T, c record) {
		p := exact(sde.EDM{SigmaMin: c.SigmaMin, SigmaMax: c.SigmaMax}, file.Mixtures[c.Mixture])
		x := c.X.Dense()
		_, d := x.Dims()
		prior := sde.Prior{Variance: make([]float64, d)}
		for k := range c.V.Shape[0] {
			s := tight(probes{c.V.At(k).Dense()})
			s.Prior = prior
			logp, _ := logProbs(t, p, x, s)
			require.InDeltaSlice(t, c.Each.At(k).Data, logp, 1e-6)
		}
		s := tight(nil)
		s.Prior = prior
		logp, _ := logProbs(t, p, x, s)
		require.InDeltaSlice(t, c.Mean, logp, 1e-6)
	})
}

// wide is a process in nearly all of [0, 1]: flow.json goes from data without
// noise to noise without data, where the rates are infinite.
type wide struct{ sde.SDE }

func (wide) Span() (start, end float64) { return 1e-8, 1 - 1e-8 }

func TestFixtureLikelihoodOfFlowMatching(t *testing.T) {
	arithmetic(t)
	type record struct {
		Scheduler string `json:"scheduler"`
		Options   struct {
			N float64 `json:"n"`
		} `json:"options"`
		Mixture    int           `json:"mixture"`
		Method     string        `json:"method"`
		Divergence string        `json:"divergence"`
		X1         fixture.Array `json:"x_1"`
		X0         fixture.Array `json:"x_0"`
		Probe      fixture.Array `json:"probe_z"`
		LogP       []float64     `json:"log_p"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"likelihood"`
	}](t, "flow")
	fixture.EachExcept(t, file.Cases, func(i int, c record) string {
		return fmt.Sprintf("%d/%s,mixture=%d,%s", i, c.Scheduler, c.Mixture, c.Divergence)
	}, func(c record) string {
		if c.Method != "rk45ref" {
			return "a solver of fixed steps, where LogProb chooses its own"
		}
		return ""
	}, func(t *testing.T, c record) {
		var p sde.SDE
		switch n := c.Options.N; c.Scheduler {
		case "CondOTScheduler":
			p = wide{sde.Linear{}}
		case "CosineScheduler":
			p = wide{sde.Schedule{
				Alpha: func(t float64) (float64, float64) { s, c := math.Sincos(math.Pi / 2 * t); return c, -math.Pi / 2 * s },
				Sigma: func(t float64) (float64, float64) { s, c := math.Sincos(math.Pi / 2 * t); return s, math.Pi / 2 * c },
				Start: 1e-3, End: 0.999,
			}}
		case "PolynomialConvexScheduler": // α = (1−t)ⁿ, σ = 1 − α
			power := func(t float64) float64 { return n * math.Pow(1-t, n-1) }
			p = wide{sde.Schedule{
				Alpha: func(t float64) (float64, float64) { return math.Pow(1-t, n), -power(t) },
				Sigma: func(t float64) (float64, float64) { return -math.Expm1(n * math.Log1p(-t)), power(t) },
				Start: 1e-3, End: 0.999,
			}}
		default:
			require.FailNow(t, "unknown scheduler", c.Scheduler)
		}
		var s *sampler.FlowSettings
		if c.Divergence == "exact" {
			s = tight(nil)
		} else {
			s = tight(probes{c.Probe.Dense()})
		}
		logp, r := logProbs(t, exact(p, file.Mixtures[c.Mixture]), c.X1.Dense(), s)
		require.InDeltaSlice(t, c.LogP, logp, 1e-6)
		near(t, c.X0, r.Latents, 1e-6)
	})
}

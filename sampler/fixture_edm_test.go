package sampler_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// edmOptions are the arguments of the samplers of EDM that a run gave.
type edmOptions struct {
	Solver         string   `json:"solver"`
	Discretization string   `json:"discretization"`
	Schedule       string   `json:"schedule"`
	Scaling        string   `json:"scaling"`
	Alpha          *float64 `json:"alpha"`
	Epsilon        *float64 `json:"epsilon_s"`
	SigmaMin       *float64 `json:"sigma_min"`
	SigmaMax       *float64 `json:"sigma_max"`
	Churn          float64  `json:"S_churn"`
	Min            float64  `json:"S_min"`
	Max            float64  `json:"S_max"`
	Noise          float64  `json:"S_noise"`
}

func (o edmOptions) churn() sampler.Churn {
	return sampler.Churn{SChurn: o.Churn, STmin: o.Min, STmax: o.Max, SNoise: o.Noise}
}

func or(p *float64, value float64) float64 {
	if p == nil {
		return value
	}
	return *p
}

// ablation is the process of EDM's ablation study: levels ς(t) of a schedule,
// and x scaled by s(t), 1 or 1/√(1+ς²).
type ablation struct {
	schedule, scaling string
	betaD, betaMin    float64
	start, end        float64
}

func newAblation(o edmOptions, grid []float64) ablation {
	schedule, scaling := o.Schedule, o.Scaling
	if schedule == "" {
		schedule = "linear"
	}
	if scaling == "" {
		scaling = "none"
	}
	eps := or(o.Epsilon, 1e-3)
	published := ablation{schedule: "vp", betaD: 19.9, betaMin: 0.1}
	low, _ := published.level(eps)
	high, _ := published.level(1)
	switch o.Discretization {
	case "ve":
		low, high = 0.02, 100
	case "iddpm":
		low, high = 0.002, 81
	case "edm", "":
		low, high = 0.002, 80
	}
	// β is fitted so that the levels at ε and 1 are the two.
	l, h := math.Log1p(math.Pow(or(o.SigmaMin, low), 2)), math.Log1p(math.Pow(or(o.SigmaMax, high), 2))
	d := 2 * (l/eps - h) / (eps - 1)
	return ablation{
		schedule: schedule, scaling: scaling, betaD: d, betaMin: h - 0.5*d,
		start: grid[len(grid)-2], end: 1.5 * grid[0],
	}
}

// level returns ς and dς/dt.
func (p ablation) level(t float64) (s, ds float64) {
	switch p.schedule {
	case "vp":
		s = math.Sqrt(math.Expm1(t * (0.5*p.betaD*t + p.betaMin)))
		return s, 0.5 * (p.betaMin + p.betaD*t) * (s + 1/s)
	case "ve":
		return math.Sqrt(t), 0.5 / math.Sqrt(t)
	case "linear":
		return t, 1
	}
	panic(p.schedule)
}

func (p ablation) scale(s float64) float64 {
	switch p.scaling {
	case "vp":
		return 1 / math.Sqrt(1+s*s)
	case "none":
		return 1
	}
	panic(p.scaling)
}

func (p ablation) Kernel(t float64) (alpha, sigma float64) {
	s, _ := p.level(t)
	alpha = p.scale(s)
	return alpha, alpha * s
}

func (p ablation) Rates(t float64) (f, g2 float64) {
	s, ds := p.level(t)
	a := p.scale(s)
	if p.scaling == "vp" {
		f = -s * ds * a * a
	}
	return f, 2 * s * ds * a * a
}

func (p ablation) Span() (start, end float64) { return p.start, p.end }

func (p ablation) TimeAt(logSNR float64) float64 {
	s := math.Exp(-logSNR)
	switch p.schedule {
	case "vp":
		return (math.Sqrt(p.betaMin*p.betaMin+2*p.betaD*math.Log1p(s*s)) - p.betaMin) / p.betaD
	case "ve":
		return s * s
	}
	return s
}

// within requires agreement to 1e-8 of the largest entry of a row and some
// slack.
func within(t *testing.T, want fixture.Array, got *mat.Dense, slack float64) {
	t.Helper()
	w := want.Dense()
	n, d := w.Dims()
	for i := range n {
		size := 0.0
		for j := range d {
			size = max(size, math.Abs(w.At(i, j)))
		}
		for j := range d {
			require.InDelta(t, w.At(i, j), got.At(i, j), 1e-8*size+slack, "row %d, column %d", i, j)
		}
	}
}

func TestFixtureEDM(t *testing.T) {
	arithmetic(t)
	type record struct {
		Sampler string        `json:"sampler"`
		Options edmOptions    `json:"options"`
		Mixture int           `json:"mixture"`
		Latents fixture.Array `json:"latents"`
		Noise   fixture.Array `json:"noise"`
		Times   []float64     `json:"t_steps"`
		X       fixture.Array `json:"x_cur"`
		Final   fixture.Array `json:"x_final"`
		Calls   int           `json:"nfe"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"cases"`
	}](t, "edm")
	fixture.Each(t, file.Cases, func(i int, c record) string {
		o := c.Options
		return fmt.Sprintf("%d/%s,%s,%s,%s,%s", i, c.Sampler, o.Discretization, o.Schedule, o.Scaling, o.Solver)
	}, func(t *testing.T, c record) {
		o := c.Options
		var process sde.SDE = between(c.Times[len(c.Times)-2], c.Times[0])
		var pred sampler.Predictor = sampler.Heun{Churn: o.churn()}
		if c.Sampler == "ablation_sampler" {
			process = newAblation(o, c.Times)
			rk := sampler.RungeKutta{Churn: o.churn()}
			if o.Solver != "euler" {
				rk.Alpha = or(o.Alpha, 1)
			}
			pred = rk
		} else {
			require.Equal(t, "edm_sampler", c.Sampler)
		}
		// The peer takes its times through σ⁻¹(σ(t)), also without churn,
		// and where that moves a level up by rounding it adds noise for it:
		// √(2·4·2⁻⁵²) ≈ 4e-8 of the level for some four units in the last
		// place. Below are four deviations of that.
		slack := func(k int) float64 {
			if o.Schedule != "vp" && o.Schedule != "ve" {
				return 0
			}
			alpha, sigma := process.Kernel(c.Times[max(k-1, 0)])
			return 4 * 4.2e-8 * math.Hypot(alpha, sigma)
		}
		p := exact(process, file.Mixtures[c.Mixture])
		seen := &calls{Scorer: p.Score}
		p.Score = seen
		rec := &recorder{Predictor: pred}
		_, sigma := process.Kernel(c.Times[0])
		x := c.Latents.Dense()
		x.Scale(sigma, x)
		require.NoError(t, sampler.Continue(context.Background(), x, p, rec, &sampler.Settings{
			Grid: c.Times, Final: sampler.FinalState, Noise: tape(c.Noise, 1), Workers: 1,
		}))
		within(t, c.Final, x, slack(len(c.Times)-1))
		require.Len(t, seen.t, c.Calls)
		require.Len(t, rec.before, c.X.Shape[0])
		for k, x := range rec.before {
			within(t, c.X.At(k), x, slack(k))
		}
	})
	t.Log("elsewhere: preconditioning and losses concern models and training")
}

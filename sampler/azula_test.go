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
	"gonum.org/v1/gonum/stat/distmv"
)

// azulaSchedule returns azula's schedule of the given name on [0, 1]. VP and
// cosine have α² + σ² = 1 + σ_min².
func azulaSchedule(t *testing.T, name string, o map[string]float64) sde.SDE {
	low, floor := o["alpha_min"], o["sigma_min"]
	p := sde.Schedule{End: 1}
	sigmaOf := func(t float64) (float64, float64) {
		a, da := p.Alpha(t)
		s := math.Sqrt(1 - a*a + floor*floor)
		return s, -a * da / s
	}
	// line goes from 1 to the first, and to 1 from the second, as w does from 1
	// to 0.
	line := func(w func(t float64) (v, dv float64)) {
		p.Alpha = func(t float64) (float64, float64) {
			v, dv := w(t)
			return low + (1-low)*v, (1 - low) * dv
		}
		p.Sigma = func(t float64) (float64, float64) {
			v, dv := w(t)
			return floor + (1-floor)*(1-v), (floor - 1) * dv
		}
	}
	switch name {
	case "VESchedule":
		p.Alpha = func(float64) (float64, float64) { return 1, 0 }
		p.Sigma = func(t float64) (float64, float64) {
			k := math.Log(o["sigma_max"] / floor)
			s := floor * math.Exp(k*t)
			return s, k * s
		}
	case "VPSchedule":
		p.Alpha = func(t float64) (float64, float64) {
			a := math.Exp(math.Log(low) * t * t)
			return a, 2 * math.Log(low) * t * a
		}
		p.Sigma = sigmaOf
	case "CosineSchedule":
		p.Alpha = func(t float64) (float64, float64) {
			k := math.Acos(low)
			return math.Cos(k * t), -k * math.Sin(k*t)
		}
		p.Sigma = sigmaOf
	case "RectifiedSchedule":
		line(func(t float64) (v, dv float64) { return 1 - t, -1 })
	case "DecaySchedule":
		g := o["gamma"]
		line(func(t float64) (v, dv float64) {
			return (math.Pow(g, t) - g) / (1 - g), math.Log(g) * math.Pow(g, t) / (1 - g)
		})
	default:
		require.FailNow(t, "unknown schedule", name)
	}
	return p
}

func TestFixtureAzulaSchedules(t *testing.T) {
	t.Parallel()
	type record struct {
		Schedule string             `json:"schedule"`
		Options  map[string]float64 `json:"options"`
		T        []float64          `json:"t"`
		Alpha    []float64          `json:"alpha"`
		Sigma    []float64          `json:"sigma"`
	}
	file := fixture.Load[struct {
		Schedules []record `json:"schedules"`
	}](t, "azula")
	fixture.Each(t, file.Schedules, func(i int, c record) string {
		return fmt.Sprintf("%d/%s%v", i, c.Schedule, c.Options)
	}, func(t *testing.T, c record) {
		p := azulaSchedule(t, c.Schedule, c.Options)
		for k, u := range c.T {
			alpha, sigma := p.Kernel(u)
			require.InEpsilon(t, c.Alpha[k], alpha, 1e-10)
			require.InEpsilon(t, c.Sigma[k], sigma, 1e-10)
		}
	})
}

// azulaCase is a recorded run of azula.
type azulaCase struct {
	Sampler         string             `json:"sampler"`
	Options         map[string]float64 `json:"options"`
	Schedule        string             `json:"schedule"`
	ScheduleOptions map[string]float64 `json:"schedule_options"`
	Mixture         int                `json:"mixture"`
	Timesteps       []float64          `json:"timesteps"`
	InitMeanVar     struct {
		Mean float64  `json:"mean"`
		Var  *float64 `json:"var"`
	} `json:"init_mean_var"`
	Noise  fixture.Array `json:"noise"`
	XInit  fixture.Array `json:"x_init"`
	EvalT  []float64     `json:"eval_t"`
	EvalX  fixture.Array `json:"eval_x"`
	XFinal fixture.Array `json:"x_final"`
}

// method returns the predictor and the corrector of a record, and the number of
// normals that each takes a step; or why it is not reproduced.
func (c azulaCase) method() (pred sampler.Predictor, corr sampler.Corrector, predict, correct int, why string) {
	order := int(c.Options["order"])
	switch c.Sampler {
	case "DDPMSampler":
		return sampler.DDIM{Eta: 1}, nil, 1, 0, ""
	case "DDIMSampler": // its η is the square of the paper's
		return sampler.DDIM{Eta: math.Sqrt(c.Options["eta"])}, nil, 1, 0, ""
	case "EulerSampler":
		return sampler.DDIM{}, nil, 0, 0, ""
	case "HeunSampler":
		return sampler.Heun{}, nil, 0, 0, ""
	case "ItoSampler":
		return sampler.Euler{Lambda: c.Options["eta"], Ratio: true}, nil, 1, 0, ""
	case "zABSampler":
		return sampler.LMS{Order: order}, nil, 0, 0, ""
	case "vABSampler":
		return sampler.DEIS{Order: order, Form: sampler.VelocityForm, FullOrder: true}, nil, 0, 0, ""
	case "zEABSampler":
		return sampler.DEIS{Order: order, Form: sampler.EpsilonForm, FullOrder: true}, nil, 0, 0, ""
	case "xEABSampler":
		return sampler.DEIS{Order: order, Form: sampler.X0Form, FullOrder: true}, nil, 0, 0, ""
	case "REABFixed":
		return sampler.DEIS{Order: order, Form: sampler.AngleForm, FullOrder: true}, nil, 0, 0, ""
	case "PCSampler":
		steps := int(c.Options["corrections"])
		return sampler.DDIM{}, sampler.Renoise{Fraction: c.Options["delta"], Steps: steps}, 0, steps, ""
	case "REABSampler":
		return nil, nil, 0, 0, "a slip in the peer makes it order 1; REABFixed is what it should be"
	}
	return nil, nil, 0, 0, "unknown sampler " + c.Sampler
}

// tolerance is that of trajectories, but for REAB, whose weights the peer
// integrates by a trapezoid rule.
func (c azulaCase) tolerance() float64 {
	if c.Sampler == "REABFixed" {
		return 1e-5
	}
	return 1e-8
}

// taped notes every evaluation of an exact score, divided by a temperature.
type taped struct {
	sde.Scorer
	temperature float64
	t           []float64
	x           []*mat.Dense
}

func (s *taped) Score(dst, x *mat.Dense, t []float64) {
	s.t, s.x = append(s.t, t[0]), append(s.x, mat.DenseCopyOf(x))
	s.Scorer.Score(dst, x, t)
	dst.Scale(1/s.temperature, dst)
}

func TestFixtureAzulaTrajectories(t *testing.T) {
	arithmetic(t)
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []azulaCase       `json:"cases"`
	}](t, "azula")
	fixture.EachExcept(t, file.Cases, func(i int, c azulaCase) string {
		return fmt.Sprintf("%d/%s%v,%s%v,mixture=%d", i, c.Sampler, c.Options, c.Schedule, c.ScheduleOptions, c.Mixture)
	}, func(c azulaCase) string {
		_, _, _, _, why := c.method()
		return why
	}, func(t *testing.T, c azulaCase) {
		pred, corr, predict, correct, _ := c.method()
		p := azulaSchedule(t, c.Schedule, c.ScheduleOptions)
		mix := file.Mixtures[c.Mixture].Distribution()
		score := &taped{Scorer: sde.Analytic(p, mix.Diffuse), temperature: 1}
		if temperature, ok := c.Options["temperature"]; ok {
			score.temperature = temperature
		}
		next := 0
		draw := func() *mat.Dense {
			next++
			return c.Noise.At(next - 1).Dense()
		}
		tape := noise.Recorded{{Purpose: noise.Prior}: draw()}
		for k := range len(c.Timesteps) - 1 {
			for slot := range correct {
				tape[noise.Key{Purpose: noise.Correct, Step: k, Slot: slot}] = draw()
			}
			for slot := range predict {
				tape[noise.Key{Purpose: noise.Predict, Step: k, Slot: slot}] = draw()
			}
		}
		require.Equal(t, c.Noise.Shape[0], next, "every recorded draw has its place")
		rows, d := c.XInit.Shape[0], c.XInit.Shape[1]
		var seen states
		s := &sampler.Settings{Grid: c.Timesteps, Corrector: corr, CorrectorFirst: true, Final: sampler.FinalState, Noise: tape, Observer: &seen}
		if c.InitMeanVar.Var != nil {
			for range d {
				s.Prior.Mean = append(s.Prior.Mean, c.InitMeanVar.Mean)
				s.Prior.Variance = append(s.Prior.Variance, *c.InitMeanVar.Var)
			}
		}
		x := mat.NewDense(rows, d, nil)
		require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: p, Score: score}, pred, s))
		near(t, c.XInit, seen[0], 1e-10)
		require.Equal(t, c.EvalT, score.t)
		for k := range c.EvalT {
			near(t, c.EvalX.At(k), score.x[k], c.tolerance())
		}
		near(t, c.XFinal, x, c.tolerance())
	})
}

func TestFixtureAzulaGaussianDenoiser(t *testing.T) {
	t.Parallel()
	type record struct {
		Mean            []float64          `json:"mean"`
		Cov             fixture.Array      `json:"cov"`
		Schedule        string             `json:"schedule"`
		ScheduleOptions map[string]float64 `json:"schedule_options"`
		T               float64            `json:"t"`
		XT              fixture.Array      `json:"x_t"`
		PosteriorMean   fixture.Array      `json:"posterior_mean"`
	}
	file := fixture.Load[struct {
		Gaussians []record   `json:"gaussian_denoiser"`
		Denoisers []struct{} `json:"denoisers"`
	}](t, "azula")
	fixture.Each(t, file.Gaussians, func(i int, c record) string { return fmt.Sprint(i) }, func(t *testing.T, c record) {
		p := azulaSchedule(t, c.Schedule, c.ScheduleOptions)
		d := len(c.Mean)
		score := sde.Analytic(p, func(alpha, sigma float64) sde.Density {
			mean, cov := make([]float64, d), mat.NewSymDense(d, nil)
			for i := range d {
				mean[i] = alpha * c.Mean[i]
				for j := range i + 1 {
					cov.SetSym(i, j, alpha*alpha*c.Cov.Data[i*d+j])
				}
				cov.SetSym(i, i, cov.At(i, i)+sigma*sigma)
			}
			law, ok := distmv.NewNormal(mean, cov, nil)
			require.True(t, ok)
			return law
		})
		x := c.XT.Dense()
		got := mat.DenseCopyOf(x)
		score.Score(got, x, []float64{c.T})
		sde.Convert(got, x, got, p, c.T, sde.Score, sde.Denoised)
		near(t, c.PosteriorMean, got, 1e-10)
	})
	t.Logf("left out: %d denoisers (preconditioned networks and their losses are no part of this package)", len(file.Denoisers))
}

package nn_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn"
)

// optim is the fixture of optimisers.
type optim struct {
	Problem    problem
	Optimizers []struct {
		Optimizer string
		Options   struct {
			LR, Eps     float64
			Betas       []float64
			WeightDecay float64 `json:"weight_decay"`
			AMSGrad     bool
		}
		Losses fixture.Array `json:"loss_before_step"`
		Params fixture.Array `json:"params_after_step"`
	}
	Schedulers []struct {
		Scheduler string
		BaseLR    float64 `json:"base_lr"`
		Options   struct {
			TMax          int     `json:"T_max"`
			EtaMin        float64 `json:"eta_min"`
			WarmUp, Total int
			Lambda        string
		}
		Rates []float64 `json:"lr_at_step"`
	}
	Clipping []struct {
		Kind     string
		NormType string    `json:"norm_type"`
		MaxNorm  float64   `json:"max_norm"`
		Norm     float64   `json:"total_norm"`
		Grads    []vectors // one a parameter
		Clipped  []vectors
	}
	EMA []struct {
		Decay         float64
		UseNumUpdates bool `json:"use_num_updates"`
		Init          []float64
		Params        fixture.Array
		Shadow        fixture.Array `json:"shadow_after"`
	}
	TrainManager struct {
		LR, Beta1, Beta2, Eps float64
		WarmUp                int
		GradClip              float64       `json:"grad_clip"`
		EMADecay              float64       `json:"ema_decay"`
		Params                fixture.Array `json:"params_after_step"`
		EMA                   fixture.Array `json:"ema_after_step"`
	} `json:"train_manager"`
	KDiffusion []struct{ Scheduler string } `json:"kdiffusion_schedules"`
}

type vectors = []float64

// problem is the function that the optimisers minimise: a quadratic in u and
// a chain of Rosenbrock valleys in v, θ = (u, v).
type problem struct {
	A         fixture.Array
	B, U0, V0 []float64
}

func (p problem) start() []float64 { return slices.Concat(p.U0, p.V0) }

func (p problem) loss(theta []float64) (loss float64, grad []float64) {
	n := len(p.U0)
	u, v := theta[:n], theta[n:]
	grad = make([]float64, len(theta))
	for i := range n {
		loss -= p.B[i] * u[i]
		grad[i] -= p.B[i]
		for j := range n {
			a := p.A.Data[i*n+j] / 2
			loss += a * u[i] * u[j]
			grad[i] += a * u[j]
			grad[j] += a * u[i]
		}
	}
	for i := range len(v) - 1 {
		valley, slope := v[i+1]-v[i]*v[i], 1-v[i]
		loss += 1.5*valley*valley + slope*slope
		grad[n+i] -= 6*valley*v[i] + 2*slope
		grad[n+i+1] += 3 * valley
	}
	return loss, grad
}

// later lists what has no counterpart in this package, with the reason.
var later = map[string]string{
	"SGD": "not offered", "RMSprop": "not offered", "Adagrad": "not offered", "RAdam": "not offered", "NAdamFixed": "not offered",
	"NAdam":                       "the reference counts one factor twice",
	"Adam amsgrad":                "the maximum of the second moments is not offered",
	"AdamW amsgrad":               "the maximum of the second moments is not offered",
	"CosineAnnealingWarmRestarts": "restarts are not offered",
	"LinearLR":                    "a warm-up from a chosen fraction of the rate is not offered",
	"StepLR":                      "not offered",
	"MultiStepLR":                 "not offered",
	"ExponentialLR":               "not offered",
	"OneCycleLR":                  "not offered",
	"PolynomialLR(LambdaLR)":      "not offered",
	"norm 1":                      "only the Euclidean norm is offered",
	"norm inf":                    "only the Euclidean norm is offered",
	"value":                       "clipping by element is not offered",
	"k_diffusion.utils.EMAWarmup": "the power-law warm-up of averages is not offered",
	"k_diffusion.utils.InverseLR": "not offered",
}

func readOptim(t *testing.T) *optim {
	t.Helper()
	f := new(optim)
	require.NoError(t, fixture.Read("optim", f))
	return f
}

// records runs check on the records of which it knows the name, each in a
// subtest, and requires that the others are listed in later.
func records(t *testing.T, n int, name func(i int) string, check func(t *testing.T, i int)) {
	t.Helper()
	ran := 0
	for i := range n {
		if later[name(i)] != "" {
			continue
		}
		ran++
		t.Run(fmt.Sprintf("%d %s", i, name(i)), func(t *testing.T) { check(t, i) })
	}
	require.Positive(t, ran)
	t.Logf("%d of %d records", ran, n)
}

// orTiny stands in for a zero, which the options read as their default.
func orTiny(x float64) float64 { return cmp.Or(x, math.SmallestNonzeroFloat64) }

func closeTo(t *testing.T, want, got []float64, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.LessOrEqual(t, math.Abs(got[i]-want[i]), tolerance*max(1, math.Abs(want[i])), "element %d: %v, want %v", i, got[i], want[i])
	}
}

func TestAdamFixture(t *testing.T) {
	f := readOptim(t)
	name := func(i int) string {
		if r := f.Optimizers[i]; r.Options.AMSGrad {
			return r.Optimizer + " amsgrad"
		}
		return f.Optimizers[i].Optimizer
	}
	records(t, len(f.Optimizers), name, func(t *testing.T, i int) {
		r := f.Optimizers[i]
		require.Contains(t, []string{"Adam", "AdamW"}, r.Optimizer)
		o := r.Options
		a := &nn.Adam[float64]{Beta1: orTiny(o.Betas[0]), Beta2: orTiny(o.Betas[1]), Epsilon: orTiny(o.Eps)}
		penalty := 0.0 // Adam's own weight decay is a term ½λ‖θ‖² of the loss
		if r.Optimizer == "AdamW" {
			a.WeightDecay = o.WeightDecay
		} else {
			penalty = o.WeightDecay
		}
		theta := f.Problem.start()
		for step, want := range r.Losses.Data {
			loss, g := f.Problem.loss(theta)
			require.InDelta(t, want, loss, 1e-10*max(1, math.Abs(want)))
			for j := range g {
				g[j] += penalty * theta[j]
			}
			a.Step(theta, g, step, o.LR)
			closeTo(t, r.Params.At(step).Data, theta, 1e-10)
		}
	})
}

func TestRateFixture(t *testing.T) {
	f := readOptim(t)
	records(t, len(f.Schedulers), func(i int) string { return f.Schedulers[i].Scheduler }, func(t *testing.T, i int) {
		r := f.Schedulers[i]
		o := r.Options
		var rate nn.Rate
		first, last := 0, len(r.Rates)
		switch {
		case r.Scheduler == "CosineAnnealingLR":
			rate = nn.Cosine{Peak: r.BaseLR, Floor: o.EtaMin, Steps: o.TMax}
			last = min(last, o.TMax+1) // the reference climbs again afterwards
		case o.Total > 0:
			rate = nn.WarmUp{Steps: o.WarmUp, Then: nn.Cosine{Peak: r.BaseLR, Steps: o.Total - o.WarmUp}}
		case strings.HasPrefix(o.Lambda, "min(1,(step+1)/warmup)"):
			rate = nn.WarmUp{Steps: o.WarmUp, Then: nn.Constant(r.BaseLR)}
		case strings.HasPrefix(o.Lambda, "min(step/warmup,1)"):
			rate, first = nn.WarmUp{Steps: o.WarmUp, Then: nn.Constant(r.BaseLR)}, -1
		default:
			require.Fail(t, "unknown schedule", "%+v", r)
		}
		require.NoError(t, nn.Validate(rate))
		for s, want := range r.Rates[:last] {
			require.InDelta(t, want, rate.At(first+s), 1e-14)
		}
	})
}

// withReserve returns the limit that makes ClipNorm scale by
// limit/(norm + 1e-6), as the reference does.
func withReserve(norm, limit float64) float64 {
	if norm+1e-6 <= limit {
		return limit
	}
	return limit * norm / (norm + 1e-6)
}

func TestClipNormFixture(t *testing.T) {
	f := readOptim(t)
	name := func(i int) string {
		if r := f.Clipping[i]; r.Kind == "norm" && r.NormType != "2" {
			return "norm " + r.NormType
		}
		return f.Clipping[i].Kind
	}
	records(t, len(f.Clipping), name, func(t *testing.T, i int) {
		r := f.Clipping[i]
		require.Equal(t, "norm", r.Kind)
		g := slices.Concat(r.Grads...)
		require.InEpsilon(t, r.Norm, nn.ClipNorm(g, withReserve(r.Norm, r.MaxNorm)), 1e-14)
		closeTo(t, slices.Concat(r.Clipped...), g, 1e-14)
	})
}

func TestEMAFixture(t *testing.T) {
	f := readOptim(t)
	records(t, len(f.EMA), func(i int) string { return fmt.Sprintf("decay %v", f.EMA[i].Decay) }, func(t *testing.T, i int) {
		r := f.EMA[i]
		ema, shadow := nn.EMA[float64]{Decay: orTiny(r.Decay), NoWarmUp: !r.UseNumUpdates}, slices.Clone(r.Init)
		for step := range r.Params.Shape[0] {
			ema.Update(shadow, r.Params.At(step).Data, step)
			closeTo(t, r.Shadow.At(step).Data, shadow, 1e-13)
		}
	})
}

func TestTrainingStepFixture(t *testing.T) {
	f := readOptim(t)
	r := f.TrainManager
	a := &nn.Adam[float64]{Beta1: orTiny(r.Beta1), Beta2: orTiny(r.Beta2), Epsilon: orTiny(r.Eps)}
	ema, rate := nn.EMA[float64]{Decay: orTiny(r.EMADecay)}, nn.WarmUp{Steps: r.WarmUp, Then: nn.Constant(r.LR)}
	theta := f.Problem.start()
	shadow := slices.Clone(theta)
	steps := r.Params.Shape[0]
	require.Positive(t, steps)
	for step := range steps {
		_, g := f.Problem.loss(theta)
		norm := nn.ClipNorm(g, math.Inf(1))
		nn.ClipNorm(g, withReserve(norm, r.GradClip))
		a.Step(theta, g, step, rate.At(step-1)) // the reference's first rate is 0
		ema.Update(shadow, theta, step)
		closeTo(t, r.Params.At(step).Data, theta, 1e-10)
		closeTo(t, r.EMA.At(step).Data, shadow, 1e-10)
	}
}

func TestEveryScheduleOfTheFixtureIsKnown(t *testing.T) {
	for _, r := range readOptim(t).KDiffusion {
		require.Contains(t, later, r.Scheduler)
	}
}

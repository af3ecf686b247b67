package optim_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// optimFixture is the fixture of optimisers.
type optimFixture struct {
	Problem      problem
	Optimizers   []optimizerRecord
	Schedulers   []rateRecord
	Clipping     []clipRecord
	EMA          []emaRecord
	TrainManager struct {
		LR, Beta1, Beta2, Eps float64
		WarmUp                int
		GradClip              float64       `json:"grad_clip"`
		EMADecay              float64       `json:"ema_decay"`
		Params                fixture.Array `json:"params_after_step"`
		EMA                   fixture.Array `json:"ema_after_step"`
	} `json:"train_manager"`
	KDiffusion []kdiffusionRecord `json:"kdiffusion_schedules"`
}

type optimizerRecord struct {
	Optimizer string
	Options   options
	Losses    fixture.Array `json:"loss_before_step"`
	Params    fixture.Array `json:"params_after_step"`
}

type rateRecord struct {
	Scheduler string
	BaseLR    float64 `json:"base_lr"`
	Options   rateOptions
	Rates     []float64 `json:"lr_at_step"`
	Momenta   []float64 `json:"momentum_at_step"`
}

type clipRecord struct {
	Kind     string
	NormType string    `json:"norm_type"`
	MaxNorm  float64   `json:"max_norm"`
	Value    float64   `json:"clip_value"`
	Norm     float64   `json:"total_norm"`
	Grads    []vectors // one a parameter
	Clipped  []vectors
}

type emaRecord struct {
	Decay         float64
	UseNumUpdates bool `json:"use_num_updates"`
	Init          []float64
	Params        fixture.Array
	Shadow        fixture.Array `json:"shadow_after"`
}

type kdiffusionRecord struct {
	Scheduler string
	BaseLR    float64 `json:"base_lr"`
	Options   struct {
		InvGamma float64 `json:"inv_gamma"`
		Power    float64
		WarmUp   float64
		Min      float64 `json:"min_value"`
		Max      float64 `json:"max_value"`
		MinLR    float64 `json:"min_lr"`
		Start    int     `json:"start_at"`
	}
	Betas []float64 `json:"value_at_step"`
	Rates []float64 `json:"lr_at_step"`
}

// options are those of all optimisers.
type options struct {
	LR, Eps, Momentum, Dampening, Alpha float64
	Betas                               []float64
	WeightDecay                         float64 `json:"weight_decay"`
	MomentumDecay                       float64 `json:"momentum_decay"`
	LRDecay                             float64 `json:"lr_decay"`
	Initial                             float64 `json:"initial_accumulator_value"`
	AMSGrad, Nesterov, Centered         bool
}

type vectors = []float64

// problem is the function that the optimisers minimise: a quadratic in u and
// a chain of Rosenbrock valleys in v, θ = (u, v).
type problem struct {
	A         fixture.Array `json:"A"`
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

// missing lists the optimisers that are not reproduced, with the reason.
var missing = map[string]string{
	"NAdam": "the reference counts one factor twice; NAdamFixed does not",
}

// numbered names the subtest of a record.
func numbered(i int, what string) string { return fmt.Sprintf("%d %s", i, what) }

// orTiny stands in for a zero, which the options read as their default.
func orTiny(x float64) float64 { return cmp.Or(x, math.SmallestNonzeroFloat64) }

func closeTo(t *testing.T, want, got []float64, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.LessOrEqual(t, math.Abs(got[i]-want[i]), tolerance*max(1, math.Abs(want[i])), "element %d: %v, want %v", i, got[i], want[i])
	}
}

// optimizerOf returns the optimiser of a record, and the weight decay that it
// leaves to the loss: where it is not decoupled it is a term ½λ‖θ‖².
func optimizerOf(t *testing.T, name string, o options) (optimizer optim.Optimizer[float64], penalty float64) {
	beta1, beta2, penalty := 0., 0., o.WeightDecay
	if o.Betas != nil {
		beta1, beta2 = orTiny(o.Betas[0]), orTiny(o.Betas[1])
	}
	decoupled := 0.
	if name == "AdamW" {
		decoupled, penalty = o.WeightDecay, 0
	}
	eps := orTiny(o.Eps)
	switch name {
	case "SGD":
		return &optim.SGD[float64]{Momentum: o.Momentum, Dampening: o.Dampening, Nesterov: o.Nesterov}, penalty
	case "Adam", "AdamW":
		if o.AMSGrad {
			return &optim.AMSGrad[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps, WeightDecay: decoupled}, penalty
		}
		return &optim.Adam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps, WeightDecay: decoupled}, penalty
	case "RAdam":
		return &optim.RAdam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps}, penalty
	case "NAdamFixed":
		return &optim.NAdam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps, MomentumDecay: orTiny(o.MomentumDecay)}, penalty
	case "RMSprop":
		return &optim.RMSprop[float64]{Alpha: orTiny(o.Alpha), Epsilon: eps, Momentum: o.Momentum, Centered: o.Centered}, penalty
	case "Adagrad":
		return &optim.Adagrad[float64]{Epsilon: eps, Initial: o.Initial}, penalty
	}
	require.FailNow(t, "unknown optimiser", name)
	return nil, 0
}

func TestOptimizerFixture(t *testing.T) {
	f := fixture.Load[optimFixture](t, "optim")
	fixture.EachExcept(t, f.Optimizers, func(i int, r optimizerRecord) string {
		return numbered(i, r.Optimizer)
	}, func(r optimizerRecord) string { return missing[r.Optimizer] }, func(t *testing.T, r optimizerRecord) {
		o, penalty := optimizerOf(t, r.Optimizer, r.Options)
		require.NoError(t, nn.Validate(o))
		var rate optim.Rate = optim.Constant(r.Options.LR)
		if d := r.Options.LRDecay; d > 0 {
			rate = optim.InversePower{Peak: r.Options.LR, Steps: 1 / d, Power: 1}
		}
		theta := f.Problem.start()
		for step, want := range r.Losses.Data {
			loss, g := f.Problem.loss(theta)
			require.InDelta(t, want, loss, 1e-10*max(1, math.Abs(want)))
			for j := range g {
				g[j] += penalty * theta[j]
			}
			optim.Step(o, theta, g, step, rate.At(step))
			closeTo(t, r.Params.At(step).Data, theta, 1e-10)
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

func TestClipFixture(t *testing.T) {
	f := fixture.Load[optimFixture](t, "optim")
	fixture.Each(t, f.Clipping, func(i int, r clipRecord) string {
		return numbered(i, r.Kind+" "+r.NormType)
	}, func(t *testing.T, r clipRecord) {
		g := slices.Concat(r.Grads...)
		switch {
		case r.Kind == "value":
			require.Equal(t, max(slices.Max(g), -slices.Min(g)), optim.ClipValue(g, r.Value))
			require.Equal(t, slices.Concat(r.Clipped...), g)
			return
		case r.NormType == "2":
			require.InEpsilon(t, r.Norm, optim.ClipNorm(g, withReserve(r.Norm, r.MaxNorm)), 1e-14)
		default:
			p, err := strconv.ParseFloat(r.NormType, 64)
			require.NoError(t, err)
			require.InEpsilon(t, r.Norm, optim.ClipPNorm(g, p, withReserve(r.Norm, r.MaxNorm)), 1e-14)
		}
		closeTo(t, slices.Concat(r.Clipped...), g, 1e-14)
	})
}

func TestEMAFixture(t *testing.T) {
	f := fixture.Load[optimFixture](t, "optim")
	fixture.Each(t, f.EMA, func(i int, r emaRecord) string {
		return numbered(i, fmt.Sprintf("decay %v", r.Decay))
	}, func(t *testing.T, r emaRecord) {
		ema, shadow := optim.EMA[float64]{Decay: orTiny(r.Decay), Plain: !r.UseNumUpdates}, slices.Clone(r.Init)
		for step := range r.Params.Shape[0] {
			ema.Update(shadow, r.Params.At(step).Data, step)
			closeTo(t, r.Shadow.At(step).Data, shadow, 1e-13)
		}
	})
}

func TestTrainingStepFixture(t *testing.T) {
	f := fixture.Load[optimFixture](t, "optim")
	r := f.TrainManager
	a := &optim.Adam[float64]{Beta1: orTiny(r.Beta1), Beta2: orTiny(r.Beta2), Epsilon: orTiny(r.Eps)}
	ema, rate := optim.EMA[float64]{Decay: orTiny(r.EMADecay)}, optim.WarmUp{Steps: r.WarmUp, Then: optim.Constant(r.LR)}
	theta := f.Problem.start()
	shadow := slices.Clone(theta)
	steps := r.Params.Shape[0]
	require.Positive(t, steps)
	for step := range steps {
		_, g := f.Problem.loss(theta)
		norm := optim.ClipNorm(g, math.Inf(1))
		optim.ClipNorm(g, withReserve(norm, r.GradClip))
		optim.Step(a, theta, g, step, rate.At(step-1)) // the reference's first rate is 0
		ema.Update(shadow, theta, step)
		closeTo(t, r.Params.At(step).Data, theta, 1e-10)
		closeTo(t, r.EMA.At(step).Data, shadow, 1e-10)
	}
}

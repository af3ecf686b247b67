package nn_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
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
		Options   options
		Losses    fixture.Array `json:"loss_before_step"`
		Params    fixture.Array `json:"params_after_step"`
	}
	Schedulers []struct {
		Scheduler string
		BaseLR    float64 `json:"base_lr"`
		Options   rateOptions
		Rates     []float64 `json:"lr_at_step"`
		Momenta   []float64 `json:"momentum_at_step"`
	}
	Clipping []struct {
		Kind     string
		NormType string    `json:"norm_type"`
		MaxNorm  float64   `json:"max_norm"`
		Value    float64   `json:"clip_value"`
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
	KDiffusion []struct {
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
	} `json:"kdiffusion_schedules"`
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

// rateOptions are those of all schedules.
type rateOptions struct {
	TMax          int     `json:"T_max"`
	EtaMin        float64 `json:"eta_min"`
	WarmUp, Total int
	Lambda        string
	T0            int     `json:"T_0"`
	TMult         int     `json:"T_mult"`
	StartFactor   float64 `json:"start_factor"`
	EndFactor     float64 `json:"end_factor"`
	TotalIters    int     `json:"total_iters"`
	StepSize      int     `json:"step_size"`
	Gamma         float64
	Milestones    []int
	T             int
	MaxLR         float64 `json:"max_lr"`
	TotalSteps    int     `json:"total_steps"`
	BaseMomentum  float64 `json:"base_momentum"`
	MaxMomentum   float64 `json:"max_momentum"`
	PctStart      float64 `json:"pct_start"`
	DivFactor     float64 `json:"div_factor"`
	FinalDiv      float64 `json:"final_div_factor"`
	Anneal        string  `json:"anneal_strategy"`
	ThreePhase    bool    `json:"three_phase"`
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

// missing lists the records that are not reproduced, with the reason.
var missing = map[string]string{
	"NAdam": "the reference counts one factor twice; NAdamFixed does not",
}

func readOptim(t *testing.T) *optim {
	t.Helper()
	f := new(optim)
	require.NoError(t, fixture.Read("optim", f))
	return f
}

// records runs check on the records of which it knows the name, each in a
// subtest, and requires that the others are listed as missing.
func records(t *testing.T, n int, name func(i int) string, check func(t *testing.T, i int)) {
	t.Helper()
	ran := 0
	for i := range n {
		if missing[name(i)] != "" {
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

// optimizerOf returns the optimiser of a record, and the weight decay that it
// leaves to the loss: where it is not decoupled it is a term ½λ‖θ‖².
func optimizerOf(t *testing.T, name string, o options) (optimizer nn.Optimizer[float64], penalty float64) {
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
		return &nn.SGD[float64]{Momentum: o.Momentum, Dampening: o.Dampening, Nesterov: o.Nesterov}, penalty
	case "Adam", "AdamW":
		if o.AMSGrad {
			return &nn.AMSGrad[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps, WeightDecay: decoupled}, penalty
		}
		return &nn.Adam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps, WeightDecay: decoupled}, penalty
	case "RAdam":
		return &nn.RAdam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps}, penalty
	case "NAdamFixed":
		return &nn.NAdam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: eps, MomentumDecay: orTiny(o.MomentumDecay)}, penalty
	case "RMSprop":
		return &nn.RMSprop[float64]{Alpha: orTiny(o.Alpha), Epsilon: eps, Momentum: o.Momentum, Centered: o.Centered}, penalty
	case "Adagrad":
		return &nn.Adagrad[float64]{Epsilon: eps, Initial: o.Initial}, penalty
	}
	require.FailNow(t, "unknown optimiser", name)
	return nil, 0
}

func TestOptimizerFixture(t *testing.T) {
	f := readOptim(t)
	records(t, len(f.Optimizers), func(i int) string { return f.Optimizers[i].Optimizer }, func(t *testing.T, i int) {
		r := f.Optimizers[i]
		o, penalty := optimizerOf(t, r.Optimizer, r.Options)
		require.NoError(t, nn.Validate(o))
		var rate nn.Rate = nn.Constant(r.Options.LR)
		if d := r.Options.LRDecay; d > 0 {
			rate = nn.InversePower{Peak: r.Options.LR, Steps: 1 / d, Power: 1}
		}
		theta := f.Problem.start()
		for step, want := range r.Losses.Data {
			loss, g := f.Problem.loss(theta)
			require.InDelta(t, want, loss, 1e-10*max(1, math.Abs(want)))
			for j := range g {
				g[j] += penalty * theta[j]
			}
			o.Step(theta, g, step, rate.At(step))
			closeTo(t, r.Params.At(step).Data, theta, 1e-10)
		}
	})
}

// rateOf returns the schedule of a record, and the step at which it starts.
func rateOf(t *testing.T, name string, base float64, o rateOptions) (rate nn.Rate, first int) {
	switch {
	case name == "CosineAnnealingLR":
		return nn.Cosine{Peak: base, Floor: o.EtaMin, Steps: o.TMax}, 0
	case name == "CosineAnnealingWarmRestarts":
		return nn.CosineRestarts{Peak: base, Floor: o.EtaMin, Steps: o.T0, Growth: o.TMult}, 0
	case name == "LinearLR":
		return nn.Polynomial{From: base * o.StartFactor, To: base * o.EndFactor, Steps: o.TotalIters}, 0
	case name == "StepLR":
		return nn.StepDecay{Peak: base, Factor: o.Gamma, Every: o.StepSize}, 0
	case name == "MultiStepLR":
		return nn.Milestones{Peak: base, Factor: o.Gamma, Steps: o.Milestones}, 0
	case name == "ExponentialLR":
		return nn.Exponential{Peak: base, Factor: o.Gamma}, 0
	case name == "OneCycleLR":
		return nn.OneCycle{Peak: o.MaxLR, Steps: o.TotalSteps, Climb: o.PctStart, Divide: o.DivFactor,
			FinalDivide: o.FinalDiv, Linear: o.Anneal == "linear", ThreePhases: o.ThreePhase}, 0
	case name == "PolynomialLR(LambdaLR)":
		_, power, ok := strings.Cut(o.Lambda, "(1-s/T)^")
		require.True(t, ok)
		p, err := strconv.ParseFloat(power, 64)
		require.NoError(t, err)
		return nn.Polynomial{From: base, Steps: o.T, Power: p}, 0
	case o.Total > 0:
		return nn.WarmUp{Steps: o.WarmUp, Then: nn.Cosine{Peak: base, Steps: o.Total - o.WarmUp}}, 0
	case strings.HasPrefix(o.Lambda, "min(1,(step+1)/warmup)"):
		return nn.WarmUp{Steps: o.WarmUp, Then: nn.Constant(base)}, 0
	case strings.HasPrefix(o.Lambda, "min(step/warmup,1)"):
		return nn.WarmUp{Steps: o.WarmUp, Then: nn.Constant(base)}, -1
	}
	require.FailNow(t, "unknown schedule", "%s %+v", name, o)
	return nil, 0
}

func TestRateFixture(t *testing.T) {
	f := readOptim(t)
	records(t, len(f.Schedulers), func(i int) string { return f.Schedulers[i].Scheduler }, func(t *testing.T, i int) {
		r := f.Schedulers[i]
		rate, first := rateOf(t, r.Scheduler, r.BaseLR, r.Options)
		last := len(r.Rates)
		if r.Scheduler == "CosineAnnealingLR" {
			last = min(last, r.Options.TMax+1) // the reference climbs again afterwards
		}
		require.NoError(t, nn.Validate(rate))
		for s, want := range r.Rates[:last] {
			require.InDelta(t, want, rate.At(first+s), 1e-14)
		}
		for s, want := range r.Momenta {
			require.InDelta(t, want, rate.(nn.OneCycle).Momentum(s, r.Options.BaseMomentum, r.Options.MaxMomentum), 1e-14)
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
	f := readOptim(t)
	name := func(i int) string { return f.Clipping[i].Kind + " " + f.Clipping[i].NormType }
	records(t, len(f.Clipping), name, func(t *testing.T, i int) {
		r := f.Clipping[i]
		g := slices.Concat(r.Grads...)
		switch {
		case r.Kind == "value":
			require.Equal(t, max(slices.Max(g), -slices.Min(g)), nn.ClipValue(g, r.Value))
			require.Equal(t, slices.Concat(r.Clipped...), g)
			return
		case r.NormType == "2":
			require.InEpsilon(t, r.Norm, nn.ClipNorm(g, withReserve(r.Norm, r.MaxNorm)), 1e-14)
		default:
			p, err := strconv.ParseFloat(r.NormType, 64)
			require.NoError(t, err)
			require.InEpsilon(t, r.Norm, nn.ClipPNorm(g, p, withReserve(r.Norm, r.MaxNorm)), 1e-14)
		}
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

func TestKDiffusionScheduleFixture(t *testing.T) {
	f := readOptim(t)
	records(t, len(f.KDiffusion), func(i int) string { return f.KDiffusion[i].Scheduler }, func(t *testing.T, i int) {
		r := f.KDiffusion[i]
		o := r.Options
		switch r.Scheduler {
		case "k_diffusion.utils.EMAWarmup":
			ramp := nn.PowerRamp{Min: o.Min, Max: o.Max, Steps: o.InvGamma, Power: o.Power, Start: o.Start}
			require.NoError(t, nn.Validate(ramp))
			require.NotEmpty(t, r.Betas)
			for s, want := range r.Betas {
				require.InDelta(t, want, ramp.Beta(s), 1e-14)
			}
		case "k_diffusion.utils.InverseLR":
			var rate nn.Rate = nn.InversePower{Peak: r.BaseLR, Floor: o.MinLR, Steps: o.InvGamma, Power: o.Power}
			if o.WarmUp > 0 {
				rate = nn.SlowStart{Factor: o.WarmUp, Then: rate}
			}
			require.NoError(t, nn.Validate(rate))
			require.NotEmpty(t, r.Rates)
			for s, want := range r.Rates {
				require.InDelta(t, want, rate.At(s), 1e-14)
			}
		default:
			require.FailNow(t, "unknown schedule", r.Scheduler)
		}
	})
}

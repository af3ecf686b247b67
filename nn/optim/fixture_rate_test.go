package optim_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

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
	T             int     `json:"T"`
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

// rateOf returns the schedule of a record, and the step at which it starts.
func rateOf(t *testing.T, name string, base float64, o rateOptions) (rate optim.Rate, first int) {
	switch {
	case name == "CosineAnnealingLR":
		return optim.Cosine{Peak: base, Floor: o.EtaMin, Steps: o.TMax}, 0
	case name == "CosineAnnealingWarmRestarts":
		return optim.CosineRestarts{Peak: base, Floor: o.EtaMin, Steps: o.T0, Growth: o.TMult}, 0
	case name == "LinearLR":
		return optim.Polynomial{From: base * o.StartFactor, To: base * o.EndFactor, Steps: o.TotalIters}, 0
	case name == "StepLR":
		return optim.StepDecay{Peak: base, Factor: o.Gamma, Every: o.StepSize}, 0
	case name == "MultiStepLR":
		return optim.Milestones{Peak: base, Factor: o.Gamma, Steps: o.Milestones}, 0
	case name == "ExponentialLR":
		return optim.Exponential{Peak: base, Factor: o.Gamma}, 0
	case name == "OneCycleLR":
		return optim.OneCycle{Peak: o.MaxLR, Steps: o.TotalSteps, Climb: o.PctStart, Divide: o.DivFactor,
			FinalDivide: o.FinalDiv, Linear: o.Anneal == "linear", ThreePhases: o.ThreePhase}, 0
	case name == "PolynomialLR(LambdaLR)":
		_, power, ok := strings.Cut(o.Lambda, "(1-s/T)^")
		require.True(t, ok)
		p, err := strconv.ParseFloat(power, 64)
		require.NoError(t, err)
		return optim.Polynomial{From: base, Steps: o.T, Power: p}, 0
	case o.Total > 0:
		return optim.WarmUp{Steps: o.WarmUp, Then: optim.Cosine{Peak: base, Steps: o.Total - o.WarmUp}}, 0
	case strings.HasPrefix(o.Lambda, "min(1,(step+1)/warmup)"):
		return optim.WarmUp{Steps: o.WarmUp, Then: optim.Constant(base)}, 0
	case strings.HasPrefix(o.Lambda, "min(step/warmup,1)"):
		return optim.WarmUp{Steps: o.WarmUp, Then: optim.Constant(base)}, -1
	}
	require.FailNow(t, "unknown schedule", "%s %+v", name, o)
	return nil, 0
}

func TestRateFixture(t *testing.T) {
	f := fixture.Load[optimFixture](t, "optim")
	fixture.Each(t, f.Schedulers, func(i int, r rateRecord) string { return numbered(i, r.Scheduler) }, func(t *testing.T, r rateRecord) {
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
			require.InDelta(t, want, rate.(optim.OneCycle).Momentum(s, r.Options.BaseMomentum, r.Options.MaxMomentum), 1e-14)
		}
	})
}

func TestKDiffusionScheduleFixture(t *testing.T) {
	f := fixture.Load[optimFixture](t, "optim")
	fixture.Each(t, f.KDiffusion, func(i int, r kdiffusionRecord) string {
		return numbered(i, r.Scheduler)
	}, func(t *testing.T, r kdiffusionRecord) {
		o := r.Options
		switch r.Scheduler {
		case "k_diffusion.utils.EMAWarmup":
			ramp := optim.PowerRamp{Min: o.Min, Max: o.Max, Steps: o.InvGamma, Power: o.Power, Start: o.Start}
			require.NoError(t, nn.Validate(ramp))
			require.NotEmpty(t, r.Betas)
			for s, want := range r.Betas {
				require.InDelta(t, want, ramp.Beta(s), 1e-14)
			}
		case "k_diffusion.utils.InverseLR":
			var rate optim.Rate = optim.InversePower{Peak: r.BaseLR, Floor: o.MinLR, Steps: o.InvGamma, Power: o.Power}
			if o.WarmUp > 0 {
				rate = optim.SlowStart{Factor: o.WarmUp, Then: rate}
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

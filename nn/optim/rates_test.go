package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

func TestDecayingRatesFollowTheirCurves(t *testing.T) {
	for name, c := range map[string]struct {
		rate optim.Rate
		want map[int]float64
	}{
		"steps":         {optim.StepDecay{Peak: 2, Every: 3, Factor: 0.5}, map[int]float64{0: 2, 2: 2, 3: 1, 5: 1, 6: 0.5}},
		"default steps": {optim.StepDecay{Peak: 2, Every: 3}, map[int]float64{2: 2, 3: 0.2}},
		"milestones":    {optim.Milestones{Peak: 2, Steps: []int{0, 4}, Factor: 0.5}, map[int]float64{0: 1, 3: 1, 4: 0.5, 99: 0.5}},
		"no milestones": {optim.Milestones{Peak: 2}, map[int]float64{0: 2, 99: 2}},
		"exponential":   {optim.Exponential{Peak: 2, Factor: 0.5}, map[int]float64{0: 2, 1: 1, 3: 0.25}},
		"line":          {optim.Polynomial{From: 3, To: 1, Steps: 4}, map[int]float64{0: 3, 1: 2.5, 4: 1, 99: 1}},
		"line up":       {optim.Polynomial{From: 1, To: 3, Steps: 4}, map[int]float64{0: 1, 2: 2, 5: 3}},
		"square":        {optim.Polynomial{From: 4, Steps: 4, Power: 2}, map[int]float64{0: 4, 2: 1, 4: 0}},
		"inverse root":  {optim.InversePower{Peak: 2, Steps: 5}, map[int]float64{0: 2, 15: 1}},
		"inverse":       {optim.InversePower{Peak: 2, Steps: 5, Power: 1, Floor: 0.4}, map[int]float64{5: 1, 20: 0.4, 99: 0.4}},
		"restarts":      {optim.CosineRestarts{Peak: 3, Floor: 1, Steps: 2, Growth: 2}, map[int]float64{0: 3, 1: 2, 2: 3, 4: 2, 6: 3, 10: 2}},
		"equal cycles":  {optim.CosineRestarts{Peak: 3, Floor: 1, Steps: 2}, map[int]float64{0: 3, 1: 2, 2: 3, 100: 3, 101: 2}},
		"slow start":    {optim.SlowStart{Factor: 0.5, Then: optim.Constant(4)}, map[int]float64{0: 2, 1: 3, 99: 4}},
		// Ends of the phases: 0.3·30 − 1 = 8, twice that, and 29.
		"one cycle":    {optim.OneCycle{Peak: 25, Steps: 30}, map[int]float64{0: 1, 4: 13, 8: 25, 29: 1e-4, 99: 1e-4}},
		"three phases": {optim.OneCycle{Peak: 25, Steps: 30, ThreePhases: true}, map[int]float64{0: 1, 8: 25, 12: 13, 16: 1, 29: 1e-4}},
		"lines":        {optim.OneCycle{Peak: 9, Steps: 30, Divide: 9, FinalDivide: 1, Linear: true}, map[int]float64{0: 1, 2: 3, 8: 9, 29: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, nn.Validate(c.rate))
			for step, want := range c.want {
				require.InDelta(t, want, c.rate.At(step), 1e-14, "step %d", step)
			}
		})
	}
}

func TestInversePowerAfterAWarmUpIsTheTransformersRate(t *testing.T) {
	const w, peak = 40, 0.3
	rate := optim.WarmUp{Steps: w, Then: optim.InversePower{Peak: peak, Steps: w}}
	for step := range 500 {
		want := peak * float64(step+1) / w
		if step >= w {
			want = peak * math.Sqrt(w/float64(step))
		}
		require.InDelta(t, want, rate.At(step), 1e-15)
	}
}

func TestMomentumIsLowWhereTheRateIsHigh(t *testing.T) {
	c := optim.OneCycle{Peak: 1, Steps: 30}
	require.Equal(t, 0.95, c.Momentum(0, 0.85, 0.95))
	require.InDelta(t, 0.85, c.Momentum(8, 0.85, 0.95), 1e-15)
	require.InDelta(t, 0.95, c.Momentum(29, 0.85, 0.95), 1e-15)
	c.ThreePhases = true
	require.InDelta(t, 0.95, c.Momentum(20, 0.85, 0.95), 1e-15)
}

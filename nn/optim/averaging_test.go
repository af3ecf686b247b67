package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/stretchr/testify/require"
)

// remembered returns the weights that an average of n steps gives to each of
// them; the rest is that of the initial value.
func remembered(a optim.Averaging, n int) []float64 {
	e, w := optim.EMA[float64]{By: a}, make([]float64, n)
	for s := range n {
		theta := make([]float64, n)
		theta[s] = 1
		e.Update(w, theta, s)
	}
	return w
}

func TestHalfLifeForgetsHalf(t *testing.T) {
	const life = 30
	w := remembered(optim.HalfLife{Steps: life, Plain: true}, 200)
	for s := range 200 - life {
		require.InEpsilon(t, 2, w[s+life]/w[s], 1e-12)
	}
	ramped := optim.HalfLife{Steps: life}
	require.Zero(t, ramped.Beta(0), "the initial weights are forgotten")
	require.InDelta(t, 0.25, ramped.Beta(10), 1e-15, "a half-life of half a step")
	require.InDelta(t, math.Exp2(-1./life), ramped.Beta(600), 1e-15)
	require.Equal(t, ramped.Beta(600), ramped.Beta(6000))
	require.InDelta(t, 0.5, optim.HalfLife{Steps: life, RampUp: 1}.Beta(1), 1e-15)
}

func TestPowerFunctionHasItsWidthAndProfile(t *testing.T) {
	const n = 4000
	for _, width := range []float64{0, 0.02, 0.1, 0.2, 1 / math.Sqrt(12)} {
		w := remembered(optim.PowerFunction{Width: width}, n)
		sum, mean, square := 0.0, 0.0, 0.0
		for s, v := range w {
			u := float64(s+1) / n
			sum, mean, square = sum+v, mean+v*u, square+v*u*u
		}
		require.InDelta(t, 1, sum, 1e-12, "the initial weights are forgotten")
		if width == 0 {
			width = 0.1
		}
		require.InEpsilon(t, width, math.Sqrt(square-mean*mean), 0.01)
		// Weights are as s^γ with γ = 1/(1 − mean) − 2.
		γ := 1/(1-mean) - 2
		require.InDelta(t, math.Pow(0.7, γ), w[7*n/10-1]/w[n-1], 0.01)
	}
}

func TestPowerFunctionHasThePapersExponents(t *testing.T) {
	for width, want := range map[float64]float64{0.05: 16.97, 0.1: 6.94} {
		γ := -math.Log2(optim.PowerFunction{Width: width}.Beta(1)) - 1
		require.InDelta(t, want, γ, 0.005)
	}
}

func TestPowerRampRisesToItsMaximum(t *testing.T) {
	p := optim.PowerRamp{Min: 0.1, Max: 0.9, Steps: 2, Power: 1, Start: 5}
	for step, want := range map[int]float64{0: 0.1, 5: 0.1, 7: 0.5, 11: 0.75, 1000: 0.9} {
		require.InDelta(t, want, p.Beta(step), 1e-15, "step %d", step)
	}
	require.InDelta(t, 1-math.Pow(8, -2./3), optim.PowerRamp{}.Beta(7), 1e-15)
	require.Equal(t, 0.9999, optim.PowerRamp{}.Beta(1<<30))
}

func TestAveragesMoveAndStayConvex(t *testing.T) {
	for name, a := range map[string]optim.Averaging{
		"half-life": optim.HalfLife{Steps: 20}, "power function": optim.PowerFunction{}, "ramp": optim.PowerRamp{},
	} {
		shadow := normals(30, 1, 2)
		for step := range 40 {
			theta, before := normals(30, 1, uint64(10+step)), slices.Clone(shadow)
			beta := a.Beta(step)
			require.GreaterOrEqual(t, beta, 0., name)
			require.Less(t, beta, 1., name)
			optim.EMA[float64]{Decay: 0.5, By: a}.Update(shadow, theta, step)
			for i := range shadow {
				low, high := min(before[i], theta[i]), max(before[i], theta[i])
				rounding := 1e-15 * (1 + math.Abs(low) + math.Abs(high))
				require.GreaterOrEqual(t, shadow[i], low-rounding, name)
				require.LessOrEqual(t, shadow[i], high+rounding, name)
				require.InDelta(t, beta*before[i]+(1-beta)*theta[i], shadow[i], 1e-14, name)
				require.NotEqual(t, before[i], shadow[i], name)
			}
		}
	}
}

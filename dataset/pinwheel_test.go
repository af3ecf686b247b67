package dataset

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The accuracy that the documentation of Diffuse states, against a rule twice
// as fine and of wider reach. Every fourth point has three times the noise.
func TestQuadratureOfThePinwheelHasConverged(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, rate := range []float64{0.25, 0.5} {
		dist := NewPinwheel(rate, rand.NewPCG(1, 1))
		for _, sigma := range []float64{0.003, 0.01, 0.029, 0.03, 0.06, 0.2, 1, 20} {
			p := dist.Diffuse(1, sigma).(*diffusedPinwheel)
			fine := *p
			if p.nodes != nil {
				fine.nodes = dist.nodes(sigma, pinwheelStep/2, 7)
			} else {
				fine.step, fine.radius = p.step/2, 1.5*p.radius
			}
			var worst, mean [2]float64 // of points with the noise, and three times that
			for i, x := range points(dist, 1, sigma, 24, 3) {
				k := i % 4 / 3
				d, want := p.Denoise(nil, x), fine.Denoise(nil, x)
				worst[k] = max(worst[k], math.Abs(p.LogProb(x)-fine.LogProb(x)))
				mean[k] = max(mean[k], math.Hypot(d[0]-want[0], d[1]-want[1])/sigma)
			}
			t.Logf("rate %v, σ %v, %d nodes: log p %.1e, mean %.1e σ", rate, sigma, len(p.nodes), worst, mean)
			require.Less(t, worst[0], 1e-5)
			require.Less(t, mean[0], 1e-5)
			require.Less(t, worst[1], 1e-2)
			require.Less(t, mean[1], 1e-2)
		}
	}
}

// The two rules have nothing in common, and meet.
func TestBothRulesOfThePinwheelAgree(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0.25, 0.5} {
		dist := NewPinwheel(rate, rand.NewPCG(2, 1))
		above := dist.Diffuse(1, pinwheelNarrow).(*diffusedPinwheel)
		below := *above
		below.nodes = nil
		below.step, below.radius = 0.5*dist.finest(pinwheelNarrow), 15*pinwheelNarrow
		for _, x := range points(dist, 1, pinwheelNarrow, 40, 3) {
			require.InDelta(t, below.LogProb(x), above.LogProb(x), 1e-6)
		}
	}
}

func TestScoreOfThePinwheelIsTheGradientOfItsDensity(t *testing.T) {
	dist := NewPinwheel(0.5, rand.NewPCG(3, 1))
	for range 50 {
		x := dist.Rand(nil)
		got := dist.ScoreInput(nil, x)
		for i := range x {
			want := derivative(x, i, 1e-4, dist.LogProb)
			require.InDelta(t, want, got[i], 1e-6*(1+math.Abs(want)))
		}
	}
	require.InDeltaSlice(t, []float64{0, 0}, dist.ScoreInput(nil, []float64{0, 0}), 1e-12)
}

// On the circle of radius 1.35 every arm's mode is at the angle 2πk/5 + rate·e.
func TestPinwheelHasFiveArms(t *testing.T) {
	dist := NewPinwheel(0.25, nil)
	single := -math.Log(5 * 2 * math.Pi * 0.3 * 0.1 * 1.35 * 1.35)
	for k := range 5 {
		sin, cos := math.Sincos(2*math.Pi*float64(k)/5 + 0.25*math.E)
		x := []float64{1.35 * cos, 1.35 * sin}
		require.InDelta(t, single, dist.LogProb(x), 1e-12)
	}
	require.PanicsWithValue(t, "dataset: NewPinwheel: rate is NaN, want 0 to 1", func() { NewPinwheel(math.NaN(), nil) })
	require.PanicsWithValue(t, "dataset: NewPinwheel: rate is 1.5, want 0 to 1", func() { NewPinwheel(1.5, nil) })
	require.PanicsWithValue(t, badSource, func() { dist.Rand(nil) })
}

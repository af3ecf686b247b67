package grid_test

import (
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
)

// As many steps as asked for, from much noise to the data, at the same levels for all
// processes that have them.
func TestFewStepsFromNoiseToData(t *testing.T) {
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.VE{}, sde.Linear{}, sde.Cosine{}} {
		_, end := p.Span()
		for n := -1; n <= 12; n++ {
			times := grid.Few(p, n)
			require.Len(t, times, max(n, 1)+1)
			require.LessOrEqual(t, times[0], end)
			require.Zero(t, times[len(times)-1])
			for i := 1; i < len(times); i++ {
				require.Less(t, times[i], times[i-1], "%T, %d steps", p, n)
			}
			if _, ok := sde.TimeInSpan(p, -math.Log(10)); ok {
				α, σ := p.Kernel(times[0])
				require.InEpsilon(t, 10, σ/α, 1e-9)
			}
		}
	}
}

// A grid that score.Progressive can halve to one step passes through the levels of few steps,
// whatever the process.
func TestHalvingPassesThroughTheLevelsOfFewSteps(t *testing.T) {
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.VE{}, sde.VE{SigmaMin: 0.1, SigmaMax: 5}, sde.VE{SigmaMin: 0.02, SigmaMax: 5}, sde.EDM{SigmaMax: math.Nextafter(1, 2)}, sde.EDM{SigmaMin: math.Nextafter(0.07, 0)}, sde.Linear{}, sde.Cosine{}} {
		for _, n := range []int{-1, 1, 4, 5, 12, 64, 100} {
			times := grid.Halving(p, n)
			steps := len(times) - 1
			require.GreaterOrEqual(t, steps, max(n, 4))
			require.Less(t, steps, 2*max(n, 4))
			require.Zero(t, steps&(steps-1), "a power of two")
			require.Zero(t, times[steps])
			for i, level := range []float64{10, 1, 0.25, 0.07} {
				at := times[i*steps/4]
				if _, ok := sde.TimeInSpan(p, -math.Log(level)); ok && levels(p) {
					α, σ := p.Kernel(at)
					require.InEpsilon(t, level, σ/α, 1e-9, "%T, %d steps", p, n)
				}
			}
			for i := 1; i < len(times); i++ {
				require.Less(t, times[i], times[i-1], "%T, %d steps", p, n)
			}
		}
	}
}

// levels reports whether a process has the levels of few steps, and some beside them.
func levels(p sde.SDE) bool {
	_, most := sde.TimeInSpan(p, -math.Log(2))
	_, least := sde.TimeInSpan(p, -math.Log(0.035))
	return most && least
}

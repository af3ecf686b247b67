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

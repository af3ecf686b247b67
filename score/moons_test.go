package score

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
)

// The bound of a run this short is between BOUNDS at the seeds 1, 2 and 3,
// against 1 or more for a network that has learned nothing.
func TestShortRunLearnsMoons(t *testing.T) {
	ctx := context.Background()
	m, err := New(2, &Config{Net: nn.RecipeMLP(2, 58), Seed: 1})
	require.NoError(t, err)
	result, err := Fit(ctx, m, moons(), &Settings{Steps: 500, Batch: 256, References: 256, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, 500, result.Steps)
	require.Empty(t, result.Warnings)
	require.Len(t, result.Checks, 1)
	require.Greater(t, result.Checks[0].R, 0.067)
	require.Greater(t, result.Checks[0].Z, 5.0)

	law := dataset.NewMoons(rand.NewPCG(11, 0))
	clean := dataset.Sample(law, 1200)
	exact := func(sigma float64) Denoiser { return law.Diffuse(1, sigma) }
	bound := KLBound(m, clean, exact, 1)
	t.Logf("bound %.4f, R %.4f z %.1f, loss %.4f", bound, result.Checks[0].R, result.Checks[0].Z, result.Loss)
	require.Less(t, bound, 0.2)

	x := mat.NewDense(1000, 2, nil)
	require.NoError(t, sampler.Sample(ctx, x, sampler.Problem{SDE: m.Process(), Score: m}, sampler.DPMpp2M{}, &sampler.Settings{Seed: 1}))
	log := make([]float64, 1200)
	for i := range log {
		log[i] = law.LogProb(clean.RawRowView(i))
	}
	slices.Sort(log)
	off := 0
	for i := range 1000 {
		if law.LogProb(x.RawRowView(i)) < log[12]-2 {
			off++
		}
	}
	t.Logf("off %d", off)
	require.Less(t, off, 200)
}

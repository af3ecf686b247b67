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

// Measured at the seeds 1 to 4: bound .045 to .053, R .22 to .24, 16 to 19 of
// 1,000 samples off support. A network that is 0 has a bound of 1.87.
func TestShortRunLearnsMoons(t *testing.T) {
	long(t)
	ctx := context.Background()
	width, batch, rows, limit, most := 58, 256, 1200, 0.08, 40
	if testing.Short() {
		width, batch, rows, limit, most = 16, 32, 300, 0.5, 100
	}
	m, err := New(2, &Config{Net: nn.RecipeMLP(2, width), Seed: 1})
	require.NoError(t, err)
	result, err := Fit(ctx, m, moons(), &Settings{Steps: 500, Batch: batch, References: batch, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, 500, result.Steps)
	require.Empty(t, result.Warnings)
	require.Len(t, result.Diagnoses, 1)
	require.Greater(t, result.Diagnoses[0].Explained, 0.067)
	require.Greater(t, result.Diagnoses[0].StandardErrors, 5.0)

	law := dataset.NewMoons(rand.NewPCG(11, 0))
	clean := dataset.Sample(law, rows)
	bound, err := KLBound(m, clean, law.Diffuse, 1)
	require.NoError(t, err)
	require.Less(t, bound, limit)

	x := mat.NewDense(1000, 2, nil)
	require.NoError(t, sampler.Sample(ctx, x, m.Problem(), sampler.DPMpp2M{}, &sampler.Settings{Seed: 1}))
	log := make([]float64, 1000)
	for i := range log {
		log[i] = law.LogProb(law.Rand(nil))
	}
	slices.Sort(log)
	quantile, off := log[1], 0 // .1 %
	for i := range 1000 {
		if law.LogProb(x.RawRowView(i)) < quantile {
			off++
		}
	}
	require.Less(t, off, most)
}

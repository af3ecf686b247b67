package inference

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

func TestRecipesSuitTheSimulations(t *testing.T) {
	for _, c := range []struct {
		n, d, steps int
		regularize  float64
	}{
		{10, 2, 2000, 0.3}, {10_000, 2, 10_000, 0.03}, {10_000, 10, 4000, 0.1}, {1000, 10, 2000, 0.3}, {1_000_000, 3, 20_000, 0.02},
	} {
		r := Recommend(c.n, c.d, 8)
		require.Equal(t, c.steps, r.Steps)
		require.Equal(t, c.regularize, r.Regularize)
	}
	s := score.Settings{Steps: 7}
	Recommend(100, 2, 2).fill(&s)
	require.Equal(t, 7, s.Steps)
	require.Equal(t, 0.3, s.Regularize)
	require.Nil(t, s.Optimizer)

	s = score.Settings{}
	Recommend(10_000, 10, 10).fill(&s)
	require.Equal(t, &optim.Adam[float32]{WeightDecay: 1}, s.Optimizer)
}

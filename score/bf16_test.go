package score

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Products of bfloat16 change the weights a little, and the same for any workers.
func TestTrainingInBFloat16IsNearThatInFloat32(t *testing.T) {
	train := func(order ad.BFloat16, workers int) *Model {
		m := newModel(t, 2, Config{Net: nn.MLP{Hidden: []int{40, 40}}})
		_, err := Fit(background, m, moons(), &Settings{Steps: 30, Batch: 128, BFloat16: order, Workers: workers})
		require.NoError(t, err)
		return m
	}
	single := train(0, 1)
	for _, order := range []ad.BFloat16{ad.BFloat16Tiles, ad.BFloat16Pairs} {
		half := train(order, 1)
		require.NotEqual(t, single.theta, half.theta)
		require.Equal(t, half.theta, train(order, 3).theta)
		for i, v := range single.theta {
			require.InDelta(t, v, half.theta[i], 0.05)
		}
	}
	require.NotEqual(t, train(ad.BFloat16Tiles, 1).theta, train(ad.BFloat16Pairs, 1).theta)
}

package score

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
)

// Products of bfloat16 change the weights a little, and the same for any workers.
func TestTrainingInBFloat16IsNearThatInFloat32(t *testing.T) {
	train := func(half bool, workers int) *Model {
		m := newModel(t, 2, Config{Net: nn.MLP{Hidden: []int{40, 40}}})
		_, err := Fit(background, m, moons(), &Settings{Steps: 30, Batch: 128, BFloat16: half, Workers: workers})
		require.NoError(t, err)
		return m
	}
	single, half := train(false, 1), train(true, 1)
	require.NotEqual(t, single.theta, half.theta)
	require.Equal(t, half.theta, train(true, 3).theta)
	for i, v := range single.theta {
		require.InDelta(t, v, half.theta[i], 0.05)
	}
}

package score

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
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

// A file from before there was BFloat16, or from when it was a bool, fits a run in float32
// and no other.
func TestRunsInFloat32ResumeFromOlderFiles(t *testing.T) {
	s := quick(6)
	s.Checkpoints = Checkpoints{Dir: t.TempDir(), Every: 3}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	path := filepath.Join(s.Checkpoints.Dir, keptName(3))
	f, err := checkpoint.ReadFile(path)
	require.NoError(t, err)
	for _, older := range []string{"", "false"} {
		f.Metadata[metaSettings+"BFloat16"] = older
		require.NoError(t, checkpoint.WriteFile(path, f))
		for _, order := range []ad.BFloat16{0, ad.BFloat16Tiles, ad.BFloat16Pairs} {
			again := *s
			again.BFloat16 = order
			_, err := Resume(t.Context(), newModel(t, 2, Config{}), moons(), &again, path)
			if order == 0 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, ErrMismatch)
			}
		}
	}
}

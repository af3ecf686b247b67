package nn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/stretchr/testify/require"
)

// plain is an Adam that is not recognised as one.
type plain struct{ Optimizer[float32] }

func TestAnUpdaterHasTheBitsOfItsParts(t *testing.T) {
	const n = 3*stretch + 77
	rng := rand.New(rand.NewPCG(1, 2))
	vector := func() []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	start := vector()
	grads := [][]float32{vector(), vector(), vector(), vector(), vector()}
	e := EMA[float32]{Decay: 0.9}

	var o Adam[float32]
	theta, shadow := slices.Clone(start), slices.Clone(start)
	for step, g := range grads {
		g := slices.Clone(g)
		require.Greater(t, ClipNorm(g, 20), 100.)
		o.Step(theta, g, step, 0.01)
		e.Update(shadow, theta, step)
	}
	require.NotEqual(t, theta, shadow)

	for _, workers := range []int{1, 2, 7} {
		for _, averaged := range []bool{true, false} {
			for _, o := range []Optimizer[float32]{new(Adam[float32]), plain{new(Adam[float32])}} {
				u := NewUpdater(o, e, ad.NewCrew(workers))
				got, average := slices.Clone(start), slices.Clone(start)
				if !averaged {
					average = nil
				}
				for step, g := range grads {
					g := slices.Clone(g)
					u.Clip(g, 20)
					u.Step(got, g, average, step, 0.01)
				}
				require.Equal(t, theta, got)
				if averaged {
					require.Equal(t, shadow, average)
				}
			}
		}
	}
	u := NewUpdater(&o, e, nil)
	require.PanicsWithValue(t, badLength, func() { u.Step(theta, grads[0], shadow[1:], 5, 0.01) })
}

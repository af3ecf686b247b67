package nn

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// plain is an Adam that is not recognised as one.
type plain struct{ Optimizer[float32] }

func TestStepAndUpdateHasTheBitsOfItsParts(t *testing.T) {
	const n = 77
	rng := rand.New(rand.NewPCG(1, 2))
	vector := func() []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	theta := vector()
	other := slices.Clone(theta)
	shadow, otherShadow := slices.Clone(theta), slices.Clone(theta)
	var fused, apart Adam[float32]
	e := EMA[float32]{Decay: 0.9}
	for step := range 5 {
		grad := vector()
		e.StepAndUpdate(&fused, shadow, theta, grad, step, 0.01)
		e.StepAndUpdate(plain{&apart}, otherShadow, other, grad, step, 0.01)
	}
	require.Equal(t, other, theta)
	require.Equal(t, otherShadow, shadow)
	require.NotEqual(t, theta, shadow)
	require.PanicsWithValue(t, badLength, func() { e.StepAndUpdate(&fused, shadow[1:], theta, theta, 5, 0.01) })
}

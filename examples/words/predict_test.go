package main

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a predictor says of a symbol depends on those before it, and sums to one.
func TestPredictorsLookBackOnly(t *testing.T) {
	c, j := start(t), small(t)
	m, rng := j.predict(context.Background(), io.Discard, c), rand.New(rand.NewPCG(1, 1))
	w := c.windows(1, j.window, rng)
	p := m.next(w)
	for k := range j.window {
		sum := float32(0)
		for _, v := range p[k*kinds:][:kinds] {
			sum += v
		}
		require.InDelta(t, 1, sum, 1e-5)
	}
	const from = 3
	other := slices.Clone(w[0])
	for i := from; i < j.window; i++ {
		other[i] = (other[i] + 1) % uint8(kinds)
	}
	q := m.next([][]uint8{other})
	require.Equal(t, p[:(from+1)*kinds], q[:(from+1)*kinds])
	require.NotEqual(t, p[(from+1)*kinds:], q[(from+1)*kinds:])
}

func TestPredictorsLearn(t *testing.T) {
	c, j := start(t), small(t, "-steps", "30", "-batch", "8")
	m, rng := j.predict(context.Background(), io.Discard, c), rand.New(rand.NewPCG(1, 1))
	require.Less(t, m.bits(c.windows(50, j.window, rng)), 4.6) // log₂ 32 is 5
}

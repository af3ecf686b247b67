package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestProbabilitiesOfNgramsSumToOne(t *testing.T) {
	text, err := read()
	require.NoError(t, err)
	g, p := learnNgram(corpus{text[:30_000]}, order), make([]float64, kinds)
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Uint8Range(0, uint8(kinds-1)), 0, 9).Draw(t, "labels before")
		if rapid.Bool().Draw(t, "from the text") {
			i := rapid.IntRange(0, 40_000).Draw(t, "at")
			before = text[i : i+len(before)]
		}
		g.next(p, before)
		sum := 0.0
		for _, v := range p {
			require.Positive(t, v)
			sum += v
		}
		require.InDelta(t, 1, sum, 1e-12)
	})
}

// Of "abab a" the pairs ab, ba, ab, b_, _a are counted 2, 1, 1 and 1 times, so that D is
// 3/5. A symbol by itself is counted by the different symbols before it: a by b and _, b
// and _ by one, and D is 2/4.
func TestNgramsAreTheirEquation(t *testing.T) {
	labels, err := encode("abab a")
	require.NoError(t, err)
	g, p := learnNgram(corpus{labels}, 2), make([]float64, kinds)
	g.next(p, nil)
	rest := 0.5 * 3 / 4 / float64(kinds)
	a, b, other := 1.5/4+rest, 0.5/4+rest, rest
	require.InDeltaSlice(t, []float64{b, a, b, other}, p[:4], 1e-15)
	g.next(p, labels[:2]) // after b: a once, _ once
	require.InDeltaSlice(t, []float64{.4/2 + .6*b, .4/2 + .6*a, .6 * b, .6 * other}, p[:4], 1e-15)
	g.next(p, labels[:1]) // after a: b twice
	require.InDeltaSlice(t, []float64{.3 * b, .3 * a, 1.4/2 + .3*b, .3 * other}, p[:4], 1e-15)
}

func TestSamplesOfNgramsHaveTheirEntropy(t *testing.T) {
	text, err := read()
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	train, test := split(text[:200_000], 1)
	g := learnNgram(train, 3)
	entropy := 0.0
	p := make([]float64, kinds)
	w := g.sample(300, 16, rng)
	for _, labels := range w {
		for i := range labels {
			g.next(p, labels[:i])
			for _, v := range p {
				entropy -= v * math.Log2(v) / 300 / 16
			}
		}
	}
	bits := g.bits(w)
	require.InDelta(t, entropy, bits.mean, 4*bits.err)
	real := test.windows(300, 16, rng)
	require.Less(t, g.bits(real).mean+1, g.bits(shuffled(real, rng)).mean)
}

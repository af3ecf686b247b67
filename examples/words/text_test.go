package main

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCarriedTextIsOfTheSymbols(t *testing.T) {
	text, err := read()
	require.NoError(t, err)
	require.Greater(t, len(text), 500_000)
	seen := map[uint8]bool{}
	for _, k := range text {
		seen[k] = true
	}
	require.Len(t, seen, kinds)
	require.Contains(t, decode(text), "the rays of light")

	_, err = encode("no UPPER case")
	require.EqualError(t, err, `byte 3 is 'U', want one of " abcdefghijklmnopqrstuvwxyz,.;'#"`)
}

// Every symbol is in one part, and what was joined goes on in the text.
func TestPartsOfTheTextAreDisjoint(t *testing.T) {
	text := make([]uint8, 25*block+17)
	for seed := range uint64(20) {
		clear(text)
		train, test := split(text, seed)
		require.Equal(t, len(text), train.len()+test.len())
		require.LessOrEqual(t, test.len(), 2*block)
		for _, c := range []corpus{train, test} {
			for _, part := range c {
				for i := range part {
					part[i]++ // of the text itself
				}
			}
		}
		require.Equal(t, slices.Repeat([]uint8{1}, len(text)), text)
	}
}

func TestWindowsAreDrawnFromAllPlacesAlike(t *testing.T) {
	c := corpus{{0, 1, 2, 3}, {4}, {5, 6}}
	count, rng := map[uint8]int{}, rand.New(rand.NewPCG(1, 1))
	const n = 8000
	for _, w := range c.windows(n, 2, rng) {
		require.Len(t, w, 2)
		require.Equal(t, w[0]+1, w[1])
		count[w[0]]++
	}
	require.Len(t, count, 4)
	for first, k := range count {
		require.InDelta(t, n/4, k, 4*39, "window from %d", first) // 4 deviations
	}
}

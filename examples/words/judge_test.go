package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWordsCopiesAndDistinctRunsAreCounted(t *testing.T) {
	windows := func(s ...string) (w [][]uint8) {
		for _, s := range s {
			labels, err := encode(s)
			require.NoError(t, err)
			w = append(w, labels)
		}
		return w
	}
	j := judgeOf(corpus(windows("of the rays of light, and", "the red light of the sun")))
	require.Equal(t, []string{"rays", "of", "o'er"}, wholeWords("he rays of #, o'er. li"))
	require.Empty(t, wholeWords("abc"))
	// "ight" and "su" are cut; "sky" is new.
	require.Equal(t, share{3, 4}, j.known(windows("ight of the, sky red su", "# #")))
	require.Equal(t, "0.750 of 4", share{3, 4}.String())
	require.Equal(t, "none", share{}.String())
	// A run may not go on from one part to the other.
	require.Equal(t, (9+3)/2., j.copied(windows("xx rays of xx", "nd th"))) // " rays of ", " th"
	require.Equal(t, 2./4, distinct(windows("abab", "ab"), 2))
}

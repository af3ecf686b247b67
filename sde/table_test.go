package sde_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/sde"
)

func TestTableMakesTheSameProcess(t *testing.T) {
	for _, open := range []func(n int) (*sde.Discrete, error){sde.VP{}.Discrete, sde.VE{}.Discrete, sde.Cosine{Offset: 0.008}.Discrete} {
		want, err := open(50)
		require.NoError(t, err)
		got, err := sde.NewDiscrete(want.Table())
		require.NoError(t, err)
		require.Equal(t, want, got, "to the bit")
	}
}

func TestImpossibleTablesAreRefused(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, c := range map[string][2][]float64{
		"logA has 1 entries and q has 2":            {{0}, {1, 1}},
		"logA has 1 entries and q has 1":            {{0}, {1}},
		"logA[1] = NaN, q[1] = 1":                   {{0, nan}, {1, 1}},
		"logA[0] = -Inf":                            {{-inf, 0}, {1, 1}},
		"q[1] = -1":                                 {{0, 0}, {1, -1}},
		"q[0] = +Inf":                               {{0, 0}, {inf, 1}},
		"after step 0 of the table α = 1, σ² = 0":   {{0, 0}, {0, 1}},
		"after step 1 of the table α = 0, σ² = ":    {{-500, -500}, {1, 1}},
		"after step 0 of the table α = +Inf, σ² = ": {{800, 0}, {1, 1}},
	} {
		_, err := sde.NewDiscrete(c[0], c[1])
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
}

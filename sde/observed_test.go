package sde_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// still is a score that knows what Problem it was made for.
type still struct{ observed *mat.Dense }

func (s still) Problem() sde.Problem {
	return sde.Problem{SDE: sde.EDM{}, Score: s, Observed: s.observed}
}

func (still) Score(dst, _ *mat.Dense, _ []float64) { dst.Zero() }

func TestObservationsAreThoseThatTheScoreWasMadeFor(t *testing.T) {
	nan := math.NaN()
	made := mat.NewDense(1, 2, []float64{1, nan})
	require.NoError(t, still{made}.Problem().Validate(3, 2))
	for want, observed := range map[string]*mat.Dense{
		"Problem.Observed: is nil, its score was made for 1×2":     nil,
		"Problem.Observed: is 1×3":                                 mat.NewDense(1, 3, nil),
		"row 0, column 0: is 2, its score was made for 1":          mat.NewDense(1, 2, []float64{2, nan}),
		"row 0, column 1: is +Inf, its score was made for NaN":     mat.NewDense(1, 2, []float64{1, math.Inf(1)}),
		"row 0, column 1: is −Inf, want a finite number, NaN to":   mat.NewDense(1, 2, []float64{1, math.Inf(-1)}),
		"Problem.Observed: has 4 rows, Problem.Rows is 0, want on": mat.NewDense(4, 2, nil),
	} {
		p := still{made}.Problem()
		p.Observed = observed
		d := 2
		if observed != nil {
			_, d = observed.Dims()
		}
		err := p.Validate(3, d)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
	same := still{made}.Problem()
	same.Observed = mat.DenseCopyOf(made)
	require.NoError(t, same.Validate(3, 2))
}

func TestGuidedScoresHaveOneObservation(t *testing.T) {
	a, b := still{mat.NewDense(1, 1, []float64{1})}, still{mat.NewDense(1, 1, []float64{2})}
	_, err := sde.Guide(a.Problem(), b.Problem(), 2)
	require.ErrorContains(t, err, "Problem.Observed: row 0, column 0: is 1, that of the unconditional score 2")
	p, err := sde.Guide(a.Problem(), a.Problem(), 2)
	require.NoError(t, err)
	require.Equal(t, []float64{1}, p.ObservedRow(7))
	require.Nil(t, sde.Problem{}.ObservedRow(0))
}

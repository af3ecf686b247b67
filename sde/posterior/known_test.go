package posterior

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// What a Problem knows and an observation without noise says otherwise is an error, for
// every method, in any units; what agrees, or has noise, is none.
func TestContradictionsOfWhatIsKnownAreNamed(t *testing.T) {
	nan := math.NaN()
	pull, ok := sde.As[sde.Pullback](sde.Analytic(sde.EDM{}, threeModes(t, nil).Diffuse))
	require.True(t, ok)
	row := func(v ...float64) *mat.Dense { return mat.NewDense(1, len(v), v) }
	cell, sums := Mask{3, []int{1}}, Matrix{mat.NewDense(2, 3, []float64{1, 1, 0, 0, 1, 1})}
	table := mat.NewDense(3, 3, []float64{1, 2, nan, nan, nan, nan, 1, nan, 3})
	for _, frame := range []sde.Frame{{}, {Shift: []float64{1e3, -2, 0.1}, Scale: []float64{1e3, 1e-3, 1}}} {
		for name, c := range map[string]struct {
			seen *mat.Dense
			o    Observation
			says string
		}{
			"a cell":                 {row(nan, 2, nan), Observation{cell, row(3), Noise{}}, "Observation.Y: row 0, column 0: is 3 without noise, column 1, which is known to be 2, in Problem.Observed makes it 2"},
			"all cells":              {row(1, 2, 3), Observation{cell, row(3), Noise{}}, "is 3 without noise"},
			"the second row":         {row(nan, 2, nan), Observation{cell, mat.NewDense(2, 1, []float64{2, 2.5}), Noise{}}, "row 1, column 0: is 2.5"},
			"sums over one unknown":  {row(1, nan, 3), Observation{sums, row(3, 6), Noise{}}, "row 0, column 1: is 6 without noise, what is known in Problem.Observed makes it 5"},
			"a number before":        {row(nan, 2, nan), Observation{Matrix{mat.NewDense(2, 3, []float64{1, 1e3, 0, 1, 0, 0})}, row(2003, 4), Noise{}}, "row 0, column 1: is 4 without noise, the numbers before it make it "},
			"one number of two":      {row(nan, 2, 3), Observation{sums, row(3, 6), Noise{Deviations: []float64{.1, 0}}}, "column 1: is 6"},
			"in noise of rank one":   {row(1, 2, 3), Observation{sums, row(3, 6), Noise{Cov: mat.NewSymDense(2, []float64{1, 1, 1, 1})}}, "column 1: is 6"},
			"not linear":             {row(1, 2, 3), Observation{squares{3}, row(3, 8), Noise{}}, "column 1: is 8 without noise, what is known in Problem.Observed makes it 7"},
			"some rows of a table":   {table, Observation{cell, mat.NewDense(3, 1, []float64{2, 7, 8}), Noise{}}, ""},
			"another row of a table": {table, Observation{Mask{3, []int{0}}, mat.NewDense(3, 1, []float64{1, 7, 8}), Noise{}}, "row 2, column 0: is 8"},
			"the same":               {row(nan, 2, nan), Observation{cell, row(2), Noise{}}, ""},
			"sums that agree":        {row(1, nan, 3), Observation{sums, row(3.1, 5.1), Noise{}}, ""},
			"a sum to draw":          {row(1, nan, nan), Observation{sums, row(8, 6), Noise{}}, ""},
			"within noise":           {row(nan, 2, nan), Observation{cell, row(3), Noise{Deviation: 1e-6}}, ""},
			"noise of rank one":      {row(1, 2, 3), Observation{sums, row(4, 6), Noise{Cov: mat.NewSymDense(2, []float64{1, 1, 1, 1})}}, ""},
			"not linear, to draw":    {row(1, nan, 3), Observation{squares{3}, row(3, 8), Noise{}}, ""},
		} {
			rows, _ := c.seen.Dims()
			p := sde.Problem{SDE: sde.EDM{}, Score: alikeRows{pull}, Observed: c.seen, Frame: frame}
			if rows > 1 {
				p.Rows = rows
			}
			for _, m := range []Method{PiGDM{}, TMPD{}, MMPS{}} {
				_, err := m.Given(p, c.o)
				if c.says == "" {
					require.NoError(t, err, "%s: %T", name, m)
					continue
				}
				require.ErrorIs(t, err, ErrRange, "%s: %T", name, m)
				require.ErrorContains(t, err, c.says, "%s: %T", name, m)
			}
		}
	}
}

// alikeRows is a score that is the same for any rows.
type alikeRows struct{ sde.Pullback }

func (a alikeRows) Select([]int) sde.Scorer { return a }

package posterior

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// passes counts evaluations of a score and products with its Jacobian.
type passes struct {
	sde.Pullback
	scores, products int
}

func (c *passes) Score(dst, x *mat.Dense, t []float64) {
	c.scores++
	c.Pullback.Score(dst, x, t)
}

func (c *passes) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	c.products++
	c.Pullback.VJP(dst, jtu, x, u, t)
}

// A product whose vector does not wait for the score brings it.
func TestAFirstProductThatMayComeFirstGivesTheScore(t *testing.T) {
	const n, d, out = 5, 4, 3
	prior := normal(t, make([]float64, d), covarianceOf(d, 3))
	at := []float64{0.4}
	x := normals(n, d, 8)
	for name, c := range map[string]struct {
		op               Operator
		by               Method
		twist            bool
		scores, products int
	}{
		"DPS":                        {Matrix{normals(out, d, 4)}, DPS{}, false, 1, 1},
		"PiGDM":                      {Matrix{normals(out, d, 4)}, PiGDM{}, false, 1, 1},
		"TMPD":                       {Matrix{normals(out, d, 4)}, TMPD{}, false, 0, 2},
		"MMPS":                       {Matrix{normals(out, d, 4)}, MMPS{Iterations: 3}, false, 1, 3},
		"MMPS, particles":            {Matrix{normals(out, d, 4)}, MMPS{}, true, 0, out},
		"TMPD, not linear":           {squares{d}, TMPD{}, false, 1, 2},
		"MMPS, particles not linear": {squares{d}, MMPS{}, true, 1, out},
	} {
		count := &passes{Pullback: sde.Analytic(sde.VP{}, prior.Diffuse).(sde.Pullback)}
		q, err := c.by.Given(sde.Problem{SDE: sde.VP{}, Score: count}, Observation{c.op, normals(1, out, 5), Noise{Deviation: 0.3}})
		require.NoError(t, err)
		*count = passes{Pullback: count.Pullback}
		got, want := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		if c.twist {
			twist, ok := sde.As[Twister](q.Score)
			require.True(t, ok)
			twist.Twist(got, mat.NewDense(n, d, nil), make([]float64, n), x, at)
			count.Pullback.Score(want, x, at)
			require.True(t, mat.Equal(want, got), name)
		} else {
			q.Score.Score(got, x, at)
		}
		require.Equal(t, c.scores, count.scores, name)
		require.Equal(t, c.products, count.products, name)
	}
}

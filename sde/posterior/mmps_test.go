package posterior

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// slopes is a score whose denoiser is D_j = slope_j x_j under EDM, as no distribution has
// where a slope is negative and networks may have.
type slopes []float64

func (s slopes) Score(dst, x *mat.Dense, t []float64) { s.VJP(dst, dst, x, x, t) }

func (s slopes) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	n, _ := x.Dims()
	for i := range n {
		σ := t[min(i, len(t)-1)]
		for j, slope := range s {
			dst.Set(i, j, (slope-1)*x.At(i, j)/(σ*σ))
			jtu.Set(i, j, (slope-1)*u.At(i, j)/(σ*σ))
		}
	}
}

// A variance of −.0099 and noise of .01 make .0001, and made the score −99 times what was
// left to explain, away from it: restored digits were off by thousands of shades.
func TestMMPSEndsWhereACovarianceIsNegative(t *testing.T) {
	p := sde.Problem{SDE: sde.EDM{}, Score: slopes{0.5, -0.0099}}
	x, at := mat.NewDense(1, 2, []float64{1, 1}), []float64{1}
	for _, c := range []struct {
		column int
		along  float64 // of what is added to the score
	}{{0, 0.5 / 0.51}, {1, 0}} {
		y := mat.NewDense(1, 1, []float64{slopes{0.5, -0.0099}[c.column] + 1})
		q, err := MMPS{}.Given(p, Observation{Operator: Mask{In: 2, Columns: []int{c.column}}, Y: y, Noise: Noise{Deviation: 0.1}})
		require.NoError(t, err)
		base, got := mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
		p.Score.Score(base, x, at)
		q.Score.Score(got, x, at)
		require.InDelta(t, c.along, got.At(0, c.column)-base.At(0, c.column), 1e-12)
	}
}

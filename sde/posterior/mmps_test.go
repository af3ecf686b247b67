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

// A derivative whose errors the noise has made large, V = (.01, 30; 30, .01) of columns of
// variance 1, made steps of thousands along the column that is not observed.
func TestMMPSGoesNoFartherThanACovarianceMakesIt(t *testing.T) {
	const σ = 80
	p := sde.Problem{SDE: sde.EDM{}, Score: crossed{.01, 30}}
	x, at := mat.NewDense(1, 2, nil), []float64{σ}
	base, got := mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
	q, err := MMPS{}.Given(p, Observation{Operator: Mask{In: 2, Columns: []int{0}}, Y: mat.NewDense(1, 1, []float64{1})})
	require.NoError(t, err)
	p.Score.Score(base, x, at)
	q.Score.Score(got, x, at)
	got.Sub(got, base)
	require.Less(t, σ*σ*got.At(0, 1), 1., "the denoised row is moved by less than a deviation")
	require.Greater(t, σ*σ*got.At(0, 1), 0.)
}

// crossed is a score of two columns with V = (own, other; other, own).
type crossed struct{ own, other float64 }

func (c crossed) Score(dst, x *mat.Dense, t []float64) { c.VJP(dst, dst, x, mat.DenseCopyOf(x), t) }

func (c crossed) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	n, _ := x.Dims()
	for i := range n {
		s2 := t[min(i, len(t)-1)] * t[min(i, len(t)-1)]
		for j := range 2 {
			dst.Set(i, j, ((c.own/s2-1)*x.At(i, j)+c.other/s2*x.At(i, 1-j))/s2)
			jtu.Set(i, j, ((c.own/s2-1)*u.At(i, j)+c.other/s2*u.At(i, 1-j))/s2)
		}
	}
}

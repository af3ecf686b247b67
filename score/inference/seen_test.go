package inference

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// skewPoolOf is poolOf in coordinates of every part that are stretched and turned against those
// of the others.
func skewPoolOf(t *testing.T, p sde.SDE, method Method, prior moments, single []moments) *pooled {
	all := poolOf(t, p, method, prior, single)
	rng := rand.New(rand.NewPCG(8, 8))
	for k := range all.parts {
		d := len(prior.mean)
		to := mat.NewDense(d, d, nil)
		for i := range d {
			for j := range d {
				to.Set(i, j, 0.3*rng.NormFloat64())
			}
			to.Set(i, i, math.Exp(rng.NormFloat64()))
		}
		all.parts[k].to = to
		all.parts[k].score = gaussian(p, make([]float64, d), between(to, single[k].cov))
	}
	return all
}

func TestPooledScoreIsExactInCoordinatesOfEveryPartsOwn(t *testing.T) {
	for _, process := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		for _, n := range []int{1, 2, 7} {
			prior, single, all := conjugate(n, uint64(n))
			exact := gaussian(process, all.mean, all.cov)
			start, end := process.Span()
			x := mat.NewDense(4, 3, nil)
			rng := rand.New(rand.NewPCG(1, 2))
			for _, w := range []float64{0, 0.03, 0.3, 0.9, 1} {
				at := start + w*(end-start)
				alpha, sigma := process.Kernel(at)
				for i := range 4 {
					for j := range 3 {
						x.Set(i, j, alpha*all.mean[j]+math.Sqrt(alpha*alpha*all.cov.At(j, j)+sigma*sigma)*rng.NormFloat64())
					}
				}
				want, got := mat.NewDense(4, 3, nil), mat.NewDense(4, 3, nil)
				exact.Score(want, x, []float64{at})
				for _, method := range []Method{GAUSS, JAC} {
					skewPoolOf(t, process, method, prior, single).Score(got, x, []float64{at})
					got.Sub(got, want)
					require.Less(t, mat.Norm(got, 2), 1e-6*mat.Norm(want, 2), "%v, n = %d, t = %v", method, n, at)
				}
				plain, turned := mat.NewDense(4, 3, nil), mat.NewDense(4, 3, nil)
				poolOf(t, process, FNPE, prior, single).Score(plain, x, []float64{at})
				skewPoolOf(t, process, FNPE, prior, single).Score(turned, x, []float64{at})
				turned.Sub(turned, plain)
				require.Less(t, mat.Norm(turned, 2), 1e-6*mat.Norm(plain, 2), "n = %d, t = %v", n, at)
			}
		}
	}
}

func TestPooledDerivativesAreThoseOfTheScoreInCoordinatesOfEveryPartsOwn(t *testing.T) {
	prior, single, _ := conjugate(4, 9)
	all := skewPoolOf(t, sde.EDM{}, GAUSS, prior, single)
	d, ok := sde.As[tangent](all)
	require.True(t, ok)
	x, v := mat.NewDense(2, 3, []float64{1, 2, 3, -1, 0, 1}), mat.NewDense(2, 3, []float64{1, 0, 0, 0.5, 1, -1})
	times := []float64{0.3, 2}
	s, jv, up, down := mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil)
	d.JVP(s, jv, x, v, times)
	const h = 1e-4
	var moved mat.Dense
	moved.Scale(h, v)
	moved.Add(&moved, x)
	all.Score(up, &moved, times)
	moved.Scale(-h, v)
	moved.Add(&moved, x)
	all.Score(down, &moved, times)
	up.Sub(up, down)
	up.Scale(1/(2*h), up)
	require.InDeltaSlice(t, up.RawMatrix().Data, jv.RawMatrix().Data, 1e-7)
}

package score

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

func TestJVPsAreThoseOfEachDirection(t *testing.T) {
	const n, d = 70, 3
	single := newModel(t, d, Config{Cond: Conditions{Classes: []int{2}}})
	for i := range single.theta { // the network starts as 0
		single.theta[i] += float32(0.1 * float64(i%7-3))
	}
	single.eval.load(single.theta)
	cond := mat.NewDense(n, 1, nil)
	for i := range n {
		cond.Set(i, 0, float64(i%2))
	}
	x, times := normals(n, d, 1), make([]float64, n)
	for i := range times {
		times[i] = 0.1 + float64(i)/n
	}
	for _, m := range []*Model{single, single.Float64()} {
		for name, s := range map[string]interface {
			sde.Divergencer
			sde.Tangents
		}{"model": m.Unconditional(), "conditional": m.Given(cond)} {
			for _, at := range [][]float64{{0.3}, times} {
				for _, k := range []int{1, bundle, 2*bundle + 3} {
					var v, jv []*mat.Dense
					for i := range k {
						v, jv = append(v, normals(n, d, uint64(2+i))), append(jv, mat.NewDense(n, d, nil))
					}
					got, want, each := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
					s.JVPs(got, jv, x, v, at)
					for i := range k {
						s.JVP(want, each, x, v[i], at)
						each.Sub(each, jv[i])
						require.LessOrEqual(t, mat.Norm(each, 2), 32*m.Problem().Roundoff()*mat.Norm(jv[i], 2), "%s, direction %d of %d", name, i, k)
						require.Positive(t, mat.Norm(jv[i], 2))
					}
					require.True(t, mat.Equal(want, got))
					if name == "model" {
						require.Zero(t, testing.AllocsPerRun(3, func() { s.JVPs(got, jv, x, v, at) }), fmt.Sprintf("%d directions", k))
					}
				}
			}
		}
	}
	require.Panics(t, func() { single.Unconditional().JVPs(x, []*mat.Dense{x}, x, nil, []float64{1}) })
}

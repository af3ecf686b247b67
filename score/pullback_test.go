package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ of every row, whatever the model knows of the rows.
func TestVJPIsAdjointToJVP(t *testing.T) {
	const n, d = 70, 3
	cond := mat.NewDense(n, 1, nil)
	for i := range n {
		cond.Set(i, 0, float64(i%2))
	}
	conditional := newModel(t, d, Config{Cond: Conditions{Classes: []int{2}}})
	for i := range conditional.theta { // the network starts as 0
		conditional.theta[i] += float32(0.1 * float64(i%7-3))
	}
	conditional.eval.load(conditional.theta)
	levels := framed(t, Config{})
	seen := Observed{Values: mat.NewDense(1, d, []float64{5.001, math.NaN(), 200}), Deviations: mat.NewDense(1, d, []float64{0, 0, 100})}
	for name, v := range map[string]*View{
		"float32":     conditional.Unconditional(),
		"float64":     conditional.Float64().Unconditional(),
		"conditional": conditional.Given(cond),
		"levels":      levels.Unconditional(),
		"observed":    levels.Observe(seen),
	} {
		x, dir, u := normals(n, d, 1), normals(n, d, 2), normals(n, d, 3)
		for _, at := range [][]float64{{0.3}, spread(sde.EDM{}, n)} {
			s, again, jv, jtu := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
			v.JVP(s, jv, x, dir, at)
			v.VJP(again, jtu, x, u, at)
			require.True(t, mat.EqualApprox(s, again, 64*v.Problem().Roundoff()*mat.Norm(s, 2)), name)
			for i := range n {
				forward, backward, size := 0.0, 0.0, 0.0
				for j := range d {
					forward += u.At(i, j) * jv.At(i, j)
					backward += jtu.At(i, j) * dir.At(i, j)
					size += math.Abs(u.At(i, j)*jv.At(i, j)) + math.Abs(jtu.At(i, j)*dir.At(i, j))
				}
				require.InDelta(t, forward, backward, 64*v.Problem().Roundoff()*size, "%s, row %d", name, i)
			}
			require.Positive(t, mat.Norm(jtu, 2))
			if name == "float32" {
				require.Zero(t, testing.AllocsPerRun(5, func() { v.VJP(s, jtu, x, u, at) }))
			}
		}
	}
}

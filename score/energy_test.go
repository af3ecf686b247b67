package score

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Checks score (2) and (9).
func TestScoreIsMinusTheGradientOfTheEnergy(t *testing.T) {
	const n, h = 8, 1e-5
	for name, p := range processes {
		for _, c := range []Precond{EDM{}, EDM{Detail: 0.02}, V{}, Epsilon{}} {
			m := newModel(t, 3, Config{Net: spherical, Process: p, Precond: c}).Float64()
			x, at := normals(n, 3, 1), spread(p, n)
			s := mat.NewDense(n, 3, nil)
			m.Unconditional().Score(s, x, at)
			for j := range 3 {
				up, down := mat.DenseCopyOf(x), mat.DenseCopyOf(x)
				step := make([]float64, n)
				for i := range n {
					_, σ := p.Kernel(at[i])
					step[i] = h * σ
					up.Set(i, j, x.At(i, j)+step[i])
					down.Set(i, j, x.At(i, j)-step[i])
				}
				high, low := make([]float64, n), make([]float64, n)
				m.Unconditional().Energy(high, up, at)
				m.Unconditional().Energy(low, down, at)
				for i := range n {
					_, σ := p.Kernel(at[i])
					slope := (high[i] - low[i]) / (up.At(i, j) - down.At(i, j))
					require.InDelta(t, -s.At(i, j)*σ, slope*σ, 1e-6*(1+1/σ), "%s %T at %v", name, c, at[i])
				}
			}
		}
	}
}

func TestEnergyHasTheSameBitsForCommonAndRepeatedTimes(t *testing.T) {
	m := newModel(t, 2, Config{Net: spherical, Process: sde.VP{}})
	x := normals(5, 2, 1)
	one, each := make([]float64, 5), make([]float64, 5)
	m.Unconditional().Energy(one, x, []float64{0.2})
	m.Unconditional().Energy(each, x, []float64{0.2, 0.2, 0.2, 0.2, 0.2})
	require.Equal(t, one, each)
}

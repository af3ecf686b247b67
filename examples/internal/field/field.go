// Package field evaluates models and densities on grids over the plane, for
// pictures.
package field

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// Grid returns the n² centres of the cells of the square [−reach, reach]², as
// rows (x, y), line by line upwards.
func Grid(reach float64, n int) *mat.Dense {
	x := mat.NewDense(n*n, 2, nil)
	centre := func(i int) float64 { return reach * (2*(float64(i)+0.5)/float64(n) - 1) }
	for i := range n {
		for j := range n {
			x.SetRow(i*n+j, []float64{centre(j), centre(i)})
		}
	}
	return x
}

// Density returns exp(logProb) at the grid's centres, as an n×n matrix with
// rows upwards. logProb is called from several goroutines.
func Density(logProb func(x []float64) float64, reach float64, n int) *mat.Dense {
	at := Grid(reach, n)
	p := mat.NewDense(n, n, nil)
	pool.New(0).Each(n*n, func(_, i int) { p.Set(i/n, i%n, math.Exp(logProb(at.RawRowView(i)))) })
	return p
}

// ToModel maps rows of the data with noise σ added, in the data's own
// coordinates, to the state y and the time t at which the model knows them. The
// model's scale has to be one number. slope is dy/dx.
func ToModel(m *score.Model, x *mat.Dense, σ float64) (y *mat.Dense, t, slope float64) {
	frame := m.Frame()
	shift, scale := frame.Shift, frame.Scale
	t = sde.TimeAt(m.Process(), -math.Log(σ/scale[0]))
	α, _ := m.Process().Kernel(t)
	y = mat.DenseCopyOf(x)
	y.Apply(func(_, j int, v float64) float64 { return α * (v - shift[j]) / scale[j] }, y)
	return y, t, α / scale[0]
}

// Score returns the model's score of the data with noise σ added, at the rows
// x, all in the data's own coordinates.
func Score(m *score.Model, x *mat.Dense, σ float64) *mat.Dense {
	y, t, slope := ToModel(m, x, σ)
	s := mat.DenseCopyOf(y)
	m.Unconditional().Score(s, y, []float64{t})
	s.Scale(slope, s)
	return s
}

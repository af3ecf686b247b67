// Package field evaluates models in the data's own coordinates, for pictures.
package field

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

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

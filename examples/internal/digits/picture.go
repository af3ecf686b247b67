package digits

import (
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
)

// Panel shows the images dark on white, so many in a line.
func (s Set) Panel(title string, columns int) figure.Panel {
	ink := mat.NewDense(s.Len(), s.Pixels(), nil)
	ink.Apply(func(_, _ int, v float64) float64 { return s.White() - v }, s.X)
	return figure.Images{X: ink, Height: s.Height, Width: s.Width, Columns: columns, High: s.White()}.Panel(title)
}

package figure

import (
	"image/color"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Area fills the polygon with the corners (x, y) in the rows of X.
type Area struct {
	X     mat.Matrix
	Color color.NRGBA // zero: Blue
}

func (l Area) plotter(p *Panel) (plot.Plotter, error) {
	if err := plane(p, l.X, "Area.X", "area's corner"); err != nil {
		return nil, err
	}
	if l.Color == (color.NRGBA{}) {
		l.Color = Blue
	}
	n, _ := l.X.Dims()
	return drawing{log: p.Log, draw: func(c draw.Canvas, at func(x, y float64) vg.Point) {
		corners := make([]vg.Point, n)
		for i := range corners {
			corners[i] = at(l.X.At(i, 0), l.X.At(i, 1))
		}
		if corners = c.ClipPolygonXY(corners); len(corners) > 2 {
			c.FillPolygon(l.Color, corners)
		}
	}}, nil
}

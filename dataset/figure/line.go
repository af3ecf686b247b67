package figure

import (
	"image/color"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Line joins the rows (x, y) of X in their order.
type Line struct {
	X      mat.Matrix
	Color  color.NRGBA // zero: Blue
	Width  float64     // in points, 1/72 inch; zero: 1; at most 1000
	Dashed bool
	Dots   float64 // radius in points of discs at the rows; zero: none
	Label  string  // name in the legend; empty: not in it
}

func (l Line) plotter(p *Panel) (plot.Plotter, error) {
	if err := plane(p, l.X, "Line.X", "line's point"); err != nil {
		return nil, err
	}
	if err := size("Line.Width", l.Width); err != nil {
		return nil, err
	}
	if err := size("Line.Dots", l.Dots); err != nil {
		return nil, err
	}
	n, _ := l.X.Dims()
	return drawing{log: p.Log, draw: func(c draw.Canvas, at func(x, y float64) vg.Point) {
		path := make([]vg.Point, n)
		for i := range path {
			path[i] = at(l.X.At(i, 0), l.X.At(i, 1))
		}
		c.StrokeLines(l.stroke(), c.ClipLinesXY(path)...)
		for _, p := range path {
			if c.Contains(p) {
				l.dot(&c, p)
			}
		}
	}}, nil
}

// Thumbnail draws a piece of the line for the legend.
func (l Line) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(l.stroke(), c.Min.X, y, c.Max.X, y)
	l.dot(c, c.Center())
}

func (l Line) dot(c *draw.Canvas, at vg.Point) {
	if l.Dots > 0 {
		c.DrawGlyph(draw.GlyphStyle{Color: l.stroke().Color, Radius: vg.Length(l.Dots), Shape: draw.CircleGlyph{}}, at)
	}
}

func (l Line) stroke() draw.LineStyle {
	s := draw.LineStyle{Color: l.Color, Width: vg.Length(l.Width)}
	if l.Color == (color.NRGBA{}) {
		s.Color = Blue
	}
	if l.Width == 0 {
		s.Width = 1
	}
	if l.Dashed {
		s.Dashes = []vg.Length{3, 2}
	}
	return s
}

package figure

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours of points: Blue for the data, Red for samples, which also show on a
// heat map.
var (
	Blue = color.NRGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0x70}
	Red  = color.NRGBA{R: 0xb8, G: 0x3a, B: 0x26, A: 0x70}
)

var ink = draw.LineStyle{Color: color.Gray{Y: 0x18}, Width: 0.6}

// Points are discs at the rows (x, y) of X. A colour with a low alpha shows
// how many lie upon each other.
type Points struct {
	X      mat.Matrix
	Color  color.NRGBA // zero: Blue
	Radius float64     // in points, 1/72 inch; zero: 0.8; at most 1000
}

func (l Points) plotter(p *Panel) (plot.Plotter, error) {
	if err := plane(p, l.X, "Points.X", "point"); err != nil {
		return nil, err
	}
	if err := size("Points.Radius", l.Radius); err != nil {
		return nil, err
	}
	if l.Color == (color.NRGBA{}) {
		l.Color = Blue
	}
	if l.Radius == 0 {
		l.Radius = 0.8
	}
	return drawing{log: p.Log, draw: func(c draw.Canvas, at func(x, y float64) vg.Point) {
		style := draw.GlyphStyle{Color: l.Color, Radius: vg.Length(l.Radius), Shape: draw.CircleGlyph{}}
		n, _ := l.X.Dims()
		for i := range n {
			if p := at(l.X.At(i, 0), l.X.At(i, 1)); c.Contains(p) {
				c.DrawGlyph(style, p)
			}
		}
	}}, nil
}

// HeatMap shows a function on the panel by colour, from white for nothing to
// blue for its largest value. Element (i, j) of Values belongs to the middle
// of cell (i, j) of a grid over the panel, rows upwards along y and columns
// along x.
type HeatMap struct {
	Values mat.Matrix
	// Decades is 0 for a linear scale from zero, else the scale is logarithmic
	// and ends this many powers of ten below the largest value.
	Decades float64
}

// shades is the number of colours of a heat map: few enough for a small file,
// too many to see their edges.
const shades = 64

func (l HeatMap) plotter(p *Panel) (plot.Plotter, error) {
	if p.Log {
		return nil, errors.New("heat map on logarithmic axes, want linear ones")
	}
	if l.Values == nil {
		panic("figure: HeatMap.Values is nil")
	}
	r, c := l.Values.Dims()
	if r == 0 || c == 0 {
		panic(fmt.Sprintf("figure: HeatMap.Values is %d×%d, want at least 1×1", r, c))
	}
	if !(l.Decades >= 0 && l.Decades <= math.MaxFloat64) {
		return nil, fmt.Errorf("HeatMap.Decades is %v, want finite and ≥ 0", l.Decades)
	}
	top := mat.Max(l.Values)
	img := image.NewPaletted(image.Rect(0, 0, c, r), heat())
	for i := range r {
		for j := range c {
			v := l.Values.At(i, j)
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				return nil, fmt.Errorf("heat map has %v at (%d, %d), want finite and not negative", v, i, j)
			}
			u := v / top
			if l.Decades > 0 {
				u = 1 + math.Log10(u)/l.Decades
			}
			if top > 0 {
				img.SetColorIndex(j, r-1-i, uint8(max(0, u)*(shades-1)+0.5))
			}
		}
	}
	return plotter.NewImage(img, p.XLim[0], p.YLim[0], p.XLim[1], p.YLim[1]), nil
}

// heat runs from white to blue, light enough for arrows to show on it, in equal
// steps of perceived lightness.
func heat() color.Palette {
	scale, err := moreland.NewLuminance([]color.Color{
		color.NRGBA{R: 0x38, G: 0x78, B: 0xb8, A: 0xff},
		color.NRGBA{R: 0x5f, G: 0xb0, B: 0xcc, A: 0xff},
		color.NRGBA{R: 0xae, G: 0xdc, B: 0xd8, A: 0xff},
		color.White,
	})
	if err != nil {
		panic(err) // the colours grow lighter
	}
	scale.SetMax(1)
	colors := scale.Palette(shades).Colors()
	p := make(color.Palette, shades)
	for i, c := range colors {
		p[shades-1-i] = c
	}
	return p
}

// Arrows start at the rows of X and point along the rows of V. The longest is
// Length units of the axes long, and lengths grow with the square root of |V|,
// so that a field that spans decades stays readable.
type Arrows struct {
	X, V   mat.Matrix
	Length float64
}

func (l Arrows) plotter(p *Panel) (plot.Plotter, error) {
	if p.Log {
		return nil, errors.New("arrows on logarithmic axes, want linear ones")
	}
	if err := plane(p, l.X, "Arrows.X", "arrow"); err != nil {
		return nil, err
	}
	if err := plane(p, l.V, "Arrows.V", "arrow's vector"); err != nil {
		return nil, err
	}
	n, _ := l.X.Dims()
	if !(l.Length > 0 && l.Length <= math.MaxFloat64) {
		return nil, fmt.Errorf("Arrows.Length is %v, want finite and > 0", l.Length)
	}
	if m, _ := l.V.Dims(); m != n {
		panic(fmt.Sprintf("figure: Arrows.V has %d rows, want the %d of Arrows.X", m, n))
	}
	top := 0.0
	for i := range n {
		top = max(top, math.Hypot(l.V.At(i, 0), l.V.At(i, 1)))
	}
	return drawing{log: p.Log, draw: func(c draw.Canvas, at func(x, y float64) vg.Point) {
		style := ink
		for i := range n {
			x, y, u, v := l.X.At(i, 0), l.X.At(i, 1), l.V.At(i, 0), l.V.At(i, 1)
			size := math.Hypot(u, v)
			tail := at(x, y)
			if size == 0 || !c.Contains(tail) {
				continue
			}
			k := l.Length * math.Sqrt(size/top) / size
			head := at(x+k*u, y+k*v)
			c.StrokeLines(style, c.ClipLinesXY([]vg.Point{tail, head})...)
			// The head is a triangle of a third of the length, 3 points at most.
			d := head.Sub(tail)
			norm := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
			barb := d.Scale(min(norm/3, 3) / norm)
			foot := head.Sub(barb)
			side := vg.Point{X: -barb.Y / 2, Y: barb.X / 2}
			c.FillPolygon(style.Color, c.ClipPolygonXY([]vg.Point{head, foot.Add(side), foot.Sub(side)}))
		}
	}}, nil
}

// drawing is a plotter given by a function of the map from data to the canvas.
type drawing struct {
	draw func(c draw.Canvas, at func(x, y float64) vg.Point)
	log  bool
}

func (d drawing) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	d.draw(c, func(a, b float64) vg.Point {
		if d.log {
			a, b = math.Log10(a), math.Log10(b)
		}
		return vg.Point{X: x(a), Y: y(b)}
	})
}

// size checks a length in points. What is much longer than any sheet would take
// for ever to draw.
func size(field string, v float64) error {
	if !(v >= 0 && v <= 1000) {
		return fmt.Errorf("%s is %v, want 0 to 1000", field, v)
	}
	return nil
}

// plane checks that m holds finite points of the plane which have a place on p.
func plane(p *Panel, m mat.Matrix, field, what string) error {
	if m == nil {
		panic("figure: " + field + " is nil")
	}
	n, d := m.Dims()
	if n == 0 {
		return nil // nothing to draw
	}
	if d != 2 {
		panic(fmt.Sprintf("figure: %s is %d×%d, want %d×2", field, n, d, n))
	}
	for i := range n {
		x, y := m.At(i, 0), m.At(i, 1)
		switch {
		case math.IsNaN(x-x) || math.IsNaN(y-y):
			return fmt.Errorf("%s %d is (%v, %v), want finite", what, i, x, y)
		case p.Log && !(x > 0 && y > 0):
			return fmt.Errorf("%s %d is (%v, %v), want positive on logarithmic axes", what, i, x, y)
		}
	}
	return nil
}

package figure

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const dpi = 120

// Panel is one picture of the plane between XLim and YLim. Layers are drawn in
// their order; what lies outside the limits is cut off.
type Panel struct {
	Title          string
	XLim, YLim     [2]float64
	XLabel, YLabel string // names of the axes, where they have any
	// Log makes both axes logarithmic. The panel then fills its place, since
	// no unit is to be kept.
	Log bool
	// Stretch lets the panel fill its place: a unit may be longer along one axis.
	Stretch bool
	// XTicks are the marked values of the x axis; nil leaves the choice open.
	XTicks []float64
	// XNames and YNames are written at 0, 1, 2, … of an axis, in place of numbers. They
	// need linear axes. Long XNames are written upwards.
	XNames, YNames []string
	// Bare leaves out the ticks and the frame.
	Bare bool
	// LegendTop and LegendLeft say in which corner the labels of the Lines are
	// explained. It should be one that the lines leave free.
	LegendTop, LegendLeft bool
	Layers                []Layer
}

// Layer is Points, HeatMap, Arrows, Line, Area or Images.
type Layer interface {
	// plotter returns what draws the layer, or an error that names a value
	// that cannot be drawn.
	plotter(p *Panel) (plot.Plotter, error)
}

// WritePNG draws rows of panels on a sheet of the given size in pixels and
// writes it to w. All rows are as long as the first; a Panel without limits and layers
// leaves its place empty.
//
// An error names the panel by its title and what cannot be drawn: limits that do
// not increase, a value or a size that is not finite, values or limits that are
// not positive on logarithmic axes; errors of w are returned as they are. WritePNG
// panics when the sheet or a row has no size, when rows differ in length, when a
// layer is nil, and when a matrix of one is nil or has the wrong shape.
func WritePNG(w io.Writer, rows [][]Panel, width, height int) error {
	img, err := sheet(rows, width, height)
	if err != nil {
		return err
	}
	return png.Encode(w, reduce(256, img)[0])
}

// sheet draws rows of panels.
func sheet(rows [][]Panel, width, height int) (image.Image, error) {
	if width <= 0 || height <= 0 {
		panic(fmt.Sprintf("figure: sheet of %d×%d pixels, want at least 1×1", width, height))
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		panic("figure: no panels")
	}
	plots := make([][]*plot.Plot, len(rows))
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			panic(fmt.Sprintf("figure: row %d has %d panels, want the %d of row 0", i, len(row), len(rows[0])))
		}
		plots[i] = make([]*plot.Plot, len(row))
		for j := range row {
			var err error
			if plots[i][j], err = row[j].plot(); err != nil {
				return nil, fmt.Errorf("figure: panel %q: %w", row[j].Title, err)
			}
		}
	}
	canvas := vgimg.NewWith(vgimg.UseDPI(dpi), vgimg.UseWH(pixels(width), pixels(height)))
	tiles := draw.Tiles{
		Rows: len(rows), Cols: len(rows[0]),
		PadX: 8, PadY: 8, PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 6,
	}
	for i, row := range plot.Align(plots, tiles, draw.New(canvas)) {
		for j, c := range row {
			p := plots[i][j]
			if p == nil {
				continue
			}
			if !rows[i][j].Log && !rows[i][j].Stretch {
				c = square(p, c)
			}
			p.Draw(c)
		}
	}
	return canvas.Image(), nil
}

func pixels(n int) vg.Length { return vg.Length(n) * vg.Inch / dpi }

// plot returns the panel with its axes, nil when it has neither limits nor layers.
func (p *Panel) plot() (*plot.Plot, error) {
	if p.XLim == [2]float64{} && p.YLim == [2]float64{} && len(p.Layers) == 0 {
		return nil, nil
	}
	if !(p.XLim[0] < p.XLim[1] && p.YLim[0] < p.YLim[1]) {
		return nil, fmt.Errorf("limits %v and %v, want them to increase", p.XLim, p.YLim)
	}
	if width := max(p.XLim[1]-p.XLim[0], p.YLim[1]-p.YLim[0]); math.IsInf(width, 0) {
		return nil, fmt.Errorf("limits %v and %v, want their differences finite", p.XLim, p.YLim)
	}
	if p.Log && !(p.XLim[0] > 0 && p.YLim[0] > 0) {
		return nil, fmt.Errorf("limits %v and %v, want them positive on logarithmic axes", p.XLim, p.YLim)
	}
	for i, v := range p.XTicks {
		if math.IsNaN(v-v) || p.Log && !(v > 0) {
			return nil, fmt.Errorf("XTicks[%d] is %v, want finite, and positive on logarithmic axes", i, v)
		}
	}
	if p.Log && (p.XNames != nil || p.YNames != nil) {
		return nil, errors.New("names on logarithmic axes, want linear ones")
	}
	g := plot.New()
	g.Title.Text = p.Title
	g.Title.TextStyle.Font.Size = 10
	g.Title.TextStyle.Font.Variant = "Sans"
	g.Title.Padding = 3
	g.X.Label.Text, g.Y.Label.Text = p.XLabel, p.YLabel
	for _, axis := range []*plot.Axis{&g.X, &g.Y} {
		axis.Padding = 0
		axis.LineStyle.Width = 0   // the frame stands for both axes
		if axis.Label.Text != "" { // the font of a name spaces the ticks, too
			axis.Label.TextStyle.Font.Size = 8
			axis.Label.TextStyle.Font.Variant = "Sans"
		}
		axis.Tick.Label.Font.Size = 7
		axis.Tick.Label.Font.Variant = "Sans"
		axis.Tick.Length = 3
		axis.Tick.Marker = ticks{}
		if p.Log {
			axis.Tick.Marker = decades{}
		}
	}
	if p.XTicks != nil {
		g.X.Tick.Marker = marks{p.XTicks, p.Log}
	}
	if p.XNames != nil {
		name(&g.X, p.XNames)
	}
	if p.YNames != nil {
		g.Y.Tick.Marker = names{texts: p.YNames}
	}
	g.Legend.Top, g.Legend.Left = p.LegendTop, p.LegendLeft
	legend(&g.Legend)
	for i, l := range p.Layers {
		if l == nil {
			panic(fmt.Sprintf("figure: panel %q: Layers[%d] is nil", p.Title, i))
		}
		drawn, err := l.plotter(p)
		if err != nil {
			return nil, err
		}
		g.Add(drawn)
		if line, ok := l.(Line); ok && line.Label != "" {
			g.Legend.Add(line.Label, line)
		}
	}
	if p.Bare {
		g.HideAxes()
	} else {
		g.Add(frame{})
	}
	// Adding a layer widens the axes; what counts are the limits.
	g.X.Min, g.X.Max = p.XLim[0], p.XLim[1]
	g.Y.Min, g.Y.Max = p.YLim[0], p.YLim[1]
	if p.Log {
		// gonum's axes stay linear, in the logarithm: on its own logarithmic
		// ones it reserves the room for an axis's name in the wrong place.
		for _, v := range []*float64{&g.X.Min, &g.X.Max, &g.Y.Min, &g.Y.Max} {
			*v = math.Log10(*v)
		}
	}
	return g, nil
}

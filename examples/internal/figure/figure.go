package figure

import (
	"bufio"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const dpi = 120

// Panel is one picture of the plane between XLim and YLim. Layers are drawn in
// their order; what lies outside the limits is cut off.
type Panel struct {
	Title      string
	XLim, YLim [2]float64
	Layers     []Layer
}

// Layer is Points, HeatMap or Arrows.
type Layer interface {
	// plotter returns what draws the layer, or an error that names a value
	// that is not finite.
	plotter(p *Panel) (plot.Plotter, error)
}

// WritePNG draws rows of panels on a sheet of the given size in pixels and
// writes it to w. All rows are as long as the first; a Panel without limits
// leaves its place empty. It panics when the sheet or a row has no size.
func WritePNG(w io.Writer, rows [][]Panel, width, height int) error {
	if width <= 0 || height <= 0 || len(rows) == 0 || len(rows[0]) == 0 {
		panic("figure: empty sheet")
	}
	plots := make([][]*plot.Plot, len(rows))
	for i, row := range rows {
		if len(row) != len(rows[0]) {
			panic("figure: ragged rows")
		}
		plots[i] = make([]*plot.Plot, len(row))
		for j := range row {
			var err error
			if plots[i][j], err = row[j].plot(); err != nil {
				return fmt.Errorf("figure: panel %q: %w", row[j].Title, err)
			}
		}
	}
	sheet := vgimg.NewWith(vgimg.UseDPI(dpi), vgimg.UseWH(pixels(width), pixels(height)))
	tiles := draw.Tiles{
		Rows: len(rows), Cols: len(rows[0]),
		PadX: 8, PadY: 8, PadTop: 6, PadBottom: 6, PadLeft: 6, PadRight: 6,
	}
	for i, row := range plot.Align(plots, tiles, draw.New(sheet)) {
		for j, c := range row {
			if p := plots[i][j]; p != nil {
				p.Draw(square(p, c))
			}
		}
	}
	e := png.Encoder{CompressionLevel: png.BestCompression}
	return e.Encode(w, reduce(sheet.Image()))
}

// Save writes the picture to the file path, whole or not at all. A pipe or a
// device is written to as it is.
func Save(path string, rows [][]Panel, width, height int) error {
	if err := save(path, rows, width, height); err != nil {
		return fmt.Errorf("figure: cannot write %s: %w", path, err)
	}
	return nil
}

func save(path string, rows [][]Panel, width, height int) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return encode(f, rows, width, height, func() error { return nil }) // a device need not sync
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // finds nothing after the rename
	if err := encode(f, rows, width, height, f.Sync); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// encode writes the picture to f, syncs and closes it.
func encode(f *os.File, rows [][]Panel, width, height int, sync func() error) error {
	w := bufio.NewWriter(f)
	err := WritePNG(w, rows, width, height)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func pixels(n int) vg.Length { return vg.Length(n) * vg.Inch / dpi }

// plot returns the panel with its axes, nil when it has no limits.
func (p *Panel) plot() (*plot.Plot, error) {
	if p.XLim == [2]float64{} && p.YLim == [2]float64{} {
		return nil, nil
	}
	if !(p.XLim[0] < p.XLim[1] && p.YLim[0] < p.YLim[1]) {
		return nil, fmt.Errorf("limits %v and %v, want them to increase", p.XLim, p.YLim)
	}
	g := plot.New()
	g.Title.Text = p.Title
	g.Title.TextStyle.Font.Size = 10
	g.Title.TextStyle.Font.Variant = "Sans"
	g.Title.Padding = 3
	for _, axis := range []*plot.Axis{&g.X, &g.Y} {
		axis.Padding = 0
		axis.LineStyle.Width = 0 // the frame stands for both axes
		axis.Tick.Label.Font.Size = 7
		axis.Tick.Label.Font.Variant = "Sans"
		axis.Tick.Length = 3
		axis.Tick.Marker = ticks{}
	}
	for _, l := range p.Layers {
		drawn, err := l.plotter(p)
		if err != nil {
			return nil, err
		}
		g.Add(drawn)
	}
	g.Add(frame{})
	// Adding a layer widens the axes; what counts are the limits.
	g.X.Min, g.X.Max = p.XLim[0], p.XLim[1]
	g.Y.Min, g.Y.Max = p.YLim[0], p.YLim[1]
	return g, nil
}

// square crops c around its centre until a unit is equally long on both axes
// of p.
func square(p *plot.Plot, c draw.Canvas) draw.Canvas {
	size := p.DataCanvas(c).Size()
	x, y := vg.Length(p.X.Max-p.X.Min), vg.Length(p.Y.Max-p.Y.Min)
	unit := min(size.X/x, size.Y/y)
	dx, dy := (size.X-unit*x)/2, (size.Y-unit*y)/2
	return draw.Crop(c, dx, -dx, dy, -dy)
}

// ticks are gonum's own, without those that have no label.
type ticks struct{}

func (ticks) Ticks(min, max float64) (marks []plot.Tick) {
	for _, t := range (plot.DefaultTicks{}).Ticks(min, max) {
		if !t.IsMinor() {
			marks = append(marks, t)
		}
	}
	return marks
}

// frame is the border of the data.
type frame struct{}

func (frame) Plot(c draw.Canvas, _ *plot.Plot) {
	c.StrokeLines(ink, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}, c.Min})
}

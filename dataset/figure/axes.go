package figure

import (
	"math"
	"strconv"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

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

// decades marks the powers of ten of an axis that is linear in the logarithm,
// and 2 … 9 times them without a label, but 2 and 5 times them with one where there are
// not two powers of ten.
type decades struct{}

func (decades) Ticks(min, max float64) (marks []plot.Tick) {
	few := math.Floor(max)-math.Ceil(min) < 1
	for e := math.Floor(min); e <= max; e++ {
		for k := 1; k < 10; k++ {
			t := plot.Tick{Value: e + math.Log10(float64(k))}
			if k == 1 || few && (k == 2 || k == 5) {
				// Decimal digits of k·10ᵉ, which the product does not always have.
				v, _ := strconv.ParseFloat(strconv.Itoa(k)+"e"+strconv.Itoa(int(e)), 64)
				t.Label = label(v)
			}
			if min <= t.Value && t.Value <= max {
				marks = append(marks, t)
			}
		}
	}
	return marks
}

// marks are given values.
type marks struct {
	values []float64
	log    bool
}

func (m marks) Ticks(_, _ float64) (ticks []plot.Tick) {
	for _, v := range m.values {
		t := plot.Tick{Value: v, Label: label(v)}
		if m.log {
			t.Value = math.Log10(v)
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// names are written at the whole numbers from 0, with a space that keeps them from
// the axis when they stand upright.
type names struct {
	texts []string
	space string
}

func (n names) Ticks(min, max float64) (ticks []plot.Tick) {
	for i, text := range n.texts {
		if v := float64(i); min <= v && v <= max && text != "" {
			ticks = append(ticks, plot.Tick{Value: v, Label: text + n.space})
		}
	}
	return ticks
}

// name writes names along an x axis, upright when they would not fit side by side.
func name(axis *plot.Axis, texts []string) {
	const fit = 34 // letters
	letters, space := 0, ""
	for _, text := range texts {
		letters = max(letters, utf8.RuneCountInString(text))
	}
	if letters*len(texts) > fit {
		axis.Tick.Label.Rotation = math.Pi / 2
		axis.Tick.Label.XAlign, axis.Tick.Label.YAlign = draw.XRight, draw.YCenter
		space = "  "
	}
	axis.Tick.Marker = names{texts, space}
}

func label(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// legend sets the style of a legend, a little off the frame.
func legend(l *plot.Legend) {
	l.TextStyle.Font.Size = 7
	l.TextStyle.Font.Variant = "Sans"
	l.ThumbnailWidth = 14
	l.Padding = 1
	l.XOffs, l.YOffs = -5, 5
	if l.Left {
		l.XOffs = 5
	}
	if l.Top {
		l.YOffs = -5
	}
}

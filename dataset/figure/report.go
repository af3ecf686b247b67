package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// Bounds of the picture of a report.
const (
	reportAcross  = 4
	reportColumns = 12 // histograms
	reportNames   = 24 // columns of a matrix with their names
	reportCentres = 10 // so few bins have a mark each
	reportTile    = 330
)

var (
	pale  = color.NRGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0x48}
	solid = [...]color.NRGBA{ // of table.Report.Scores: synthetic, independent, held out
		{R: 0xb8, G: 0x3a, B: 0x26, A: 0xff},
		{R: 0x80, G: 0x80, B: 0x80, A: 0xff},
		{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff},
	}
)

// TableReport returns the panels of a picture of a report, and its size in pixels
// for Save or WritePNG: the histograms of up to 12 columns, those with the largest
// errors when there are more; the sizes of the associations of pairs of columns and
// the errors of pairs; and the scores from 0 to 1, with bars of two errors, beside
// those of independent columns and of rows held out, utility beside that of trees
// fitted to the rows trained on.
func TableReport(r *table.Report) (rows [][]Panel, width, height int) {
	var panels []Panel
	for _, c := range shownColumns(r) {
		panels = append(panels, histogram(c, len(panels) == 0))
	}
	for len(panels)%reportAcross != 0 {
		panels = append(panels, Panel{})
	}
	panels = append(panels, matrices(r)...)
	panels = append(panels, scores(r))
	for chunk := range slices.Chunk(panels, reportAcross) {
		rows = append(rows, chunk)
	}
	return rows, reportAcross * reportTile * 11 / 10, len(rows) * reportTile
}

func shownColumns(r *table.Report) []table.ColumnReport {
	if len(r.Columns) <= reportColumns {
		return r.Columns
	}
	order := make([]int, len(r.Columns))
	for j := range order {
		order[j] = j
	}
	worst := func(j int) float64 { return r.Columns[j].Errors[0] }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(worst(b), worst(a)) })
	order = order[:reportColumns]
	slices.Sort(order)
	shown := make([]table.ColumnReport, reportColumns)
	for i, j := range order {
		shown[i] = r.Columns[j]
	}
	return shown
}

// histogram shows a column: an area for the rows trained on, a line for the
// synthetic ones.
func histogram(c table.ColumnReport, legend bool) Panel {
	h := c.Histogram
	what := "KS"
	if c.Kind.Discrete() {
		what = "TV"
	}
	p := Panel{Title: fmt.Sprintf("%s  (%s %.2g %%)", cut(c.Name, 20), what, 100*c.Errors[0]), Stretch: true, LegendTop: true}
	edges := slices.Clone(h.Edges)
	switch {
	case len(h.Train) == 0: // no cell is there
		p.XLim, p.YLim, p.Bare = [2]float64{0, 1}, [2]float64{0, 1}, true
		return p
	case h.Labels != nil:
		for k, label := range h.Labels {
			p.XNames = append(p.XNames, cut(label, 10))
			edges = append(edges, float64(k)-0.5)
		}
		edges = append(edges, float64(len(h.Labels))-0.5)
	case h.Log:
		p.XLabel = "powers of 10"
		for k, v := range edges {
			edges[k] = math.Log10(v)
		}
	case c.Kind == table.Time:
		p.XLabel = "year"
		for k, v := range edges {
			edges[k] = 1970 + v/(365.2425*86400)
		}
	}
	switch {
	case h.Labels != nil:
	case len(h.Train) <= reportCentres && !h.Log:
		for k := range h.Train {
			p.XTicks = append(p.XTicks, rounded((edges[k]+edges[k+1])/2))
		}
	default:
		p.XTicks = inner(edges[0], edges[len(edges)-1])
	}
	top := max(slices.Max(h.Train), slices.Max(h.Synthetic))
	if top == 0 {
		top = 1
	}
	p.XLim, p.YLim = [2]float64{edges[0], edges[len(edges)-1]}, [2]float64{0, 1.35 * top}
	area, line := steps(edges, h.Train), steps(edges, h.Synthetic)
	blue, red := Line{X: area, Color: solid[2], Width: 0.6}, Line{X: line, Color: solid[0], Width: 1.2}
	if legend {
		blue.Label, red.Label = "trained on", "synthetic"
	}
	p.Layers = []Layer{Area{X: area, Color: pale}, blue, red}
	return p
}

// inner returns ticks between limits, but none so far on the right that its label
// would reach beyond the panel.
func inner(low, high float64) []float64 {
	at := []float64{}
	for _, t := range (ticks{}).Ticks(low, high) {
		if low <= t.Value && t.Value <= high-(high-low)/12 {
			at = append(at, rounded(t.Value))
		}
	}
	return at
}

// rounded returns a number of 8 digits, whose label is short.
func rounded(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 8, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// steps returns the outline of bars between edges.
func steps(edges, shares []float64) *mat.Dense {
	var x []float64
	x = append(x, edges[0], 0)
	for k, v := range shares {
		x = append(x, edges[k], v, edges[k+1], v)
	}
	x = append(x, edges[len(edges)-1], 0)
	return mat.NewDense(len(x)/2, 2, x)
}

// matrices shows the associations of pairs of columns and their errors, the first
// column at the top and on the left.
func matrices(r *table.Report) []Panel {
	d := len(r.Columns)
	at, names := map[string]int{}, make([]string, d)
	for j, c := range r.Columns {
		at[c.Name] = j
		names[j] = cut(c.Name, 9)
	}
	const repeat = 16 // of a cell along each axis: its edges stay sharp
	values := make([]*mat.Dense, 3)
	for k := range values {
		values[k] = mat.NewDense(d, d, nil)
		for j := range d {
			if k < 2 {
				values[k].Set(d-1-j, j, 1)
			}
		}
	}
	worst := 0.0
	for _, p := range r.Pairs {
		i, j := at[p.A], at[p.B]
		for k, v := range []float64{math.Abs(p.Train), math.Abs(p.Synthetic), p.Errors[0]} {
			values[k].Set(d-1-i, j, v)
			values[k].Set(d-1-j, i, v)
		}
		worst = max(worst, p.Errors[0])
	}
	upwards := slices.Clone(names)
	slices.Reverse(upwards)
	panels := make([]Panel, 3)
	for k, title := range []string{"associations 0 to 1, trained on", "associations 0 to 1, synthetic", fmt.Sprintf("errors of pairs, 0 to %.2g %%", 100*worst)} {
		side := [2]float64{-0.5, float64(d) - 0.5}
		cells := mat.NewDense(d*repeat, d*repeat, nil)
		cells.Apply(func(i, j int, _ float64) float64 { return values[k].At(i/repeat, j/repeat) }, cells)
		panels[k] = Panel{Title: title, XLim: side, YLim: side, XNames: []string{}, YNames: []string{}, Layers: []Layer{HeatMap{Values: cells}}}
		if d <= reportNames {
			panels[k].XNames, panels[k].YNames = names, upwards
		}
	}
	return panels
}

// scores shows the scores as dots on lines from 0 to 1, the first at the top.
func scores(r *table.Report) Panel {
	type line struct {
		name string
		of   []twosample.Estimate
	}
	var lines []line
	add := func(name string, of func(s table.Scores) twosample.Estimate) {
		l := line{name: name}
		for _, s := range r.Scores {
			l.of = append(l.of, of(s))
		}
		lines = append(lines, l)
	}
	add("column error", func(s table.Scores) twosample.Estimate { return s.Columns })
	add("pair error", func(s table.Scores) twosample.Estimate { return s.Pairs })
	add("C2ST", func(s table.Scores) twosample.Estimate {
		return twosample.Estimate{Value: s.C2ST.Accuracy, SE: (s.C2ST.High - s.C2ST.Low) / 4}
	})
	add("precision", func(s table.Scores) twosample.Estimate { return s.Precision })
	add("recall", func(s table.Scores) twosample.Estimate { return s.Recall })
	add("coverage", func(s table.Scores) twosample.Estimate { return s.Coverage })
	for k, u := range r.Utility[:min(len(r.Utility), 3)] {
		name := "utility"
		if len(r.Utility) > 1 {
			name = fmt.Sprintf("utility %d", k+1)
		}
		lines = append(lines, line{name, []twosample.Estimate{u.Synthetic, u.Independent, u.Real}})
	}
	if r.HeldOut > 0 {
		add("attack AUC", func(s table.Scores) twosample.Estimate { return s.Membership.Strongest() })
	}
	n := len(lines)
	p := Panel{
		Title: "scores, with bars of ± 2 errors", XLim: [2]float64{-0.03, 1.03}, YLim: [2]float64{-0.7, float64(n) + 1.6},
		XTicks: []float64{0, 0.25, 0.5, 0.75, 1}, Stretch: true, LegendTop: true, YNames: make([]string, n),
	}
	for i, l := range lines {
		p.YNames[n-1-i] = l.name
		y := float64(n - 1 - i)
		p.Layers = append(p.Layers, Line{X: mat.NewDense(2, 2, []float64{0, y, 1, y}), Color: color.NRGBA{A: 0x30}, Width: 0.4})
		for k, e := range l.of {
			if math.IsNaN(e.Value) {
				continue
			}
			if e.Value < 0 {
				p.XLabel = "what is below 0 is drawn there"
			}
			v, up := max(0, min(e.Value, 1)), y+0.24-0.24*float64(k) // one above the other
			if e.SE > 0 {
				bar := []float64{max(0, v-2*e.SE), up, min(1, v+2*e.SE), up}
				p.Layers = append(p.Layers, Line{X: mat.NewDense(2, 2, bar), Color: solid[k], Width: 0.8})
			}
			p.Layers = append(p.Layers, Points{X: mat.NewDense(1, 2, []float64{v, up}), Color: solid[k], Radius: 2})
		}
	}
	kinds := []string{"synthetic", "independent columns", "real rows"}
	for k, name := range kinds[:max(len(r.Scores), min(3, len(r.Scores)+len(r.Utility)))] {
		p.Layers = append(p.Layers, Line{X: mat.NewDense(1, 2, []float64{-9, 0}), Color: solid[k], Dots: 2, Label: name})
	}
	return p
}

// cut shortens a text to so many letters.
func cut(s string, letters int) string {
	if r := []rune(s); len(r) > letters {
		return string(r[:letters-1]) + "…"
	}
	return s
}

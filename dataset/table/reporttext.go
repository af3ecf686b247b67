package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// Lists of the text are no longer than so many lines.
const (
	mostColumnLines = 40
	mostPairLines   = 8
)

// String returns the report as text: scores, each with its best value and beside
// those of the other kinds of rows, then columns, and the pairs with the largest
// errors.
func (r *Report) String() string {
	var b strings.Builder
	held := ""
	if r.HeldOut > 0 {
		held = fmt.Sprintf(", and %s held out", count(r.HeldOut, "row"))
	}
	fmt.Fprintf(&b, "%s × %s, made from %s%s\n\n", count(r.Synthetic, "synthetic row"), count(len(r.Columns), "column"), count(r.Train, "row"), held)
	aligned(&b, r.scoreLines())
	b.WriteString("\n")
	aligned(&b, r.columnLines())
	if len(r.Columns) > mostColumnLines {
		fmt.Fprintf(&b, "  … and %d more\n", len(r.Columns)-mostColumnLines)
	}
	if len(r.Pairs) > 0 {
		b.WriteString("\n")
		aligned(&b, r.pairLines())
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n")
	}
	for _, n := range r.Notes {
		b.WriteString(n + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (r *Report) scoreLines() [][]string {
	head := []string{"", "best"}
	for _, s := range r.Scores {
		head = append(head, s.Name)
	}
	lines := [][]string{head}
	add := func(name, best string, of func(Scores) string) {
		line := []string{name, best}
		any := false
		for _, s := range r.Scores {
			text := of(s)
			any = any || text != ""
			line = append(line, text)
		}
		if any {
			lines = append(lines, line)
		}
	}
	estimate := func(name, best string, of func(Scores) twosample.Estimate) {
		add(name, best, func(s Scores) string { return estimateText(of(s), 1) })
	}
	percent := func(name, best string, of func(Scores) twosample.Estimate) {
		add(name, best, func(s Scores) string { return estimateText(of(s), 100) })
	}
	percent("columns: KS or total variation, %", "0", func(s Scores) twosample.Estimate { return s.Columns })
	if r.anyMissing() {
		percent("missing cells: difference, %", "0", func(s Scores) twosample.Estimate { return s.Missing })
	}
	percent("pairs of columns: error, %", "0", func(s Scores) twosample.Estimate { return s.Pairs })
	add("C2ST by trees, from rows trained on", "0.5", func(s Scores) string { return c2stText(s.C2ST) })
	if r.HeldOut > 0 {
		add("C2ST by trees, from rows held out", "0.5", func(s Scores) string { return c2stText(s.C2STHeldOut) })
	}
	add("detection score, from rows trained on", "1", func(s Scores) string {
		return estimateText(twosample.Estimate{Value: s.C2ST.Detection, SE: math.NaN()}, 1)
	})
	like := "high"
	if r.HeldOut > 0 {
		like = "as held out"
	}
	estimate("precision", like, func(s Scores) twosample.Estimate { return s.Precision })
	estimate("recall", like, func(s Scores) twosample.Estimate { return s.Recall })
	estimate("density", like, func(s Scores) twosample.Estimate { return s.Density })
	estimate("coverage", like, func(s Scores) twosample.Estimate { return s.Coverage })
	for _, u := range r.Utility {
		line := []string{fmt.Sprintf("utility: %s of %s", u.Measure, shown(u.Target)), "as real", estimateText(u.Synthetic, 1), estimateText(u.Independent, 1)}
		real := estimateText(u.Real, 1)
		if len(r.Scores) < 3 {
			line[1] = real + ", as real"
		} else {
			line = append(line, real)
		}
		lines = append(lines, line)
	}
	for k, rule := range r.Rules {
		percent("rule broken, %: "+rule, "0", func(s Scores) twosample.Estimate { return s.Violations[k] })
	}
	copied := "0"
	if r.HeldOut > 0 {
		copied = "as held out"
	}
	percent("copies of rows trained on, %", copied, func(s Scores) twosample.Estimate { return s.Copies })
	if r.HeldOut > 0 {
		estimate("privacy: AUC of membership inference", "0.5", func(s Scores) twosample.Estimate { return s.Membership.Strongest() })
		estimate("  by distance", "0.5", func(s Scores) twosample.Estimate { return s.Membership.Distance })
		estimate("  by ratio of densities", "0.5", func(s Scores) twosample.Estimate { return s.Membership.Density })
		percent("nearer to rows trained on, % (no claim)", "50", func(s Scores) twosample.Estimate { return s.NearestTrain })
	}
	return lines
}

func (r *Report) anyMissing() bool {
	for _, c := range r.Columns {
		if c.Train.Missing > 0 || c.Synthetic.Missing > 0 {
			return true
		}
	}
	return false
}

func (r *Report) columnLines() [][]string {
	head := []string{"column", "kind", "error, %"}
	if r.HeldOut > 0 {
		head = append(head, "held out")
	}
	lines := [][]string{append(head, "trained on", "synthetic")}
	for _, c := range r.Columns[:min(len(r.Columns), mostColumnLines)] {
		line := []string{shown(c.Name), c.Kind.String()}
		for i, e := range c.Errors {
			if i != independentRow { // 0 by construction
				line = append(line, short(100*e))
			}
		}
		lines = append(lines, append(line, c.text(c.Train, c.Histogram.Train), c.text(c.Synthetic, c.Histogram.Synthetic)))
	}
	return lines
}

// text describes the cells of a column.
func (c ColumnReport) text(s Summary, shares []float64) string {
	var parts []string
	switch {
	case c.Kind.Discrete():
		for k, label := range c.Histogram.Labels[:min(3, len(c.Histogram.Labels))] {
			if utf8.RuneCountInString(label) > 12 {
				label = string([]rune(label)[:11]) + "…"
			}
			parts = append(parts, strings.Trim(strconv.Quote(label), `"`)+" "+short(100*shares[k])+" %")
		}
	case s.Missing == 1:
	case c.Kind == Time:
		parts = append(parts, time.Unix(int64(s.Mean), 0).UTC().Format(time.DateOnly)+" ± "+short(s.SD/86400)+" days")
	default:
		size := max(math.Abs(s.Mean), s.SD)
		parts = append(parts, digits(s.Mean, 1e-14*size)+" ± "+digits(s.SD, 1e-14*size))
	}
	if s.Missing > 0 {
		parts = append(parts, short(100*s.Missing)+" % missing")
	}
	return strings.Join(parts, ", ")
}

func (r *Report) pairLines() [][]string {
	head := []string{"largest errors of pairs", "error, %", "independent"}
	if r.HeldOut > 0 {
		head = append(head, "held out")
	}
	lines := [][]string{append(head, "association", "synthetic")}
	for _, p := range r.Pairs[:min(len(r.Pairs), mostPairLines)] {
		line := []string{shown(p.A) + ", " + shown(p.B)}
		for _, e := range p.Errors {
			line = append(line, short(100*e))
		}
		lines = append(lines, append(line, fmt.Sprintf("%.2f", p.Train), fmt.Sprintf("%.2f", p.Synthetic)))
	}
	return lines
}

// estimateText returns an estimate in units of 1/scale, "" when there is none.
func estimateText(e twosample.Estimate, scale float64) string {
	switch {
	case math.IsNaN(e.Value):
		return ""
	case math.IsNaN(e.SE):
		return short(scale * e.Value)
	case scale == 1:
		return e.String()
	}
	return fmt.Sprintf("%s ± %s", short(scale*e.Value), short(scale*e.SE))
}

func c2stText(r twosample.C2STResult) string {
	if math.IsNaN(r.Accuracy) {
		return ""
	}
	return fmt.Sprintf("%.3f (%.3f to %.3f)", r.Accuracy, r.Low, r.High)
}

// short returns a number in three digits.
func short(v float64) string { return digits(v, 1e-12) }

// digits returns a number in three digits, one below a bound as 0 but for rounding.
func digits(v, rounding float64) string {
	switch a := math.Abs(v); {
	case a >= 1000 && a < 1e7:
		return fmt.Sprintf("%.0f", v)
	case a < rounding:
		return "0"
	}
	return fmt.Sprintf("%.3g", v)
}

// aligned writes lines of cells in columns.
func aligned(b *strings.Builder, lines [][]string) {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(w, "  "+strings.Join(line, "\t"))
	}
	w.Flush()
	for line := range strings.Lines(text.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

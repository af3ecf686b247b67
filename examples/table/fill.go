package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/draw"
)

// hole is a cell that is missing, with what was drawn for it.
type hole struct {
	row   int
	field table.Field
	draws []float64
}

// fill writes the table t with its holes filled by the first draw, which keeps the
// relations between columns, and beside it a line for each hole with all draws. Cells
// that are there come out as they are written.
func (j *job) fill(m *model, t, filled *table.Table, stdout io.Writer) error {
	some := withHoles(t)
	var rows []int // each of them, as often as it is drawn
	for _, i := range some {
		for range j.draws {
			rows = append(rows, i)
		}
	}
	drawn, _, err := m.codec.Impute(t.Select(rows), j.seed+200, draw.Sampler(context.Background(), m.Model, m.workers))
	if err != nil {
		return err
	}
	learned := &table.Table{Fields: m.codec.Fields()}
	var holes []hole
	var full int      // rows in which holes are filled
	var left []string // columns whose holes are not
	for k, i := range some {
		before := len(holes)
		for c, f := range drawn.Fields {
			if at := learned.Index(f.Name); at >= 0 && !f.Kind.Discrete() {
				f = learned.Fields[at] // with its decimals
			}
			if t.Columns[c] == nil || !math.IsNaN(t.Columns[c][i]) {
				continue
			}
			draws := drawn.Columns[c][k*j.draws : (k+1)*j.draws]
			if math.IsNaN(draws[0]) { // of a column that the model has not, or no cell of
				if !slices.Contains(left, f.Name) {
					left = append(left, f.Name)
				}
				continue
			}
			holes = append(holes, hole{i, f, draws})
			filled.Columns[c][i] = level(&filled.Fields[c], f.Text(draws[0]))
		}
		if len(holes) > before {
			full++
		}
	}
	if err := table.WriteFile(j.impute, filled, &table.WriteSettings{NoHeader: j.noHeader}); err != nil {
		return err
	}
	extension := filepath.Ext(j.impute)
	path := strings.TrimSuffix(j.impute, extension) + ".holes" + extension
	fmt.Fprintf(stdout, "%d holes of %d rows filled; %d draws of each in %s\n", len(holes), full, j.draws, filepath.Base(path))
	if len(left) > 0 {
		fmt.Fprintf(stdout, "not filled, as no row learned has a cell of them: %s\n", strings.Join(left, ", "))
	}
	lines := [][]string{{"row", "column", "centre", "spread", "low", "high"}}
	for k := range j.draws {
		lines[0] = append(lines[0], "draw"+strconv.Itoa(k+1))
	}
	for _, h := range holes {
		lines = append(lines, h.line())
	}
	return writeLines(path, lines)
}

// level returns the cell of a text, which becomes a level when it is none.
func level(f *table.Field, text string) float64 {
	k := slices.Index(f.Levels, text)
	if k < 0 {
		k = len(f.Levels)
		f.Levels = append(f.Levels, text)
	}
	return float64(k)
}

// line says what the draws are: of numbers the median, the deviation, and the quantiles
// of .05 and .95, of levels the most frequent and its share.
func (h hole) line() []string {
	line := []string{strconv.Itoa(h.row), h.field.Name}
	if h.field.Kind.Discrete() {
		counts := make([]int, len(h.field.Levels))
		for _, v := range h.draws {
			counts[int(v)]++
		}
		most := slices.Index(counts, slices.Max(counts))
		line = append(line, h.field.Levels[most], number(float64(counts[most])/float64(len(h.draws))), "", "")
	} else {
		sorted := slices.Sorted(slices.Values(h.draws))
		text := func(p float64) string { return h.field.Text(h.field.Snap(quantile(p, sorted))) }
		line = append(line, text(.5), number(stat.PopStdDev(h.draws, nil)), text(.05), text(.95))
	}
	for _, v := range h.draws {
		line = append(line, h.field.Text(v))
	}
	return line
}

// quantile returns the value below which a further draw is with probability p: the k-th
// of n draws has k/(n+1), and others lie between.
func quantile(p float64, sorted []float64) float64 {
	n := len(sorted)
	at := min(max(p*float64(n+1)-1, 0), float64(n-1))
	k := int(at)
	return sorted[k] + (at-float64(k))*(sorted[min(k+1, n-1)]-sorted[k])
}

// withHoles returns the rows of t with a missing cell.
func withHoles(t *table.Table) []int {
	var rows []int
	for i := range t.Len() {
		if slices.ContainsFunc(t.Columns, func(c []float64) bool { return c != nil && math.IsNaN(c[i]) }) {
			rows = append(rows, i)
		}
	}
	return rows
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

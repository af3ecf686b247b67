package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// noises are the levels of noise, in deviations, with which the density of rows is taken:
// the first finds rows that break what columns have to do with each other, the second
// rows far from all others. In different tables either is the better one; their mean is
// good in all that were tried.
var noises = [...]float64{0.1, 1}

// rank writes log-density and rank of every row of t, 1 for the least likely, and prints
// those of the first ranks. These are of the rows with cells of which nothing was learned,
// so that no density knows of them: the more of them the less likely.
func (j *job) rank(m *model, t *table.Table, stdout io.Writer) error {
	x, err := m.codec.Observe(t, j.seed)
	if err != nil {
		return err
	}
	// The density is that of the cells which are there, given which these are.
	seen := mat.NewDense(t.Len(), m.Dim(), nil)
	seen.Apply(func(_, _ int, v float64) float64 {
		if math.IsNaN(v) {
			return math.Inf(1)
		}
		return math.NaN()
	}, x)
	for _, k := range m.codec.Indicators() {
		for i := range t.Len() {
			if v := x.At(i, k); !math.IsNaN(v) {
				seen.Set(i, k, v)
			}
		}
	}
	cells := m.Dim() - len(m.codec.Indicators()) // which come last
	p := m.Observe(score.Observed{Values: seen}).Problem()
	var logp [len(noises)][]float64
	mean := make([]float64, t.Len()) // with what is missing
	for l, σ := range noises {
		logp[l] = make([]float64, len(mean))
		_, err := sampler.LogProb(context.Background(), logp[l], x, p, &sampler.FlowSettings{
			Start: σ, RTol: 1e-3, ATol: 1e-3, Workers: j.workers,
		})
		if err != nil {
			return err
		}
		// A row with fewer cells has a density of fewer dimensions. Those that it lacks
		// count as a normal column with that noise does on average.
		absent := -math.Log(2*math.Pi*math.E*(1+σ*σ)) / 2
		for i, v := range logp[l] {
			mean[i] += (v + absent*missing(seen.RawRowView(i)[:cells])) / float64(len(noises))
		}
	}
	unseen, err := m.codec.Unseen(t)
	if err != nil {
		return err
	}
	order := indices(len(mean))
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(unseen[b]), len(unseen[a])), cmp.Compare(mean[a], mean[b]))
	})
	ranks := make([]int, len(mean))
	for k, i := range order {
		ranks[i] = k + 1
	}
	lines := [][]string{{"row", "rank", "mean"}}
	for _, σ := range noises {
		lines[0] = append(lines[0], fmt.Sprintf("logp%g", σ))
	}
	lines[0] = append(lines[0], "unseen")
	for i, v := range mean {
		line := []string{strconv.Itoa(i), strconv.Itoa(ranks[i]), number(v)}
		for _, values := range logp {
			line = append(line, number(values[i]))
		}
		lines = append(lines, append(line, strings.Join(unseen[i], ", ")))
	}
	fmt.Fprintln(stdout, "\nthe least likely rows:")
	for _, i := range order[:min(5, len(order))] {
		var texts []string
		for c, column := range t.Columns {
			if column != nil {
				texts = append(texts, t.Text(i, c))
			}
		}
		news := ""
		if len(unseen[i]) > 0 {
			news = ", never seen before " + strings.Join(unseen[i], ", ")
		}
		fmt.Fprintf(stdout, "  row %d, log p %.2f%s: %s\n", i, mean[i], news, strings.Join(texts, ", "))
	}
	return writeLines(j.scores, lines)
}

// missing returns how many cells are.
func missing(row []float64) (n float64) {
	for _, v := range row {
		if math.IsInf(v, 1) {
			n++
		}
	}
	return n
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// writeLines writes a CSV file.
func writeLines(path string, lines [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(lines); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
)

// rank writes log-density and rank of every row of t, 1 for the least likely, and prints
// those of the first ranks.
func (j *job) rank(m *model, t *table.Table, stdout io.Writer) error {
	known, _ := m.known(t)
	x, err := m.codec.Encode(known, j.seed)
	if err != nil {
		return err
	}
	logp, err := m.logProb(x)
	if err != nil {
		return err
	}
	order := indices(len(logp))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logp[a], logp[b]) })
	ranks := make([]int, len(logp))
	for k, i := range order {
		ranks[i] = k + 1
	}
	lines := [][]string{{"row", "logp", "rank"}}
	for i, v := range logp {
		lines = append(lines, []string{strconv.Itoa(i), number(v), strconv.Itoa(ranks[i])})
	}
	fmt.Fprintln(stdout, "the least likely rows:")
	for _, i := range order[:min(5, len(order))] {
		var cells []string
		for c := range known.Fields {
			cells = append(cells, known.Text(i, c))
		}
		fmt.Fprintf(stdout, "  row %d, log p %.2f: %s\n", i, logp[i], strings.Join(cells, ", "))
	}
	return writeLines(j.scores, lines)
}

// start is the noise level of the density, in deviations: what is rare stays rare when
// noise is added, and the network's errors count for less.
const start = 1

// logProb returns the log-densities of coded rows with noise of the level start; cells
// that are NaN are left out.
func (m *model) logProb(x *mat.Dense) ([]float64, error) {
	n, _ := x.Dims()
	logp := make([]float64, n)
	_, err := sampler.LogProb(context.Background(), logp, x, m.Marginal(x).Problem(), &sampler.FlowSettings{
		Start: start, RTol: 1e-3, ATol: 1e-3, Workers: m.workers,
	})
	return logp, err
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

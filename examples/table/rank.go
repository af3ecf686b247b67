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

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
)

// rank writes log-density and rank of every row of t, 1 for the least likely, and prints
// those of the first ranks.
func (j *job) rank(m *model, t *table.Table, stdout io.Writer) error {
	known := m.known(t)
	x, err := m.codec.Encode(known, j.seed)
	if err != nil {
		return err
	}
	for k, name := range m.codec.Names() { // what is missing is no matter here
		if strings.HasSuffix(name, " missing") && known.Index(name) < 0 {
			for i := range known.Len() {
				x.Set(i, k, math.NaN())
			}
		}
	}
	logp := make([]float64, known.Len())
	_, err = sampler.LogProb(context.Background(), logp, x, m.Marginal(x).Problem(), &sampler.FlowSettings{
		Start: start, RTol: 1e-3, ATol: 1e-3, Workers: j.workers,
	})
	if err != nil {
		return err
	}
	order := indices(len(logp))
	surprise := make([]float64, len(logp))
	for i := range surprise {
		surprise[i] = -logp[i]
		for _, v := range x.RawRowView(i) {
			if math.IsNaN(v) {
				surprise[i] += unseen
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(surprise[b], surprise[a]) })
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

// unseen is what a cell that is missing counts for, so that rows with and without can be
// compared: the mean of −log p of a normal column with that noise.
var unseen = math.Log(2*math.Pi*math.E*(1+start*start)) / 2

func number(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }

// writeLines writes a CSV file.
func writeLines(path string, lines [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(lines); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

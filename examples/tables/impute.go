package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// imputer fills the missing cells of a table, several times. One that gives a single
// number for each cell fills once.
type imputer struct {
	name string
	fill func(ctx context.Context, j *job, train, holes *table.Table, seed uint64) ([]*table.Table, error)
}

var imputers = []imputer{
	{"mean", fillMean},
	{"columns", fillIndependent},
	{"neighbours", fillNeighbours},
	{"chained-ridge", fillChained(ridgeColumn)},
	{"chained-trees", fillChained(treesColumn)},
	{"gradlogp", fillModel},
}

// hole is a cell that is hidden.
type hole struct{ row, column int }

// hide returns the table with a share of its cells missing, and which these are, by
// row.
func hide(t *table.Table, share float64, seed uint64) (*table.Table, []hole) {
	rng := rand.New(rand.NewPCG(seed, 9))
	h := &table.Table{Fields: t.Fields}
	for _, c := range t.Columns {
		h.Columns = append(h.Columns, slices.Clone(c))
	}
	var hidden []hole
	for i := range t.Len() {
		for j := range t.Columns {
			if rng.Float64() < share && !math.IsNaN(t.Columns[j][i]) {
				h.Columns[j][i] = math.NaN()
				hidden = append(hidden, hole{i, j})
			}
		}
	}
	return h, hidden
}

// imputed is how good fillings are. What the fillings do not have is NaN.
type imputed struct {
	nrmse    float64 // root mean square over columns of numbers of RMSE of the mean draw / deviation
	crps     float64 // mean of the continuous ranked probability score / deviation
	energy   float64 // mean over rows of the energy score of the numbers hidden in it
	cover    float64 // share of the numbers in the 90 % interval
	split    float64 // the same with the draws that equal the truth in random order
	width    float64 // mean width of the interval / deviation
	accuracy float64 // of labels, by the most frequent draw
	brier    float64 // of labels: Σ_k (share_k − 1{truth})²
	seconds  float64
}

const imputeHeader = "method            NRMSE   CRPS    energy  cover   split   width   acc.    Brier   seconds"

// scoreDraws compares draws of hidden cells, by hole and draw, with the truth.
func scoreDraws(train, truth *table.Table, hidden []hole, draws [][]float64, seed uint64) imputed {
	rng := rand.New(rand.NewPCG(seed, 10))
	d := len(train.Fields)
	scale := newRuler(train).dev
	square, count := make([]float64, d), make([]float64, d)
	var crps, energy, cover, split, width, accuracy, brier []float64
	for at := 0; at < len(hidden); {
		end := at
		var numbers []int
		for ; end < len(hidden) && hidden[end].row == hidden[at].row; end++ {
			h := hidden[end]
			v, of := truth.Columns[h.column][h.row], draws[end]
			if train.Fields[h.column].Kind.Discrete() {
				right, b := labelScores(of, v)
				accuracy, brier = append(accuracy, right), append(brier, b)
				continue
			}
			numbers = append(numbers, end)
			s := scale[h.column]
			e := (stat.Mean(of, nil) - v) / s
			square[h.column] += e * e
			count[h.column]++
			crps = append(crps, spreadScore(1, func(int) float64 { return v / s }, len(of), func(_, k int) float64 { return of[k] / s }))
			if k := len(of); k >= 19 {
				sorted := slices.Sorted(slices.Values(of))
				low, high := sorted[(k+1)/20-1], sorted[k-(k+1)/20]
				cover = append(cover, indicator(low <= v && v <= high))
				width = append(width, (high-low)/s)
				below, equal := 0, 0
				for _, x := range of {
					if x < v {
						below++
					} else if x == v {
						equal++
					}
				}
				rank := below + rng.IntN(equal+1)
				split = append(split, indicator(rank >= (k+1)/20 && rank <= k-(k+1)/20))
			}
		}
		if len(numbers) > 0 {
			cell := func(i int) (hole, float64) {
				h := hidden[numbers[i]]
				return h, scale[h.column]
			}
			energy = append(energy, spreadScore(len(numbers), func(i int) float64 {
				h, s := cell(i)
				return truth.Columns[h.column][h.row] / s
			}, len(draws[numbers[0]]), func(i, k int) float64 {
				_, s := cell(i)
				return draws[numbers[i]][k] / s
			}))
		}
		at = end
	}
	var nrmse []float64
	for j, n := range count {
		if n > 0 {
			nrmse = append(nrmse, square[j]/n)
		}
	}
	return imputed{
		nrmse: math.Sqrt(stat.Mean(nrmse, nil)), crps: stat.Mean(crps, nil), energy: stat.Mean(energy, nil),
		cover: stat.Mean(cover, nil), split: stat.Mean(split, nil), width: stat.Mean(width, nil),
		accuracy: stat.Mean(accuracy, nil), brier: stat.Mean(brier, nil),
	}
}

// spreadScore is the energy score E‖X − v‖ − ½E‖X − X'‖ of draws X of d numbers, in
// one dimension the continuous ranked probability score, unbiased for their number; of
// one draw it is the distance.
func spreadScore(d int, truth func(i int) float64, n int, draw func(i, k int) float64) float64 {
	var to, between float64
	for k := range n {
		var r float64
		for i := range d {
			e := draw(i, k) - truth(i)
			r += e * e
		}
		to += math.Sqrt(r)
		for l := range k {
			var r float64
			for i := range d {
				e := draw(i, k) - draw(i, l)
				r += e * e
			}
			between += math.Sqrt(r)
		}
	}
	if to /= float64(n); n > 1 {
		to -= between / float64(n*(n-1))
	}
	return to
}

// labelScores returns whether the most frequent label is the true one and Brier's
// score of their shares.
func labelScores(draws []float64, truth float64) (right, brier float64) {
	share := map[float64]float64{}
	for _, v := range draws {
		share[v] += 1 / float64(len(draws))
	}
	brier = 1 - 2*share[truth]
	best := math.Inf(1)
	for v, p := range share {
		if brier += p * p; best == math.Inf(1) || p > share[best] || p == share[best] && v < best {
			best = v
		}
	}
	return indicator(best == truth), brier
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// drawsOf returns the hidden cells of filled tables.
func drawsOf(filled []*table.Table, hidden []hole) ([][]float64, error) {
	draws := make([][]float64, len(hidden))
	for i, h := range hidden {
		for _, t := range filled {
			v := t.Columns[h.column][h.row]
			if math.IsNaN(v) {
				return nil, fmt.Errorf("row %d, column %q is not filled", h.row, t.Fields[h.column].Name)
			}
			draws[i] = append(draws[i], v)
		}
	}
	return draws, nil
}

// task is a table with holes.
type task struct {
	name                string
	train, truth, holes *table.Table
	hidden              []hole
	seed                uint64
}

// imputedRows are the most rows with holes of a task.
const imputedRows = 1000

func (j *job) tasks(name string, t *table.Table) []task {
	var all []task
	for _, seed := range j.seeds {
		train, held := j.split(t, seed)
		held = some(held, imputedRows, seed)
		k := task{name: fmt.Sprintf("%s %d", name, seed), train: train, truth: held, seed: seed}
		k.holes, k.hidden = hide(held, j.hidden, seed)
		all = append(all, k)
	}
	return all
}

// runImpute prints the tables of imputation, or writes the tasks to a file.
func (j *job) runImpute(ctx context.Context, stdout, stderr io.Writer) error {
	p, err := readPeer(j.peer)
	if err != nil {
		return err
	}
	var exported []task
	for _, s := range j.sources {
		t, err := j.open(s)
		if err != nil {
			return err
		}
		tasks := j.tasks(s.name, t)
		if j.export != "" {
			exported = append(exported, tasks...)
			continue
		}
		fmt.Fprintf(stdout, "\n%s: %d rows, %d columns, %d holes in %d rows\n%s\n", s.name, t.Len(), len(t.Fields), len(tasks[0].hidden), tasks[0].holes.Len(), imputeHeader)
		for _, m := range imputers {
			if !slices.Contains(j.methods, m.name) {
				continue
			}
			var all []imputed
			for _, k := range tasks {
				fmt.Fprintf(stderr, "%s, %s\n", k.name, m.name)
				start := time.Now()
				filled, err := m.fill(ctx, j, k.train, k.holes, k.seed)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", k.name, m.name, err)
				}
				seconds := time.Since(start).Seconds()
				j.tell(stderr)
				draws, err := drawsOf(filled, k.hidden)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", k.name, m.name, err)
				}
				v := scoreDraws(k.train, k.truth, k.hidden, draws, k.seed)
				v.seconds = seconds
				all = append(all, v)
			}
			fmt.Fprintln(stdout, imputeLine(m.name, all))
		}
		if err := p.print(stdout, tasks); err != nil {
			return fmt.Errorf("-peer: %w", err)
		}
	}
	if j.export != "" {
		return export(j.export, exported, j.draws)
	}
	return nil
}

func imputeLine(name string, all []imputed) string {
	mean := func(of func(imputed) float64) string {
		v := make([]float64, len(all))
		for i, s := range all {
			v[i] = of(s)
		}
		return show("%.4f", stat.Mean(v, nil))
	}
	text := fmt.Sprintf("%-16s", name)
	for _, of := range []func(imputed) float64{
		func(s imputed) float64 { return s.nrmse },
		func(s imputed) float64 { return s.crps },
		func(s imputed) float64 { return s.energy },
		func(s imputed) float64 { return s.cover },
		func(s imputed) float64 { return s.split },
		func(s imputed) float64 { return s.width },
		func(s imputed) float64 { return s.accuracy },
		func(s imputed) float64 { return s.brier },
	} {
		text += fmt.Sprintf("  %-6s", mean(of))
	}
	var seconds float64
	for _, s := range all {
		seconds += s.seconds / float64(len(all))
	}
	return text + fmt.Sprintf("  %s", show("%.1f", seconds))
}

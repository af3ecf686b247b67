package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// filled returns a copy of the table in which at(i, j) is in the missing cells.
func filled(t *table.Table, at func(i, j int) float64) *table.Table {
	f := &table.Table{Fields: t.Fields}
	for j, c := range t.Columns {
		c = slices.Clone(c)
		for i, v := range c {
			if math.IsNaN(v) {
				c[i] = at(i, j)
			}
		}
		f.Columns = append(f.Columns, c)
	}
	return f
}

// centre returns the mean of numbers and the most frequent label.
func centre(f table.Field, values []float64) float64 {
	if f.Kind.Discrete() {
		v, _ := stat.Mode(values, nil)
		return v
	}
	return stat.Mean(values, nil)
}

// fillMean fills with the mean or the most frequent label.
func fillMean(_ context.Context, _ *job, train, holes *table.Table, _ uint64) ([]*table.Table, error) {
	var centres []float64
	for j, f := range train.Fields {
		centres = append(centres, centre(f, finite(train.Columns[j])))
	}
	return []*table.Table{filled(holes, func(_, j int) float64 { return centres[j] })}, nil
}

// fillIndependent fills with draws of the column.
func fillIndependent(_ context.Context, j *job, train, holes *table.Table, seed uint64) ([]*table.Table, error) {
	return fromColumns(train, holes, j.draws, rand.New(rand.NewPCG(seed, 11))), nil
}

func fromColumns(train, holes *table.Table, draws int, rng *rand.Rand) []*table.Table {
	var values [][]float64
	for _, c := range train.Columns {
		values = append(values, finite(c))
	}
	all := make([]*table.Table, draws)
	for k := range all {
		all[k] = filled(holes, func(_, j int) float64 { return values[j][rng.IntN(len(values[j]))] })
	}
	return all
}

// fillNeighbours fills with draws from the ten rows that have the column and are
// nearest in what is known: the root mean square over the columns that both have, in
// units of the deviations, 1 for different labels.
func fillNeighbours(_ context.Context, j *job, train, holes *table.Table, seed uint64) ([]*table.Table, error) {
	const neighbours = 10
	rng := rand.New(rand.NewPCG(seed, 12))
	scale := newRuler(train).dev
	n, d := train.Len(), len(train.Fields)
	all := make([]*table.Table, j.draws)
	for k := range all {
		all[k] = filled(holes, func(int, int) float64 { return math.NaN() })
	}
	dist := make([]float64, n)
	for i := range holes.Len() {
		measured := false
		for c := range d {
			if !math.IsNaN(holes.Columns[c][i]) {
				continue
			}
			if !measured {
				distances(dist, train, holes, i, scale)
				measured = true
			}
			near := nearest(dist, train.Columns[c], neighbours)
			for k := range all {
				all[k].Columns[c][i] = train.Columns[c][near[rng.IntN(len(near))]]
			}
		}
	}
	return all, nil
}

func distances(dst []float64, train, holes *table.Table, i int, scale []float64) {
	both := make([]float64, len(dst))
	clear(dst)
	for c, f := range train.Fields {
		v := holes.Columns[c][i]
		if math.IsNaN(v) {
			continue
		}
		for r, w := range train.Columns[c] {
			if math.IsNaN(w) {
				continue
			}
			both[r]++
			if f.Kind.Discrete() {
				dst[r] += indicator(v != w)
			} else {
				e := (v - w) / scale[c]
				dst[r] += e * e
			}
		}
	}
	for r := range dst {
		dst[r] /= both[r] // NaN where they have no column in common
	}
}

// nearest returns the rows of the k least distances whose cell is there.
func nearest(dist, column []float64, k int) []int {
	var rows []int
	for r, v := range column {
		if math.IsNaN(v) {
			continue
		}
		at := len(rows)
		for at > 0 && compareCells(dist[r], dist[rows[at-1]]) < 0 {
			at--
		}
		if at < k {
			rows = slices.Insert(rows, at, r)
			rows = rows[:min(k, len(rows))]
		}
	}
	return rows
}

// fillModel draws with this library: one model of all columns, each with a noise level
// of its own, given what is known of a row.
func fillModel(ctx context.Context, j *job, train, holes *table.Table, seed uint64) ([]*table.Table, error) {
	c, err := table.NewCodec(train, nil)
	if err != nil {
		return nil, err
	}
	x, err := c.Encode(train, seed)
	if err != nil {
		return nil, err
	}
	m, err := j.train(ctx, x, true, seed)
	if err != nil {
		return nil, err
	}
	reference := mat.NewDense(references(train.Len()), c.Dim(), nil)
	if err := newStaged(m, c, x).fill(ctx, reference, seed+1<<32, j.workers); err != nil {
		return nil, err
	}
	if err := c.Match(reference); err != nil {
		return nil, err
	}
	all := make([]*table.Table, j.draws)
	for k := range all {
		if all[k], err = drawHoles(ctx, j, m, c, train, holes, seed+uint64(k)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// drawHoles fills the holes with one draw, in stages: the columns that are never
// missing in training first, then the others by their share of missing cells. A cell
// that is drawn is one that is there, for the network, which says something of the
// row where cells are missing for a reason; later stages are left out of earlier ones.
func drawHoles(ctx context.Context, j *job, m *score.Model, c *table.Codec, train, holes *table.Table, seed uint64) (*table.Table, error) {
	t := holes
	stages := stagesOf(train)
	for _, stage := range stages {
		known, err := c.Observe(t, seed)
		if err != nil {
			return nil, err
		}
		given := mat.DenseCopyOf(known)
		for _, col := range c.Indicators() {
			for i := range holes.Len() {
				given.Set(i, col, math.Inf(1))
			}
		}
		for col, name := range c.Names() {
			of, _, _ := strings.Cut(name, "=") // a level's column
			if !stage[of] {
				continue
			}
			for i := range holes.Len() {
				if math.IsNaN(known.At(i, col)) {
					given.Set(i, col, math.Inf(1))
				}
			}
		}
		p := m.Observe(score.Observed{Values: given}).Problem()
		x := mat.NewDense(holes.Len(), c.Dim(), nil)
		if err := sampler.Sample(ctx, x, p, sampler.Default(p.SDE), &sampler.Settings{Seed: seed, Workers: j.workers}); err != nil {
			return nil, err
		}
		for _, col := range c.Indicators() {
			x.SetCol(col, mat.Col(nil, col, known)) // there
		}
		if t, err = c.Decode(x, known); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// stagesOf returns for every stage the names of the columns that come later.
func stagesOf(train *table.Table) []map[string]bool {
	var shares []float64
	share := map[string]float64{}
	for j, f := range train.Fields {
		share[f.Name] = 1 - float64(len(finite(train.Columns[j])))/float64(train.Len())
		shares = append(shares, share[f.Name])
	}
	slices.Sort(shares)
	var stages []map[string]bool
	for _, s := range slices.Compact(shares) {
		later := map[string]bool{}
		for name, v := range share {
			if v > s {
				later[name] = true
			}
		}
		stages = append(stages, later)
	}
	return stages
}

package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/draw"
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
	sample := draw.Sampler(ctx, m, j.workers)
	reference, err := sample(references(train.Len()), nil, seed+1<<32)
	if err != nil {
		return nil, err
	}
	if err := c.Match(reference); err != nil {
		return nil, err
	}
	all := make([]*table.Table, j.draws)
	for k := range all {
		if all[k], _, err = c.Impute(holes, seed+uint64(k), sample); err != nil {
			return nil, err
		}
	}
	return all, nil
}

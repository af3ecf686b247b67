package main

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// drawer draws a table of n rows.
type drawer func(ctx context.Context, n int, seed uint64) (*table.Table, error)

// method learns from the rows of a table.
type method struct {
	name string
	fit  func(ctx context.Context, j *job, train *table.Table, seed uint64) (drawer, error)
}

var methods = []method{
	{"independent", independent},
	{"copula", copula},
	{"mixture", coded(choice{}, mixtureByBIC)},
	{"forestflow", coded(choice{}, forestFlow)},
	{"gradlogp", coded(choice{}, network(false))},
	{"gradlogp-columns", coded(choice{}, network(true))},
}

// methodNames returns the names of what the flags compare.
func (j *job) methodNames() []string {
	var names []string
	if j.impute {
		for _, m := range imputers {
			names = append(names, m.name)
		}
		return names
	}
	for _, m := range j.compared() {
		names = append(names, m.name)
	}
	return names
}

// compared returns the methods, or the choices of the codec.
func (j *job) compared() []method {
	if j.choices {
		return choices
	}
	return methods
}

// learner learns from coded rows and returns what fills a matrix with such rows.
type learner func(ctx context.Context, j *job, x *mat.Dense, seed uint64) (func(ctx context.Context, x *mat.Dense, seed uint64) error, error)

// references returns how many rows of a model a codec's Match is given, for a table
// of n rows.
func references(n int) int { return min(10000, 20*n) }

// coded is a learner between the codec's two directions.
func coded(by choice, learn learner) func(context.Context, *job, *table.Table, uint64) (drawer, error) {
	return func(ctx context.Context, j *job, train *table.Table, seed uint64) (drawer, error) {
		c, err := by.codec(train)
		if err != nil {
			return nil, err
		}
		x, err := c.Encode(train, seed)
		if err != nil {
			return nil, err
		}
		fill, err := learn(ctx, j, x, seed)
		if err != nil {
			return nil, err
		}
		if !by.unmatched {
			reference := mat.NewDense(references(train.Len()), c.Dim(), nil)
			if err := fill(ctx, reference, seed+1<<32); err != nil {
				return nil, err
			}
			if err := c.Match(reference); err != nil {
				return nil, err
			}
		}
		return func(ctx context.Context, n int, seed uint64) (*table.Table, error) {
			x := mat.NewDense(n, c.Dim(), nil)
			if err := fill(ctx, x, seed); err != nil {
				return nil, err
			}
			return c.Decode(x, nil)
		}, nil
	}
}

// network is this library as it comes: nil for all settings but those that the flags
// name.
func network(columns bool) learner {
	return func(ctx context.Context, j *job, x *mat.Dense, seed uint64) (func(context.Context, *mat.Dense, uint64) error, error) {
		m, err := j.train(ctx, x, columns, seed)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context, x *mat.Dense, seed uint64) error {
			p := m.Problem()
			return sampler.Sample(ctx, x, p, sampler.Default(p.SDE), &sampler.Settings{Seed: seed, Workers: j.workers})
		}, nil
	}
}

// train fits a model to coded rows.
func (j *job) train(ctx context.Context, x *mat.Dense, columns bool, seed uint64) (*score.Model, error) {
	_, d := x.Dims()
	m, err := score.New(d, &score.Config{ColumnLevels: columns, Seed: seed})
	if err != nil {
		return nil, err
	}
	data, err := score.Rows(x, nil)
	if err != nil {
		return nil, err
	}
	r, err := score.Fit(ctx, m, data, &score.Settings{Steps: j.steps, Seed: seed, Workers: j.workers})
	if r != nil {
		j.notes = append(j.notes, r.Warnings...)
	}
	return m, err
}

// named returns the methods that the flags name, in their order in the tables.
func (j *job) named() []method {
	return slices.DeleteFunc(slices.Clone(j.compared()), func(m method) bool { return !slices.Contains(j.methods, m.name) })
}

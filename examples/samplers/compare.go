package main

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde"
)

// point is what a run cost and how wrong it was.
type point struct{ evaluations, err float64 }

// result is a method with what came of its runs; onLine is nil for a method
// with noise.
type result struct {
	method
	onLine, onPlane []point
}

// table is all that is measured.
type table struct {
	job             *job
	fixed, adaptive []result
	left            float64 // see line
	floor, spread   float64 // distances in the plane between true samples: mean and deviation
}

// quantileCount is the number of paths on the line, pairs that of the pairs of
// true samples.
const quantileCount, pairs = 400, 10

// compare measures every run of every method. Runs are tasks for the workers; a
// run depends on nothing but itself.
func (j *job) compare(ctx context.Context) (*table, error) {
	l, err := newLine(process, quantileCount)
	if err != nil {
		return nil, err
	}
	p, err := newPlane(process, j.n, j.seed)
	if err != nil {
		return nil, err
	}
	t := &table{job: j, left: l.left}
	var tasks []func() error
	add := func(methods []method) []result {
		results := make([]result, len(methods))
		for i, m := range methods {
			results[i] = result{method: m, onPlane: make([]point, len(m.runs))}
			if !m.noise {
				results[i].onLine = make([]point, len(m.runs))
			}
			for k, r := range m.runs {
				tasks = append(tasks, func() (err error) {
					if !m.noise {
						results[i].onLine[k], err = l.measure(ctx, r)
					}
					if err == nil {
						results[i].onPlane[k], err = p.measure(ctx, r)
					}
					if err != nil {
						return fmt.Errorf("%s: %w", m.name, err)
					}
					return nil
				})
			}
		}
		return results
	}
	// The adaptive ones first: they take longest.
	t.adaptive, t.fixed = add(adaptive(process)), add(fixed(process))
	floors := make([]float64, pairs)
	for i := range floors {
		tasks = append(tasks, func() error {
			a, err := p.fresh(2*uint64(i) + 1)
			if err != nil {
				return err
			}
			b, err := p.fresh(2*uint64(i) + 2)
			if err != nil {
				return err
			}
			floors[i] = distance(a, b)
			return ctx.Err()
		})
	}
	if err := do(tasks, j.workers); err != nil {
		return nil, err
	}
	t.floor, t.spread = stat.MeanStdDev(floors, nil)
	return t, nil
}

// do runs the tasks in any order and returns the first one's error.
func do(tasks []func() error, workers int) error {
	errs := make([]error, len(tasks))
	pool.New(workers).Each(len(tasks), func(_, i int) { errs[i] = tasks[i]() })
	return cmp.Or(errs...)
}

// counter counts the rows whose score has been evaluated: adaptive methods
// spend more on some than on others.
type counter struct {
	sde.Scorer
	rows atomic.Int64
}

func (c *counter) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	c.rows.Add(int64(n))
	c.Scorer.Score(dst, x, t)
}

// counted draws x with sample and returns the evaluations that a row cost.
func counted(p sde.Problem, x *mat.Dense, sample func(sde.Problem) error) (float64, error) {
	c := &counter{Scorer: p.Score}
	p.Score = c
	err := sample(p)
	n, _ := x.Dims()
	return float64(c.rows.Load()) / float64(n), err
}

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// way is a way to a model for few steps.
type way struct {
	name      string
	objective score.Objective // nil: progressive distillation
	scratch   bool            // from the data, without a teacher
	more      float64         // steps beyond those of -few, as a share of these
}

var ways = []way{
	{name: "trajectories", objective: score.Trajectories{}},
	{name: "mean flow", objective: score.MeanFlow{}, more: 0.2},
	{name: "mean flow, from scratch", objective: score.MeanFlow{}, scratch: true},
	{name: "consistency", objective: score.Consistency{}},
	{name: "consistency, from scratch", objective: score.Consistency{}, scratch: true},
	{name: "progressive"},
}

// waysOf returns the ways of a list, whose names are separated by commas and may have one.
func waysOf(list string) ([]way, error) {
	var some []way
	for rest := list; rest != ""; {
		next := -1
		for i, name := range names() {
			if after, ok := strings.CutPrefix(rest, name); ok && (after == "" || after[0] == ',') && (next < 0 || len(name) > len(ways[next].name)) {
				next = i
			}
		}
		name, _, _ := strings.Cut(rest, ",")
		switch {
		case next >= 0:
			name = ways[next].name
			some = append(some, ways[next])
		case name == "all":
			some = append(some, ways...)
		case name != "none":
			return nil, fmt.Errorf("unknown %q, want one of %q, all or none", name, names())
		}
		rest = strings.TrimPrefix(rest[len(name):], ",")
	}
	return some, nil
}

// taught reports whether a model has a teacher instead of the data.
func (w way) taught() bool { return w.name != "" && !w.scratch }

func names() []string {
	var all []string
	for _, w := range ways {
		all = append(all, w.name)
	}
	return all
}

// draw makes samples in n evaluations.
type draw func(ctx context.Context, x *mat.Dense, n int) error

// solver draws with the score of a model, on a grid that ends at the data.
func (j *job) solver(u *subject, m *score.Model) draw {
	return func(ctx context.Context, x *mat.Dense, n int) error {
		s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: append(u.grid(m.Process(), n), 0)}
		if n == 1 {
			s.Grid = u.few(m.Process(), 1)
		}
		return sampler.Sample(ctx, x, u.problem(m), sampler.Default(m.Process()), s)
	}
}

// mapped draws with the map of a model.
func (j *job) mapped(u *subject, m *score.Model) draw {
	return func(ctx context.Context, x *mat.Dense, n int) error {
		s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: u.few(m.Process(), n)}
		return sampler.Sample(ctx, x, u.problem(m), sampler.FlowMap{}, s)
	}
}

// stages are the shares of the training steps for 32, 16, … 1 steps of the sampler. The fewer
// these are, the less a step is like one of the model's.
var stages = []float64{0.05, 0.08, 0.12, 0.32, 0.28, 0.15}

// progressive halves the steps of a model from 64 to 1 and prints a line for the stages of 4,
// 2 and 1. Its training steps, which cost less than those of other ways, are more by three
// fifths.
func (j *job) progressive(ctx context.Context, u *subject, w way, m *score.Model, name string, stderr io.Writer) error {
	times := u.halving(m.Process(), 64)
	students := map[int]draw{}
	var all cost
	teacher, total := m, 0
	for stage, share := range stages {
		n := 32 >> stage
		steps := max(1, int(share*1.6*float64(j.few)))
		total += steps
		o := score.Progressive{Grid: times}
		times = o.Halved()
		student := teacher.Clone()
		settings := u.settings(steps, w)
		settings.Objective, settings.Teacher = o, teacher
		took, err := j.train(ctx, student, u.data, settings, fmt.Sprintf("%s to %d", name, n), stderr)
		if err != nil {
			return err
		}
		all.wall, all.processor = all.wall+took.wall, all.processor+took.processor
		teacher = student
		sampled := times
		students[n] = func(ctx context.Context, x *mat.Dense, _ int) error {
			s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: sampled}
			return sampler.Sample(ctx, x, u.problem(student), sampler.DDIM{}, s)
		}
	}
	return u.line(ctx, w.name, total, all, evaluations[:3], func(ctx context.Context, x *mat.Dense, n int) error {
		return students[n](ctx, x, n)
	})
}

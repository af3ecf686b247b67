package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// way is a way to a model for few steps.
type way struct {
	name      string
	objective score.Objective // nil: progressive distillation
	scratch   bool            // from the data, without a teacher
}

var ways = []way{
	{"trajectories", score.Trajectories{}, false},
	{"mean flow", score.MeanFlow{}, false},
	{"mean flow, from scratch", score.MeanFlow{}, true},
	{"consistency", score.Consistency{}, false},
	{"consistency, from scratch", score.Consistency{}, true},
	{"progressive", nil, false},
}

func names() []string {
	var all []string
	for _, w := range ways {
		all = append(all, w.name)
	}
	return all
}

// draw makes samples in n evaluations.
type draw func(ctx context.Context, x *mat.Dense, n int) error

// toy prints the lines of a toy.
func (j *job) toy(ctx context.Context, t toy.Toy, stdout, stderr io.Writer) error {
	var truth []*mat.Dense
	for k := range uint64(3) {
		truth = append(truth, dataset.Sample(t.Open(rand.NewPCG(j.seed, 10+k)), j.n))
	}
	x := mat.NewDense(j.n, 2, nil)
	line := func(name string, steps int, took time.Duration, budgets []int, d draw) error {
		fmt.Fprintf(stdout, "%-12s  %-24s  %6d  %7.1f ", t.Name, name, steps, took.Seconds())
		for _, n := range []int{1, 2, 4, 40} {
			text := "-"
			for _, b := range budgets {
				if b != n {
					continue
				}
				if err := d(ctx, x, n); err != nil {
					return err
				}
				sum := 0.0
				for _, y := range truth {
					sum += twosample.C2STNeighbours(x, y, 15) / float64(len(truth))
				}
				text = fmt.Sprintf("%.4f", sum)
			}
			fmt.Fprintf(stdout, " %-6s", text)
		}
		fmt.Fprintln(stdout)
		return nil
	}
	data := score.Draws(2, t.Open)
	m, took, err := j.fit(ctx, nil, data, score.Settings{Steps: j.steps}, t.Name+", the model", stderr)
	if err != nil {
		return err
	}
	if err := line("the model", j.steps, took, []int{1, 2, 4, 40}, j.solver(m)); err != nil {
		return err
	}
	for _, w := range j.ways {
		name := t.Name + ", " + w.name
		if w.objective == nil {
			if err := j.progressive(ctx, m, data, name, line, stderr); err != nil {
				return err
			}
			continue
		}
		settings, start := score.Settings{Steps: j.few, Objective: w.objective, Teacher: m}, m
		if w.scratch {
			settings.Steps, settings.Teacher, start = j.steps, nil, nil
		}
		if _, is := w.objective.(score.Trajectories); is && j.small {
			settings.Objective = score.Trajectories{Steps: 8, Kept: 64}
		}
		s, took, err := j.fit(ctx, start, data, settings, name, stderr)
		if err != nil {
			return err
		}
		if err := line(w.name, settings.Steps, took, []int{1, 2, 4}, j.mapped(s)); err != nil {
			return err
		}
	}
	return nil
}

// fit trains a model: for few steps when there is an objective, beginning as the model start
// unless that is nil.
func (j *job) fit(ctx context.Context, start *score.Model, data score.Data, s score.Settings, name string, stderr io.Writer) (*score.Model, time.Duration, error) {
	c := score.Config{Seed: j.seed, FlowMap: s.Objective != nil}
	if j.small {
		c.Net = nn.RecipeMLP(2, 32)
	}
	m, err := score.New(2, &c)
	if start != nil {
		m, err = score.NewFlowMap(start)
	}
	if err != nil {
		return nil, 0, err
	}
	took, err := j.train(ctx, m, data, s, name, stderr)
	return m, took, err
}

// train is score.Fit with the seed, the workers and a progress bar.
func (j *job) train(ctx context.Context, m *score.Model, data score.Data, s score.Settings, name string, stderr io.Writer) (time.Duration, error) {
	fmt.Fprintln(stderr, name)
	progress := bar.New(stderr, s.Steps)
	s.Seed, s.Workers, s.Recorder = j.seed, j.workers, progress
	if j.small {
		s.Batch, s.References = 64, 64
	}
	begin := time.Now()
	_, err := score.Fit(ctx, m, data, &s)
	progress.Close()
	return time.Since(begin), err
}

// solver draws with the score of a model, on a grid that ends at the data.
func (j *job) solver(m *score.Model) draw {
	return func(ctx context.Context, x *mat.Dense, n int) error {
		s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: append(grid.Default(m.Process(), n), 0)}
		if n == 1 {
			s.Grid = grid.Few(m.Process(), 1)
		}
		return sampler.Sample(ctx, x, m.Problem(), sampler.Default(m.Process()), s)
	}
}

// mapped draws with the map of a model.
func (j *job) mapped(m *score.Model) draw {
	return func(ctx context.Context, x *mat.Dense, n int) error {
		s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: grid.Few(m.Process(), n)}
		return sampler.Sample(ctx, x, m.Problem(), sampler.FlowMap{}, s)
	}
}

// progressive halves the steps of a model from 16 to 1, in stages of as many training steps,
// and prints a line for the stages of 4, 2 and 1.
func (j *job) progressive(ctx context.Context, m *score.Model, data score.Data, name string, line func(string, int, time.Duration, []int, draw) error, stderr io.Writer) error {
	const first, stages = 16, 4
	times := append(grid.Default(m.Process(), first), 0)
	students := map[int]draw{}
	var all time.Duration
	teacher := m
	for n := first / 2; n >= 1; n /= 2 {
		o := score.Progressive{Grid: times}
		times = o.Halved()
		student := teacher.Clone()
		took, err := j.train(ctx, student, data, score.Settings{Steps: j.few / stages, Objective: o, Teacher: teacher}, fmt.Sprintf("%s to %d", name, n), stderr)
		if err != nil {
			return err
		}
		all += took
		teacher = student
		steps := times
		students[n] = func(ctx context.Context, x *mat.Dense, _ int) error {
			s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: steps}
			return sampler.Sample(ctx, x, student.Problem(), sampler.DDIM{}, s)
		}
	}
	return line("progressive", j.few/stages*stages, all, []int{1, 2, 4}, func(ctx context.Context, x *mat.Dense, n int) error {
		return students[n](ctx, x, n)
	})
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
	"github.com/gradlogp/gradlogp/sde"
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

// subject is what is learned, how, and how samples of it are judged.
type subject struct {
	name     string
	columns  int
	data     score.Data
	config   score.Config
	settings func(steps int, w way) *score.Settings // of the model for the zero way
	problem  func(m *score.Model) sde.Problem
	grid     func(p sde.SDE, points int) []float64 // of the model's solver, to the last noise
	few      func(p sde.SDE, steps int) []float64  // of a map
	line     line
	trained  func(ctx context.Context, m *score.Model) error // is told the model; nil for none
}

// line prints what is known of the samples that d draws, each with so many evaluations.
type line func(ctx context.Context, way string, steps int, took cost, budgets []int, d draw) error

// cost is what a training took, in seconds.
type cost struct{ wall, processor float64 }

// evaluations are the columns of the tables.
var evaluations = []int{1, 2, 4, 40}

// learn trains the model of a subject and those for few steps, and prints their lines.
func (j *job) learn(ctx context.Context, u *subject, stderr io.Writer) error {
	m, took, err := j.fit(ctx, u, nil, u.settings(j.steps, way{}), u.name+", the model", stderr)
	if err != nil {
		return err
	}
	if u.trained != nil {
		if err := u.trained(ctx, m); err != nil {
			return err
		}
	}
	if err := u.line(ctx, "the model", j.steps, took, evaluations, j.solver(u, m)); err != nil {
		return err
	}
	for _, w := range j.ways {
		name := u.name + ", " + w.name
		if w.objective == nil {
			if err := j.progressive(ctx, u, w, m, name, stderr); err != nil {
				return err
			}
			continue
		}
		steps, start := j.few, m
		if w.scratch {
			steps, start = j.steps, nil
		}
		settings := u.settings(steps, w)
		settings.Objective, settings.Teacher = cmp.Or(settings.Objective, w.objective), start
		if _, is := w.objective.(score.Trajectories); is && j.small {
			settings.Objective = score.Trajectories{Steps: 8, Kept: 64}
		}
		s, took, err := j.fit(ctx, u, start, settings, name, stderr)
		if err != nil {
			return err
		}
		if err := u.line(ctx, w.name, steps, took, evaluations[:3], j.mapped(u, s)); err != nil {
			return err
		}
	}
	return nil
}

// fit trains a model: for few steps when there is an objective, beginning as the model start
// unless that is nil.
func (j *job) fit(ctx context.Context, u *subject, start *score.Model, s *score.Settings, name string, stderr io.Writer) (*score.Model, cost, error) {
	c := u.config
	c.Seed, c.FlowMap = j.seed, s.Objective != nil
	m, err := score.New(u.columns, &c)
	if start != nil {
		m, err = score.NewFlowMap(start)
	}
	if err != nil {
		return nil, cost{}, err
	}
	took, err := j.train(ctx, m, u.data, s, name, stderr)
	return m, took, err
}

// train is score.Fit with the seed, the workers and a progress bar.
func (j *job) train(ctx context.Context, m *score.Model, data score.Data, s *score.Settings, name string, stderr io.Writer) (cost, error) {
	fmt.Fprintln(stderr, name)
	progress := bar.New(stderr, s.Steps)
	s.Seed, s.Workers, s.Recorder = j.seed, j.workers, progress
	if j.small {
		s.Batch, s.References = 64, cmp.Or(s.References, 64)
	}
	begin, processor := time.Now(), command.Stopwatch()
	_, err := score.Fit(ctx, m, data, s)
	progress.Close()
	return cost{time.Since(begin).Seconds(), processor()}, err
}

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

// progressive halves the steps of a model from 16 to 1, in stages of as many training steps,
// and prints a line for the stages of 4, 2 and 1.
func (j *job) progressive(ctx context.Context, u *subject, w way, m *score.Model, name string, stderr io.Writer) error {
	const first, stages = 16, 4
	times := append(u.grid(m.Process(), first), 0)
	students := map[int]draw{}
	var all cost
	teacher := m
	for n := first / 2; n >= 1; n /= 2 {
		o := score.Progressive{Grid: times}
		times = o.Halved()
		student := teacher.Clone()
		settings := u.settings(j.few/stages, w)
		settings.Objective, settings.Teacher = o, teacher
		took, err := j.train(ctx, student, u.data, settings, fmt.Sprintf("%s to %d", name, n), stderr)
		if err != nil {
			return err
		}
		all.wall, all.processor = all.wall+took.wall, all.processor+took.processor
		teacher = student
		steps := times
		students[n] = func(ctx context.Context, x *mat.Dense, _ int) error {
			s := &sampler.Settings{Seed: j.seed, Workers: j.workers, Grid: steps}
			return sampler.Sample(ctx, x, u.problem(student), sampler.DDIM{}, s)
		}
	}
	return u.line(ctx, w.name, j.few/stages*stages, all, evaluations[:3], func(ctx context.Context, x *mat.Dense, n int) error {
		return students[n](ctx, x, n)
	})
}

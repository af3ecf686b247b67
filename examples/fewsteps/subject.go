package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
	"github.com/gradlogp/gradlogp/sde"
)

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
	halving  func(p sde.SDE, steps int) []float64  // of progressive distillation
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
		steps, start := j.few+int(w.more*float64(j.few)), m
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

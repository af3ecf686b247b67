package main

import (
	"context"
	"io"
	"math"

	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// pictures is the name of the digits among the toys.
const pictures = "digits"

// digits prints the lines of handwritten digits, whose model is that of examples/digits.
func (j *job) digits(ctx context.Context, stdout, stderr io.Writer) error {
	all, err := digits.Carried()
	if err != nil {
		return err
	}
	test, train, err := all.HoldOut(j.seed)
	if err != nil {
		return err
	}
	if j.small {
		train, test = train.First(120), test.First(60)
	}
	c := j.newCritic(train, test, stdout)
	u := &subject{
		name: pictures, columns: train.Pixels(), data: digits.Scattered{Set: train}, config: *train.Config(),
		settings: func(steps int, w way) *score.Settings { return run(train.Format, steps, w) },
		problem:  func(m *score.Model) sde.Problem { return m.Given(c.samples.Labels).Problem() },
		grid:     grid.Conditional, few: fewOfPictures,
		halving: func(p sde.SDE, n int) []float64 { return append(grid.Conditional(p, n), 0) },
		line:    c.line,
	}
	if j.small {
		u.config.Net = nn.UNet{Size: []int{8, 8}, Channels: []int{4, 4}}
	}
	u.trained = func(ctx context.Context, m *score.Model) error { return c.compareWith(ctx, u, m) }
	if err := c.header(); err != nil {
		return err
	}
	return j.learn(ctx, u, stderr)
}

// run returns the settings of a training. What learns from the data is regularised as the
// model is, and what learns from a teacher is not: the teacher has no rows to be learned by
// heart.
func run(f digits.Format, steps int, w way) *score.Settings {
	t := digits.Training{Steps: steps, Batch: 96, Rate: 2e-3}
	if !w.taught() {
		t.Regularize = 0.1
	}
	s := t.Settings(f)
	switch w.objective.(type) {
	case score.Trajectories:
		s.Objective = score.Trajectories{Steps: 16} // half the time: the flow of pictures is smooth
	case score.MeanFlow, score.Consistency:
		s.Times = score.LogNormal{Mean: 0, Std: 2} // as far as the noise that samples begin with
	}
	return s
}

// picturesFrom are the noise levels σ/α from which the steps of a map of pictures begin: the
// first is that of samples under a condition, and the others matter little.
var picturesFrom = map[int][]float64{1: {80}, 2: {80, 1}, 4: {80, 2, 0.6, 0.2}}

// fewOfPictures is the grid of n steps of a map.
func fewOfPictures(p sde.SDE, n int) []float64 {
	var times []float64
	for _, level := range picturesFrom[n] {
		times = append(times, sde.TimeAt(p, -math.Log(level)))
	}
	return append(times, 0)
}

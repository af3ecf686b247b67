// Command inference finds out what made an outbreak, as a scientist would who can simulate
// outbreaks but knows no likelihood: it simulates many, learns the posterior of the
// parameters for any record (score/inference), and answers for one. Then it checks all that
// can be checked: whether the posterior is calibrated (dataset/calibration), whether
// the fitted model makes records like the one observed, and whether a record that was kept
// in another way is noticed. The outbreak is small enough for an exact posterior, which is
// printed and drawn beside.
//
// The numbers go to standard output and depend on the flags only. An interrupt (Ctrl-C)
// ends the training and goes on with what has been learned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/score/inference"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

func main() { command.Main("inference", &job{outbreak: village}) }

// job is what the flags ask for.
type job struct {
	outbreak
	n, steps, draws, trials, points int
	workers                         int
	seed                            uint64
	model                           string
	out, predictive, calibration    string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.n, "n", 30_000, "simulations to learn from, those that fail included")
	f.IntVar(&j.steps, "steps", 1500, "training steps, 0 for the default of inference.Recommend")
	f.IntVar(&j.draws, "draws", 2000, "draws of the posterior of the record")
	f.IntVar(&j.trials, "trials", 300, "held-out simulations that calibration is tested with")
	f.IntVar(&j.points, "points", 24, "cells along each axis by which the exact posterior is integrated")
	f.StringVar(&j.model, "model", "", "file of the learned posterior, of the same -n and -seed: used when it is there, written after training when not; none when empty")
	f.Uint64Var(&j.seed, "seed", 0, "seed of simulations, weights and draws")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "inference.png", "picture of the posterior to write; - for none")
	f.StringVar(&j.predictive, "predictive", "predictive.png", "picture of the predictive checks to write; - for none")
	f.StringVar(&j.calibration, "calibration", "calibration.png", "picture of the calibration to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	for _, f := range []struct {
		name         string
		value, least int
	}{{"n", j.n, 50}, {"steps", j.steps, 0}, {"draws", j.draws, 50}, {"trials", j.trials, 20}, {"points", j.points, 2}, {"workers", j.workers, 0}} {
		if f.value < f.least {
			return fmt.Errorf("-%s %d: want at least %d", f.name, f.value, f.least)
		}
	}
	for _, path := range []string{j.out, j.predictive, j.calibration} {
		if path == "-" {
			continue
		}
		if err := figure.Writable(path); err != nil {
			return err
		}
	}
	return nil
}

// truth made the record that is asked about.
var truth = []float64{3, 4, 0.6}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	post, err := j.learn(ctx, stdout, stderr)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	x, rng := make([]float64, j.days), rand.New(rand.NewPCG(j.seed, 1))
	for j.Simulate(x, truth, rng) != nil {
		// The outbreak that is asked about is one of those that left a record.
	}
	fmt.Fprintf(stdout, "\nthe record, a line a week:\n%s\n", weeks(x))
	if err := j.answer(ctx, stdout, post, x); err != nil {
		return err
	}
	held, err := inference.Simulate(ctx, prior, j.outbreak, j.days, 8*j.trials, &inference.SimulateSettings{Seed: j.seed, First: j.n, Workers: j.workers})
	if err != nil {
		return err
	}
	if err := j.calibrate(ctx, stdout, post, held); err != nil {
		return err
	}
	return j.check(ctx, stdout, post, held, x)
}

// learn learns the posterior from simulations, or opens the one in the file.
func (j *job) learn(ctx context.Context, stdout, stderr io.Writer) (*inference.Posterior, error) {
	if j.model != "" {
		if post, err := inference.Open(j.model, prior); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return post, err
		}
	}
	next := 0
	pairs, err := inference.Simulate(ctx, prior, j.outbreak, j.days, j.n, &inference.SimulateSettings{
		Seed: j.seed, Workers: j.workers, Progress: func(done, n int) {
			if done >= next {
				fmt.Fprintf(stderr, "%d of %d outbreaks simulated\n", done, n)
				next = min(n, done+n/5)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	for _, w := range pairs.Warnings {
		fmt.Fprintln(stdout, w)
	}
	steps := j.steps
	if steps == 0 {
		good, _ := pairs.Theta.Dims()
		steps = inference.Recommend(good, parameters, j.days).Steps
	}
	progress := bar.New(stderr, steps)
	s := &inference.Settings{Seed: j.seed, Workers: j.workers}
	s.Training.Steps, s.Training.Recorder = steps, progress
	post, err := inference.Fit(ctx, prior, pairs.Theta, pairs.X, s)
	progress.Close()
	switch {
	case err != nil && post != nil && errors.Is(err, context.Canceled):
		return post, nil
	case err != nil:
		return nil, err
	}
	for _, w := range post.Warnings {
		fmt.Fprintln(stdout, w)
	}
	if j.model != "" {
		return post, post.SaveFile(j.model)
	}
	return post, nil
}

// weeks writes a record.
func weeks(x []float64) string {
	var b strings.Builder
	for i, v := range x {
		fmt.Fprintf(&b, "%3.0f", v)
		if i%7 == 6 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

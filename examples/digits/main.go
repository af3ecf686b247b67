// Command digits trains a U-Net on images, by default 1,797 of handwritten digits,
// which the program carries, and draws new ones of each class. It prints how they
// compare with images that were held out: what classifiers know of them, whether trees
// tell them from real ones, whether they are copies, and how many bits a pixel the model
// needs for real images.
//
// The numbers go to standard output and depend on the flags only. An interrupt
// (Ctrl-C) ends the training and goes on with what has been learned.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

func main() { command.Main("digits", &job{}) }

// job is what the flags ask for.
type job struct {
	data, model                string
	steps, batch, n, workers   int
	lessons                    int // of a classifier
	compared, points, bitsOf   int
	rate, regularize, guidance float64
	seed                       uint64
	out, gif                   string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.data, "data", "", "IDX file of images, with the one of labels beside it, or folder with a folder of PNG files for each class; the digits that the program carries when empty")
	f.StringVar(&j.model, "model", "", "file of the trained network: used when it is there, written after training when not; none when empty")
	f.IntVar(&j.steps, "steps", 4000, "training steps")
	f.IntVar(&j.batch, "batch", 96, "images of a step")
	f.IntVar(&j.lessons, "lessons", 800, "training steps of a classifier")
	f.Float64Var(&j.rate, "rate", 2e-3, "highest learning rate")
	f.Float64Var(&j.regularize, "regularize", 0.1, "dropout and weight decay; -1 for none")
	f.IntVar(&j.n, "n", 1400, "samples, of each class as many")
	f.IntVar(&j.compared, "compared", 1400, "most images of a kind that are compared with others one by one; classifiers see all")
	f.IntVar(&j.points, "points", 24, "noise levels that a sample passes")
	f.Float64Var(&j.guidance, "guidance", 1.1, "strength of the class, 1 for that of the data")
	f.IntVar(&j.bitsOf, "bits", 128, "held-out images to find the bits a pixel of, 0 for none")
	f.Uint64Var(&j.seed, "seed", 0, "seed of the split, weights, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "digits.png", "picture to write; - for none")
	f.StringVar(&j.gif, "gif", "digits.gif", "film to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	for _, f := range []struct {
		name         string
		value, least int
	}{{"steps", j.steps, 1}, {"batch", j.batch, 2}, {"lessons", j.lessons, 1}, {"n", j.n, 100}, {"compared", j.compared, 20}, {"points", j.points, 3}, {"bits", j.bitsOf, 0}, {"workers", j.workers, 0}} {
		if f.value < f.least {
			return fmt.Errorf("-%s %d: want at least %d", f.name, f.value, f.least)
		}
	}
	if !(j.rate > 0 && j.rate <= math.MaxFloat64) {
		return fmt.Errorf("-rate %v: want a positive number", j.rate)
	}
	if math.IsNaN(j.guidance - j.guidance) {
		return fmt.Errorf("-guidance %v: want a finite number", j.guidance)
	}
	if j.bitsOf == 1 {
		return errors.New("-bits 1: want none, or more to have an error of them")
	}
	for _, path := range []string{j.out, j.gif} {
		if path == "-" {
			continue
		}
		if err := figure.Writable(path); err != nil {
			return err
		}
	}
	if j.out == j.gif && j.out != "-" {
		return fmt.Errorf("-out and -gif are both %s, want two files", j.out)
	}
	return nil
}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	all, err := digits.Load(j.data)
	if err != nil {
		return err
	}
	test, train, err := all.HoldOut(j.seed)
	if err != nil {
		return err
	}
	m, err := digits.Train(ctx, train, digits.Training{
		Model: j.model, Steps: j.steps, Batch: j.batch, Rate: j.rate, Regularize: j.regularize, Workers: j.workers, Seed: j.seed,
	}, stdout, stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d images of %d×%d, %d held out\n", all.Len(), all.Height, all.Width, test.Len())
	samples, err := j.sample(m, train)
	if err != nil {
		return err
	}
	if err := j.judge(stdout, m, train, test, samples); err != nil {
		return err
	}
	if j.out != "-" {
		if err := draw(j.out, test, train, samples); err != nil {
			return err
		}
	}
	if j.gif == "-" {
		return nil
	}
	film, err := j.film(m, all.Format)
	if err != nil {
		return err
	}
	return figure.SaveGIF(j.gif, film)
}

// sample draws images, class after class, in the shades of the training images.
func (j *job) sample(m *score.Model, train digits.Set) (digits.Set, error) {
	s := train.Blank(j.n)
	for i := range j.n {
		s.Labels.Set(i, 0, float64(i%s.Classes))
	}
	p, settings, err := j.problem(m, s)
	if err != nil {
		return digits.Set{}, err
	}
	if err := sampler.Sample(context.Background(), s.X, p, method, settings); err != nil {
		return digits.Set{}, err
	}
	digits.Snap(s.X, digits.Cuts(s.X, train))
	return s, nil
}

// method is one with noise, which forgets on the way what the network got wrong.
var method = sampler.Heun{Churn: sampler.Churn{SChurn: 20, STmin: 0.05, STmax: 50}}

// problem returns what a sampler runs for images with the labels of s.
func (j *job) problem(m *score.Model, s digits.Set) (p sde.Problem, settings *sampler.Settings, err error) {
	p = m.Given(s.Labels).Problem()
	if j.guidance != 1 {
		p, err = sde.Guide(p, m.Problem(), j.guidance)
	}
	return p, &sampler.Settings{Grid: grid.Conditional(p, j.points), Seed: j.seed, Workers: j.workers}, err
}

// Command digits trains a U-Net on 1,797 images of handwritten digits, which the
// program carries, and draws new ones of each class. It prints how they compare with
// images that were held out: what classifiers know of them, whether trees tell them
// from real ones, and whether they are copies.
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

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

func main() { command.Main("digits", &job{}) }

// job is what the flags ask for.
type job struct {
	steps, batch, n, workers int
	lessons                  int // of a classifier
	rate, regularize         float64
	seed                     uint64
	out                      string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.steps, "steps", 3000, "training steps")
	f.IntVar(&j.batch, "batch", 128, "images of a step")
	f.IntVar(&j.lessons, "lessons", 800, "training steps of a classifier")
	f.Float64Var(&j.rate, "rate", 2e-3, "highest learning rate")
	f.Float64Var(&j.regularize, "regularize", 0.2, "dropout and weight decay; -1 for none")
	f.IntVar(&j.n, "n", 1400, "samples, of each class as many")
	f.Uint64Var(&j.seed, "seed", 0, "seed of the split, weights, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "digits.png", "picture to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.steps < 1 || j.batch < 2 || j.n < shown || j.lessons < 1 || j.workers < 0 || !(j.rate > 0) {
		return fmt.Errorf("-steps %d, -batch %d, -n %d, -lessons %d, -workers %d, -rate %v: want at least 1, 2, %d, 1, 0 and a positive number", j.steps, j.batch, j.n, j.lessons, j.workers, j.rate, shown)
	}
	if j.out == "-" {
		return nil
	}
	return figure.Writable(j.out)
}

// network is a U-Net of two levels with attention between the 4×4 positions of the lower.
var network = nn.UNet{Size: []int{side, side}, Channels: []int{32, 64}, Heads: 4}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	all, err := images()
	if err != nil {
		return err
	}
	parts := all.split(j.seed, heldOut, watched)
	test, watch, train := parts[0], parts[1], parts[2]
	m, err := score.New(pixels, &score.Config{Net: network, Cond: score.Conditions{Classes: []int{classes}}, Seed: j.seed})
	if err != nil {
		return err
	}
	progress := bar.New(stderr, j.steps)
	res, err := score.Fit(ctx, m, jittered{train}, &score.Settings{
		Steps: j.steps, Batch: j.batch, References: score.None, Scaling: score.CommonScale,
		Rate:       optim.WarmUp{Steps: 100, Then: optim.Cosine{Peak: j.rate, Floor: j.rate / 100, Steps: max(j.steps-100, 1)}},
		Regularize: j.regularize,
		Validation: score.Validation{Data: jittered{watch}, Rows: 512},
		Workers:    j.workers, Seed: j.seed, Recorder: progress,
	})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	samples, err := j.sample(m)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d of %d steps, seed %d, held-out loss %.4f at step %d\n", res.Steps, j.steps, j.seed, res.HeldOut, res.BestStep)
	if err := j.judge(stdout, train, test, samples); err != nil || j.out == "-" {
		return err
	}
	return draw(j.out, test, train, samples)
}

const (
	heldOut = 360 // images for the comparisons, a fifth
	watched = 144 // images for the choice of the best weights, a tenth of the rest
)

// sample draws digits, snapped to shades, class after class.
func (j *job) sample(m *score.Model) (set, error) {
	s := set{mat.NewDense(j.n, pixels, nil), mat.NewDense(j.n, 1, nil)}
	for i := range j.n {
		s.labels.Set(i, 0, float64(i%classes))
	}
	p := m.Given(s.labels).Problem()
	err := sampler.Sample(context.Background(), s.x, p, sampler.Default(p.SDE), &sampler.Settings{Seed: j.seed, Workers: j.workers})
	snap(s.x)
	return s, err
}

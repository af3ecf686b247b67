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
	"io/fs"
	"math"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
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

// network is a U-Net of two levels, with attention between the positions of the lower
// and, for images of 16 pixels and more, a stem of 2×2 patches.
func (f format) network() nn.UNet {
	net := nn.UNet{Size: []int{f.height, f.width}, Channels: []int{32, 64}, Heads: 4}
	if min(f.height, f.width) >= 16 {
		net.Patch, net.Channels = 2, []int{48, 96}
	}
	return net
}

// times are the noise levels of training: those of Karras et al. 2022 for images of 16
// pixels and more, whose classes and outlines only much noise hides; lower ones, the
// default, for those of less.
func (f format) times() score.Times {
	if min(f.height, f.width) >= 16 {
		return score.LogNormal{Mean: -0.5, Std: 1.2} // −1.2 for data of deviation ½
	}
	return nil
}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	all, err := j.load()
	if err != nil {
		return err
	}
	parts := all.split(j.seed, min((all.len()+4)/5, mostHeldOut))
	test, train := parts[0], parts[1]
	if test.len() < 2 || train.len() < 2 {
		return fmt.Errorf("%d images, want 10 or more", all.len())
	}
	m, err := j.network(ctx, train, stdout, stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d images of %d×%d, %d held out\n", all.len(), all.height, all.width, test.len())
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
	film, err := j.film(m, all.format)
	if err != nil {
		return err
	}
	return figure.SaveGIF(j.gif, film)
}

// network returns the model that is kept in a file, or trains one. The context ends the
// training.
func (j *job) network(ctx context.Context, train set, stdout, stderr io.Writer) (*score.Model, error) {
	m, err := score.New(train.pixels(), &score.Config{Net: train.network(), Cond: score.Conditions{Classes: []int{train.classes}}, Seed: j.seed})
	if err != nil {
		return nil, err
	}
	if j.model != "" {
		if err := m.LoadFile(j.model); !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(stdout, "seed %d, network of %s\n", j.seed, j.model)
			return m, err
		}
	}
	progress := bar.New(stderr, j.steps)
	res, err := score.Fit(ctx, m, scattered{train}, &score.Settings{
		Steps: j.steps, Batch: j.batch, Independent: true, References: score.None, Scaling: score.CommonScale,
		Rate:       optim.WarmUp{Steps: 100, Then: optim.Cosine{Peak: j.rate, Floor: j.rate / 100, Steps: max(j.steps-100, 1)}},
		Regularize: j.regularize, Times: train.times(),
		Workers: j.workers, Seed: j.seed, Recorder: progress,
	})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	fmt.Fprintf(stdout, "%d of %d steps, seed %d, loss %.3f\n", res.Steps, j.steps, j.seed, res.Loss)
	if j.model == "" {
		return m, nil
	}
	return m, m.SaveFile(j.model)
}

// mostHeldOut is the most images that are held out for the comparisons, a fifth when
// that is fewer.
const mostHeldOut = 2000

// sample draws images, class after class, in the shades of the training images.
func (j *job) sample(m *score.Model, train set) (set, error) {
	s := train.blank(j.n)
	for i := range j.n {
		s.labels.Set(i, 0, float64(i%s.classes))
	}
	p, settings, err := j.problem(m, s)
	if err != nil {
		return set{}, err
	}
	if err := sampler.Sample(context.Background(), s.x, p, method, settings); err != nil {
		return set{}, err
	}
	snap(s.x, cuts(s.x, train))
	return s, nil
}

// method is one with noise, which forgets on the way what the network got wrong.
var method = sampler.Heun{Churn: sampler.Churn{SChurn: 20, STmin: 0.05, STmax: 50}}

// problem returns what a sampler runs for images with the labels of s.
func (j *job) problem(m *score.Model, s set) (p sde.Problem, settings *sampler.Settings, err error) {
	p = m.Given(s.labels).Problem()
	if j.guidance != 1 {
		p, err = sde.Guide(p, m.Problem(), j.guidance)
	}
	return p, &sampler.Settings{Grid: grid.Conditional(p, j.points), Seed: j.seed, Workers: j.workers}, err
}

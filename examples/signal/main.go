// Command signal trains a U-Net of one axis on short windows of sung vowels, and draws
// new ones of each vowel at given pitches. A voice in the program sings what it learns
// from, or a WAV file holds it. It prints how the samples compare with windows that were
// held out: their pitches, their spectra, what trees know of them, and whether they are
// copies. It writes a picture of spectra, and a WAV file to listen to.
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
	"os"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

func main() { command.Main("signal", &job{}) }

// job is what the flags ask for.
type job struct {
	notes, steps, batch, n, workers int
	rate                            float64
	seed                            uint64
	plain                           bool
	data, out, wav                  string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.data, "data", "", "WAV file to learn from; empty for the voice of the program")
	f.IntVar(&j.notes, "notes", 5000, "notes that the voice sings, ten a second")
	f.IntVar(&j.steps, "steps", 2000, "training steps")
	f.IntVar(&j.batch, "batch", 64, "windows of a step")
	f.Float64Var(&j.rate, "rate", 3e-3, "highest learning rate")
	f.BoolVar(&j.plain, "plain", false, "a network that is told the pitch, and hears all of the sound as one")
	f.IntVar(&j.n, "n", 1000, "samples, at most as many as notes are held out")
	f.Uint64Var(&j.seed, "seed", 0, "seed of the notes, weights, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "signal.png", "picture to write; - for none")
	f.StringVar(&j.wav, "wav", "signal.wav", "sound to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	for _, f := range []struct {
		name         string
		value, least int
	}{{"notes", j.notes, 100}, {"steps", j.steps, 1}, {"batch", j.batch, 2}, {"n", j.n, 20}, {"workers", j.workers, 0}} {
		if f.value < f.least {
			return fmt.Errorf("-%s %d: want at least %d", f.name, f.value, f.least)
		}
	}
	if !(j.rate > 0 && j.rate <= math.MaxFloat64) {
		return fmt.Errorf("-rate %v: want a positive number", j.rate)
	}
	if j.data != "" {
		if _, err := os.Stat(j.data); err != nil {
			return err
		}
	}
	for _, name := range []string{j.out, j.wav} {
		if name == "-" {
			continue
		}
		if err := figure.Writable(name); err != nil {
			return err
		}
	}
	if j.out == j.wav && j.out != "-" {
		return fmt.Errorf("-out and -wav are both %s, want two files", j.out)
	}
	return nil
}

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	r, err := j.recording()
	if err != nil {
		return err
	}
	parts := r.parts()
	train, watch, test := parts[0], parts[1], parts[2]
	var network nn.Module = newTuned(train)
	if j.plain {
		network = unet
	}
	m, err := score.New(window, &score.Config{Net: network, Cond: conditions(len(r.vowels)), Seed: j.seed})
	if err != nil {
		return err
	}
	progress := bar.New(stderr, j.steps)
	res, err := score.Fit(ctx, m, train, &score.Settings{
		Steps: j.steps, Batch: j.batch, References: score.None, DropCond: score.None, Scaling: score.CommonScale,
		Rate:       optim.WarmUp{Steps: 100, Then: optim.Cosine{Peak: j.rate, Floor: j.rate / 100, Steps: max(j.steps-100, 1)}},
		Validation: score.Validation{Data: watch, Rows: 256},
		Workers:    j.workers, Seed: j.seed, Recorder: progress,
	})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	real := test.windows(j.n, j.seed)
	samples, err := j.sample(m, real.cond)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d of %d steps, seed %d, held-out loss %.4f at step %d\n", res.Steps, j.steps, j.seed, res.HeldOut, res.BestStep)
	if err := j.judge(stdout, train, real, samples); err != nil {
		return err
	}
	return j.show(r, real, samples)
}

// recording sings or reads, and returns an error for what has no windows for every part.
func (j *job) recording() (*recording, error) {
	if j.data == "" {
		return sing(j.seed, j.notes), nil
	}
	r, err := read(j.data)
	if err != nil {
		return nil, err
	}
	for _, p := range r.parts() {
		if len(p.spans) < 20 {
			return nil, fmt.Errorf("%s: %d windows of a voice in all, want at least 20 to learn, to watch and to compare with: half a minute of singing or speech", j.data, len(r.spans))
		}
	}
	return r, nil
}

// sample draws windows under the conditions.
func (j *job) sample(m *score.Model, cond *mat.Dense) (set, error) {
	s := set{mat.NewDense(cond.RawMatrix().Rows, window, nil), cond}
	p := m.Given(cond).Problem()
	err := sampler.Sample(context.Background(), s.x, p, sampler.Default(p.SDE), &sampler.Settings{Seed: j.seed, Workers: j.workers})
	return s, err
}

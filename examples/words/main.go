// Command words learns the letters of a book as continuous vectors, draws new text from
// noise, and prints how it compares with held-out text, and with an autoregressive model
// that has the same blocks and steps.
//
// The text goes to standard output and depends on the flags only. An interrupt (Ctrl-C)
// ends the training and goes on with what has been learned.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn/optim"
)

func main() { command.Main("words", &job{}) }

// job is what the flags ask for.
type job struct {
	steps, batch, window, points, n, workers int
	rate                                     float64
	plain                                    bool
	seed                                     uint64
}

// All networks are of so many blocks of this width.
const (
	width  = 64
	blocks = 4
	heads  = 4
)

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.steps, "steps", 2000, "training steps of each model")
	f.IntVar(&j.batch, "batch", 32, "windows of a step")
	f.IntVar(&j.window, "window", 64, "symbols of a window")
	f.Float64Var(&j.rate, "rate", 8e-3, "highest learning rate")
	f.BoolVar(&j.plain, "plain", false, "also train a diffusion without the head")
	f.IntVar(&j.points, "points", 60, "noise levels of a sample")
	f.IntVar(&j.n, "n", 200, "samples of each model")
	f.Uint64Var(&j.seed, "seed", 0, "seed of the split, weights, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.steps < 1 || j.batch < 2 || j.window < 2 || j.window > 256 || j.points < 2 || j.n < shown || j.workers < 0 || !(j.rate > 0 && j.rate <= math.MaxFloat64) {
		return fmt.Errorf("-steps %d, -batch %d, -window %d, -points %d, -n %d, -workers %d, -rate %v: want at least 1, 2, 2 to 256, 2, %d, 0 and a positive number",
			j.steps, j.batch, j.window, j.points, j.n, j.workers, j.rate, shown)
	}
	return nil
}

// schedule is the learning rate of all models.
func (j *job) schedule() optim.Rate {
	return optim.WarmUp{Steps: 100, Then: optim.Cosine{Peak: j.rate, Floor: j.rate / 100, Steps: max(j.steps-100, 1)}}
}

// watched is how many windows measure the models' own bits.
const watched = 512

// Run implements command.Job. The context ends the training, not what follows.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	text, err := read()
	if err != nil {
		return err
	}
	train, test := split(text, j.seed)
	judge, rng := judgeOf(train), rand.New(rand.NewPCG(j.seed, 4))
	held := test.windows(watched, j.window, rng)
	real := test.windows(j.n, j.window, rng)
	rows := []row{
		{"held-out text", real}, {"text that was learned", train.windows(j.n, j.window, rng)},
		{"held-out words in random order", reordered(real, rng)}, {"held-out symbols in random order", shuffled(real, rng)},
		{"samples of the n-grams", judge.sample(j.n, j.window, rng)},
	}
	fmt.Fprintf(stdout, "%d symbols to learn, %d held out, %d steps, seed %d\n\nbits a symbol of held-out text\n", train.len(), test.len(), j.steps, j.seed)
	fmt.Fprintf(stdout, "  n-grams %.3f\n", judge.bits(held).mean)

	m := j.predict(ctx, stderr, train)
	fmt.Fprintf(stdout, "  autoregression %.3f\n", m.bits(held))
	rows = append(rows, row{"samples of autoregression", m.sample(j.n, rng)})
	for _, plain := range []bool{false, true} {
		name := "diffusion"
		if plain {
			name = "diffusion without a head"
			if !j.plain {
				continue
			}
		}
		d, err := j.diffuse(ctx, stderr, train, plain)
		if err != nil {
			return err
		}
		w, err := d.sample(j.n, j.seed)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "  %s, at most %.2f\n", name, d.bits(held, j.seed))
		rows = append(rows, row{"samples of " + name, w})
	}
	return judge.report(stdout, rows)
}

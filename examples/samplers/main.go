// Command samplers compares the predictors of package sampler with exact scores,
// nothing trained: it prints how far from the truth each is after 10 to 320
// evaluations of the score, draws that as a picture, and makes a film of noise
// turning into data.
//
// The numbers go to standard output and depend on the flags only, not on the
// machine's number of processors; times go to standard error.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/sde"
)

func main() { command.Main("samplers", &job{}) }

// job is what the flags ask for.
type job struct {
	n        int
	seed     uint64
	workers  int
	out, gif string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.n, "n", 8000, "samples drawn in the plane by each method at each cost")
	f.Uint64Var(&j.seed, "seed", 0, "seed of data, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "samplers.png", "picture to write; - for none")
	f.StringVar(&j.gif, "gif", "samplers.gif", "film to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.n < 2 || j.workers < 0 {
		return fmt.Errorf("-n %d, -workers %d: want at least 2 and 0", j.n, j.workers)
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

// process is the one that all methods run: as its drift is not 0, methods that
// step in its own time and in σ/α can be told apart.
var process = sde.VP{}

// Run is the whole job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	start := time.Now()
	t, err := j.compare(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "compared in %.1f s\n", time.Since(start).Seconds())
	if err := t.print(stdout); err != nil {
		return err
	}
	if j.out != "-" {
		if err := figure.Save(j.out, t.picture(), 1500, 620); err != nil {
			return err
		}
	}
	if j.gif == "-" {
		return nil
	}
	start = time.Now()
	a, err := film(ctx, j.seed)
	if err != nil {
		return err
	}
	if err := figure.SaveGIF(j.gif, a); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "filmed in %.1f s\n", time.Since(start).Seconds())
	return nil
}

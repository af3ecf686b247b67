// Command fewsteps makes models for few steps of score models of the toys, in every way that
// the library has, and prints whether their samples in 1, 2 and 4 evaluations can be told
// from the data. It also draws the quality of one run against the width of its average of
// the weights, which is chosen afterwards. Handwritten digits, of which there are few, are
// compared with pictures held out, and with what the model draws in 40 evaluations.
//
// The numbers on standard output, times apart, depend on the flags only.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
)

func main() { command.Main("fewsteps", &job{}) }

// job is what the flags ask for.
type job struct {
	names, list string // of toys and ways, separated by commas
	toys        []toy.Toy
	withDigits  bool // digits are among the toys
	ways        []way
	steps       int // of the model
	few         int // of a model for few steps
	n           int
	seed        uint64
	workers     int
	out         string

	small bool // a small network: for tests
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.names, "toys", strings.Join(toy.Names(), ","), "toys to learn, separated by commas, or "+pictures+", which are pictures")
	f.StringVar(&j.list, "ways", "trajectories", "ways to few steps, separated by commas: "+strings.Join(names(), ", ")+"; or all, or none")
	f.IntVar(&j.steps, "steps", 5000, "training steps of the model")
	f.IntVar(&j.few, "few", 2000, "training steps of a model for few steps")
	f.IntVar(&j.n, "n", 10000, "samples drawn")
	f.Uint64Var(&j.seed, "seed", 1, "seed of weights, data, noise and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "fewsteps.png", "picture of the averages to write; - for none")
}

// Check implements command.Job.
func (j *job) Check() error {
	for name := range strings.SplitSeq(j.names, ",") {
		if name == pictures {
			j.withDigits = true
			continue
		}
		t, err := toy.Named(name)
		if err != nil {
			return fmt.Errorf("-toys: %w", err)
		}
		j.toys = append(j.toys, t)
	}
	var err error
	if j.ways, err = waysOf(j.list); err != nil {
		return fmt.Errorf("-ways: %w", err)
	}
	if j.steps < 100 || j.few < 10 || j.n < 100 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -few %d, -n %d, -workers %d: want at least 100, 10, 100 and 0", j.steps, j.few, j.n, j.workers)
	}
	switch {
	case j.out == "-":
		return nil
	case len(j.toys) == 0:
		return fmt.Errorf("-out %s: is a picture of the first toy, and -toys %s has none; want -out -", j.out, j.names)
	}
	return figure.Writable(j.out)
}

// Run prints the table, a line as soon as it is known, and draws the picture.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	if len(j.toys) > 0 {
		fmt.Fprintf(stdout, "%-12s  %-24s  %6s  %7s  C2ST at 1   2      4      40 evaluations\n", "toy", "way", "steps", "seconds")
	}
	for _, t := range j.toys {
		if err := j.toy(ctx, t, stdout, stderr); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	if j.withDigits {
		if err := j.digits(ctx, stdout, stderr); err != nil {
			return fmt.Errorf("%s: %w", pictures, err)
		}
	}
	if j.out == "-" {
		return nil
	}
	return j.widths(ctx, j.toys[0], stdout, stderr)
}

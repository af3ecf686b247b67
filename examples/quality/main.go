// Command quality trains the default recipe on the toys with exact densities
// and prints how far models and samples are from the truth, beside the targets.
//
// The numbers on standard output, times apart, depend on the flags only. With
// -check the exit status is 1 when a target is missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/examples/internal/toy"
)

// job is what the flags ask for.
type job struct {
	toys    []toy.Toy
	seeds   []uint64
	steps   int
	n       int
	workers int
	check   bool

	small bool // half the width, half the batch: for tests
}

var errMissed = errors.New("a target was missed")

func main() {
	j, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = j.run(ctx, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

// parse reads the flags and refuses what could only fail later.
func parse(args []string) (*job, error) {
	j := &job{}
	var all []string
	for _, t := range toy.All() {
		all = append(all, t.Name)
	}
	f := flag.NewFlagSet("quality", flag.ContinueOnError)
	names := f.String("toys", strings.Join(all, ","), "toys to learn, separated by commas")
	seeds := f.String("seeds", "1,2,3,4,5", "seeds of weights, data, noise and samples, separated by commas")
	f.IntVar(&j.steps, "steps", standardSteps, "training steps; the targets are for 20000 and, a quarter of it, 5000")
	f.IntVar(&j.n, "n", 10000, "samples drawn, and test points of the KL gap")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.BoolVar(&j.check, "check", false, "exit with status 1 when a target is missed")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	for name := range strings.SplitSeq(*names, ",") {
		t, err := toy.Named(name)
		if err != nil {
			return nil, fmt.Errorf("-toys: %w", err)
		}
		j.toys = append(j.toys, t)
	}
	for s := range strings.SplitSeq(*seeds, ",") {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("-seeds: %q, want numbers separated by commas", s)
		}
		j.seeds = append(j.seeds, seed)
	}
	if j.steps < 1 || j.n < 100 || j.workers < 0 {
		return nil, fmt.Errorf("-steps %d, -n %d, -workers %d: want at least 1, 100 and 0", j.steps, j.n, j.workers)
	}
	if j.check && j.steps < quarterSteps {
		return nil, fmt.Errorf("-check with -steps %d: there are no targets below %d steps", j.steps, quarterSteps)
	}
	return j, nil
}

// run prints the table, a line as soon as it is known.
func (j *job) run(ctx context.Context, stdout, stderr io.Writer) error {
	fmt.Fprintln(stdout, header)
	missed := 0
	for _, t := range j.toys {
		for _, seed := range j.seeds {
			v, err := j.measure(ctx, t, seed, stderr)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", t.Name, seed, err)
			}
			want := targetOf(t.Name, j.steps)
			fmt.Fprintln(stdout, v.line(t.Name, seed, want))
			missed += v.missed(want)
		}
	}
	return j.end(missed, stdout)
}

// end says how many targets were missed, and makes that an error when asked to.
func (j *job) end(missed int, stdout io.Writer) error {
	if missed == 0 {
		return nil
	}
	fmt.Fprintf(stdout, "%d targets missed (!)\n", missed)
	if j.check {
		return errMissed
	}
	return nil
}

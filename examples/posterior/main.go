// Command posterior measures the methods of package sde/posterior where the answer is
// known: a mixture of normals under a linear observation with normal noise is a mixture,
// and so is one of whose first column only the size is seen. It prints the errors of
// their scores at each noise level, and how far samples with a budget of evaluations are
// from exact draws.
//
// The numbers go to standard output and depend on the flags only.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"text/tabwriter"

	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func main() { command.Main("posterior", &job{}) }

// job is what the flags ask for.
type job struct {
	columns, n, observations, workers int
	seed                              uint64
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.columns, "columns", 0, "columns of the prior; 0 for 2, 8 and 64")
	f.IntVar(&j.n, "n", 300, "draws from each posterior")
	f.IntVar(&j.observations, "observations", 2, "observations of each kind, over which the numbers are averaged")
	f.Uint64Var(&j.seed, "seed", 0, "seed of priors, observations and samples")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.columns < 0 || j.columns == 1 {
		return fmt.Errorf("-columns %d: want 2 or more, or 0 for 2, 8 and 64", j.columns)
	}
	if j.n < 10 || j.observations < 1 || j.workers < 0 {
		return fmt.Errorf("-n %d, -observations %d, -workers %d: want at least 10, 1 and 0", j.n, j.observations, j.workers)
	}
	return nil
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	fmt.Fprintf(stdout, "%d observations of each kind, %d draws from each posterior, seed %d\n", j.observations, j.n, j.seed)
	var all []*result
	columns := []int{2, 8, 64}
	if j.columns > 0 {
		columns = []int{j.columns}
	}
	for _, d := range columns {
		prior := newPrior(d, j.seed)
		for i, k := range kinds() {
			fmt.Fprintf(stderr, "%d columns, %s ± %g\n", d, k.name, k.noise)
			r := rand.New(rand.NewPCG(j.seed, uint64(100*d+i)))
			for range j.observations {
				res, err := j.measure(ctx, prior, k, r)
				if err != nil {
					return err
				}
				all = append(all, res)
			}
		}
	}
	report := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	scores(report, all)
	for b := range budgets {
		distances(report, all, b)
	}
	return report.Flush()
}

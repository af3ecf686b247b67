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
	"slices"
	"strconv"
	"strings"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/score"
)

func main() { command.Main("quality", &job{}) }

// job is what the flags ask for.
type job struct {
	names, list string // of toys and seeds, separated by commas
	toys        []toy.Toy
	seeds       []uint64
	steps       int
	n           int
	workers     int
	check       bool
	name        string // of the optimiser
	choice      choice
	rate        float64
	kindName    string
	kind        kind
	recipe      string
	parts       []part // of recipe
	former      bool   // recipe W, with parts
	pool        int
	rows        int
	heldOut     int // rows beside them
	again       bool
	half        string // of order
	order       ad.BFloat16

	small bool // half the width, half the batch: for tests
}

var errMissed = errors.New("a target was missed")

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.names, "toys", strings.Join(toy.Names(), ","), "toys to learn, separated by commas")
	f.StringVar(&j.list, "seeds", "1,2,3,4,5", "seeds of weights, data, noise and samples, separated by commas")
	f.IntVar(&j.steps, "steps", 0, "training steps, 0 for the default, which is 20000 for data without an end; the targets are for these and, a quarter of it, 5000")
	f.IntVar(&j.n, "n", 10000, "samples drawn, and test points of the KL gap")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.name, "optimizer", "", "adam, soap, soap-both-sides or muon; empty for that of the recipe")
	f.Float64Var(&j.rate, "rate", 0, "peak of the learning rate, 0 for the default")
	f.StringVar(&j.recipe, "recipe", "", "w, the default of before, n, or parts of n joined by +: norm, waves, clock, detail, times; empty for the default")
	f.StringVar(&j.kindName, "kind", "", "what the network gives: energy, its gradient being the field, epsilon, or velocity, of sde.Linear; empty for the default")
	f.IntVar(&j.rows, "rows", 0, "rows of a finite set to learn from, 0 for data without an end")
	f.IntVar(&j.heldOut, "held-out", 0, "rows beside these to choose the weights by, 0 for a tenth of them")
	f.BoolVar(&j.again, "again", false, "train once more on all rows, for as many passes as the best look took (score.Result.Again)")
	f.IntVar(&j.pool, "pool", 0, "rows of score.Settings.Pool, 0 for the default target")
	f.StringVar(&j.half, "bfloat16", "float32", "products of wide layers in bfloat16, added up as tiles or pairs do (score.Settings.BFloat16), or float32")
	f.BoolVar(&j.check, "check", false, "exit with status 1 when a target is missed")
}

// Check implements command.Job.
func (j *job) Check() error {
	for name := range strings.SplitSeq(j.names, ",") {
		t, err := toy.Named(name)
		if err != nil {
			return fmt.Errorf("-toys: %w", err)
		}
		j.toys = append(j.toys, t)
	}
	for s := range strings.SplitSeq(j.list, ",") {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return fmt.Errorf("-seeds: %q, want numbers separated by commas", s)
		}
		j.seeds = append(j.seeds, seed)
	}
	orders := []ad.BFloat16{0, ad.BFloat16Tiles, ad.BFloat16Pairs}
	i := slices.IndexFunc(orders, func(b ad.BFloat16) bool { return b.String() == j.half })
	if i < 0 {
		return fmt.Errorf("-bfloat16: %q, want tiles, pairs or float32", j.half)
	}
	j.order = orders[i]
	if j.pool < 0 || j.rows < 0 {
		return fmt.Errorf("-pool %d, -rows %d: want numbers of rows, or 0", j.pool, j.rows)
	}
	if j.heldOut < 0 || j.heldOut > 0 && j.rows == 0 {
		return fmt.Errorf("-held-out %d, -rows %d: want a number of rows beside those of a finite set, or 0", j.heldOut, j.rows)
	}
	if j.again && (j.rows == 0 || j.heldOut > 0) {
		return fmt.Errorf("-again, -rows %d, -held-out %d: want rows of which a tenth is held out", j.rows, j.heldOut)
	}
	if j.steps == 0 {
		j.steps = score.Recommend(j.rows, 2, nil).Steps
	}
	if j.steps < 1 || j.n < 100 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -n %d, -workers %d: want at least 1, 100 and 0", j.steps, j.n, j.workers)
	}
	if !(j.rate >= 0 && j.rate <= 1) {
		return fmt.Errorf("-rate %v: want a number up to 1, or 0 for the default", j.rate)
	}
	if err := j.choose(j.name); err != nil {
		return err
	}
	if err := j.chooseRecipe(); err != nil {
		return err
	}
	if err := j.chooseKind(j.kindName); err != nil {
		return err
	}
	if j.check && j.rows > 0 {
		return fmt.Errorf("-check with -rows %d: there are targets only for data without an end", j.rows)
	}
	if j.check && j.kindName != "" {
		return fmt.Errorf("-check with -kind %s: there are targets only for the default", j.kindName)
	}
	if j.check && j.steps < quarterSteps {
		return fmt.Errorf("-check with -steps %d: there are no targets below %d steps", j.steps, quarterSteps)
	}
	return nil
}

// Run prints the table, a line as soon as it is known.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	fmt.Fprintln(stdout, header)
	missed := 0
	for _, t := range j.toys {
		for _, seed := range j.seeds {
			v, err := j.measure(ctx, t, seed, stderr)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", t.Name, seed, err)
			}
			want := noTarget
			if j.rows == 0 && j.kindName == "" {
				want = targetOf(t.Name, j.steps)
			}
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

// Command columns trains one network to answer for any columns of a table given any
// others, on a law in four columns all of whose conditional laws are known, and
// prints how far its answers are from the exact ones: bounds of the divergence for every
// subset of columns, two-sample tests of the samples, a conditional law with a rare
// far mode, and training on rows with missing values. Beside it stand a network
// for whole rows, one that is told a mask and the masked values as conditions, and
// RePaint.
//
// The numbers go to standard output and depend on the flags only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

func main() { command.Main("columns", &job{}) }

// job is what the flags ask for.
type job struct {
	steps, rows, n, width, workers int
	seed                           uint64
	models                         string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.steps, "steps", 15_000, "training steps of each network")
	f.IntVar(&j.rows, "rows", 2000, "clean rows at each noise level of a bound")
	f.IntVar(&j.n, "n", 5000, "samples of each kind")
	f.IntVar(&j.width, "width", 116, "width of the networks' three layers")
	f.Uint64Var(&j.seed, "seed", 0, "seed of weights, data, noise and samples")
	f.StringVar(&j.models, "models", "", "directory of trained networks: those that are there are used, others are trained and kept; empty for none")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.steps < 1 || j.rows < 2 || j.n < 10 || j.width < 1 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -rows %d, -n %d, -width %d, -workers %d: want at least 1, 2, 10, 1 and 0", j.steps, j.rows, j.n, j.width, j.workers)
	}
	return nil
}

// network is a trained model and how it is asked.
type network struct {
	name  string
	model *score.Model
	// given returns the score of the columns that are to be drawn; nil where that is only
	// the score of whole rows.
	given view
	leave bool // whether it can leave columns out
}

// manyReferences is four times the default: there are many patterns, and of rows with missing
// values few serve a pattern.
const manyReferences = 4096

// wholeRows is the share of training rows all of whose columns are drawn: a little more
// than the default of ½ makes what is hardest to learn better, and all else worse.
const wholeRows = 0.6

// train trains a network, or finds it where it is kept.
func (j *job) train(ctx context.Context, stderr io.Writer, name string, c score.Config, data score.Data) (*score.Model, error) {
	c.Net, c.Seed = nn.RecipeMLP(columns, j.width), j.seed
	if c.ColumnLevels {
		c.Net = nn.RecipeColumns(columns, j.width)
	}
	m, err := score.New(columns, &c)
	if err != nil {
		return nil, err
	}
	if j.models != "" {
		if err := m.LoadFile(j.file(name)); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return m, err
		}
	}
	fmt.Fprintln(stderr, name)
	progress := bar.New(stderr, j.steps)
	defer progress.Close()
	settings := &score.Settings{
		Steps: j.steps, References: manyReferences, Scaling: score.CommonScale, Seed: j.seed, Workers: j.workers, Recorder: progress,
	}
	if c.ColumnLevels {
		settings.Patterns = score.Subsets{Whole: wholeRows}
	}
	_, err = score.Fit(ctx, m, data, settings)
	if err == nil && j.models != "" {
		err = m.SaveFile(j.file(name))
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// ask returns the network of a model and how it is asked.
func ask(name string, m *score.Model, c score.Config) *network {
	n := &network{name: name, model: m}
	switch {
	case c.ColumnLevels:
		n.given, n.leave = func(o *mat.Dense) *score.View { return m.Observe(score.Observed{Values: o}) }, true
	case c.Cond.Columns > 0:
		n.given = func(o *mat.Dense) *score.View { return m.Given(masked(o)) }
	}
	return n
}

// file returns where a network is kept.
func (j *job) file(name string) string {
	return filepath.Join(j.models, fmt.Sprintf("%s-%d-%d-%d.safetensors", strings.ReplaceAll(name, " ", "-"), j.steps, j.width, j.seed))
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	levels := score.Config{ColumnLevels: true}
	var nets []*network
	for _, c := range []struct {
		name   string
		config score.Config
		data   score.Data
	}{
		{"whole rows", score.Config{}, score.Draws(columns, newLaw)},
		{"column levels", levels, score.Draws(columns, newLaw)},
		{"column levels, 30 % missing", levels, holes{score.Draws(columns, newLaw), 0.3}},
		{"mask as a condition", score.Config{Cond: score.Conditions{Columns: 2 * columns}}, masks{score.Draws(columns, newLaw)}},
	} {
		m, err := j.train(ctx, stderr, c.name, c.config, c.data)
		if err != nil {
			return err
		}
		nets = append(nets, ask(c.name, m, c.config))
	}
	fmt.Fprintf(stdout, "%d steps, width %d, seed %d; %d samples of each kind\n\n", j.steps, j.width, j.seed, j.n)
	report := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, part := range []func(io.Writer, []*network) error{j.bounds, j.tests, j.far} {
		if err := part(report, nets); err != nil {
			return err
		}
		if err := report.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// sample draws a row for every row of what is observed, on the default grid. The method
// draws noise, which makes a network's errors of early steps smaller, and is of an order
// that adds nothing to a deviation at so many points: see grid.Conditional.
func (j *job) sample(n *network, observed *mat.Dense) (*mat.Dense, error) {
	rows, d := observed.Dims()
	x := mat.NewDense(rows, d, nil)
	p := n.given(observed).Problem()
	return x, sampler.Sample(context.Background(), x, p, sampler.DPMpp3MSDE{}, &sampler.Settings{Seed: j.seed, Workers: j.workers})
}

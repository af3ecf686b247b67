// Command families trains models of five families with as many weights for as many
// seconds of a processor, and prints how far each is from the truth: score and energy models, a
// variational autoencoder, a Wasserstein GAN, and an autoregressive mixture density
// network. All are made of public modules; the last three have a training loop of their
// own, in train.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
)

func main() { command.Main("families", &job{}) }

// job is what the flags ask for.
type job struct {
	names, kinds, storms, out string
	seconds                   float64
	steps, weights, batch     int
	n, workers                int
	seed                      uint64
	families                  []family
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	kinds := []string{}
	for _, k := range families() {
		kinds = append(kinds, k.name)
	}
	f.StringVar(&j.names, "data", strings.Join(append(toy.Names(), "storms"), ","), "toys and storms, separated by commas")
	f.StringVar(&j.storms, "storms", "examples/table/storms.csv", "file of the storms")
	f.StringVar(&j.kinds, "families", strings.Join(kinds, ","), "families, separated by commas")
	f.Float64Var(&j.seconds, "seconds", 20, "seconds of processor time for training")
	f.IntVar(&j.steps, "steps", 0, "training steps of every family, in place of the seconds")
	f.IntVar(&j.weights, "weights", 40000, "most weights of a model")
	f.IntVar(&j.batch, "batch", 512, "rows of a step")
	f.IntVar(&j.n, "n", 10000, "samples drawn, and a fifth of it test points of the nats")
	f.Uint64Var(&j.seed, "seed", 1, "seed of weights, data, noise and samples")
	f.IntVar(&j.workers, "workers", 1, "goroutines, 0 for one a processor")
	f.StringVar(&j.out, "out", "", "picture to write of the toys, none if empty")
}

// Check implements command.Job.
func (j *job) Check() error {
	for name := range strings.SplitSeq(j.names, ",") {
		if name == "storms" {
			continue
		}
		if _, err := toy.Named(name); err != nil {
			return fmt.Errorf("-data: %w, or storms", err)
		}
	}
	for name := range strings.SplitSeq(j.kinds, ",") {
		k, err := familyNamed(name)
		if err != nil {
			return fmt.Errorf("-families: %w", err)
		}
		j.families = append(j.families, k)
	}
	if !(j.seconds > 0 && j.seconds < 1e6) || j.steps < 0 {
		return fmt.Errorf("-seconds %v, -steps %d: want more than 0 and at least 0", j.seconds, j.steps)
	}
	if j.weights < 3000 || j.batch < 2 || j.n < 100 || j.workers < 0 {
		return fmt.Errorf("-weights %d, -batch %d, -n %d, -workers %d: want at least 3000, 2, 100 and 0", j.weights, j.batch, j.n, j.workers)
	}
	if j.out != "" {
		return figure.Writable(j.out)
	}
	return nil
}

// Run prints the table, a line as soon as it is known.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	fmt.Fprintf(stdout, "%-13s %-7s %7s %7s %7s  %-18s %-6s %6s %7s %7s %5s\n", "data", "family", "weights", "steps", "seconds", "nats", "", "off", "C2ST", "SW2", "evals")
	var sheet [][]figure.Panel
	for name := range strings.SplitSeq(j.names, ",") {
		t, err := j.open(name)
		if err != nil {
			return err
		}
		var row []figure.Panel
		if t.limits != [2]float64{} {
			row = append(row, t.panel("data", t.truth))
		}
		for _, k := range j.families {
			fmt.Fprintf(stderr, "%s, %s\n", name, k.name)
			line, x, err := j.measure(ctx, t, k)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", name, k.name, err)
			}
			fmt.Fprintln(stdout, line)
			if t.limits != [2]float64{} {
				row = append(row, t.panel(k.name, x))
			}
		}
		if row != nil {
			sheet = append(sheet, row)
		}
	}
	if j.out == "" || sheet == nil {
		return nil
	}
	return figure.Save(j.out, sheet, 170*len(sheet[0]), 180*len(sheet))
}

// measure trains a model of the family and compares it with the truth.
func (j *job) measure(ctx context.Context, t *task, k family) (line string, x *mat.Dense, err error) {
	steps := j.steps
	if steps == 0 {
		if steps, err = j.affordable(ctx, t, k); err != nil {
			return "", nil, err
		}
	}
	m := k.widest(t.setup(j), j.weights)
	spent := command.Stopwatch()
	if err := m.train(ctx, steps); err != nil {
		return "", nil, err
	}
	seconds := spent()

	x = mat.NewDense(j.n, t.dim, nil)
	if err := m.sample(ctx, x, j.seed); err != nil {
		return "", nil, err
	}
	logp := make([]float64, t.test.RawMatrix().Rows)
	nats := "-"
	switch err := m.logProb(ctx, logp, t.test); {
	case err == nil:
		for i := range logp {
			logp[i] = t.logProb(t.test.RawRowView(i)) - logp[i]
		}
		mean, sd := stat.MeanStdDev(logp, nil)
		nats = fmt.Sprintf("%8.4f ± %.4f", mean, sd/math.Sqrt(float64(len(logp))))
	case !errors.Is(err, errNoDensity):
		return "", nil, err
	}
	off, c2st, sw2 := t.judge(x)
	outside := "-"
	if !math.IsNaN(off) {
		outside = fmt.Sprintf("%.4f", off)
	}
	return fmt.Sprintf("%-13s %-7s %7d %7d %7.1f  %-18s %-6s %6s %7.4f %7.4f %5d", t.name, k.name, m.size(), steps, seconds, nats, k.nats, outside, c2st, sw2, m.evaluations()), x, nil
}

// affordable returns the steps for which the seconds last: those of 200 less those of
// 100 others, which leaves out what is done once, and no step fewer than these.
func (j *job) affordable(ctx context.Context, t *task, k family) (int, error) {
	var took [2]float64
	for i, steps := range []int{100, 300} {
		m := k.widest(t.setup(j), j.weights)
		spent := command.Stopwatch()
		if err := m.train(ctx, steps); err != nil {
			return 0, err
		}
		took[i] = spent()
	}
	return max(300, int(200*j.seconds/(took[1]-took[0]))), nil
}

// stream gives every use of random numbers a stream of its own.
func (j *job) stream(use uint64) *rand.Rand { return rand.New(rand.NewPCG(j.seed, use)) }

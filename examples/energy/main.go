// Command energy trains an energy network on two moons: the moons example with
// one expression changed. Where a score network gives a vector field, an energy
// network gives −log p itself, up to a constant; the picture shows the density
// it has learned beside the true one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/field"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

func main() { command.Main("energy", &job{}) }

// job is what the flags ask for.
type job struct {
	steps, workers int
	seed           uint64
	out            string
}

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.IntVar(&j.steps, "steps", 3000, "training steps")
	f.Uint64Var(&j.seed, "seed", 0, "seed of weights, data and noise")
	f.IntVar(&j.workers, "workers", 0, "goroutines, 0 for one a processor; does not change the result")
	f.StringVar(&j.out, "out", "energy.png", "picture to write")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.steps < 1 || j.workers < 0 {
		return fmt.Errorf("-steps %d, -workers %d: want at least 1 and 0", j.steps, j.workers)
	}
	return figure.Writable(j.out)
}

// levels are the noise levels of the picture, in the data's units.
var levels = []float64{0.5, 0.2, 0.1}

// Run is the whole job. The context ends the training, not what follows it.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	m, err := score.New(2, &score.Config{
		Net:  nn.RecipeEnergy(2, 58), // the one change: for a score network this is nn.RecipeMLP(2, 58)
		Seed: j.seed,
	})
	if err != nil {
		return err
	}
	data := score.Draws(2, dataset.NewMoons)
	progress := bar.New(stderr, j.steps)
	res, err := score.Fit(ctx, m, data, &score.Settings{
		Steps: j.steps, Batch: 256, References: 256, Workers: j.workers, Seed: j.seed, Recorder: progress,
	})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}

	law := dataset.NewMoons(rand.NewPCG(j.seed, 2))
	bound, err := score.KLBound(m, dataset.Sample(law, 1200), law.Diffuse, j.seed)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "moons, energy network: %d of %d steps, seed %d\nloss %.4f, KL bound %.4f nats\n\n", res.Steps, j.steps, j.seed, res.Loss, bound)
	fmt.Fprintln(stdout, "noise  total variation between learned and true density")

	rows := make([][]figure.Panel, 2)
	for _, σ := range levels {
		truth := figure.Density(limits, limits, cells, cells, law.Diffuse(1, σ).LogProb)
		learned := density(m, σ)
		normalize(truth)
		var difference mat.Dense
		difference.Sub(learned, truth)
		fmt.Fprintf(stdout, "%.2f   %.4f\n", σ, 0.5*floats.Norm(difference.RawMatrix().Data, 1))
		rows[0] = append(rows[0], panel(fmt.Sprintf("true density, noise %.1f", σ), truth))
		rows[1] = append(rows[1], panel(fmt.Sprintf("exp(−energy), noise %.1f", σ), learned))
	}
	return figure.Save(j.out, rows, 1200, 860)
}

// The grid of the pictures.
const cells = 120

var limits = [2]float64{-2.6, 2.6}

// density returns the learned density of the data with noise σ, as fractions
// of the grid's mass: the energy is known up to a constant.
func density(m *score.Model, σ float64) *mat.Dense {
	y, t, _ := field.ToModel(m, figure.Grid(limits, limits, cells, cells), σ)
	e := make([]float64, cells*cells)
	m.Unconditional().Energy(e, y, []float64{t})
	least := floats.Min(e)
	for i, v := range e {
		e[i] = math.Exp(least - v)
	}
	p := mat.NewDense(cells, cells, e)
	normalize(p)
	return p
}

func normalize(p *mat.Dense) { p.Scale(1/mat.Sum(p), p) }

func panel(title string, values *mat.Dense) figure.Panel {
	return figure.Panel{Title: title, XLim: limits, YLim: limits, Layers: []figure.Layer{figure.HeatMap{Values: values}}}
}

package main

import (
	"context"
	"fmt"
	"image/color"
	"io"
	"math/rand/v2"
	"os"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

// widths trains a model at a rate that does not fall, whose average matters most, and prints
// and draws the KL bound against the width of the average, all from one run's checkpoints.
func (j *job) widths(ctx context.Context, t toy.Toy, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "fewsteps")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := score.Config{Seed: j.seed}
	if j.small {
		c.Net = nn.RecipeMLP(2, 32)
	}
	m, err := score.New(2, &c)
	if err != nil {
		return err
	}
	settings := &score.Settings{
		Steps: j.steps, Rate: optim.Constant(2e-3),
		Checkpoints: score.Checkpoints{Dir: dir, Every: max(1, j.steps/20), Averages: true},
	}
	if _, err := j.train(ctx, m, score.Draws(2, t.Open), settings, t.Name+", averages", stderr); err != nil {
		return err
	}
	law := t.Open(rand.NewPCG(0, 2))
	rows := dataset.Sample(law, min(j.n, 1200))
	var curve []float64
	fmt.Fprintf(stdout, "\n%s, %d steps at a constant rate, 20 checkpoints\nwidth  error  KL bound\n", t.Name, j.steps)
	for _, width := range []float64{0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28} {
		off, err := m.LoadAverage(dir, width)
		if err != nil {
			return err
		}
		bound, err := score.KLBound(m, rows, law.Diffuse, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%.2f   %.3f  %.5f\n", width, off, bound)
		curve = append(curve, width, bound)
	}
	n := len(curve) / 2
	lowest, highest := curve[1], curve[1]
	for i := range n {
		lowest, highest = min(lowest, curve[2*i+1]), max(highest, curve[2*i+1])
	}
	picture := figure.Panel{
		Title: t.Name + ", KL bound of one run (nats)", Log: true, XLabel: "width of the average, share of the run",
		XLim: [2]float64{0.018, 0.3}, YLim: [2]float64{lowest / 1.1, highest * 1.1},
		Layers: []figure.Layer{figure.Line{X: mat.NewDense(n, 2, curve), Color: color.NRGBA{}, Width: 1.5, Dots: 2.5}},
	}
	return figure.Save(j.out, [][]figure.Panel{{picture}}, 700, 480)
}

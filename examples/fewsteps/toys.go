package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// toy prints the lines of a toy.
func (j *job) toy(ctx context.Context, t toy.Toy, stdout, stderr io.Writer) error {
	u := &subject{
		name: t.Name, columns: 2, data: score.Draws(2, t.Open),
		settings: func(steps int, _ way) *score.Settings { return &score.Settings{Steps: steps} },
		problem:  func(m *score.Model) sde.Problem { return m.Problem() },
		grid:     grid.Default, few: grid.Few, halving: grid.Halving,
		line: j.toyLine(t, stdout),
	}
	if j.small {
		u.config.Net = nn.RecipeMLP(2, 32)
	}
	return j.learn(ctx, u, stderr)
}

// toyLine judges samples by their nearest neighbours among fresh samples of the toy.
func (j *job) toyLine(t toy.Toy, stdout io.Writer) line {
	var truth []*mat.Dense
	for k := range uint64(3) {
		truth = append(truth, dataset.Sample(t.Open(rand.NewPCG(j.seed, 10+k)), j.n))
	}
	x := mat.NewDense(j.n, 2, nil)
	return func(ctx context.Context, way string, steps int, took cost, budgets []int, d draw) error {
		fmt.Fprintf(stdout, "%-12s  %-24s  %6d  %7.1f ", t.Name, way, steps, took.wall)
		for _, n := range evaluations {
			text := "-"
			if slices.Contains(budgets, n) {
				if err := d(ctx, x, n); err != nil {
					return err
				}
				sum := 0.0
				for _, y := range truth {
					sum += twosample.C2STNeighbours(x, y, 15) / float64(len(truth))
				}
				text = fmt.Sprintf("%.4f", sum)
			}
			fmt.Fprintf(stdout, " %-6s", text)
		}
		fmt.Fprintln(stdout)
		return nil
	}
}

package main

import (
	"context"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
)

// diffusion is a score model, of a network that is a field or the gradient of an energy,
// trained by score.Fit and sampled by default settings.
type diffusion struct {
	s       *setup
	net     nn.Module
	weights int
	*score.Model
}

func newScore(s *setup, width int) model  { return newDiffusion(s, nn.RecipeMLP(s.dim, width)) }
func newEnergy(s *setup, width int) model { return newDiffusion(s, nn.RecipeEnergy(s.dim, width)) }

func newDiffusion(s *setup, net nn.Module) model {
	params, err := nn.Check(net, s.dim, 0, s.dim)
	if err != nil {
		panic(err) // a recipe fits its columns
	}
	return &diffusion{s: s, net: net, weights: params.Len()}
}

func (m *diffusion) size() int { return m.weights }

func (m *diffusion) train(ctx context.Context, steps int) (err error) {
	if m.Model, err = score.New(m.s.dim, &score.Config{Net: m.net, Seed: m.s.seed}); err != nil {
		return err
	}
	_, err = score.Fit(ctx, m.Model, m.s.data, &score.Settings{
		Steps: steps, Batch: m.s.batch, Workers: m.s.workers, Seed: m.s.seed, Validation: score.Validation{Data: m.s.held},
	})
	return err
}

func (m *diffusion) sample(ctx context.Context, dst *mat.Dense, seed uint64) error {
	return sampler.Sample(ctx, dst, m.Problem(), sampler.Default(m.Process()), &sampler.Settings{Seed: seed, Workers: m.s.workers})
}

func (m *diffusion) logProb(ctx context.Context, dst []float64, x *mat.Dense) error {
	_, err := sampler.LogProb(ctx, dst, x, m.Problem(), &sampler.FlowSettings{Workers: m.s.workers})
	return err
}

func (m *diffusion) evaluations() int { return grid.DefaultPoints }

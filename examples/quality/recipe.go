package main

import (
	"fmt"
	"strings"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

// part is one change of recipe W, the default of before.
type part struct {
	name  string
	apply func(net *nn.MLP, c *score.Config, s *score.Settings)
}

// parts are those of recipe N; the default has all but detail, with waves up to 10.
func parts() []part {
	return []part{
		{"norm", func(net *nn.MLP, _ *score.Config, _ *score.Settings) { net.Norm = nn.RMSNorm{} }},
		{"waves", func(net *nn.MLP, _ *score.Config, _ *score.Settings) {
			net.Features = nn.Fourier{N: 16, Low: 1, High: 20, Gated: true}
		}},
		{"clock", func(net *nn.MLP, _ *score.Config, _ *score.Settings) {
			net.Time = nn.TimeFourier{N: 4, Low: 0.5, High: 4}
		}},
		{"detail", func(_ *nn.MLP, c *score.Config, _ *score.Settings) { c.Precond = score.EDM{Detail: 0.02} }},
		{"times", func(_ *nn.MLP, _ *score.Config, s *score.Settings) { s.Times = score.LogNormal{Mean: -2, Std: 1.4} }},
	}
}

// chooseRecipe finds the parts of a recipe.
func (j *job) chooseRecipe() error {
	switch j.recipe {
	case "", "w":
		j.former = j.recipe == "w"
		return nil
	case "n":
		j.parts, j.former = parts(), true
		return nil
	}
	j.former = true
	for name := range strings.SplitSeq(j.recipe, "+") {
		found := false
		for _, p := range parts() {
			if p.name == name {
				j.parts, found = append(j.parts, p), true
			}
		}
		if !found {
			return fmt.Errorf("-recipe: there is no %q, want w, n, nothing for the default, or parts of n joined by +: norm, waves, clock, detail, times", name)
		}
	}
	return nil
}

// follow makes a model and a run those of the recipe.
func (j *job) follow(c *score.Config, s *score.Settings) {
	width := 116
	if j.small {
		width, s.Batch = 58, 256
	}
	c.Precond, c.Process = j.kind.precond, j.kind.process
	if j.small || j.kind.energy {
		c.Net = j.kind.of(nn.RecipeMLP(2, width))
	}
	if !j.former {
		return
	}
	net := nn.MLP{
		Hidden: []int{width, width, width}, Activation: nn.SiLU{},
		Features: nn.Fourier{N: 16, Low: 1, High: 8}, Time: nn.TimeFourier{N: 4, Low: 0.5, High: 8},
	}
	s.References, s.Times, s.Optimizer = 2*512, score.LogNormal{}, &optim.Adam[float32]{}
	if j.rows > 0 && j.rows < manyRows {
		net.Features, s.References = nil, score.None
	}
	for _, p := range j.parts {
		p.apply(&net, c, s)
	}
	c.Net = j.kind.of(net)
}

// manyRows is the number of rows from which recipe W has features, and averages its target.
const manyRows = 20_000

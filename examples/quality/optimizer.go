package main

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

// choice is an optimiser by its name.
type choice struct {
	name string
	make func() optim.Optimizer[float32]
}

func optimizers() []choice {
	return []choice{
		{"adam", func() optim.Optimizer[float32] { return &optim.Adam[float32]{} }},
		{"soap", func() optim.Optimizer[float32] { return &optim.SOAP[float32]{} }},
		{"soap-both-sides", func() optim.Optimizer[float32] { return &optim.SOAP[float32]{BothSides: true} }},
		{"muon", func() optim.Optimizer[float32] { return &optim.Muon[float32]{} }},
	}
}

// optimizer makes the optimiser and the rate of a run those that the flags ask for.
func (j *job) optimizer(s *score.Settings) {
	if j.choice.make != nil {
		s.Optimizer = j.choice.make()
	}
	if j.rate > 0 { // that of optim.RecipeRate but for its peak
		climb := min(500, j.steps/8)
		s.Rate = optim.WarmUp{Steps: climb, Then: optim.Cosine{Peak: j.rate, Floor: 0.01 * j.rate, Steps: j.steps - climb}}
	}
}

// choose finds the optimiser of a name.
func (j *job) choose(name string) error {
	if name == "" {
		return nil
	}
	var names []string
	for _, c := range optimizers() {
		if c.name == name {
			j.choice = c
			return nil
		}
		names = append(names, c.name)
	}
	return fmt.Errorf("-optimizer: there is no %q, want one of %v", name, names)
}

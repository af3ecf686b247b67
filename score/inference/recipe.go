package inference

import (
	"cmp"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// Recipe is what Fit takes where Settings leave it the choice.
type Recipe struct {
	Net, Embed nn.Module
	Steps      int
	Batch      int
	Regularize float64
}

// Recommend returns the recipe for n pairs of d parameters and observations of k columns.
func Recommend(n, d, k int) Recipe {
	net := nn.RecipeMLP(d, 128)
	net.Features = nil
	return Recipe{Net: net, Embed: nn.Sequential{nn.Linear{Out: 128}, nn.SiLU{}, nn.Linear{Out: 64}, nn.SiLU{}}, Steps: 10_000, Batch: 512, Regularize: 0.1}
}

// fill sets what is not set.
func (r Recipe) fill(s *score.Settings) {
	s.Steps = cmp.Or(s.Steps, r.Steps)
	s.Batch = cmp.Or(s.Batch, r.Batch)
	s.Regularize = cmp.Or(s.Regularize, r.Regularize)
}

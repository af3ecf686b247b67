package inference

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// Recipe is what Fit takes where Settings leave it the choice.
type Recipe struct {
	Net, Embed nn.Module
	Steps      int     // of score.Settings
	Regularize float64 // likewise
}

// Recommend returns the recipe for n pairs of d parameters and observations of k columns:
//
//	network      three layers of 128 units with SiLU
//	embedding    of the observation, layers of 128 and 64 units with SiLU
//	Steps        n, from 2,000 to 20,000; for d > 3 two fifths of that, from 2,000
//	Regularize   10/√n, from 0.02 to 0.3
//
// It is the same for all numbers of columns: an observation of hundreds is for an Embed of
// one's own. A tenth of the pairs is held out, and the best look at them is what is kept
// (score.Validation). Found on 10,000 simulations of the tasks of dataset/simulator, see
// examples/sbi: with one or two parameters the held-out loss falls until the end, with five
// and ten it is least after some thousand steps, before the network knows the pairs by
// heart.
func Recommend(n, d, k int) Recipe {
	net := nn.RecipeMLP(d, 128)
	net.Features = nil
	steps := min(max(n, 2000), 20_000)
	if d > 3 {
		steps = max(2*steps/5, 2000)
	}
	return Recipe{
		Net: net, Embed: nn.Sequential{nn.Linear{Out: 128}, nn.SiLU{}, nn.Linear{Out: 64}, nn.SiLU{}},
		Steps: steps, Regularize: math.Round(100*max(0.02, min(10/math.Sqrt(float64(max(n, 1))), 0.3))) / 100,
	}
}

// fill sets what is not set.
func (r Recipe) fill(s *score.Settings) {
	s.Steps = cmp.Or(s.Steps, r.Steps)
	s.Regularize = cmp.Or(s.Regularize, r.Regularize)
}

package inference

import (
	"cmp"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

// Recipe is what Fit takes where Settings leave it the choice.
type Recipe struct {
	Net, Embed nn.Module
	Steps      int     // of score.Settings
	Regularize float64 // likewise
	// WeightDecay is that of optim.Adam, when Settings.Training has no Optimizer; 0 means
	// that of score.Settings.Regularize.
	WeightDecay float64
}

// Recommend returns the recipe for n pairs of d parameters and observations of k columns:
//
//	network      three layers of 128 units with SiLU, both ends conditioned too
//	embedding    of the observation, layers of 128 and 64 units with SiLU
//	Steps        n for d ≤ 3, 0.4 n above, from 2,000 to 20,000
//	Regularize   300/n for d ≤ 3, 10/√n above, from 0.02 to 0.3
//	WeightDecay  for d > 5 ten times as much
//
// It is the same for all numbers of columns: an observation of hundreds is for an Embed of
// one's own. A tenth of the pairs is held out, and the best look at them is what is kept
// (score.Validation). Found on 10,000 simulations of the tasks of dataset/simulator, see
// examples/sbi: with two parameters the held-out loss falls until the end, with five
// and ten it is least after some thousand steps, before the network knows the pairs by
// heart. (For two_moons C2ST was .532 with 0.6 n steps and 10/√n, and .521 as it is; with
// 1,000 simulations .605 at 0.3, .620 at 0.1 and .642 at 0.05.) Posteriors of many parameters are often near normal, and gain by the decay (C2ST of
// bernoulli_glm .58 for .61), those of several modes lose (slcp).
func Recommend(n, d, k int) Recipe {
	net := nn.RecipeMLP(d, 128)
	net.Features, net.Ends = nil, true
	steps, regularize := n/5*2, 10/math.Sqrt(float64(max(n, 1)))
	if d <= 3 {
		steps, regularize = n, 300/float64(max(n, 1))
	}
	r := Recipe{
		Net: net, Embed: nn.Sequential{nn.Linear{Out: 128}, nn.SiLU{}, nn.Linear{Out: 64}, nn.SiLU{}},
		Steps:      min(max(steps, 2000), 20_000),
		Regularize: math.Round(100*max(0.02, min(regularize, 0.3))) / 100,
	}
	if d > 5 {
		r.WeightDecay = 10 * r.Regularize
	}
	return r
}

// fill sets what is not set.
func (r Recipe) fill(s *score.Settings) {
	s.Steps = cmp.Or(s.Steps, r.Steps)
	if s.Optimizer == nil && s.Regularize == 0 && r.WeightDecay > 0 {
		s.Optimizer = &optim.Adam[float32]{WeightDecay: r.WeightDecay}
	}
	s.Regularize = cmp.Or(s.Regularize, r.Regularize)
}

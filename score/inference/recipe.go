package inference

import (
	"cmp"
	"fmt"
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
//	network      three layers of 128 units with SiLU, and below 200 pairs one of zeros, so
//	             that it starts from what the regression knows
//	embedding    of the observation, layers of 128 and 64 units with SiLU
//	Steps        0.6 n for d ≤ 3, 0.4 n above, from 2,000 to 20,000; but 20 (n − 50) below
//	             150 pairs, and 1 below 51
//	Regularize   10/√n, from 0.02 to 0.3
//	WeightDecay  for d > 5 ten times as much
//
// It is the same for all numbers of columns: an observation of hundreds is for an Embed of
// one's own. A tenth of the pairs is held out, and the best look at them is what is kept
// (score.Validation). Found on 10,000 simulations of the tasks of dataset/simulator, see
// examples/sbi: with two parameters the held-out loss falls until the end, with five
// and ten it is least after some thousand steps, before the network knows the pairs by
// heart. Posteriors of many parameters are often near normal, and gain by the decay (C2ST of
// bernoulli_glm .58 for .61), those of several modes lose (slcp).
func Recommend(n, d, k int) Recipe {
	net := nn.RecipeMLP(d, 128)
	net.Features = nil
	share := 3
	if d > 3 {
		share = 2
	}
	r := Recipe{
		Net: net, Embed: nn.Sequential{nn.Linear{Out: 128}, nn.SiLU{}, nn.Linear{Out: 64}, nn.SiLU{}},
		Steps:      min(max(n/5*share, 2000), 20_000, max(20*(n-fewPairs), 1)),
		Regularize: math.Round(100*max(0.02, min(10/math.Sqrt(float64(max(n, 1))), 0.3))) / 100,
	}
	if d > 5 {
		r.WeightDecay = 10 * r.Regularize
	}
	if n < judgedPairs {
		r.Net = nn.Sequential{net, nn.Linear{Out: d, Init: nn.Zeros{}}}
	}
	return r
}

// Of fewer than fewPairs pairs a network learns nothing but the pairs, and holding some out
// cannot tell: it is left alone, see Recommend. What is learned from fewer than judgedPairs is
// told of.
const (
	fewPairs    = 50
	judgedPairs = 200
)

// fewWarnings tells of pairs that are few.
func fewWarnings(n int) []string {
	switch {
	case n <= fewPairs:
		return []string{fmt.Sprintf("only %d pairs of parameters and observations are nothing to learn or to judge a posterior by: it is wide, and knows of x what a linear regression does, if that much; want some hundred simulations at least, or thousands", n)}
	case n < judgedPairs:
		return []string{fmt.Sprintf("only %d pairs of parameters and observations, of which a tenth is held out, are too few to judge a posterior by: it may be far too narrow; want some hundred simulations at least, or thousands", n)}
	}
	return nil
}

// fill sets what is not set.
func (r Recipe) fill(s *score.Settings) {
	s.Steps = cmp.Or(s.Steps, r.Steps)
	if s.Optimizer == nil && s.Regularize == 0 && r.WeightDecay > 0 {
		s.Optimizer = &optim.Adam[float32]{WeightDecay: r.WeightDecay}
	}
	s.Regularize = cmp.Or(s.Regularize, r.Regularize)
}

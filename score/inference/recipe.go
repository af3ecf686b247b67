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
//	network      three layers of 128 units with SiLU, both ends conditioned too
//	embedding    of the observation, layers of 128 and 64 units with SiLU
//	Steps        n for d ≤ 3, 0.4 n above, from 2,000 to 20,000; but 20 (n − 100) below
//	             200 pairs, and 1 below 101
//	Regularize   300/n for d ≤ 3, 10/√n above, from 0.02 to 0.3
//	WeightDecay  for d > 5 ten times as much
//
// Below 200 pairs the model has a layer of zeros behind the network, so that it starts from
// what the regression knows. The recipe is the same for all numbers of columns: an observation
// of hundreds is for an Embed of one's own. A tenth of the pairs is held out, and the best look
// at them is what is kept (score.Validation). Found on 10,000 simulations of the tasks of
// dataset/simulator, see examples/sbi: with two parameters the held-out loss falls until the
// end, with five and ten it is least after some thousand steps, before the network knows the
// pairs by heart. So two and three parameters gain by more steps and less decay the more
// pairs there are; of 1,000 pairs the most decay is the best. Posteriors of many
// parameters are often near normal, and gain by the decay of the weights, those of several
// modes lose. A norm and optim.SOAP, the recipe of score for few columns, take on one task what
// they give on another (examples/sbi -soap).
func Recommend(n, d, k int) Recipe {
	net := nn.MLP{Hidden: []int{128, 128, 128}, Activation: nn.SiLU{}, Time: nn.TimeFourier{N: 4, Low: 0.5, High: 8}, Ends: true}
	steps, regularize := n/5*2, 10/math.Sqrt(float64(max(n, 1)))
	if d <= 3 {
		steps, regularize = n, 300/float64(max(n, 1))
	}
	r := Recipe{
		Net: net, Embed: nn.Sequential{nn.Linear{Out: 128}, nn.SiLU{}, nn.Linear{Out: 64}, nn.SiLU{}},
		Steps:      min(max(steps, 2000), 20_000, max(20*(min(n, 20_000)-fewPairs), 1)),
		Regularize: math.Round(100*max(0.02, min(regularize, 0.3))) / 100,
	}
	if d > 5 {
		r.WeightDecay = 10 * r.Regularize
	}
	return r
}

// config returns the model for n pairs.
func (s *Settings) config(r Recipe, n, d, columns int) *score.Config {
	c := &score.Config{Net: s.Net, Cond: score.Conditions{Columns: columns, Embed: s.Embed}, Seed: s.Seed}
	if c.Net == nil {
		c.Net = r.Net
	}
	if n < judgedPairs {
		c.Net = nn.Sequential{c.Net, nn.Linear{Out: d, Init: nn.Zeros{}}}
	}
	if c.Cond.Embed == nil {
		c.Cond.Embed = r.Embed
	}
	return c
}

// Of fewPairs or fewer a network learns nothing but the pairs, and holding some out cannot
// tell: it is left alone, see Recommend. What is learned from fewer than judgedPairs is told
// of, and starts from what the regression knows: behind the network, any one, is a layer of
// zeros.
const (
	fewPairs    = 100
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

// fewForJoint tells of pairs that are few for a Joint, which knows nothing but them.
func fewForJoint(n int) []string {
	if n >= judgedPairs {
		return nil
	}
	return []string{fmt.Sprintf("only %d pairs of parameters and observations are learned by heart: answers are far too narrow; want some hundred simulations at least, or thousands", n)}
}

// fill sets what is not set.
func (r Recipe) fill(s *score.Settings) {
	s.Steps = cmp.Or(s.Steps, r.Steps)
	if s.Optimizer == nil && s.Regularize == 0 && r.WeightDecay > 0 {
		s.Optimizer = &optim.Adam[float32]{WeightDecay: r.WeightDecay}
	}
	s.Regularize = cmp.Or(s.Regularize, r.Regularize)
}

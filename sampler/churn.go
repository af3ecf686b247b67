package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// Churn is the stochastic half of a step of EDM (Karras et al. 2022, Algorithm
// 2): before the probability flow is followed from t to u, noise raises the
// state to a level a little above. With y = x/α and ς = σ/α,
//
//	ς̂ = (1+γ) ς_t,   ŷ = y + √(ς̂² − ς_t²) S_noise z,   γ = min(S/n, √2−1),
//
// n being the number of steps of the run, and γ = 0 outside S_min ≤ ς_t ≤ S_max.
// Raising is exact in law when S_noise = 1, so the order of the method for the
// flow is kept. The score is evaluated up to √2 times above the grid's first
// level, where a model was perhaps not trained; a Churn from S_max downwards
// avoids that. The zero value adds nothing and draws nothing.
type Churn struct {
	// SChurn is S_churn, the amount of noise over a run; 0 for none.
	SChurn float64
	// STmin and STmax are S_min and S_max; an STmax of 0 means no bound.
	STmin, STmax float64
	// SNoise is S_noise, which EDM sets slightly above 1 to make up for a
	// model that removes too much; 0 means 1.
	SNoise float64
}

func (c Churn) check(method string) error {
	for _, f := range []struct {
		name  string
		value float64
	}{{"SChurn", c.SChurn}, {"STmin", c.STmin}, {"STmax", c.STmax}, {"SNoise", c.SNoise}} {
		if !(f.value >= 0) || math.IsInf(f.value, 1) {
			return fmt.Errorf("%s.Churn.%s = %g, expected a finite number ≥ 0: %w", method, f.name, f.value, ErrRange)
		}
	}
	return nil
}

// churned raises the state and lets flow carry it from the raised level to U.
func (s *Step) churned(method string, c Churn, flow func(*Step) error) error {
	if err := c.check(method); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	level := st / at
	gamma := min(c.SChurn/float64(s.N), math.Sqrt2-1)
	if gamma == 0 || level < c.STmin || c.STmax > 0 && level > c.STmax {
		return flow(s)
	}
	raised := sde.TimeAt(s.SDE, -math.Log((1+gamma)*level))
	ar, sr := s.Kernel(raised)
	above := sr / ar
	if above <= level { // a process that ends here
		return flow(s)
	}
	s.Normal(s.Mean, 0)
	combine(s.X, ar/at, s.X, ar*orOne(c.SNoise)*math.Sqrt((above-level)*(above+level)), s.Mean)
	t := s.T
	s.T = raised
	err := flow(s)
	s.T = t
	return err
}

// orOne is the value of a factor whose zero value means 1.
func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

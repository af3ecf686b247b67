package sampler

import (
	"cmp"
	"math"
)

// Churn is the stochastic half of a step of EDM (Karras et al. 2022, Algorithm
// 2): before the probability flow is followed from t to u, noise raises the
// state to a level a little above. With y = x/α and ς = σ/α,
//
//	ς̂ = (1+γ) ς_t,   ŷ = y + √(ς̂² − ς_t²) S_noise z,   γ = min(S/n, √2−1),               (29)
//
// n being the number of steps of the run, and γ = 0 outside S_min ≤ ς_t ≤ S_max.
// Raising is exact in distribution when S_noise = 1, so the order of the method
// for the flow is kept. It ends at the end of the span, beyond which no model was
// trained. The zero value adds nothing and draws nothing.
type Churn struct {
	// SChurn is S_churn, the amount of noise over a run; 0 for none.
	SChurn float64
	// STmin and STmax are S_min and S_max; an STmax of 0 means no bound.
	STmin, STmax float64
	// SNoise is S_noise, which EDM sets slightly above 1 to make up for a
	// model that removes too much; 0 means 1.
	SNoise float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (c Churn) Validate() error { return c.validate("Churn") }

func (c Churn) validate(name string) error {
	return cmp.Or(
		nonNegative(name, "SChurn", c.SChurn), nonNegative(name, "STmin", c.STmin),
		nonNegative(name, "STmax", c.STmax), nonNegative(name, "SNoise", c.SNoise),
	)
}

// Raise raises the state of a Step and lets flow, which crosses the Step's
// interval without noise, carry it from the raised level, then at T, to U.
func (c Churn) Raise(s *Step, flow func(*Step) error) error {
	if err := c.Validate(); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	level := st / at
	gamma := min(c.SChurn/float64(s.N), math.Sqrt2-1)
	if gamma == 0 || level < c.STmin || c.STmax > 0 && level > c.STmax {
		return flow(s)
	}
	_, end := s.Span()
	raised := min(end, timeAt(s.SDE, -math.Log((1+gamma)*level)))
	ar, sr := s.Kernel(raised)
	above := sr / ar
	if above <= level { // a process that ends here
		return flow(s)
	}
	s.Normal(s.Mean, 0)
	s.Combine(s.X, ar/at, s.X, ar*cmp.Or(c.SNoise, 1)*math.Sqrt((above-level)*(above+level)), s.Mean)
	t := s.T
	s.T = raised
	err := flow(s)
	s.T = t
	return err
}

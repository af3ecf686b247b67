package sampler

import (
	"cmp"
	"math"
)

var _ Predictor = EulerAncestral{}

// EulerAncestral is the Euler-ancestral sampler of k-diffusion. An ancestral
// step with y = x/α and ς = σ/α follows the probability flow beyond u, to the
// level ς_down, and returns with noise:
//
//	y_u = y_down + ς_up S_noise z,   ς_up = min(ς_u, η ς_u √(1 − ς_u²/ς_t²)),   ς_down² + ς_up² = ς_u².   (25)
//
// Each half carries p_t exactly when the flow is followed exactly, so the distribution of
// the result has the order of the method for the flow, for every η. Here that is
// Euler's in ς, y_down = D + (ς_down/ς_t)(y − D), and the method is that of DDIM
// with the same η. One evaluation a step, order 1.
type EulerAncestral struct {
	// Eta is η; 0 means 1. For no noise take DDIM's zero value.
	Eta float64
	// SNoise is S_noise; 0 means 1.
	SNoise float64
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p EulerAncestral) Validate() error { return checkNoise("EulerAncestral", p.Eta, p.SNoise) }

// Predict implements Predictor.
func (p EulerAncestral) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return s.AncestralStep(cmp.Or(p.Eta, 1), cmp.Or(p.SNoise, 1), DDIM{}.Predict)
}

// checkNoise checks the two fields that methods with noise share.
func checkNoise(method string, eta, noise float64) error {
	return cmp.Or(nonNegative(method, "Eta", eta), nonNegative(method, "SNoise", noise))
}

// split returns ς_down and ς_up of an ancestral step between two levels,
// without the cancellation of √(ς_u² − ς_up²).
func split(eta, from, to float64) (down, up float64) {
	q := to / from
	return to * math.Sqrt(max(0, (1-eta)*(1+eta)+eta*eta*q*q)), to * min(1, eta*math.Sqrt((1-q)*(1+q)))
}

// AncestralStep lets flow, which crosses the Step's interval without noise, carry
// the state to ς_down, then at U, and brings it back to U with noise, drawn from
// slot 0; see EulerAncestral. Where η or σ_u is 0 it is flow alone.
func (s *Step) AncestralStep(eta, sNoise float64, flow func(*Step) error) error {
	at, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	level := su / au
	if eta == 0 || level == 0 {
		return flow(s)
	}
	down, up := split(eta, st/at, level)
	lower := timeAt(s.SDE, -math.Log(down))
	al, sl := s.Kernel(lower)
	if end := sl / al; end > down*(1+1e-9) { // a process that does not go so low
		if end >= level {
			return flow(s)
		}
		up = math.Sqrt((level - end) * (level + end))
	}
	u := s.U
	s.U = lower
	err := flow(s)
	s.U = u
	if err != nil {
		return err
	}
	s.Combine(s.Mean, au/al, s.Mean, 0, s.Mean)
	s.AddNoise(au*sNoise*up, 0)
	return nil
}

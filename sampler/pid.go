package sampler

import "math"

// pid chooses steps by the errors of the last three (Söderlind 2003; in the form
// of k-diffusion): a step of error e, 1 being what is allowed, is followed by
// one longer by the factor
//
//	l(e₀^−b₀ e₁^−b₁ e₂^−b₂),   l(f) = 1 + atan(f − 1),
//
// and is accepted when that is not below a threshold.
type pid struct {
	b         [3]float64
	threshold float64
}

func newPID(p, i, d, order, threshold float64) pid {
	return pid{[3]float64{(p + i + d) / order, -(p + 2*d) / order, d / order}, threshold}
}

// pace is the state of one row.
type pace struct {
	h       float64
	inverse [3]float64 // of the errors, newest first
}

// judge changes the step and says whether the one just made is accepted.
func (c pid) judge(s *pace, e float64) bool {
	inverse := 1 / (e + 1e-8)
	if s.inverse[0] == 0 {
		s.inverse[1], s.inverse[2] = inverse, inverse
	}
	s.inverse[0] = inverse
	f := 1.0
	for i, b := range c.b {
		f *= math.Pow(s.inverse[i], b)
	}
	f = 1 + math.Atan(f-1)
	s.h *= f
	if f < c.threshold {
		return false
	}
	s.inverse[1], s.inverse[2] = s.inverse[0], s.inverse[1]
	return true
}

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

// judge returns the factor and whether the step just made is accepted. It keeps
// the inverses of the errors, newest first, all 0 before the first step.
func (c pid) judge(inverse *[3]float64, e float64) (factor float64, accepted bool) {
	now := 1 / (e + 1e-8)
	if inverse[0] == 0 {
		inverse[1], inverse[2] = now, now
	}
	inverse[0] = now
	f := 1.0
	for i, b := range c.b {
		f *= math.Pow(inverse[i], b)
	}
	f = 1 + math.Atan(f-1)
	if f < c.threshold {
		return f, false
	}
	inverse[1], inverse[2] = inverse[0], inverse[1]
	return f, true
}

package sde

import "math"

// Invertible is implemented by processes that know the inverse of their
// log signal-to-noise ratio in closed form.
type Invertible interface {
	TimeAt(logSNR float64) float64
}

// LogSNR returns λ(t) = log(α/σ), which decreases in t.
func LogSNR(p SDE, t float64) float64 {
	alpha, sigma := p.Kernel(t)
	return math.Log(alpha / sigma)
}

// TimeAt returns the time at which log(α/σ) equals logSNR.
//
// An Invertible process answers in closed form, beyond its span too. For any
// other the root is found to rounding by Newton's method, which gives way to
// bisection where it leaves the bracket or does not halve the error. The
// bracket starts as the span: logSNR beyond the values at its ends gives the
// nearer end. NaN gives NaN.
func TimeAt(p SDE, logSNR float64) float64 {
	if inv, ok := As[Invertible](p); ok {
		return inv.TimeAt(logSNR)
	}
	lo, hi := p.Span()
	switch {
	case math.IsNaN(logSNR):
		return logSNR
	case !(LogSNR(p, lo) > logSNR):
		return lo
	case !(LogSNR(p, hi) < logSNR):
		return hi
	}
	t, last := 0.5*(lo+hi), math.Inf(1)
	for lo < t && t < hi {
		excess := LogSNR(p, t) - logSNR
		switch {
		case excess > 0:
			lo = t
		case excess < 0:
			hi = t
		default:
			return t
		}
		// dλ/dt = f − σ̇/σ = −g²/(2σ²).
		_, sigma := p.Kernel(t)
		_, g2 := p.Rates(t)
		next := t + 2*sigma*sigma*excess/g2
		if next == t {
			return t
		}
		if !(lo < next && next < hi) || math.Abs(excess) > 0.5*last {
			next = 0.5 * (lo + hi)
		}
		t, last = next, math.Abs(excess)
	}
	return t
}

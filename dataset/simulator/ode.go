package simulator

import (
	"fmt"
	"math"
)

// bilinear is the system of two quantities that grow by themselves and by meeting,
//
//	du/dt = a u + c u v,   dv/dt = b v + d u v.
type bilinear struct{ a, b, c, d float64 }

const (
	odeTolerance = 1e-10 // of a step, relative to each quantity
	odeSteps     = 20000
	odeOrder     = 20
)

// solve carries u and v from time 0 and calls at with their values at the times k·every of
// k = 0, …, n−1. Each step sums their Taylor series, whose coefficients follow from those before,
//
//	u_{k+1} = (a u_k + c w_k)/(k + 1),   v_{k+1} = (b v_k + d w_k)/(k + 1),   w_k = Σ_i u_i v_{k−i},
//
// to order 20, and is as long as the last two terms allow ("A Software Package for the Numerical
// Integration of ODEs by Means of High-Order Taylor Methods", Jorba and Zou 2005).
func (s bilinear) solve(u, v, every float64, n int, at func(k int, u, v float64)) error {
	at(0, u, v)
	var p, q [odeOrder + 1]float64
	time, next := 0.0, 1
	for range odeSteps {
		if next == n {
			return nil
		}
		p[0], q[0] = u, v
		for k := range odeOrder {
			var w float64
			for i := range k + 1 {
				w += p[i] * q[k-i]
			}
			p[k+1] = (s.a*p[k] + s.c*w) / float64(k+1)
			q[k+1] = (s.b*q[k] + s.d*w) / float64(k+1)
		}
		h := min(length(&p), length(&q))
		if !(h > 0) { // also for NaN
			break
		}
		for next < n && float64(next)*every <= time+h {
			here := float64(next)*every - time
			at(next, sum(&p, here), sum(&q, here))
			next++
		}
		u, v = sum(&p, h), sum(&q, h)
		time += h
	}
	return fmt.Errorf("no solution beyond the time %.4g: %w", time, ErrLimit)
}

// length returns the step for which the last two terms of a series are below the tolerance.
func length(p *[odeOrder + 1]float64) float64 {
	h := math.Inf(1)
	for _, k := range [2]int{odeOrder - 1, odeOrder} {
		if p[k] != 0 { // also for NaN
			h = min(h, math.Exp(math.Log(odeTolerance*math.Abs(p[0]/p[k]))/float64(k)))
		}
	}
	return h
}

func sum(p *[odeOrder + 1]float64, h float64) float64 {
	s := p[odeOrder]
	for k := odeOrder - 1; k >= 0; k-- {
		s = s*h + p[k]
	}
	return s
}

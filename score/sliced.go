package score

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Probes are random directions v with E vvᵀ = I, drawn for each row.
type Probes struct {
	N        int  // how many, up to 4,096; zero means 1
	Gaussian bool // standard normal, instead of ±1 in every coordinate
}

// mostProbes is how many directions there may be. Each is a part of the program that
// computes the loss.
const mostProbes = 1 << 12

// Validate returns an error wrapping ErrRange when N is negative or more than 4,096.
func (p Probes) Validate() error {
	if p.N < 0 || p.N > mostProbes {
		return fmt.Errorf("Probes.N: is %d, want a positive number up to %d, or 0 for 1: %w", p.N, mostProbes, ErrRange)
	}
	return nil
}

// mean returns the mean of f over the directions.
func (p Probes) mean(b *nn.Build, d int, f func(v *ad.Expr) *ad.Expr) *ad.Expr {
	n := cmp.Or(p.N, 1)
	sum := f(p.direction(b, d))
	for range n - 1 {
		sum = ad.Add(sum, f(p.direction(b, d)))
	}
	return ad.Scale(1/float64(n), sum)
}

// direction returns a new random leaf: the signs of uniform numbers, or normals
// made by Box and Muller's formula.
func (p Probes) direction(b *nn.Build, d int) *ad.Expr {
	u := b.Random(d)
	if !p.Gaussian {
		return ad.Shift(ad.Scale(2, ad.Step(ad.Shift(u, -0.5))), -1)
	}
	radius := ad.Sqrt(ad.Scale(-2, ad.Log(ad.Shift(ad.Neg(u), 1)))) // u < 1 in float32 too
	return ad.Mul(radius, ad.Cos(ad.Scale(2*math.Pi, b.Random(d))))
}

// SSM is sliced score matching (Song et al. 2019),
//
//	ω(t)(vᵀ(∂s/∂x)v + ½(vᵀs)²),   ω = σ²,
//
// ISM seen along random directions: two to three times the cost of DSM in any
// dimension, with the mean over several Probes when asked for.
type SSM struct {
	Probes
	Weighted bool // as in ISM
}

// Loss returns the loss of each row.
func (o SSM) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	s := f.Score(d.Xt)
	return ad.Mul(omega(o.Weighted, d), o.mean(b, s.Cols(), func(v *ad.Expr) *ad.Expr {
		return ad.Add(curvature(s, d.Xt, v), half(dot(v, s)))
	}))
}

// curvature returns vᵀ(∂s/∂x)v of each row.
func curvature(s, x, v *ad.Expr) *ad.Expr { return dot(v, ad.JVP(s, x, v)) }

// SSMVR is sliced score matching with the variance of the squared norm removed
// (Song et al. 2019),
//
//	ω(t)(vᵀ(∂s/∂x)v + ½‖s‖²),   ω = σ².
type SSMVR struct {
	Probes
	Weighted bool // as in ISM
}

// Loss returns the loss of each row.
func (o SSMVR) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	s := f.Score(d.Xt)
	return ad.Mul(omega(o.Weighted, d), ad.Add(half(s), o.mean(b, s.Cols(), func(v *ad.Expr) *ad.Expr {
		return curvature(s, d.Xt, v)
	})))
}

// FDSSM is SSMVR with central differences in place of derivatives (Pang et al.
// 2020),
//
//	ω(t)(vᵀ(s₊ − s₋)/(2ε) + ⅛‖s₊ + s₋‖²),   s_± = s(x ± εv),   ω = σ²,
//
// at the cost of two DSM losses a probe. Its bias is of order ε²; ε is in
// proportion to the noise, the scale on which the score varies.
type FDSSM struct {
	Probes
	Weighted bool    // as in ISM
	Step     float64 // ε/σ, on [1e-6, 10]; zero means 0.05
}

// Loss returns the loss of each row.
func (o FDSSM) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	h := cmp.Or(o.Step, 0.05)
	return ad.Mul(omega(o.Weighted, d), o.mean(b, d.Xt.Cols(), func(v *ad.Expr) *ad.Expr {
		move := ad.Mul(ad.Scale(h, d.Sigma), v)
		up, down := f.Score(ad.Add(d.Xt, move)), f.Score(ad.Sub(d.Xt, move))
		slope := ad.Div(ad.Scale(0.5/h, dot(v, ad.Sub(up, down))), d.Sigma)
		return ad.Add(slope, ad.Scale(0.25, half(ad.Add(up, down))))
	}))
}

// Validate returns an error wrapping ErrRange when Step is neither 0 nor on
// [1e-6, 10], outside of which a difference in float32 says nothing of a derivative,
// and for the errors of Probes.
func (o FDSSM) Validate() error {
	if err := within("FDSSM.Step", o.Step, 1e-6, 10, "0.05"); err != nil {
		return err
	}
	return o.Probes.Validate()
}

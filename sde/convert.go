package sde

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Quantity is one of the equivalent things a network may predict at (x, t).
// Each is a multiple of x plus a multiple of the score s = ∇ₓ log p_t(x).
type Quantity uint8

// The quantities, for x_t = α x₀ + σ z.
const (
	Score    Quantity = iota // s = ∇ₓ log p_t(x)
	Denoised                 // D = E[x₀ | x_t = x] = (x + σ²s)/α (Tweedie's formula)
	Noise                    // ε = E[z | x_t = x] = −σs
	Velocity                 // u = α̇D + σ̇ε = f x − ½g²s, the probability flow's drift
)

// affine returns the coefficients of a quantity q = a x + b s.
func (q Quantity) affine(p SDE, t float64) (a, b float64) {
	alpha, sigma := p.Kernel(t)
	switch q {
	case Score:
		return 0, 1
	case Denoised:
		return 1 / alpha, sigma * sigma / alpha
	case Noise:
		return 0, -sigma
	case Velocity:
		f, g2 := p.Rates(t)
		return f, -0.5 * g2
	}
	panic("sde: unknown quantity")
}

// Between returns the coefficients that turn one quantity into another at
// time t, to = onX·x + onFrom·from.
//
// Where σ(t) = 0, at the time t = 0 of some processes, they are the limits as
// t falls to 0. There the denoiser is x/α whatever the score, so that nothing
// else follows from it, and the score is infinite unless the noise is 0:
// a coefficient without a limit is infinite, with onX = 0.
func Between(p SDE, t float64, from, to Quantity) (onX, onFrom float64) {
	if from == to {
		return 0, 1
	}
	_, sigma := p.Kernel(t)
	if sigma == 0 {
		t = nearZero
	}
	a, b := from.affine(p, t)
	c, d := to.affine(p, t)
	ratio := d / b
	if sigma == 0 && math.Abs(ratio) > diverged {
		return 0, math.Copysign(math.Inf(1), ratio)
	}
	return c - ratio*a, ratio
}

// The limit t → 0 is taken at a time at which σ² does not underflow, and at
// which coefficients that diverge, as σ⁻¹ = t^−½ or faster, are beyond
// anything that converges.
const (
	nearZero = 1e-150
	diverged = 1e50
)

// Convert writes into dst the quantity to of the rows x at time t, computed
// from the quantity from of the same rows in src. All matrices have the shape
// of x; dst may be src or x. For the coefficients and the limits see Between.
func Convert(dst, x, src *mat.Dense, p SDE, t float64, from, to Quantity) {
	alike("Convert", "dst", dst, "x", x)
	alike("Convert", "src", src, "x", x)
	onX, onFrom := Between(p, t, from, to)
	combine(dst, onX, x, onFrom, src)
}

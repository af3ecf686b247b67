package simulator

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	slcpPoints = 4
	slcpBound  = 3
)

// SLCP is the task "slcp", a simple likelihood with a complex posterior: four points of
// one normal distribution on the plane, x = (p₁₁, p₁₂, p₂₁, …, p₄₂), with θ ~ U[−3, 3]⁵ and
//
//	p_i ~ N(m, S),   m = (θ₁, θ₂),   S = (s₁²  ρs₁s₂; ρs₁s₂  s₂²),
//	s₁ = θ₃²,   s₂ = θ₄²,   ρ = tanh θ₅.
//
// The signs of θ₃ and θ₄ do not matter: the posterior has four equal modes.
type SLCP struct{}

// Name returns "slcp".
func (SLCP) Name() string { return "slcp" }

// Prior returns U[−3, 3]⁵.
func (SLCP) Prior() Prior { return box{5, slcpBound} }

// Dim returns 8.
func (SLCP) Dim() int { return 2 * slcpPoints }

// Simulate implements Task.
func (s SLCP) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(s, x, theta)
	if err := finite(s, "theta", theta); err != nil {
		return err
	}
	return simulateSLCP(s, x, theta, rng)
}

func simulateSLCP(t Task, x, theta []float64, rng *rand.Rand) error {
	s1, s2, rho := theta[2]*theta[2], theta[3]*theta[3], math.Tanh(theta[4])
	rest := 1 / math.Cosh(theta[4]) // √(1 − ρ²)
	for i := 0; i < len(x); i += 2 {
		z1, z2 := rng.NormFloat64(), rng.NormFloat64()
		x[i] = theta[0] + s1*z1
		x[i+1] = theta[1] + s2*(rho*z1+rest*z2)
	}
	if finite(t, "x", x) != nil {
		return fmt.Errorf("%s: theta %v: x overflows: %w", t.Name(), theta, ErrLimit)
	}
	return nil
}

// LogLikelihood implements Task. Where θ₃ or θ₄ is 0 there is no density, and it is −Inf.
func (s SLCP) LogLikelihood(x, theta []float64) float64 {
	sizes(s, x, theta)
	s1, s2, rho := theta[2]*theta[2], theta[3]*theta[3], math.Tanh(theta[4])
	rest := 1 / math.Cosh(theta[4])
	logDet := 2 * math.Log(s1*s2*rest)
	if math.IsInf(logDet, 0) {
		return math.Inf(-1)
	}
	l := -slcpPoints * (math.Log(2*math.Pi) + 0.5*logDet)
	for i := 0; i < len(x); i += 2 {
		z1 := (x[i] - theta[0]) / s1
		z2 := ((x[i+1]-theta[1])/s2 - rho*z1) / rest
		l -= 0.5 * (z1*z1 + z2*z2)
	}
	return l
}

// Reference implements Task, by exact draws. With the mean p̄ and the scatter
// C = Σ_i (p_i − p̄)(p_i − p̄)ᵀ of the points, m given S is N(p̄, S/4), and S without m has the
// density
//
//	|S|^(−3/2) exp(−½ tr S⁻¹C) |∂S/∂(θ₃, θ₄, θ₅)|⁻¹ ∝ |S|^(−11/4) exp(−½ tr S⁻¹C) (1 − ρ²)^¼,
//
// an inverse Wishart distribution of 5/2 degrees of freedom, kept with probability
// (1 − ρ²)^¼; then parameters within the prior are kept and θ₃ and θ₄ get signs. Of the observations
// that the prior gives, one in sixty leaves less than a thousandth of these, and is tempered instead,
// with positive θ₃ and θ₄. It returns ErrRange when the points are above each other or side by side.
func (s SLCP) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(s, dst, x); err != nil {
		return err
	}
	return referenceSLCP(ctx, s, dst, x, seed)
}

func referenceSLCP(ctx context.Context, t Task, dst *mat.Dense, x []float64, seed uint64) error {
	f, ok := scatterOf(x)
	if !ok {
		return fmt.Errorf("simulator: Reference: %s: x has points above each other or side by side, want four that differ in both numbers: %w", t.Name(), ErrRange)
	}
	if f.easy(seed) {
		return draws(ctx, t, dst, seed, f.propose)
	}
	err := temper(ctx, SLCP{}, dst, x, seed, members, latent{t.Prior(), func(theta, u []float64) {
		copy(theta, u)
		theta[2], theta[3] = (u[2]+slcpBound)/2, (u[3]+slcpBound)/2
	}})
	if err != nil {
		return err
	}
	n, _ := dst.Dims()
	var s stream
	for i := range n {
		signs(dst.RawRowView(i), s.at(seed, forSign, uint64(i), 0))
	}
	return nil
}

// signs gives θ₃ and θ₄ signs.
func signs(theta []float64, rng *rand.Rand) {
	bits := rng.Uint64()
	for j := range 2 {
		if bits>>j&1 == 0 {
			theta[2+j] = -theta[2+j]
		}
	}
}

// scatter holds the mean and the scatter C = L Lᵀ of points.
type scatter struct{ m1, m2, l11, l21, l22 float64 }

// scatterOf reports false when a number is the same in all points.
func scatterOf(x []float64) (f scatter, ok bool) {
	var c11, c12, c22 float64
	for i := 0; i < len(x); i += 2 {
		f.m1 += x[i] / slcpPoints
		f.m2 += x[i+1] / slcpPoints
	}
	for i := 0; i < len(x); i += 2 {
		d1, d2 := x[i]-f.m1, x[i+1]-f.m2
		c11 += d1 * d1
		c12 += d1 * d2
		c22 += d2 * d2
	}
	f.l11 = math.Sqrt(c11)
	f.l21 = c12 / f.l11
	f.l22 = math.Sqrt(max(c22-f.l21*f.l21, 0))
	return f, c11 > 0 && c22 > 0
}

// easy reports whether some proposals of a thousand are accepted.
func (f scatter) easy(seed uint64) bool {
	var s stream
	rng := s.at(seed, forTrial, 0, 0)
	var theta [5]float64
	accepted := 0
	for range 8192 {
		if f.propose(theta[:], rng) {
			if accepted++; accepted == 8 {
				return true
			}
		}
	}
	return false
}

// propose writes a proposal and reports whether it is a draw of the posterior. S⁻¹ is L⁻ᵀ A Aᵀ L⁻¹
// with the triangle A of Bartlett, so that S = M Mᵀ with M = L A⁻ᵀ.
func (f scatter) propose(theta []float64, rng *rand.Rand) bool {
	a := math.Sqrt(distuv.ChiSquared{K: 2.5, Src: rng}.Rand())
	b := math.Sqrt(distuv.ChiSquared{K: 1.5, Src: rng}.Rand())
	c := rng.NormFloat64()
	m11, m12 := f.l11/a, -f.l11*c/(a*b)
	m21, m22 := f.l21/a, (f.l22-f.l21*c/a)/b
	v1, v2 := m11*m11+m12*m12, m21*m21+m22*m22
	rho := (m11*m21 + m12*m22) / math.Sqrt(v1*v2)
	if u := rng.Float64(); !(u*u*u*u <= 1-rho*rho) {
		return false
	}
	z1, z2 := rng.NormFloat64(), rng.NormFloat64()
	theta[0] = f.m1 + 0.5*(m11*z1+m12*z2)
	theta[1] = f.m2 + 0.5*(m21*z1+m22*z2)
	theta[2] = math.Sqrt(math.Sqrt(v1))
	theta[3] = math.Sqrt(math.Sqrt(v2))
	theta[4] = math.Atanh(rho)
	signs(theta, rng)
	for _, v := range theta {
		if !(math.Abs(v) <= slcpBound) {
			return false
		}
	}
	return true
}

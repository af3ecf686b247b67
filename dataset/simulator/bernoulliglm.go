package simulator

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

const (
	glmTimes  = 100
	glmFilter = 9
	glmDim    = glmFilter + 1
)

// BernoulliGLM is the task "bernoulli_glm", a neuron that fires or not at 100 times, driven by a
// fixed input v of white noise through a filter: with θ = (β, f₁, …, f₉) and η(z) = 1/(1 + e^−z),
//
//	z_t ~ Bernoulli(η(β + Σ_j f_j v_{t−j+1})),   t = 1, …, 100,
//
// where v is 0 before its start. The data are the sufficient statistics: how often it fired, and the sum of
// the inputs that went with it,
//
//	x₁ = Σ_t z_t,   x_{1+j} = Σ_t z_t v_{t−j+1}.
//
// The prior is β ~ N(0, 2) and f ~ N(0, (FᵀF)⁻¹), which is smooth: F has F_ii = 1 + √((i−1)/9),
// F_{i,i−1} = −2 and F_{i,i−2} = 1. (The paper divides the sums by x₁; the program that belongs to it
// does not, which keeps them when nothing fires.) A BernoulliGLM is made by NewBernoulliGLM; of another one
// Simulate, LogLikelihood and Reference panic.
type BernoulliGLM struct{ inputs }

// RawBernoulliGLM is the task "bernoulli_glm_raw": BernoulliGLM whose data are z₁, …, z₁₀₀. It is made by
// NewRawBernoulliGLM; of another one Simulate, LogLikelihood and Reference panic.
type RawBernoulliGLM struct{ inputs }

// inputs is the matrix of 100 rows (1, v_t, v_{t−1}, …, v_{t−8}).
type inputs []float64

// NewBernoulliGLM makes the fixed input.
func NewBernoulliGLM() BernoulliGLM { return BernoulliGLM{newInputs()} }

// NewRawBernoulliGLM makes the fixed input.
func NewRawBernoulliGLM() RawBernoulliGLM { return RawBernoulliGLM{newInputs()} }

func newInputs() inputs {
	r := newFrozen()
	m := make(inputs, glmTimes*glmDim)
	for t := range glmTimes {
		v := float64(float32(r.normal())) // the benchmark keeps it in single precision
		m[t*glmDim] = 1
		for j := 0; j < glmFilter && t+j < glmTimes; j++ {
			m[(t+j)*glmDim+1+j] = v
		}
	}
	return m
}

func (m inputs) row(t int) []float64 {
	if len(m) == 0 {
		panic("simulator: the task has no inputs, want one made by NewBernoulliGLM or NewRawBernoulliGLM")
	}
	return m[t*glmDim : (t+1)*glmDim]
}

// drive returns β + Σ_j f_j v_{t−j+1}.
func (m inputs) drive(t int, theta []float64) float64 {
	var s float64
	for j, v := range m.row(t) {
		s += v * theta[j]
	}
	return s
}

// fires draws whether the neuron fires at a time.
func (m inputs) fires(t int, theta []float64, rng *rand.Rand) bool {
	return rng.Float64() < 1/(1+math.Exp(-m.drive(t, theta)))
}

// logLikelihood returns Σ_t z_t a_t − log(1 + exp a_t) with the drive a_t, given the sums of z_t times
// the rows.
func (m inputs) logLikelihood(sums, theta []float64) float64 {
	var l float64
	for j, s := range sums {
		l += s * theta[j]
	}
	for t := range glmTimes {
		a := m.drive(t, theta)
		l -= max(a, 0) + math.Log1p(math.Exp(-math.Abs(a)))
	}
	return l
}

// Name returns "bernoulli_glm".
func (BernoulliGLM) Name() string { return "bernoulli_glm" }

// Prior returns the normal prior of β and f.
func (BernoulliGLM) Prior() Prior { return smooth{} }

// Dim returns 10.
func (BernoulliGLM) Dim() int { return glmDim }

// Simulate implements Task.
func (g BernoulliGLM) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(g, x, theta)
	if err := finite(g, "theta", theta); err != nil {
		return err
	}
	clear(x)
	for t := range glmTimes {
		if g.fires(t, theta, rng) {
			for j, v := range g.row(t) {
				x[j] += v
			}
		}
	}
	return nil
}

// LogLikelihood returns log p(z | θ) of any z with the statistics x, which is log p(x | θ) but for the
// number of such z.
func (g BernoulliGLM) LogLikelihood(x, theta []float64) float64 {
	sizes(g, x, theta)
	return g.logLikelihood(x, theta)
}

// Reference implements Task, by tempering. A number of spikes that is no count of 100 is an ErrRange.
func (g BernoulliGLM) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(g, dst, x); err != nil {
		return err
	}
	if n := x[0]; !(n >= 0 && n <= glmTimes) || n != math.Trunc(n) {
		return fmt.Errorf("simulator: Reference: %s: x[0]: is %v, want a count of %d: %w", g.Name(), n, glmTimes, ErrRange)
	}
	return temper(ctx, g, dst, x, seed, members, latent{normal{glmDim, 1}, smooth{}.from})
}

// Name returns "bernoulli_glm_raw".
func (RawBernoulliGLM) Name() string { return "bernoulli_glm_raw" }

// Prior returns that of BernoulliGLM.
func (RawBernoulliGLM) Prior() Prior { return smooth{} }

// Dim returns 100.
func (RawBernoulliGLM) Dim() int { return glmTimes }

// Simulate implements Task.
func (g RawBernoulliGLM) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(g, x, theta)
	if err := finite(g, "theta", theta); err != nil {
		return err
	}
	for t := range x {
		x[t] = 0
		if g.fires(t, theta, rng) {
			x[t] = 1
		}
	}
	return nil
}

// LogLikelihood implements Task.
func (g RawBernoulliGLM) LogLikelihood(x, theta []float64) float64 {
	sizes(g, x, theta)
	for _, z := range x {
		if z != 0 && z != 1 {
			return math.Inf(-1)
		}
	}
	return g.logLikelihood(g.Sums(x), theta)
}

// Sums returns the data of BernoulliGLM, those of z.
func (g RawBernoulliGLM) Sums(z []float64) []float64 {
	s := make([]float64, glmDim)
	for t, fired := range z {
		for j, v := range g.row(t) {
			s[j] += fired * v
		}
	}
	return s
}

// Reference implements Task, by tempering. Data other than 0 and 1 are an ErrRange.
func (g RawBernoulliGLM) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(g, dst, x); err != nil {
		return err
	}
	for t, z := range x {
		if z != 0 && z != 1 {
			return fmt.Errorf("simulator: Reference: %s: x[%d]: is %v, want 0 or 1: %w", g.Name(), t, z, ErrRange)
		}
	}
	return temper(ctx, BernoulliGLM(g), dst, g.Sums(x), seed, members, latent{normal{glmDim, 1}, smooth{}.from})
}

// smooth is the prior of a GLM.
type smooth struct{}

func (smooth) Dim() int { return glmDim }

func (p smooth) Sample(theta []float64, rng *rand.Rand) {
	parameters(p, theta)
	for j := range theta {
		theta[j] = rng.NormFloat64()
	}
	p.from(theta, theta)
}

// from maps u ~ N(0, I) to β = √2 u₀ and the filter of F f = (u₁, …, u₉).
func (smooth) from(theta, u []float64) {
	theta[0] = math.Sqrt2 * u[0]
	for i := range glmFilter {
		v := u[1+i]
		if i > 0 {
			v += 2 * theta[i]
		}
		if i > 1 {
			v -= theta[i-1]
		}
		theta[1+i] = v / smoothness(i)
	}
}

// smoothness returns F_ii, with i from 0.
func smoothness(i int) float64 { return 1 + math.Sqrt(float64(i)/glmFilter) }

func (p smooth) LogProb(theta []float64) float64 {
	parameters(p, theta)
	for _, v := range theta {
		if math.IsNaN(v) {
			return v
		}
	}
	u := make([]float64, glmDim)
	u[0] = theta[0] / math.Sqrt2
	logDet := -0.5 * math.Ln2
	for i := range glmFilter {
		v := smoothness(i) * theta[1+i]
		if i > 0 {
			v -= 2 * theta[i]
		}
		if i > 1 {
			v += theta[i-1]
		}
		u[1+i] = v
		logDet += math.Log(smoothness(i))
	}
	if l := logNormal(u, nil, 1); !math.IsNaN(l) {
		return l + logDet
	}
	return math.Inf(-1) // infinite ones that cancel
}

func (p smooth) Bounds() (low, high []float64) { return normal{dim: glmDim}.Bounds() }

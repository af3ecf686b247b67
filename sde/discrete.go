package sde

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"
)

// Discrete is a process that a table of N noise levels defines, in the steps
//
//	x_{i+1} = a_i x_i + √q_i z,   i = 0, …, N−1,
//
// from data x_0, and at the same time an SDE: its time counts the steps, x_i
// being the process at t = i, and inside a step the rates are constant,
//
//	f = log a_i,   g² = 2f q_i/(a_i² − 1)   (q_i where f = 0),
//
// so that at whole times the process is the chain exactly, and what is trained
// for the table can be sampled with any predictor on any grid. A network's level
// i, counted from 0, is the state after step i, hence the time i + 1. Transition
// gives the kernel over several steps.
//
// Sohl-Dickstein et al. 2015; Ho et al. 2020; Song & Ermon 2019.
type Discrete struct {
	steps []discreteStep
}

// discreteStep holds a step, the rates inside it, and the kernel where it
// starts, as log α and σ².
type discreteStep struct {
	a, q, f, g2        float64
	logAlpha, variance float64
}

// NewDDPM returns the process of the noise rates β_i of Ho, Jain and Abbeel,
// a_i = √(1 − β_i) and q_i = β_i. It returns an error wrapping ErrRange when
// there are fewer than 2, one is not in (0, 1), or their product leaves nothing of
// the data.
func NewDDPM(betas []float64) (*Discrete, error) {
	if err := tabulated("betas", betas, 0, 1); err != nil {
		return nil, err
	}
	d := new(Discrete)
	for i, beta := range betas {
		d.add(0.5*math.Log1p(-beta), beta)
		if alpha, sigma := d.Kernel(float64(i + 1)); !plausible(alpha) || !plausible(sigma) {
			return nil, fmt.Errorf("sde: betas[%d] = %v leads to α = %v, σ = %v, want both between %v and %v: %w", i, beta, alpha, sigma, smallest, largest, ErrRange)
		}
	}
	return d, nil
}

// NewAlphaBar is NewDDPM for a table of the products ᾱ_i = Π_{j≤i}(1 − β_j),
// the squares of α after each step. It returns an error wrapping ErrRange when
// there are fewer than 2, one is not in (1e-300, 1), or they do not decrease.
func NewAlphaBar(alphaBars []float64) (*Discrete, error) {
	if err := tabulated("alphaBars", alphaBars, smallest*smallest, 1); err != nil {
		return nil, err
	}
	betas, last := make([]float64, len(alphaBars)), 1.0
	for i, alphaBar := range alphaBars {
		if alphaBar >= last {
			return nil, fmt.Errorf("sde: alphaBars[%d] = %v is not below alphaBars[%d] = %v: %w", i, alphaBar, i-1, last, ErrRange)
		}
		betas[i], last = (last-alphaBar)/last, alphaBar
	}
	return NewDDPM(betas)
}

// NewNCSN returns the process of the noise levels σ_i of Song and Ermon, from
// small to large, a_i = 1 and q_i = σ_i² − σ_{i−1}² with σ_{−1} = 0. It returns
// an error wrapping ErrRange when there are fewer than 2, one is not in
// (1e-150, 1e150), or they do not increase.
func NewNCSN(sigmas []float64) (*Discrete, error) {
	if err := tabulated("sigmas", sigmas, smallest, largest); err != nil {
		return nil, err
	}
	d, last := new(Discrete), 0.0
	for i, sigma := range sigmas {
		if sigma <= last {
			return nil, fmt.Errorf("sde: sigmas[%d] = %v is not above sigmas[%d] = %v: %w", i, sigma, i-1, last, ErrRange)
		}
		d.add(0, (sigma-last)*(sigma+last))
		last = sigma
	}
	return d, nil
}

// tabulated checks that a table has enough entries, all between two values.
func tabulated(name string, table []float64, low, high float64) error {
	if len(table) < 2 {
		return fmt.Errorf("sde: %s has %d entries, want at least 2: %w", name, len(table), ErrRange)
	}
	for i, v := range table {
		if !(low < v && v < high) {
			return fmt.Errorf("sde: %s[%d]: is %v, want a number between %v and %v: %w", name, i, v, low, high, ErrRange)
		}
	}
	return nil
}

// add appends the step with the given log a and q.
func (d *Discrete) add(logA, q float64) {
	next := discreteStep{a: math.Exp(logA), q: q, f: logA, g2: q / growth(logA, 1)}
	if n := len(d.steps); n > 0 {
		next.logAlpha, next.variance = d.steps[n-1].kernel(1)
	}
	d.steps = append(d.steps, next)
}

// growth returns ∫₀ˢ e^{2fr} dr.
func growth(f, s float64) float64 {
	if f == 0 {
		return s
	}
	return math.Expm1(2*f*s) / (2 * f)
}

// kernel returns log α and σ² at a time s after the start of the step.
func (p discreteStep) kernel(s float64) (logAlpha, variance float64) {
	return p.logAlpha + p.f*s, math.Exp(2*p.f*s)*p.variance + p.g2*growth(p.f, s)
}

// Discrete returns the process with the table of n noise rates
//
//	β̃_i = β₀/n + i/(n−1) (β₁ − β₀)/n,
//
// whose limit for large n is VP with its time n-fold (Song et al. 2021). The
// error wraps ErrRange when n < 2 or n ≤ β₁, which would make a rate 1 or more,
// or when the process is not valid.
func (p VP) Discrete(n int) (*Discrete, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	b0, b1 := p.betas()
	if least := max(2, math.Floor(b1)+1); float64(n) < least {
		return nil, fmt.Errorf("sde: n = %d steps for VP.BetaMax = %v, want at least %v: %w", n, b1, least, ErrRange)
	}
	return NewDDPM(table(n, func(w float64) float64 { return b0/float64(n) + w*(b1-b0)/float64(n) }))
}

// Discrete returns the process with the table of n geometric noise levels from
// σ_min to σ_max (Song & Ermon 2019). The error wraps ErrRange when n < 2 or
// the process is not valid.
func (p VE) Discrete(n int) (*Discrete, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, fmt.Errorf("sde: n = %d steps, want at least 2: %w", n, ErrRange)
	}
	lo, hi := p.sigmas()
	return NewNCSN(table(n, func(w float64) float64 { return lo * math.Pow(hi/lo, w) }))
}

// table returns at(i/(n−1)) for i = 0, …, n−1.
func table(n int, at func(w float64) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = at(float64(i) / float64(n-1))
	}
	return values
}

// Discrete returns the process with the noise rates of n equal steps from t = 0
// to 1,
//
//	β_i = min(1 − α²((i+1)/n)/α²(i/n), 0.999)
//
// (Nichol & Dhariwal 2021). The error wraps ErrRange when n < 2 or the
// process is not valid.
func (p Cosine) Discrete(n int) (*Discrete, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, fmt.Errorf("sde: n = %d steps, want at least 2: %w", n, ErrRange)
	}
	betas := make([]float64, n)
	for i := range betas {
		_, q := Transition(p, float64(i)/float64(n), float64(i+1)/float64(n))
		betas[i] = min(q, 0.999)
	}
	return NewDDPM(betas)
}

// Len returns the number of steps N.
func (d *Discrete) Len() int { return len(d.steps) }

// Step returns the factor a_i and the variance q_i of step i, 0 ≤ i < N.
func (d *Discrete) Step(i int) (a, q float64) { return d.steps[i].a, d.steps[i].q }

// Index returns ⌊t(N−1)⌋, the step that Song et al. 2021 take for time t of a
// continuous process on [0, 1]. It panics for any other time.
func (d *Discrete) Index(t float64) int {
	if !(t >= 0 && t <= 1) {
		panic(fmt.Sprintf("sde: Discrete.Index: t = %v, want a time in [0, 1]", t))
	}
	return int(t * float64(len(d.steps)-1))
}

// Level returns the level, counted from 0 and not whole, that a network trained
// on the levels takes for a log signal-to-noise ratio: log(α/σ) is interpolated
// linearly between levels, as k-diffusion does, and beyond them the nearer end
// is returned. Rounded, it is the nearest level.
func (d *Discrete) Level(logSNR float64) float64 {
	if math.IsNaN(logSNR) {
		return logSNR
	}
	n := len(d.steps)
	at := func(i int) float64 { return LogSNR(d, float64(i+1)) }
	i := sort.Search(n, func(i int) bool { return at(i) <= logSNR })
	switch i {
	case 0:
		return 0
	case n:
		return float64(n - 1)
	}
	before, after := at(i-1), at(i)
	return float64(i) - (logSNR-after)/(before-after)
}

// Reverse writes into dst the mean of the reverse-time update of step i, which
// belongs to the rows x at level i and their scores,
//
//	(2 − a_i) x + ½(1 + Λ²) q_i s,
//
// and returns the deviation Λ√q_i of its noise: the reverse SDE discretised as
// the noising process is (Song et al. 2021; Reverse explains Λ). All matrices
// have the same shape; dst may be x or the score.
func (d *Discrete) Reverse(dst, x, score *mat.Dense, i int, lambda float64) (deviation float64) {
	alike("Discrete.Reverse", "dst", dst, "x", x)
	alike("Discrete.Reverse", "score", score, "x", x)
	a, q := d.Step(i)
	combine(dst, 2-a, x, 0.5*(1+lambda*lambda)*q, score)
	return lambda * math.Sqrt(q)
}

// within returns the step that time t lies in, the first or the last for times
// outside [0, N], and the time since it started.
func (d *Discrete) within(t float64) (step discreteStep, s float64) {
	i := math.Ceil(min(t, float64(len(d.steps)))) - 1
	if !(i > 0) { // NaN too, which s keeps
		i = 0
	}
	return d.steps[int(i)], t - i
}

// Kernel returns α = Πa and σ, without cancellation and down to σ = 0 at t = 0.
func (d *Discrete) Kernel(t float64) (alpha, sigma float64) {
	step, s := d.within(t)
	logAlpha, variance := step.kernel(s)
	return math.Exp(logAlpha), math.Sqrt(variance)
}

// Rates returns the constant rates of the step that time t lies in. A whole time
// belongs to the step that ends there, the one that a sampler, going backwards,
// has before it.
func (d *Discrete) Rates(t float64) (f, g2 float64) {
	step, _ := d.within(t)
	return step.f, step.g2
}

// Span returns [1, N], the first level and the last.
func (d *Discrete) Span() (start, end float64) { return 1, float64(len(d.steps)) }

// TimeAt returns the time at which log(α/σ) is logSNR, also beyond the span.
// Since σ²/α² grows by g² ∫e^{−2fr}dr/α² from the start of a step, it is a
// logarithm away. Levels closer than rounding do not lead out of their step.
func (d *Discrete) TimeAt(logSNR float64) float64 {
	ratio2 := math.Exp(-2 * logSNR)
	from := func(p discreteStep) float64 { return p.variance * math.Exp(-2*p.logAlpha) }
	i := max(sort.Search(len(d.steps), func(i int) bool { return from(d.steps[i]) > ratio2 })-1, 0)
	p := d.steps[i]
	grown := (ratio2 - from(p)) * math.Exp(2*p.logAlpha) / p.g2
	switch {
	case p.f != 0 && logSNR < -300: // ratio2 is all there is, before it overflows
		grown = (-2*logSNR + 2*p.logAlpha + math.Log(-2*p.f/p.g2)) / (-2 * p.f)
	case p.f != 0:
		grown = math.Log1p(-2*p.f*grown) / (-2 * p.f)
	}
	if i < len(d.steps)-1 {
		grown = min(grown, 1)
	}
	return float64(i) + grown
}

// Validate returns an error wrapping ErrRange when there are no steps, as in the
// zero value.
func (d *Discrete) Validate() error {
	if d == nil || len(d.steps) == 0 {
		return fmt.Errorf("sde: Discrete has no steps, want one made by a function of this package: %w", ErrRange)
	}
	return nil
}

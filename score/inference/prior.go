package inference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// Prior is the distribution of the parameters θ before anything has been observed. Its
// methods are called from several goroutines at once, with a generator for each. One that
// has a method Validate() error is asked first.
type Prior interface {
	// Dim returns the number of parameters.
	Dim() int
	// Sample draws parameters into theta, which has Dim places.
	Sample(theta []float64, rng *rand.Rand)
	// LogProb returns the log-density at theta in nats, up to a constant for all that is
	// done here but the evidence; −Inf where the prior has no mass.
	LogProb(theta []float64) float64
	// Bounds returns the least and the largest value of each parameter, ±Inf where
	// there is none.
	Bounds() (low, high []float64)
}

// Uniform is the prior that is uniform between bounds,
//
//	p(θ) = Π_j 1/(High_j − Low_j),   Low_j ≤ θ_j ≤ High_j.
type Uniform struct{ Low, High []float64 }

// Dim returns the number of parameters.
func (u Uniform) Dim() int { return len(u.Low) }

// Sample draws parameters into theta. It panics when theta has not Dim places.
func (u Uniform) Sample(theta []float64, rng *rand.Rand) {
	mustHave("Uniform.Sample", theta, len(u.Low))
	for j := range theta {
		theta[j] = u.Low[j] + (u.High[j]-u.Low[j])*rng.Float64()
	}
}

// LogProb returns the log-density in nats. It panics when theta has not Dim places.
func (u Uniform) LogProb(theta []float64) float64 {
	mustHave("Uniform.LogProb", theta, len(u.Low))
	sum := 0.0
	for j, v := range theta {
		if !(v >= u.Low[j] && v <= u.High[j]) {
			return math.Inf(-1)
		}
		sum -= math.Log(u.High[j] - u.Low[j])
	}
	return sum
}

// Validate returns an error wrapping ErrShape when Low and High have other lengths; that
// they are apart is for all priors to show, by Bounds.
func (u Uniform) Validate() error { return sameLength("Uniform", "Low", u.Low, "High", u.High) }

// Bounds returns Low and High.
func (u Uniform) Bounds() (low, high []float64) { return u.Low, u.High }

// Normal is the prior of independent normal parameters,
//
//	p(θ) = Π_j N(θ_j; Mean_j, Deviation_j²).
type Normal struct{ Mean, Deviation []float64 }

// Dim returns the number of parameters.
func (g Normal) Dim() int { return len(g.Mean) }

// Sample draws parameters into theta. It panics when theta has not Dim places.
func (g Normal) Sample(theta []float64, rng *rand.Rand) {
	mustHave("Normal.Sample", theta, len(g.Mean))
	for j := range theta {
		theta[j] = g.Mean[j] + g.Deviation[j]*rng.NormFloat64()
	}
}

// LogProb returns the log-density in nats. It panics when theta has not Dim places.
func (g Normal) LogProb(theta []float64) float64 {
	mustHave("Normal.LogProb", theta, len(g.Mean))
	sum := 0.0
	for j, v := range theta {
		z := (v - g.Mean[j]) / g.Deviation[j]
		sum -= z*z/2 + math.Log(g.Deviation[j]) + math.Log(2*math.Pi)/2
	}
	return sum
}

// Validate returns an error wrapping ErrShape when Mean and Deviation have other lengths,
// and ErrRange for a mean that is not finite and a deviation that is not positive.
func (g Normal) Validate() error {
	if err := sameLength("Normal", "Mean", g.Mean, "Deviation", g.Deviation); err != nil {
		return err
	}
	for j, s := range g.Deviation {
		if !finite(g.Mean[j]) || !(s > 0 && finite(s)) {
			return fmt.Errorf("Normal: parameter %d: has mean %v and deviation %v, want a finite one and a positive one: %w", j, g.Mean[j], s, ErrRange)
		}
	}
	return nil
}

func sameLength(prior, first string, a []float64, second string, b []float64) error {
	if len(a) != len(b) {
		return fmt.Errorf("%s: %s has %d numbers, %s %d, want as many: %w", prior, first, len(a), second, len(b), ErrShape)
	}
	return nil
}

// Bounds returns −Inf and +Inf: there are none.
func (g Normal) Bounds() (low, high []float64) { return unbounded(len(g.Mean)) }

var (
	_ Prior = Uniform{}
	_ Prior = Normal{}
)

func mustHave(verb string, theta []float64, d int) {
	if len(theta) != d {
		panic(fmt.Sprintf("%s: %s: theta has %d places, want %d", badShape, verb, len(theta), d))
	}
}

// unbounded returns the bounds of d parameters that have none.
func unbounded(d int) (low, high []float64) {
	low, high = make([]float64, d), make([]float64, d)
	for j := range low {
		low[j], high[j] = math.Inf(-1), math.Inf(1)
	}
	return low, high
}

// validate asks a prior that has a method Validate whether it is one.
func validate(p Prior) error {
	if v, ok := p.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("prior: %w", err)
		}
	}
	return nil
}

// boundsOf returns copies of the bounds of a prior of d parameters, nil for one that is
// not known.
func boundsOf(p Prior, d int) (low, high []float64, err error) {
	if p == nil {
		low, high = unbounded(d)
		return low, high, nil
	}
	if err := validate(p); err != nil {
		return nil, nil, err
	}
	if p.Dim() != d {
		return nil, nil, fmt.Errorf("prior: has %d parameters, want %d, the columns of theta: %w", p.Dim(), d, ErrShape)
	}
	low, high = p.Bounds()
	if len(low) != d || len(high) != d {
		return nil, nil, fmt.Errorf("prior: has %d lower and %d upper bounds, want %d of each: %w", len(low), len(high), d, ErrShape)
	}
	for j := range low {
		if !apart(low[j], high[j]) {
			return nil, nil, fmt.Errorf("prior: parameter %d: has bounds %v and %v, want a lower and a higher one that are at most %.2g apart, or infinite: %w", j, low[j], high[j], widest, ErrRange)
		}
	}
	return append([]float64(nil), low...), append([]float64(nil), high...), nil
}

// widest is how far apart two bounds may be so that nothing overflows.
const widest = math.MaxFloat64 / 8

// apart reports whether two numbers can be the bounds of a parameter.
func apart(low, high float64) bool {
	return low < high && !math.IsInf(low, 1) && !math.IsInf(high, -1) && (math.IsInf(low, -1) || math.IsInf(high, 1) || high-low <= widest)
}

// checkDensity returns an error for a prior whose LogProb is NaN at one of the rows of theta.
func checkDensity(p Prior, theta *mat.Dense) error {
	if p == nil {
		return nil
	}
	for i := range theta.RawMatrix().Rows {
		if row := theta.RawRowView(i); math.IsNaN(p.LogProb(slices.Clone(row))) {
			return fmt.Errorf("prior: LogProb is NaN at row %d of theta, %v, want the log-density, or −Inf: %w", i, row, ErrNonFinite)
		}
	}
	return nil
}

// checkDraw returns an error for a draw of a prior that it cannot have made.
func checkDraw(p Prior, low, high, theta []float64) error {
	for j, v := range theta {
		switch {
		case !finite(v):
			return fmt.Errorf("prior: draws %v for parameter %d, want a finite number: %w", v, j, ErrNonFinite)
		case !(axis{low: low[j], high: high[j]}).holds(v):
			return fmt.Errorf("prior: draws %v for parameter %d, outside its Bounds %v and %v: %w", v, j, low[j], high[j], ErrRange)
		}
	}
	if math.IsNaN(p.LogProb(theta)) {
		return fmt.Errorf("prior: LogProb is NaN at its own draw %v, want the log-density, or −Inf: %w", theta, ErrNonFinite)
	}
	return nil
}

// checkDraws looks at a few draws of a prior, where there are no simulations to do so.
func checkDraws(p Prior, low, high []float64) error {
	const few = 16
	theta := make([]float64, p.Dim())
	for i := range few {
		p.Sample(theta, noise.Rand(0, noise.Draw{Purpose: noise.Data, Row: i, Step: simulationStep}))
		if err := checkDraw(p, low, high, theta); err != nil {
			return err
		}
	}
	return nil
}

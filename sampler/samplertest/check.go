package samplertest

import (
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sampler"
	"gonum.org/v1/gonum/floats"
)

// Claim is what a predictor promises.
type Claim struct {
	Predictor sampler.Predictor
	// Evaluations is the number of evaluations of a step, the last one, which
	// may make do with fewer, and the first of a multistep method aside; 0
	// leaves them unchecked, for a method that chooses its steps itself.
	Evaluations int
	// Order is that of the distribution of the result, and for methods without noise
	// that of every path. 0 leaves it unchecked.
	Order int
	// Strong is the order of the paths of a method with noise given the path
	// of the noise. 0 leaves it unchecked.
	Strong float64
	// Stochastic says whether normals are drawn.
	Stochastic bool
	// Start is the number of steps that a multistep method takes with a lower
	// order until it has its history: they are replaced by the exact flow when
	// orders are measured without noise.
	Start int
}

// Report is what was measured: observed orders log₂(e(N)/e(2N)), coarse grids
// first.
type Report struct {
	// Weak holds the orders of the distance to the exact distribution on the Gaussian,
	// Path those of the distance to the exact flow on the mixture, and Strong
	// those of the distances of refinements on one Brownian path. Back is Path
	// from data to latents, for a predictor that is sampler.Reversible.
	Weak, Path, Back, Strong []float64
	// Evaluations is the largest number of evaluations of a step.
	Evaluations int
	// Normals is the number of normals a row and coordinate that a step draws.
	Normals int
}

// Verify runs Invariants and compares the claim with what is measured. The
// error names everything that was missed; the report is then complete all the
// same, as far as the predictor runs.
func Verify(c Claim) (Report, error) {
	r, err := Measure(c)
	if c.Predictor == nil {
		return r, err
	}
	errs := []error{Invariants(c.Predictor), err}
	if err == nil {
		errs = append(errs, c.compare(r)...)
	}
	return r, errors.Join(errs...)
}

// compare lists where the report misses the claim. Weak orders may exceed a
// claim by chance of the test problem, and high ones show on the finer grids
// only; those of paths are exact within what grids that are not infinitely fine
// leave open, and strong orders within the scatter of the paths.
func (c Claim) compare(r Report) (errs []error) {
	miss := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("samplertest: %T%+v: "+format, append([]any{c.Predictor, c.Predictor}, args...)...))
	}
	if c.Evaluations != 0 && r.Evaluations != c.Evaluations {
		miss("%d evaluations a step, %d claimed", r.Evaluations, c.Evaluations)
	}
	if drawn := r.Normals > 0; drawn != c.Stochastic {
		miss("%d normals a step, stochastic %v claimed", r.Normals, c.Stochastic)
	}
	off := func(what string, measured []float64, claimed, below, above float64) {
		for _, order := range measured {
			if !(claimed-below <= order && order <= claimed+above) {
				miss("%s of order %.2f, %g claimed", what, measured, claimed)
				return
			}
		}
	}
	tol := 0.2
	if c.Order < 3 {
		tol = 0.04 + 0.04*float64(c.Order)
	}
	if n := len(r.Weak); n > 0 {
		off("distribution", r.Weak[n-1:], float64(c.Order), max(tol, 0.12), math.Inf(1))
	}
	off("paths", r.Path, float64(c.Order), tol, tol)
	off("paths to latents", r.Back, float64(c.Order), tol, tol)
	if n := len(r.Strong); n > 0 {
		off("paths on one noise", []float64{floats.Sum(r.Strong) / float64(n)}, c.Strong, 0.12, 0.2)
	}
	return errs
}

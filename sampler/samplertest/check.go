package samplertest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Claim is what a predictor promises.
type Claim struct {
	Predictor sampler.Predictor
	// Evaluations is the number of evaluations of a step, the last one, which
	// may make do with fewer, and the first of a multistep method aside; 0
	// leaves them unchecked, for a method that chooses its steps itself.
	Evaluations int
	// Order is that of the law of the result, and for methods without noise
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
	// Law holds the orders of the distance to the exact law on the Gaussian,
	// Path those of the distance to the exact flow on the mixture, and Strong
	// those of the distances of refinements on one Brownian path. Back is Path
	// from data to latents, for a predictor that is sampler.Reversible.
	Law, Path, Back, Strong []float64
	// Evaluations is the largest number of evaluations of a step.
	Evaluations int
	// Normals is the number of normals a row and coordinate that a step draws.
	Normals int
}

// Check runs Invariants and compares the claim with what is measured. The
// error names everything that was missed; the report is then complete all the
// same, as far as the predictor runs.
func Check(c Claim) (Report, error) {
	r, err := Measure(c)
	errs := []error{Invariants(c.Predictor), err}
	if err == nil {
		errs = append(errs, c.compare(r)...)
	}
	return r, errors.Join(errs...)
}

// compare lists where the report misses the claim. Orders of laws may exceed a
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
	if n := len(r.Law); n > 0 {
		off("law", r.Law[n-1:], float64(c.Order), max(tol, 0.12), math.Inf(1))
	}
	off("paths", r.Path, float64(c.Order), tol, tol)
	off("paths to latents", r.Back, float64(c.Order), tol, tol)
	if n := len(r.Strong); n > 0 {
		off("paths on one noise", []float64{floats.Sum(r.Strong) / float64(n)}, c.Strong, 0.12, 0.2)
	}
	return errs
}

// Measure measures the orders that a claim is about. It returns an error when
// the predictor does.
func Measure(c Claim) (r Report, err error) {
	if r.Evaluations, r.Normals, err = cost(c); err != nil || c.Order == 0 {
		return r, err
	}
	if r.Law, err = lawOrders(c); err != nil {
		return r, err
	}
	if r.Normals == 0 {
		if r.Path, err = pathOrders(c, false); err == nil && reversible(c.Predictor) {
			r.Back, err = pathOrders(c, true)
		}
	} else if c.Strong != 0 {
		r.Strong, err = strongOrders(c)
	}
	return r, err
}

// cost counts the evaluations and the normals of a run's middle steps.
func cost(c Claim) (evaluations, normals int, err error) {
	const n = 8
	p := standard(sde.VP{}).problem()
	log := new(logger)
	x := mat.NewDense(1, 2, []float64{1, -1})
	s := &sampler.Settings{Grid: sampler.LogSNR(p, 0.8, 0.05, n+1), NoDenoise: true, Noise: log}
	before := 0
	for st, err := range sampler.StepsFrom(context.Background(), x, p, c.Predictor, s) {
		if err != nil {
			return 0, 0, err
		}
		if k := st.Point(); k > c.Start && k < n {
			evaluations = max(evaluations, st.Evaluations()-before)
			normals = max(normals, len(log.draws))
		}
		before, log.draws = st.Evaluations(), nil
	}
	return evaluations, normals, nil
}

// lawOrders starts at the exact law and compares with the exact law.
func lawOrders(c Claim) ([]float64, error) {
	const from, to = 1, 1e-3
	g := standard(sde.VP{})
	start := g.at(from)
	var errs []float64
	for _, n := range []int{100, 200, 400} {
		grid := sampler.LogSNR(g, from, to, n+1)
		pred, err := c.seeded(g.problem())
		if err != nil {
			return nil, err
		}
		s := sampler.Settings{Grid: grid, NoDenoise: true}
		got, err := Impulse(g.problem(), pred, s, 2, &start)
		if err != nil {
			return nil, err
		}
		errs = append(errs, g.at(to).Distance(got))
	}
	return slopes(errs), nil
}

// pathOrders compares with the exact flow on the mixture, from noise to data or
// back.
func pathOrders(c Claim, back bool) ([]float64, error) {
	const rows, from, to = 150, 0.8, 0.05
	p := modes{sde.VP{}}.problem()
	start := normals(rows)
	exact := Flow(p, start, from, to, 700)
	run := sampler.Continue
	if back {
		start, exact, run = exact, start, sampler.Encode
	}
	var errs []float64
	for _, n := range []int{150, 300, 600} {
		pred, err := c.seeded(p)
		if err != nil {
			return nil, err
		}
		x := mat.DenseCopyOf(start)
		s := &sampler.Settings{Grid: sampler.LogSNR(p, from, to, n+1), NoDenoise: true}
		if err := run(context.Background(), x, p, pred, s); err != nil {
			return nil, err
		}
		errs = append(errs, medianDistance(x, exact))
	}
	return slopes(errs), nil
}

func reversible(pred sampler.Predictor) bool {
	r, ok := pred.(sampler.Reversible)
	return ok && r.Reversible()
}

// strongOrders compares refinements on one Brownian path, on the Gaussian: its
// rows err alike, so that their root mean square tells more than a median.
func strongOrders(c Claim) ([]float64, error) {
	const rows, from, to = 150, 1, 0.05
	p := standard(sde.VP{}).problem()
	var errs []float64
	var last *mat.Dense
	for _, n := range []int{50, 100, 200, 400} {
		x := normals(rows)
		s := &sampler.Settings{Grid: sampler.Uniform(from, to, n+1), NoDenoise: true, Noise: noise.Brownian{Seed: 1}}
		if err := sampler.Continue(context.Background(), x, p, c.Predictor, s); err != nil {
			return nil, err
		}
		if last != nil {
			last.Sub(x, last)
			errs = append(errs, mat.Norm(last, 2))
		}
		last = x
	}
	return slopes(errs), nil
}

// seeded returns the predictor with its first steps taken from the exact flow.
func (c Claim) seeded(p sampler.Problem) (sampler.Predictor, error) {
	if c.Start < 0 {
		return nil, fmt.Errorf("samplertest: Claim.Start = %d, expected 0 or more", c.Start)
	}
	if c.Start == 0 || c.Stochastic {
		return c.Predictor, nil
	}
	return seeded{c.Predictor, p, c.Start}, nil
}

// seeded lets a method remember what it wants of its first steps, and then
// takes their results from the exact flow.
type seeded struct {
	sampler.Predictor
	problem sampler.Problem
	steps   int
}

func (p seeded) Reversible() bool { return reversible(p.Predictor) }

func (p seeded) Predict(s *sampler.Step) error {
	if s.K >= p.steps {
		return p.Predictor.Predict(s)
	}
	exact := Flow(p.problem, s.X, s.T, s.U, 8)
	err := p.Predictor.Predict(s)
	s.X.Copy(exact)
	s.Mean.Copy(exact)
	return err
}

// normals returns rows of standard normals, starting points for VP.
func normals(rows int) *mat.Dense {
	x := mat.NewDense(rows, 2, nil)
	noise.White{Seed: 1}.Normal(x, noise.Draw{Purpose: noise.Prior})
	return x
}

// slopes returns the observed orders log₂ e(N)/e(2N).
func slopes(errs []float64) (s []float64) {
	for i := range len(errs) - 1 {
		s = append(s, math.Log2(errs[i]/errs[i+1]))
	}
	return s
}

// medianDistance returns the median over rows of |x − y|.
func medianDistance(x, y *mat.Dense) float64 {
	n, _ := x.Dims()
	d := make([]float64, n)
	for i := range d {
		var r mat.VecDense
		r.SubVec(x.RowView(i), y.RowView(i))
		d[i] = mat.Norm(&r, 2)
	}
	slices.Sort(d)
	return d[n/2]
}

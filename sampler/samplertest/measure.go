package samplertest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// Measure measures the orders that a claim is about. It returns an error when
// the predictor does.
func Measure(c Claim) (r Report, err error) {
	if c.Predictor == nil {
		return r, errors.New("samplertest: Claim.Predictor is nil, want one to measure")
	}
	if r.Evaluations, r.Normals, err = cost(c); err != nil || c.Order == 0 {
		return r, err
	}
	if r.Weak, err = weakOrders(c); err != nil {
		return r, err
	}
	if r.Normals == 0 {
		r.Path, r.Back, err = pathOrders(c)
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
	s := &sampler.Settings{Grid: grid.UniformLogSNR(p, 0.8, 0.05, n+1), Final: sampler.FinalState, Noise: log}
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

// weakOrders starts at the exact distribution and compares with the exact one.
func weakOrders(c Claim) ([]float64, error) {
	const from, to = 1, 1e-3
	g := standard(sde.VP{})
	start := g.at(from)
	grids := []int{100, 200, 400}
	if c.Stochastic { // every normal is a row
		grids = []int{50, 100, 200}
	}
	var errs []float64
	for _, n := range grids {
		times := grid.UniformLogSNR(g, from, to, n+1)
		pred, err := c.seeded(g.problem())
		if err != nil {
			return nil, err
		}
		s := sampler.Settings{Grid: times, Final: sampler.FinalState}
		got, err := Impulse(g.problem(), pred, s, 2, &start)
		if err != nil {
			return nil, err
		}
		errs = append(errs, Distance(g.at(to), got))
	}
	return slopes(errs), nil
}

// pathOrders compares with the exact flow on the mixture, from noise to data
// and, for a predictor that is Reversible, back.
func pathOrders(c Claim) (path, back []float64, err error) {
	const rows, from, to = 150, 0.8, 0.05
	p := modes{sde.VP{}}.problem()
	pred, err := c.seeded(p)
	if err != nil {
		return nil, nil, err
	}
	type verb = func(context.Context, *mat.Dense, sde.Problem, sampler.Predictor, *sampler.Settings) error
	orders := func(run verb, start, exact *mat.Dense) ([]float64, error) {
		var errs []float64
		for _, n := range []int{150, 300, 600} {
			x := mat.DenseCopyOf(start)
			s := &sampler.Settings{Grid: grid.UniformLogSNR(p, from, to, n+1), Final: sampler.FinalState}
			if err := run(context.Background(), x, p, pred, s); err != nil {
				return nil, err
			}
			errs = append(errs, medianDistance(x, exact))
		}
		return slopes(errs), nil
	}
	latents := normals(rows)
	data := Flow(p, latents, from, to, 250*c.Order)
	if path, err = orders(sampler.Continue, latents, data); err == nil && reversible(c.Predictor) {
		back, err = orders(sampler.Encode, data, latents)
	}
	return path, back, err
}

func reversible(pred sampler.Predictor) bool {
	r, ok := pred.(sampler.Reversible)
	return ok && r.Reversible()
}

// strongOrders compares refinements on one Brownian path, on the Gaussian: its
// rows err alike, so that their root mean square tells more than a median.
func strongOrders(c Claim) ([]float64, error) {
	const rows, from, to = 100, 1, 0.05
	p := standard(sde.VP{}).problem()
	var errs []float64
	var last *mat.Dense
	for _, n := range []int{50, 100, 200, 400} {
		x := normals(rows)
		s := &sampler.Settings{Grid: grid.UniformTime(from, to, n+1), Final: sampler.FinalState, Noise: noise.Brownian{Seed: 1}}
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
func (c Claim) seeded(p sde.Problem) (sampler.Predictor, error) {
	if c.Start < 0 {
		return nil, fmt.Errorf("samplertest: Claim.Start: is %d, want 0 or more", c.Start)
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
	problem sde.Problem
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

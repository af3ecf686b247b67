package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// method is a way to draw from a posterior.
type method struct {
	name string
	// of holds the methods of which the one nearest to the exact posterior counts: one,
	// unless a number has to be tuned; nil stands for the score of the prior.
	of []posterior.Method
	// by returns the predictor that draws; nil stands for one that any score is drawn by.
	by func(o posterior.Observation) sampler.Predictor
	// evaluations returns how often the score is evaluated, or its Jacobian multiplied,
	// for each score of the posterior.
	evaluations func(h posterior.Operator) int
}

func methods() []method {
	always := func(n int) func(posterior.Operator) int { return func(posterior.Operator) int { return n } }
	iterations := func(n int) func(posterior.Operator) int {
		return func(h posterior.Operator) int {
			_, out := h.Dims()
			return 1 + min(n, out)
		}
	}
	// The first product of TMPD gives the score too, when it does not wait for it.
	tmpd := func(h posterior.Operator) int {
		if _, ok := h.(posterior.Linear); ok {
			return 2
		}
		return 3
	}
	one := func(m posterior.Method) []posterior.Method { return []posterior.Method{m} }
	var tuned []posterior.Method
	for _, ζ := range []float64{0.003, 0.01, 0.03, 0.1} {
		tuned = append(tuned, posterior.DPS{Step: ζ})
	}
	return []method{
		{"DPS", one(posterior.DPS{}), nil, always(2)},
		{"DPS, best ζ", tuned, nil, always(2)},
		{"ΠGDM", one(posterior.PiGDM{}), nil, always(2)},
		{"TMPD", one(posterior.TMPD{}), nil, tmpd},
		{"MMPS, 1 it.", one(posterior.MMPS{Iterations: 1}), nil, iterations(1)},
		{"MMPS, 3 it.", one(posterior.MMPS{Iterations: 3}), nil, iterations(3)},
		{"DAPS", nil, func(o posterior.Observation) sampler.Predictor { return sampler.DAPS{Observation: o} }, always(1)},
		{"ΠGDM, particles", one(posterior.PiGDM{}), func(posterior.Observation) sampler.Predictor { return sampler.Twisted{} }, always(2)},
	}
}

// levels are the noise levels σ/α at which scores are compared.
var levels = []float64{0.01, 0.03, 0.1, 0.3, 1, 3, 10}

// budgets are numbers of evaluations, of the score and of products with its Jacobian.
var budgets = []int{40, 160}

// result is what is measured of one observation.
type result struct {
	d int
	kind
	errors    [][]float64 // of each method, at each level; of those that need a predictor of their own none
	distances [][]float64 // of each method, with each budget; +Inf when rows are lost
	sampled   []float64   // of samples by the exact score, with each budget
	exact     float64     // of other exact draws
	prior     float64     // of draws from the prior
}

// measure measures the methods on one observation.
func (j *job) measure(ctx context.Context, prior *dataset.Mixture, k kind, r *rand.Rand) (*result, error) {
	p := sde.Problem{SDE: sde.VP{}, Score: sde.Analytic(sde.VP{}, prior.Diffuse)}
	o, t, err := k.observe(prior, r)
	if err != nil {
		return nil, err
	}
	exact := sde.Problem{SDE: p.SDE, Score: t.score(p.SDE), Conditional: true}
	draws := t.draw(j.n)
	u := unit(64, prior.Dim(), r)
	res := &result{
		d: prior.Dim(), kind: k,
		exact: twosample.SlicedW2(t.draw(j.n), draws, u),
		prior: twosample.SlicedW2(dataset.Sample(prior, j.n), draws, u),
	}
	for _, b := range budgets {
		w, err := j.distance(ctx, exact, predictor, b, draws, u)
		if err != nil {
			return nil, err
		}
		res.sampled = append(res.sampled, w)
	}
	probe := newPlaces(p, exact.Score, t, j.n)
	for _, m := range methods() {
		problems, by := []sde.Problem{p}, sampler.Predictor(predictor)
		if m.by != nil {
			by = m.by(o)
		}
		if m.of != nil {
			problems = nil
		}
		for _, way := range m.of {
			q, err := way.Given(p, o)
			if err != nil {
				return nil, err
			}
			problems = append(problems, q)
		}
		var bestErrors, best []float64
		for _, q := range problems {
			var far []float64
			for _, b := range budgets {
				w, err := j.distance(ctx, q, by, b/m.evaluations(o.Operator), draws, u)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", m.name, err)
				}
				far = append(far, w)
			}
			if last := len(far) - 1; best == nil || far[last] < best[last] {
				if best = far; m.by == nil {
					bestErrors = probe.errors(q.Score)
				}
			}
		}
		res.distances, res.errors = append(res.distances, best), append(res.errors, bestErrors)
	}
	return res, nil
}

// place is where scores are compared: x_t from the posterior at one level, its exact
// score, and ∇ log p(y | x_t).
type place struct {
	t             []float64
	x, exact, own *mat.Dense
}

type places []place

// newPlaces draws n rows at each level.
func newPlaces(p sde.Problem, exact sde.Scorer, t *truth, n int) (all places) {
	clean := t.draw(n)
	_, d := clean.Dims()
	for _, level := range levels {
		at := place{[]float64{sde.TimeAt(p.SDE, -math.Log(level))}, mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)}
		α, σ := p.Kernel(at.t[0])
		at.x.Apply(func(i, j int, _ float64) float64 { return α*clean.At(i, j) + σ*t.rng.NormFloat64() }, at.x)
		exact.Score(at.exact, at.x, at.t)
		p.Score.Score(at.own, at.x, at.t)
		at.own.Sub(at.exact, at.own)
		all = append(all, at)
	}
	return all
}

// errors returns, at each level, the root mean square of the error of ∇ log p(y | x_t),
// relative to its size.
func (all places) errors(s sde.Scorer) []float64 {
	var e []float64
	for _, at := range all {
		var got mat.Dense
		got.CloneFrom(at.x)
		s.Score(&got, at.x, at.t)
		got.Sub(&got, at.exact)
		e = append(e, mat.Norm(&got, 2)/mat.Norm(at.own, 2))
	}
	return e
}

// predictor draws noise, which lets samples forget errors of the score on the way.
var predictor = sampler.DPMpp2MSDE{}

// distance returns the sliced Wasserstein distance between samples of a posterior, on
// a grid of so many points, and exact draws.
func (j *job) distance(ctx context.Context, p sde.Problem, by sampler.Predictor, points int, draws, directions *mat.Dense) (float64, error) {
	n, d := draws.Dims()
	x := mat.NewDense(n, d, nil)
	err := sampler.Sample(ctx, x, p, by, &sampler.Settings{Grid: grid.Conditional(p.SDE, points), Seed: j.seed, Workers: j.workers})
	switch {
	case errors.Is(err, sampler.ErrNonFinite), errors.Is(err, sampler.ErrDiverged), errors.Is(err, sampler.ErrDepleted):
		return math.Inf(1), nil
	case errors.Is(err, sampler.ErrCollapsed): // the rows are there, and how good they are is the question
	case err != nil:
		return 0, fmt.Errorf("%d points: %w", points, err)
	}
	return twosample.SlicedW2(x, draws, directions), nil
}

// unit returns n directions.
func unit(n, d int, r *rand.Rand) *mat.Dense {
	u := mat.NewDense(n, d, nil)
	u.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, u)
	for i := range n {
		row := u.RowView(i).(*mat.VecDense)
		row.ScaleVec(1/mat.Norm(row, 2), row)
	}
	return u
}

package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn/pool"
)

// Cells first cover the prior, and then the box of those of them that count.
const (
	coarse   = 10   // cells along each axis of the prior
	counts   = 1e-4 // weight over the largest of a cell that counts
	leastLog = -20. // log-likelihood over that of the truth below which it need not be known
)

// exact is the posterior given an observation, by numerical integration: its density at the
// centres of cells.
type exact struct {
	of        outbreak
	low, high []float64
	points    int       // cells along each axis
	weight    []float64 // of cell (a points + b) points + c, with the sum 1
	// logEvidence is log p(x).
	logEvidence float64
	x           []float64
}

// integrate returns the exact posterior of x. Log-likelihoods below least count as −∞.
func (o outbreak) integrate(ctx context.Context, x []float64, least float64, points, workers int) (*exact, error) {
	box := &exact{of: o, low: prior.Low, high: prior.High, points: coarse, x: x}
	if err := box.fill(ctx, least, workers); err != nil {
		return nil, err
	}
	low, high := slices.Clone(prior.High), slices.Clone(prior.Low)
	theta, most := make([]float64, parameters), floats.Max(box.weight)
	for cell, w := range box.weight {
		if box.centre(theta, cell); w < counts*most {
			continue
		}
		for j, v := range theta {
			h := box.width(j)
			low[j], high[j] = min(low[j], max(prior.Low[j], v-h)), max(high[j], min(prior.High[j], v+h))
		}
	}
	e := &exact{of: o, low: low, high: high, points: points, x: x}
	return e, e.fill(ctx, least, workers)
}

// fill finds the weights of all cells.
func (e *exact) fill(ctx context.Context, least float64, workers int) error {
	e.weight = make([]float64, e.points*e.points*e.points)
	pool.New(workers).Each(len(e.weight), func(_, cell int) {
		if ctx.Err() != nil {
			return
		}
		theta := make([]float64, parameters)
		e.centre(theta, cell)
		e.weight[cell] = e.of.logLikelihood(e.x, theta, least)
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	sum := floats.LogSumExp(e.weight)
	e.logEvidence = sum
	for j := range parameters {
		e.logEvidence += math.Log(e.width(j) / (prior.High[j] - prior.Low[j]))
	}
	for cell, l := range e.weight {
		e.weight[cell] = math.Exp(l - sum)
	}
	return nil
}

// width returns that of a cell.
func (e *exact) width(j int) float64 { return (e.high[j] - e.low[j]) / float64(e.points) }

// index returns which cell it is along an axis.
func (e *exact) index(cell, j int) int {
	for range parameters - 1 - j {
		cell /= e.points
	}
	return cell % e.points
}

// centre writes the middle of a cell.
func (e *exact) centre(theta []float64, cell int) {
	for j := range theta {
		theta[j] = e.low[j] + (float64(e.index(cell, j))+0.5)*e.width(j)
	}
}

// marginal returns the places and the densities of a parameter.
func (e *exact) marginal(j int) (at, density []float64) {
	at, density = make([]float64, e.points), make([]float64, e.points)
	for k := range at {
		at[k] = e.low[j] + (float64(k)+0.5)*e.width(j)
	}
	for cell, w := range e.weight {
		density[e.index(cell, j)] += w / e.width(j)
	}
	return at, density
}

// pair returns the density of two parameters, up to a constant, with i along the rows.
func (e *exact) pair(i, j int) *mat.Dense {
	m := mat.NewDense(e.points, e.points, nil)
	for cell, w := range e.weight {
		a, b := e.index(cell, i), e.index(cell, j)
		m.Set(a, b, m.At(a, b)+w)
	}
	return m
}

// moments returns mean and standard deviation of a parameter.
func (e *exact) moments(j int) (mean, deviation float64) {
	at, density := e.marginal(j)
	mean = stat.Mean(at, density)
	for k, v := range at {
		deviation += density[k] * e.width(j) * (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation)
}

// draws returns rows of parameters, uniform within a cell.
func (e *exact) draws(n int, rng *rand.Rand) *mat.Dense {
	sums, theta := make([]float64, len(e.weight)), mat.NewDense(n, parameters, nil)
	floats.CumSum(sums, e.weight)
	for i := range n {
		cell, _ := slices.BinarySearch(sums, rng.Float64()*sums[len(sums)-1])
		row := theta.RawRowView(i)
		e.centre(row, cell)
		for j := range row {
			row[j] += (rng.Float64() - 0.5) * e.width(j)
		}
	}
	return theta
}

// logDensity returns log p(θ | x), −Inf outside the prior.
func (e *exact) logDensity(theta []float64) float64 {
	l := prior.LogProb(theta) - e.logEvidence
	if math.IsInf(l, -1) {
		return l
	}
	return l + e.of.logLikelihood(e.x, theta, math.Inf(-1))
}

// best returns the most probable parameters, found from the likeliest cell on.
func (e *exact) best() ([]float64, error) {
	theta := make([]float64, parameters)
	e.centre(theta, floats.MaxIdx(e.weight))
	r, err := optimize.Minimize(optimize.Problem{Func: func(theta []float64) float64 { return -e.logDensity(theta) }}, theta, nil, &optimize.NelderMead{})
	if err != nil {
		return nil, err
	}
	return r.X, nil
}

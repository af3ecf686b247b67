package sampler_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// On a Gaussian every quantity of a run is an affine function of its normals.
// Here it is a matrix whose first column is the value without noise and whose
// others are the images of the unit normals, in the order they were drawn; one
// that was made earlier has fewer columns, the others being 0.

// weighed is a multiple of a quantity.
type weighed struct {
	c float64
	q *mat.Dense
}

func sum(terms ...weighed) *mat.Dense {
	n := 0
	for _, t := range terms {
		n = max(n, t.q.RawMatrix().Cols)
	}
	out := mat.NewDense(2, n, nil)
	for _, t := range terms {
		for i := range 2 {
			row := out.RawRowView(i)
			for j, v := range t.q.RawRowView(i) {
				row[j] += t.c * v
			}
		}
	}
	return out
}

// unfolding is a run of one of the recursions below under way.
type unfolding struct {
	g     gauss
	grid  []float64
	k     int
	x     *mat.Dense
	drawn int // columns so far

	past    []*mat.Dense // of a multistep method, newest first
	pastAts []at
}

// normal draws a standard normal.
func (r *unfolding) normal() *mat.Dense {
	z := mat.NewDense(2, r.drawn+2, nil)
	z.Set(0, r.drawn, 1)
	z.Set(1, r.drawn+1, 1)
	r.drawn += 2
	return z
}

// remember keeps a quantity as the newest of n.
func (r *unfolding) remember(q *mat.Dense, o at, n int) {
	r.past, r.pastAts = append([]*mat.Dense{q}, r.past...), append([]at{o}, r.pastAts...)
	if len(r.past) > n {
		r.past, r.pastAts = r.past[:n], r.pastAts[:n]
	}
}

// atLevel is the time at which σ/α is the level.
func (g gauss) atLevel(level float64) at { return g.at(sde.TimeAt(g.SDE, -math.Log(level))) }

func (o at) level() float64 { return o.sigma / o.alpha }

// d is D(x), e the noise (x − αD)/σ, v the velocity f x − ½g² s.
func (o at) d(x *mat.Dense) *mat.Dense {
	out := mul(o.jm, x)
	for i := range 2 {
		out.Set(i, 0, out.At(i, 0)+o.jv.At(i, 0))
	}
	return out
}

func (o at) e(x *mat.Dense) *mat.Dense {
	return sum(weighed{1 / o.sigma, x}, weighed{-o.alpha / o.sigma, o.d(x)})
}

func (o at) v(x *mat.Dense) *mat.Dense {
	return sum(weighed{o.f, x}, weighed{0.5 * o.g2 / o.sigma, o.e(x)})
}

// flow carries x from a to b along the probability flow.
type flow func(g gauss, a, b at, x *mat.Dense) *mat.Dense

func eulerFlow(_ gauss, a, b at, x *mat.Dense) *mat.Dense {
	return sum(weighed{b.alpha, a.d(x)}, weighed{b.sigma, a.e(x)})
}

func heunFlow(g gauss, a, b at, x *mat.Dense) *mat.Dense {
	h := b.alpha * (b.level() - a.level()) / 2
	return sum(weighed{b.alpha / a.alpha, x}, weighed{h, a.e(x)}, weighed{h, b.e(eulerFlow(g, a, b, x))})
}

func dpm2Flow(g gauss, a, b at, x *mat.Dense) *mat.Dense {
	m := g.atLevel(math.Exp((math.Log(a.level()) + math.Log(b.level())) / 2))
	return sum(weighed{b.alpha / a.alpha, x}, weighed{b.alpha * (b.level() - a.level()), m.e(eulerFlow(g, a, m, x))})
}

func lambdaOf(o at) float64 { return -math.Log(o.level()) }

func twoSFlow(g gauss, a, b at, x *mat.Dense) *mat.Dense {
	h := lambdaOf(b) - lambdaOf(a)
	m := g.atLevel(math.Exp(-lambdaOf(a) - h/2))
	middle := sum(weighed{m.sigma / a.sigma, x}, weighed{-m.alpha * math.Expm1(-h/2), a.d(x)})
	return sum(weighed{b.sigma / a.sigma, x}, weighed{-b.alpha * math.Expm1(-h), m.d(middle)})
}

// solverFlow is DPM-Solver as k-diffusion writes it.
func solverFlow(order int) flow {
	return func(g gauss, a, b at, x *mat.Dense) *mat.Dense {
		h := lambdaOf(b) - lambdaOf(a)
		part := func(r float64) at { return g.atLevel(math.Exp(-lambdaOf(a) - r*h)) }
		// to is (α/α_a) x − σ E(r h) ε − σ c (inner − ε).
		to := func(o at, r, c float64, inner *mat.Dense) *mat.Dense {
			eps := a.e(x)
			return sum(weighed{o.alpha / a.alpha, x}, weighed{-o.sigma * (math.Expm1(r*h) - c), eps}, weighed{-o.sigma * c, inner})
		}
		// Integrals of e^{λ} over the step in place of E(z)/z − 1.
		second := func(r float64) float64 {
			return quad.Fixed(func(s float64) float64 { return math.Exp((1-s)*r*h) * s * r * h }, 0, 1, 24, nil, 1)
		}
		switch order {
		case 1:
			return to(b, 1, 0, x)
		case 2:
			m := part(0.5)
			return to(b, 1, math.Expm1(h), m.e(to(m, 0.5, 0, x)))
		}
		m1, m2 := part(1./3), part(2./3)
		e1 := m1.e(to(m1, 1./3, 0, x))
		return to(b, 1, 1.5*second(1), m2.e(to(m2, 2./3, 2*second(2./3), e1)))
	}
}

func rungeKuttaFlow(a0 float64) flow {
	return func(g gauss, a, b at, x *mat.Dense) *mat.Dense {
		h := b.t - a.t
		first := a.v(x)
		if a0 == 0 {
			return sum(weighed{1, x}, weighed{h, first})
		}
		m := g.at(a.t + a0*h)
		return sum(weighed{1, x}, weighed{h * (1 - 1/(2*a0)), first}, weighed{h / (2 * a0), m.v(sum(weighed{1, x}, weighed{a0 * h, first}))})
	}
}

// rule is one step of a recursion.
type rule func(r *unfolding, a, b at) *mat.Dense

func churned(f flow, c sampler.Churn) rule {
	return func(r *unfolding, a, b at) *mat.Dense {
		x, from := r.x, a
		gamma := math.Min(c.SChurn/float64(len(r.grid)-1), math.Sqrt2-1)
		if z := r.normal(); gamma > 0 && a.level() >= c.STmin && (c.STmax == 0 || a.level() <= c.STmax) {
			from = r.g.atLevel(a.level() * (1 + gamma))
			noise := c.SNoise
			if noise == 0 {
				noise = 1
			}
			x = sum(weighed{from.alpha / a.alpha, x},
				weighed{from.alpha * noise * math.Sqrt(math.Pow(from.level(), 2)-math.Pow(a.level(), 2)), z})
		}
		return f(r.g, from, b, x)
	}
}

// levels are σ_down and σ_up as k-diffusion writes them.
func levels(from, to, eta float64) (down, up float64) {
	up = math.Min(to, eta*math.Sqrt(to*to*(from*from-to*to)/(from*from)))
	return math.Sqrt(to*to - up*up), up
}

func ancestral(f flow, eta, noise float64) rule {
	return func(r *unfolding, a, b at) *mat.Dense {
		down, up := levels(a.level(), b.level(), eta)
		lower := r.g.atLevel(down)
		return sum(weighed{b.alpha / lower.alpha, f(r.g, a, lower, r.x)}, weighed{b.alpha * up * noise, r.normal()})
	}
}

func fast(eta float64) rule {
	return func(r *unfolding, a, b at) *mat.Dense {
		if r.k == len(r.grid)-2 {
			return solverFlow(2)(r.g, a, b, r.x)
		}
		return ancestral(solverFlow(3), eta, 1)(r, a, b)
	}
}

func recurSDE(eta, noise, r0 float64, independent bool) rule {
	return func(r *unfolding, a, b at) *mat.Dense {
		m := r.g.atLevel(math.Exp(-lambdaOf(a) - r0*(lambdaOf(b)-lambdaOf(a))))
		to := func(o at, d *mat.Dense, z ...weighed) *mat.Dense {
			down, up := levels(a.level(), o.level(), eta)
			out := sum(weighed{o.alpha / a.alpha * down / a.level(), r.x}, weighed{o.alpha * (1 - down/a.level()), d})
			for _, z := range z {
				out = sum(weighed{1, out}, weighed{o.alpha * up * noise * z.c, z.q})
			}
			return out
		}
		z1, z2 := r.normal(), r.normal()
		d := a.d(r.x)
		dm := m.d(to(m, d, weighed{1, z1}))
		d = sum(weighed{1 - 1/(2*r0), d}, weighed{1 / (2 * r0), dm})
		if independent {
			return to(b, d, weighed{1, z2})
		}
		snr := func(o at) float64 { return math.Pow(o.alpha/o.sigma, 2) }
		c := (snr(m) - snr(a)) / (snr(b) - snr(a))
		return to(b, d, weighed{math.Sqrt(c), z1}, weighed{math.Sqrt(1 - c), z2})
	}
}

// recurMulti integrates the polynomial through the last values of D against the
// exponential, by Gauss's rule. Published halves the second difference.
func recurMulti(depth int, eta, noise float64, midpoint, published bool) rule {
	return func(r *unfolding, a, b at) *mat.Dense {
		r.remember(a.d(r.x), a, depth)
		h := lambdaOf(b) - lambdaOf(a)
		k := (1 + eta) * h
		moment := func(p float64) float64 {
			return k * quad.Fixed(func(s float64) float64 { return math.Exp(-k*(1-s)) * math.Pow(s, p) }, 0, 1, 24, nil, 1)
		}
		terms := []weighed{{b.sigma / a.sigma * math.Exp(-eta*h), r.x}, {b.alpha * moment(0), r.past[0]}}
		along := func(i int) float64 { return (lambdaOf(r.pastAts[i]) - lambdaOf(a)) / h } // ≤ 0
		first := moment(1)
		if midpoint {
			first = moment(0) / 2
		}
		switch len(r.past) {
		case 2:
			s1 := along(1)
			terms = append(terms, weighed{-b.alpha * first / s1, r.past[0]}, weighed{b.alpha * first / s1, r.past[1]})
		case 3:
			// The parabola's derivatives at 0 as weights of the three values.
			s1, s2 := along(1), along(2)
			slope := []float64{-(s1 + s2) / (s1 * s2), -s2 / (s1 * (s1 - s2)), -s1 / (s2 * (s2 - s1))}
			bend := []float64{2 / (s1 * s2), 2 / (s1 * (s1 - s2)), 2 / (s2 * (s2 - s1))}
			for i := range 3 {
				half := moment(2) / 2
				if published {
					half /= 2
				}
				terms = append(terms, weighed{b.alpha * (slope[i]*first + bend[i]*half), r.past[i]})
			}
		}
		if eta > 0 {
			terms = append(terms, weighed{b.sigma * noise * math.Sqrt(1-math.Exp(-2*eta*h)), r.normal()})
		}
		return sum(terms...)
	}
}

func recurLMS(order int) rule {
	return func(r *unfolding, a, b at) *mat.Dense {
		r.remember(a.e(r.x), a, order)
		terms := []weighed{{b.alpha / a.alpha, r.x}}
		for i := range r.past {
			w := quad.Fixed(func(s float64) float64 {
				p := 1.0
				for j := range r.past {
					if j != i {
						p *= (s - r.pastAts[j].level()) / (r.pastAts[i].level() - r.pastAts[j].level())
					}
				}
				return p
			}, b.level(), a.level(), 8, nil, 1)
			terms = append(terms, weighed{-b.alpha * w, r.past[i]})
		}
		return sum(terms...)
	}
}

// unfold follows a recursion from the prior.
func unfold(g gauss, grid []float64, prior moments, step rule) moments {
	root := function(prior.cov, math.Sqrt)
	start := mat.NewDense(2, 3, []float64{
		prior.mean.AtVec(0), root.At(0, 0), root.At(0, 1),
		prior.mean.AtVec(1), root.At(1, 0), root.At(1, 1),
	})
	r := &unfolding{g: g, grid: grid, x: start, drawn: 3}
	for r.k = range len(grid) - 1 {
		r.x = step(r, g.at(grid[r.k]), g.at(grid[r.k+1]))
	}
	images := mat.DenseCopyOf(r.x.Slice(0, 2, 1, r.x.RawMatrix().Cols))
	return moments{mat.NewVecDense(2, []float64{r.x.At(0, 0), r.x.At(1, 0)}), mul(images, mat.DenseCopyOf(images.T()))}
}

var churn = sampler.Churn{SChurn: 20, STmin: 0.05, STmax: 10, SNoise: 1.01}

// unfolded pairs a predictor with its recursion and its draws a step.
var unfolded = []struct {
	pred  sampler.Predictor
	draws int
	step  rule
}{
	{sampler.Heun{}, 0, churned(heunFlow, sampler.Churn{})},
	{sampler.Heun{Churn: churn}, 1, churned(heunFlow, churn)},
	{sampler.Heun{Churn: sampler.Churn{SChurn: 200}}, 1, churned(heunFlow, sampler.Churn{SChurn: 200})},
	{sampler.RungeKutta{}, 0, churned(rungeKuttaFlow(0), sampler.Churn{})},
	{sampler.RungeKutta{Alpha: 0.5, Churn: churn}, 1, churned(rungeKuttaFlow(0.5), churn)},
	{sampler.RungeKutta{Alpha: 2. / 3}, 0, churned(rungeKuttaFlow(2./3), sampler.Churn{})},
	{sampler.RungeKutta{Alpha: 1}, 0, churned(rungeKuttaFlow(1), sampler.Churn{})},
	{sampler.DPM2{}, 0, churned(dpm2Flow, sampler.Churn{})},
	{sampler.DPM2{Churn: churn}, 1, churned(dpm2Flow, churn)},
	{sampler.DPMpp2S{}, 0, churned(twoSFlow, sampler.Churn{})},
	{sampler.EulerAncestral{}, 1, ancestral(eulerFlow, 1, 1)},
	{sampler.EulerAncestral{Eta: 0.4, SNoise: 1.1}, 1, ancestral(eulerFlow, 0.4, 1.1)},
	{sampler.DPM2Ancestral{}, 1, ancestral(dpm2Flow, 1, 1)},
	{sampler.DPM2Ancestral{Eta: 0.5, SNoise: 0.9}, 1, ancestral(dpm2Flow, 0.5, 0.9)},
	{sampler.DPMpp2SAncestral{}, 1, ancestral(twoSFlow, 1, 1)},
	{sampler.DPMpp2SAncestral{Eta: 0.6, SNoise: 1.05}, 1, ancestral(twoSFlow, 0.6, 1.05)},
	{sampler.DPMppSDE{}, 2, recurSDE(1, 1, 0.5, false)},
	{sampler.DPMppSDE{Eta: 0.5, SNoise: 1.05, R: 1. / 3}, 2, recurSDE(0.5, 1.05, 1./3, false)},
	{sampler.DPMppSDE{Independent: true}, 2, recurSDE(1, 1, 0.5, true)},
	{sampler.DPMpp2MSDE{}, 1, recurMulti(2, 1, 1, true, false)},
	{sampler.DPMpp2MSDE{Eta: 0.5, SNoise: 1.05, Heun: true}, 1, recurMulti(2, 0.5, 1.05, false, false)},
	{sampler.DPMpp3M{}, 0, recurMulti(3, 0, 0, false, false)},
	{sampler.DPMpp3M{Published: true}, 0, recurMulti(3, 0, 0, false, true)},
	{sampler.DPMpp3MSDE{}, 1, recurMulti(3, 1, 1, false, false)},
	{sampler.DPMpp3MSDE{Eta: 0.4, SNoise: 1.1, Published: true}, 1, recurMulti(3, 0.4, 1.1, false, true)},
	{sampler.LMS{}, 0, recurLMS(4)},
	{sampler.LMS{Order: 2}, 0, recurLMS(2)},
	{sampler.LMS{Order: 3}, 0, recurLMS(3)},
	{sampler.DPMFast{}, 0, fast(0)},
	{sampler.DPMFast{Eta: 0.5}, 1, fast(0.5)},
}

// Checks sampler (10) to (13), (15) to (19) and (25) to (30).
func TestStochasticAndMultistepMethodsFollowTheirRecursionExactly(t *testing.T) {
	long(t)
	for _, p := range processes(61) {
		grid := p.times[:len(p.times)-5] // levels below the end lie in the span
		prior, start := priorOf(p.g, grid[0])
		for _, m := range unfolded {
			t.Run(fmt.Sprintf("%s/%T%+v", p.name, m.pred, m.pred), func(t *testing.T) {
				s := sampler.Settings{Grid: grid, Prior: prior, Final: sampler.FinalState}
				off := measured(t, p.g, m.pred, s, m.draws, 0).relative(unfold(p.g, grid, start, m.step))
				t.Logf("%.2g", off)
				require.Less(t, off, 1e-11)
			})
		}
	}
}

package sampler_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// measured runs the real sampler on unit impulses: on a Gaussian its result is
// an affine map of its normals, so the differences to the row without noise are
// the columns of that map, and mean and covariance follow without Monte Carlo.
func measured(t testing.TB, g gauss, pred sampler.Predictor, s sampler.Settings, predict, correct int) moments {
	return measuredBy(t, g, pred, s, everyNormal(len(s.Grid)-1, predict, correct))
}

// measuredBy is measured with a list of the normals that matter.
func measuredBy(t testing.TB, g gauss, pred sampler.Predictor, s sampler.Settings, imp impulses) moments {
	return measuredIn(t, g.problem(), pred, s, imp)
}

// measuredIn is measuredBy for another score of a Gaussian.
func measuredIn(t testing.TB, p sde.Problem, pred sampler.Predictor, s sampler.Settings, imp impulses) moments {
	s.Noise = imp
	x := mat.NewDense(len(imp)+1, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), x, p, pred, &s))
	mean := mat.DenseCopyOf(x.Slice(0, 1, 0, 2))
	j := mat.DenseCopyOf(x.Slice(1, len(imp)+1, 0, 2))
	for i := range imp {
		for k := range 2 {
			j.Set(i, k, j.At(i, k)-mean.At(0, k))
		}
	}
	var cov mat.Dense
	cov.Mul(j.T(), j)
	return moments{mat.NewVecDense(2, []float64{mean.At(0, 0), mean.At(0, 1)}), &cov}
}

// affine is one update x' = Mx + v + noise of covariance Q.
type affine struct{ m, v, q *mat.Dense }

// at holds the matrices of the Gaussian at one time.
type at struct {
	t, alpha, sigma, f, g2 float64
	k, km, jm, jv          *mat.Dense // K, Km, and D(x) = J x + j
}

func (g gauss) at(t float64) at {
	o := at{t: t}
	o.alpha, o.sigma = g.Kernel(t)
	o.f, o.g2 = g.Rates(t)
	s2 := o.sigma * o.sigma
	c := add(scale(o.alpha*o.alpha, g.cov()), eye(2, s2))
	o.k = inverse(c)
	o.km = mul(o.k, g.mean())
	o.jm = scale(1/o.alpha, add(eye(2, 1), scale(-s2, o.k)))
	o.jv = scale(s2, o.km)
	return o
}

func (g gauss) cov() *mat.Dense  { return mat.NewDense(2, 2, []float64{g.a, g.b, g.c, g.d}) }
func (g gauss) mean() *mat.Dense { return mat.NewDense(2, 1, g.m[:]) }

var none = mat.NewDense(2, 2, nil)

// The recursions, written from the formulas and sharing no code with the
// predictors. w is what a method needs beyond the two times.
func recurEuler(lambda float64) func(a, b at, h float64) affine {
	return func(a, _ at, h float64) affine {
		c := h * a.g2 * (1 + lambda*lambda) / 2
		return affine{add(eye(2, 1-h*a.f), scale(-c, a.k)), scale(c*a.alpha, a.km), eye(2, lambda*lambda*h*a.g2)}
	}
}

// recurRatio is the same in y = x/α along ς = σ/α.
func recurRatio(lambda float64) func(a, b at, h float64) affine {
	return func(a, b at, _ float64) affine {
		s, u := a.sigma/a.alpha, b.sigma/b.alpha
		// ε̂ = σ(Kx − αKm), and x = αy.
		c := (1 + lambda*lambda) * (u - s) * a.sigma
		return affine{add(eye(2, b.alpha/a.alpha), scale(c*b.alpha, a.k)), scale(-c*b.alpha*a.alpha, a.km),
			eye(2, lambda*lambda*b.alpha*b.alpha*(s*s-u*u))}
	}
}

func recurDDIM(eta float64) func(a, b at, h float64) affine {
	return func(a, b at, _ float64) affine {
		r := a.alpha / b.alpha
		q := a.sigma*a.sigma - r*r*b.sigma*b.sigma
		v := eta * eta * q * b.sigma * b.sigma / (a.sigma * a.sigma)
		rest := math.Sqrt(b.sigma*b.sigma - v)
		eps := scale(1/a.sigma, add(eye(2, 1), scale(-a.alpha, a.jm)))
		return affine{add(scale(b.alpha, a.jm), scale(rest, eps)), scale(b.alpha-rest*a.alpha/a.sigma, a.jv), eye(2, v)}
	}
}

// recurPosterior is DDPM's posterior, which DDIM(1) must equal.
func recurPosterior(a, b at, _ float64) affine {
	r := a.alpha / b.alpha
	s2, u2 := a.sigma*a.sigma, b.sigma*b.sigma
	q := s2 - r*r*u2
	return affine{add(eye(2, r*u2/s2), scale(b.alpha*q/s2, a.jm)), scale(b.alpha*q/s2, a.jv), eye(2, q*u2/s2)}
}

// recurReverse is reverse diffusion, with onScore = ½ and no noise for the flow.
func recurReverse(onScore, noise float64) func(a, b at, h float64) affine {
	return func(a, b at, _ float64) affine {
		r := a.alpha / b.alpha
		q := a.sigma*a.sigma - r*r*b.sigma*b.sigma
		return affine{add(eye(2, 2-r), scale(-onScore*q, a.k)), scale(onScore*q*a.alpha, a.km), eye(2, noise*q)}
	}
}

// recurAncestral has the lower variance, or for v > 0 the upper.
func recurAncestral(v float64) func(a, b at, h float64) affine {
	return func(a, b at, _ float64) affine {
		r := a.alpha / b.alpha
		s2, u2 := a.sigma*a.sigma, b.sigma*b.sigma
		q := s2 - r*r*u2
		noise := q * u2 / s2
		if v > 0 {
			noise = q * (b.alpha*b.alpha*v + u2) / (a.alpha*a.alpha*v + s2)
		}
		return affine{scale(1/r, add(eye(2, 1), scale(-q, a.k))), scale(q*a.alpha/r, a.km), eye(2, noise)}
	}
}

func recurHeun(a, b at, _ float64) affine {
	s, u := a.sigma/a.alpha, b.sigma/b.alpha
	h := u - s
	l := func(o at, s float64) (*mat.Dense, *mat.Dense) {
		return scale(1/s, add(eye(2, 1), scale(-o.alpha, o.jm))), scale(-1/s, o.jv)
	}
	l0, v0 := l(a, s)
	l1, v1 := l(b, u)
	m := add(eye(2, 1), scale(h/2, add(l0, mul(l1, add(eye(2, 1), scale(h, l0))))))
	v := scale(h/2, add(v0, scale(h, mul(l1, v0)), v1))
	return affine{scale(b.alpha/a.alpha, m), scale(b.alpha, v), none}
}

func recurLangevin(e float64, b at) affine {
	return affine{add(eye(2, 1), scale(-e, b.k)), scale(e*b.alpha, b.km), eye(2, 2*e)}
}

func (u affine) apply(p moments) moments {
	mean := add(mul(u.m, mat.NewDense(2, 1, p.mean.RawVector().Data)), u.v)
	return moments{mat.NewVecDense(2, mean.RawMatrix().Data), add(mul(u.m, p.cov, mat.DenseCopyOf(u.m.T())), u.q)}
}

// expected follows the recursion of a one-step method, and of steps Langevin
// updates with step e(t) after each of its steps.
func expected(g gauss, times []float64, prior moments, step func(a, b at, h float64) affine, steps int, e func(t float64) float64) moments {
	p := prior
	for i := range len(times) - 1 {
		a, b := g.at(times[i]), g.at(times[i+1])
		p = step(a, b, times[i]-times[i+1]).apply(p)
		for range steps {
			p = recurLangevin(e(times[i+1]), b).apply(p)
		}
	}
	return p
}

// expected2M follows DPM-Solver++(2M), whose state is x and the last D.
func expected2M(g gauss, times []float64, prior moments) moments {
	mean := mat.NewDense(4, 1, []float64{prior.mean.AtVec(0), prior.mean.AtVec(1), 0, 0})
	root := mat.NewDense(4, 4, nil) // columns are images of the prior's unit vectors
	root.Slice(0, 2, 0, 2).(*mat.Dense).Copy(function(prior.cov, math.Sqrt))
	lambda := func(o at) float64 { return math.Log(o.alpha) - math.Log(o.sigma) }
	for i := range len(times) - 1 {
		a, b := g.at(times[i]), g.at(times[i+1])
		h := lambda(b) - lambda(a)
		w := 0.0
		if i > 0 {
			w = h / (2 * (lambda(a) - lambda(g.at(times[i-1]))))
		}
		c := -b.alpha * math.Expm1(-h)
		m, v := mat.NewDense(4, 4, nil), mat.NewDense(4, 1, nil)
		block := func(i, j int, a *mat.Dense) { m.Slice(i, i+2, j, j+2).(*mat.Dense).Copy(a) }
		block(0, 0, add(eye(2, b.sigma/a.sigma), scale(c*(1+w), a.jm)))
		block(0, 2, eye(2, -c*w))
		block(2, 0, a.jm)
		v.Slice(0, 2, 0, 1).(*mat.Dense).Copy(scale(c*(1+w), a.jv))
		v.Slice(2, 4, 0, 1).(*mat.Dense).Copy(a.jv)
		mean, root = add(mul(m, mean), v), mul(m, root)
	}
	cov := mul(root, mat.DenseCopyOf(root.T()))
	return moments{mat.NewVecDense(2, []float64{mean.At(0, 0), mean.At(1, 0)}), mat.DenseCopyOf(cov.Slice(0, 2, 0, 2))}
}

// priorOf returns the prior of the runs, with other variances than the data.
func priorOf(g gauss, t float64) (sde.Prior, moments) {
	v := []float64{0.5, 0.3}
	alpha, sigma := g.Kernel(t)
	cov := mat.NewDense(2, 2, nil)
	for j := range v {
		cov.Set(j, j, alpha*alpha*v[j]+sigma*sigma)
	}
	return sde.Prior{Mean: []float64{0.7, -0.4}, Variance: v},
		moments{mat.NewVecDense(2, []float64{alpha * 0.7, alpha * -0.4}), cov}
}

// processes are the processes with a grid of n points each on which the
// ratios of successive steps vary.
func processes(n int) []struct {
	name  string
	g     gauss
	times []float64
} {
	return []struct {
		name  string
		g     gauss
		times []float64
	}{
		{"VP", standard(sde.VP{}), grid.UniformTime(1, 1e-3, n)},
		{"sub-VP", standard(sde.SubVP{}), grid.UniformTime(1, 1e-3, n)},
		{"VE", standard(sde.VE{}), grid.Karras(sde.VE{}, 50, 0.01, 7, n)},
		{"EDM", standard(sde.EDM{}), grid.Karras(sde.EDM{}, 80, 0.002, 7, n)},
	}
}

// methods pairs a predictor with its recursion; nil stands for 2M's.
var methods = []struct {
	pred    sampler.Predictor
	predict int // normals a step
	step    func(a, b at, h float64) affine
}{
	{sampler.EulerMaruyama{}, 1, recurEuler(1)},
	{sampler.Euler{}, 0, recurEuler(0)},
	{sampler.Euler{Lambda: 0.5}, 1, recurEuler(0.5)},
	{sampler.Euler{Ratio: true}, 0, recurDDIM(0)},
	{sampler.Euler{Lambda: 0.7, Ratio: true}, 1, recurRatio(0.7)},
	{sampler.DDIM{}, 0, recurDDIM(0)},
	{sampler.DDIM{Eta: 0.5}, 1, recurDDIM(0.5)},
	{sampler.DDIM{Eta: 1}, 1, recurPosterior},
	{sampler.ReverseDiffusion{}, 1, recurReverse(1, 1)},
	{sampler.ReverseDiffusion{Flow: true}, 0, recurReverse(0.5, 0)},
	{sampler.Ancestral{}, 1, recurAncestral(0)},
	{sampler.Ancestral{}, 1, recurPosterior},
	{sampler.Ancestral{Upper: true}, 1, recurAncestral(1)},
	{sampler.Ancestral{Upper: true, Variance: 0.3}, 1, recurAncestral(0.3)},
	{sampler.Heun{}, 0, recurHeun},
	{sampler.DPMpp2M{}, 0, nil},
}

// Checks sampler (5) to (10) and (14).
func TestPredictorsFollowTheirRecursionExactly(t *testing.T) {
	arithmetic(t)
	for _, p := range processes(61) {
		prior, start := priorOf(p.g, p.times[0])
		for _, m := range methods {
			t.Run(fmt.Sprintf("%s/%T%v", p.name, m.pred, m.pred), func(t *testing.T) {
				s := sampler.Settings{Grid: p.times, Prior: prior, Final: sampler.FinalState}
				want := expected2M(p.g, p.times, start)
				if m.step != nil {
					want = expected(p.g, p.times, start, m.step, 0, nil)
				}
				require.Less(t, measured(t, p.g, m.pred, s, m.predict, 0).relative(want), 1e-11)

				// The final denoise is one more affine map.
				s.Final = sampler.FinalDenoised
				end := p.g.at(p.times[len(p.times)-1])
				want = affine{end.jm, end.jv, none}.apply(want)
				require.Less(t, measured(t, p.g, m.pred, s, m.predict, 0).relative(want), 1e-11)
			})
		}
	}
}

// Checks sampler (43).
func TestLangevinFollowsItsRecursionExactly(t *testing.T) {
	arithmetic(t)
	damp := func(t float64) float64 { return 1 / (1 + t) }
	for _, p := range processes(61) {
		prior, start := priorOf(p.g, p.times[0])
		analytic := func(r float64, scale func(float64) float64) func(t float64) float64 {
			return func(t float64) float64 {
				_, sigma := p.g.Kernel(t)
				return 2 * r * r * sigma * sigma * scale(t)
			}
		}
		one := func(float64) float64 { return 1 }
		for name, c := range map[string]struct {
			l     sampler.Langevin
			steps int
			e     func(t float64) float64
		}{
			"default": {sampler.Langevin{}, 1, analytic(0.16, one)},
			"scaled":  {sampler.Langevin{SNR: 0.3, Steps: 2, Scale: damp}, 2, analytic(0.3, damp)},
		} {
			t.Run(p.name+"/"+name, func(t *testing.T) {
				s := sampler.Settings{Grid: p.times, Prior: prior, Final: sampler.FinalState, Corrector: c.l}
				want := expected(p.g, p.times, start, recurEuler(1), c.steps, c.e)
				require.Less(t, measured(t, p.g, sampler.EulerMaruyama{}, s, 1, c.steps).relative(want), 1e-11)
			})
		}
	}
}

func TestLangevinAtOneTimeReachesItsBiasedStationaryLaw(t *testing.T) {
	t.Parallel()
	// At a fixed time the chain with step e tends to N(αm, C(I − ½eC⁻¹)⁻¹).
	g := standard(sde.EDM{})
	times := []float64{0.5, 0.4}
	const r, steps = 0.5, 400
	s := sampler.Settings{Grid: times, Final: sampler.FinalState, Corrector: sampler.Langevin{SNR: r, Steps: steps}}
	got := measured(t, g, sampler.NoPredictor{}, s, 0, steps)
	b := g.at(times[1])
	e := 2 * r * r * b.sigma * b.sigma
	c := inverse(b.k)
	want := moments{mat.NewVecDense(2, g.m[:]), mul(c, inverse(add(eye(2, 1), scale(-e/2, b.k))))}
	require.Less(t, got.relative(want), 1e-11)
}

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
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// lin is a quantity of a run without noise on a Gaussian as an affine function
// M x_T + v of the starting point.
type lin struct{ m, v *mat.Dense }

// term is a multiple of a quantity.
type term struct {
	c float64
	q lin
}

func total(terms ...term) lin {
	out := lin{mat.NewDense(2, 2, nil), mat.NewDense(2, 1, nil)}
	for _, t := range terms {
		out = lin{add(out.m, scale(t.c, t.q.m)), add(out.v, scale(t.c, t.q.v))}
	}
	return out
}

func (o at) denoised(x lin) lin { return lin{mul(o.jm, x.m), add(mul(o.jm, x.v), o.jv)} }

func (o at) noise(x lin) lin {
	return total(term{1 / o.sigma, x}, term{-o.alpha / o.sigma, o.denoised(x)})
}

func (o at) lambda() float64 { return math.Log(o.alpha) - math.Log(o.sigma) }

// recursion returns the end of a run without noise as a function of x_T.
type recursion func(g gauss, times []float64) lin

// singleStep makes a recursion of one step.
func singleStep(step func(g gauss, a, b at, x lin) lin) recursion {
	return func(g gauss, times []float64) lin {
		x := lin{eye(2, 1), mat.NewDense(2, 1, nil)}
		for i := range len(times) - 1 {
			x = step(g, g.at(times[i]), g.at(times[i+1]), x)
		}
		return x
	}
}

func recurSolver1(_ gauss, a, b at, x lin) lin {
	return total(term{b.alpha / a.alpha, x}, term{-b.sigma * math.Expm1(b.lambda()-a.lambda()), a.noise(x)})
}

// recurSolver2 is DPM-Solver-2 with the middle at r.
func recurSolver2(r float64) func(g gauss, a, b at, x lin) lin {
	return func(g gauss, a, b at, x lin) lin {
		h := b.lambda() - a.lambda()
		mid := g.at(sde.TimeAt(g.SDE, a.lambda()+r*h))
		now := a.noise(x)
		there := mid.noise(recurSolver1(g, a, mid, x))
		e := -b.sigma * math.Expm1(h)
		return total(term{b.alpha / a.alpha, x}, term{e, now}, term{e / (2 * r), there}, term{-e / (2 * r), now})
	}
}

// recurSolver3 is DPM-Solver-3 as the paper writes it.
func recurSolver3(g gauss, a, b at, x lin) lin {
	const r1, r2 = 1.0 / 3, 2.0 / 3
	h := b.lambda() - a.lambda()
	s1, s2 := g.at(sde.TimeAt(g.SDE, a.lambda()+r1*h)), g.at(sde.TimeAt(g.SDE, a.lambda()+r2*h))
	// phi is expm1(z)/z − 1 by its series where the difference would cancel.
	phi := func(z float64) float64 {
		if z > 0.5 {
			return math.Expm1(z)/z - 1
		}
		sum, term := 0.0, 1.0
		for k := 2.0; k < 25; k++ {
			term *= z / k
			sum += term
		}
		return sum
	}
	now := a.noise(x)
	n1 := s1.noise(recurSolver1(g, a, s1, x))
	c := s2.sigma * r2 / r1 * phi(r2*h)
	n2 := s2.noise(total(term{1, recurSolver1(g, a, s2, x)}, term{-c, n1}, term{c, now}))
	c = b.sigma / r2 * phi(h)
	return total(term{1, recurSolver1(g, a, b, x)}, term{-c, n2}, term{c, now})
}

// lagrange returns the i-th basis polynomial of the nodes.
func lagrange(nodes []float64, i int, at float64) float64 {
	p := 1.0
	for j, n := range nodes {
		if j != i {
			p *= (at - n) / (nodes[i] - n)
		}
	}
	return p
}

// recurAdams integrates the interpolants by Gauss's rule: norm is N, where the
// polynomial's coordinate, density dw/dwhere up to N_u, and of the quantity.
func recurAdams(order int, norm, where func(o at) float64, density func(b at, w float64) float64, of func(o at, x lin) lin) recursion {
	return func(g gauss, times []float64) lin {
		x := lin{eye(2, 1), mat.NewDense(2, 1, nil)}
		var nodes []float64
		var values []lin
		for i := range len(times) - 1 {
			a, b := g.at(times[i]), g.at(times[i+1])
			nodes, values = append(nodes, where(a)), append(values, of(a, x))
			if len(nodes) > order {
				nodes, values = nodes[1:], values[1:]
			}
			terms := []term{{norm(b) / norm(a), x}}
			for k := range nodes {
				from, h := where(a), where(b)-where(a)
				w := h * quad.Fixed(func(r float64) float64 {
					return density(b, from+r*h) * lagrange(nodes, k, from+r*h)
				}, 0, 1, 24, nil, 1)
				terms = append(terms, term{w, values[k]})
			}
			x = total(terms...)
		}
		return x
	}
}

func recurData(order int) recursion {
	return recurAdams(order, func(o at) float64 { return o.sigma }, at.lambda,
		func(b at, w float64) float64 { return b.sigma * math.Exp(w) }, at.denoised)
}

func recurNoise(order int) recursion {
	return recurAdams(order, func(o at) float64 { return o.alpha }, at.lambda,
		func(b at, w float64) float64 { return -b.alpha * math.Exp(-w) }, at.noise)
}

func recurVelocity(order int) recursion {
	return recurAdams(order, func(o at) float64 { return o.alpha + o.sigma }, func(o at) float64 { return o.sigma / (o.alpha + o.sigma) },
		func(b at, _ float64) float64 { return b.alpha + b.sigma },
		func(o at, x lin) lin { return total(term{1, o.noise(x)}, term{-1, o.denoised(x)}) })
}

func recurAngle(order int) recursion {
	return recurAdams(order, func(o at) float64 { return math.Hypot(o.alpha, o.sigma) }, at.lambda,
		func(b at, w float64) float64 { return -math.Hypot(b.alpha, b.sigma) / (math.Exp(w) + math.Exp(-w)) },
		func(o at, x lin) lin {
			n := math.Hypot(o.alpha, o.sigma)
			return total(term{o.alpha / n, o.noise(x)}, term{-o.sigma / n, o.denoised(x)})
		})
}

// recurUniPC is UniPC-p by the linear systems of the paper, with the state
// corrected before it is used; the last state stays as predicted.
func recurUniPC(order int, b1 bool) recursion {
	// parts returns what the paper calls R, φ/B and B for divided differences
	// at r; a lone one has the coefficient ½.
	coefficients := func(r []float64, h float64) (rho []float64, b float64) {
		b = h
		if !b1 {
			b = -math.Expm1(-h)
		}
		n := len(r)
		if n == 1 {
			return []float64{0.5}, b
		}
		lhs, rhs := mat.NewDense(n, n, nil), mat.NewVecDense(n, nil)
		for k := range n {
			for m := range n {
				lhs.Set(k, m, math.Pow(r[m], float64(k)))
			}
			// h ∫ e^{−(1−θ)h} θ^{k+1} dθ
			rhs.SetVec(k, h/b*quad.Fixed(func(x float64) float64 { return math.Exp((x-1)*h) * math.Pow(x, float64(k+1)) }, 0, 1, 24, nil, 1))
		}
		var x mat.VecDense
		if err := x.SolveVec(lhs, rhs); err != nil {
			panic(err)
		}
		return x.RawVector().Data, b
	}
	return func(g gauss, times []float64) lin {
		x := lin{eye(2, 1), mat.NewDense(2, 1, nil)}
		values := []lin{g.at(times[0]).denoised(x)} // newest first, at lambdas
		lambdas := []float64{g.at(times[0]).lambda()}
		for i := range len(times) - 1 {
			a, b := g.at(times[i]), g.at(times[i+1])
			h := b.lambda() - a.lambda()
			base := total(term{b.sigma / a.sigma, x}, term{-b.alpha * math.Expm1(-h), values[0]})
			// step adds the divided differences at r of the values.
			step := func(r []float64, values []lin, now lin) lin {
				if len(r) == 0 {
					return base
				}
				rho, c := coefficients(r, h)
				out := base
				for m := range r {
					k := b.alpha * c * rho[m] / r[m]
					out = total(term{1, out}, term{k, values[m]}, term{-k, now})
				}
				return out
			}
			var r []float64
			for m := 1; m < min(order, len(values)); m++ {
				r = append(r, (lambdas[m]-a.lambda())/h)
			}
			predicted := step(r, values[1:], values[0])
			d := b.denoised(predicted)
			corrected := step(append(r[:len(r):len(r)], 1), append(append([]lin{}, values[1:1+len(r)]...), d), values[0])
			if x = corrected; i == len(times)-2 {
				x = predicted
			}
			values, lambdas = append([]lin{d}, values...), append([]float64{b.lambda()}, lambdas...)
		}
		return x
	}
}

// flowMethods pairs the methods for the probability flow with their recursions.
var flowMethods = []struct {
	pred sampler.Predictor
	want recursion
}{
	{sampler.DPMSolver{Order: 1}, singleStep(recurSolver1)},
	{sampler.DPMSolver{Order: 2}, singleStep(recurSolver2(0.5))},
	{sampler.DPMSolver{}, singleStep(recurSolver3)},
	{sampler.DEIS{Order: 1, Form: sampler.X0Form}, singleStep(recurSolver1)},
	{sampler.DEIS{Order: 2, Form: sampler.X0Form, FullOrder: true}, recurData(2)},
	{sampler.DEIS{Form: sampler.X0Form, FullOrder: true}, recurData(3)},
	{sampler.DEIS{Order: 4, Form: sampler.X0Form, FullOrder: true}, recurData(4)},
	{sampler.DEIS{Order: 1}, singleStep(recurSolver1)},
	{sampler.DEIS{}, recurNoise(3)},
	{sampler.DEIS{Order: 4, FullOrder: true}, recurNoise(4)},
	{sampler.DEIS{Order: 1, Form: sampler.VelocityForm}, singleStep(recurSolver1)},
	{sampler.DEIS{Order: 4, Form: sampler.VelocityForm, FullOrder: true}, recurVelocity(4)},
	{sampler.DEIS{Order: 1, Form: sampler.AngleForm}, recurAngle(1)},
	{sampler.DEIS{Order: 4, Form: sampler.AngleForm, FullOrder: true}, recurAngle(4)},
	{sampler.UniPC{Order: 1, FullOrder: true}, recurUniPC(1, false)},
	{sampler.UniPC{Order: 1, B1: true, FullOrder: true}, recurUniPC(1, true)},
	{sampler.UniPC{Order: 2, FullOrder: true}, recurUniPC(2, false)},
	{sampler.UniPC{Order: 2, B1: true, FullOrder: true}, recurUniPC(2, true)},
	{sampler.UniPC{FullOrder: true}, recurUniPC(3, false)},
}

// Checks sampler (20) to (24).
func TestFlowMethodsFollowTheirRecursionExactly(t *testing.T) {
	arithmetic(t)
	for _, p := range processes(61) {
		for _, m := range flowMethods {
			t.Run(fmt.Sprintf("%s/%T%v", p.name, m.pred, m.pred), func(t *testing.T) {
				prior, start := priorOf(p.g, p.times[0])
				s := sampler.Settings{Grid: p.times, Prior: prior, Final: sampler.FinalState}
				x := m.want(p.g, p.times)
				require.Less(t, measured(t, p.g, m.pred, s, 0, 0).relative(affine{x.m, x.v, none}.apply(start)), 1e-11)
			})
		}
	}
}

// Each method is told from its neighbours, which are its likeliest slips: the
// order one off, the other form, the other B(h).
func TestFlowMethodsAreToldApart(t *testing.T) {
	t.Parallel()
	p := processes(51)[0]
	prior, start := priorOf(p.g, p.times[0])
	var got, want []moments
	for _, m := range flowMethods {
		got = append(got, measured(t, p.g, m.pred, sampler.Settings{Grid: p.times, Prior: prior, Final: sampler.FinalState}, 0, 0))
		x := m.want(p.g, p.times)
		want = append(want, affine{x.m, x.v, none}.apply(start))
	}
	for i, m := range flowMethods {
		for j, other := range flowMethods {
			off := got[i].relative(want[j])
			if i == j || order1(m.pred) && order1(other.pred) {
				require.Less(t, off, 1e-11)
			} else {
				require.Greater(t, off, 1e-6, "%T%v is not %T%v", m.pred, m.pred, other.pred, other.pred)
			}
		}
	}
}

// order1 reports whether a method is DDIM under another name.
func order1(p sampler.Predictor) bool {
	switch p := p.(type) {
	case sampler.DPMSolver:
		return p.Order == 1
	case sampler.DEIS:
		return p.Order == 1 && p.Form != sampler.AngleForm
	}
	return false
}

// A last time of σ = 0 is reached by the denoiser, without an evaluation there.
func TestFlowMethodsEndAtTheDenoiserWithoutNoise(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	times := grid.Karras(g, 80, 0.5, 7, 6)
	for _, m := range flowMethods {
		x, y := mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6}), mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6})
		ctx := context.Background()
		require.NoError(t, sampler.Continue(ctx, x, g.problem(), m.pred, &sampler.Settings{Grid: times}))
		require.NoError(t, sampler.Continue(ctx, y, g.problem(), m.pred, &sampler.Settings{Grid: append(times, 0)}))
		require.InDeltaSlice(t, x.RawMatrix().Data, y.RawMatrix().Data, 1e-12, "%T%v", m.pred, m.pred)
	}
}

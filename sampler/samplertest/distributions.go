package samplertest

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// gaussian is x₀ ~ N(m, S) in two dimensions under a process.
type gaussian struct {
	sde.SDE
	m          [2]float64
	a, b, c, d float64 // S, row by row
}

// standard is the Gaussian of the checks.
func standard(p sde.SDE) gaussian {
	return gaussian{SDE: p, m: [2]float64{0.7, -0.4}, a: 0.50, b: 0.18, c: 0.18, d: 0.288}
}

func (g gaussian) problem() sde.Problem { return sde.Problem{SDE: g.SDE, Score: g} }

// Score writes −(α²S + σ²I)⁻¹(x − αm).
func (g gaussian) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	for i := range n {
		alpha, sigma := g.Kernel(t[min(i, len(t)-1)])
		a2, s2 := alpha*alpha, sigma*sigma
		a, b, d := a2*g.a+s2, a2*g.b, a2*g.d+s2
		det := a*d - b*b
		row, out := x.RawRowView(i), dst.RawRowView(i)
		u, v := row[0]-alpha*g.m[0], row[1]-alpha*g.m[1]
		out[0], out[1] = -(d*u-b*v)/det, -(a*v-b*u)/det
	}
}

// at returns the distribution at time t.
func (g gaussian) at(t float64) sde.Moments {
	alpha, sigma := g.Kernel(t)
	a2, s2 := alpha*alpha, sigma*sigma
	return sde.Moments{
		Mean: []float64{alpha * g.m[0], alpha * g.m[1]},
		Cov:  mat.NewSymDense(2, []float64{a2*g.a + s2, a2 * g.b, a2 * g.c, a2*g.d + s2}),
	}
}

// modes is a mixture of three isotropic Gaussians in two dimensions.
type modes struct{ sde.SDE }

var (
	weights = [3]float64{0.5, 0.3, 0.2}
	means   = [3][2]float64{{1.2, 0.3}, {-0.9, 0.8}, {-0.2, -1.1}}
	widths  = [3]float64{0.35, 0.3, 0.4}
)

func (m modes) problem() sde.Problem { return sde.Problem{SDE: m.SDE, Score: m} }

// Score writes Σ_k r_k (αm_k − x)/v_k with v_k = α²s_k² + σ² and the
// responsibilities r_k ∝ w_k N(x; αm_k, v_k).
func (m modes) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	for i := range n {
		alpha, sigma := m.Kernel(t[min(i, len(t)-1)])
		row, out := x.RawRowView(i), dst.RawRowView(i)
		var log, v [3]float64
		most := math.Inf(-1)
		for k, w := range weights {
			v[k] = alpha*alpha*widths[k]*widths[k] + sigma*sigma
			dx, dy := alpha*means[k][0]-row[0], alpha*means[k][1]-row[1]
			log[k] = math.Log(w/v[k]) - 0.5*(dx*dx+dy*dy)/v[k]
			most = max(most, log[k])
		}
		sum := 0.0
		out[0], out[1] = 0, 0
		for k := range weights {
			r := math.Exp(log[k] - most)
			sum += r
			out[0] += r * (alpha*means[k][0] - row[0]) / v[k]
			out[1] += r * (alpha*means[k][1] - row[1]) / v[k]
		}
		out[0] /= sum
		out[1] /= sum
	}
}

// Flow returns where the probability flow carries the rows of x from one time
// to another, by n classical Runge–Kutta steps of
//
//	dy/dλ = −ς ε̂,   y = x/α, ς = σ/α, λ = −log ς,
//
// of equal size in λ. It shares no code with the predictors, and its error
// falls with n⁻⁴.
func Flow(p sde.Problem, x *mat.Dense, from, to float64, n int) *mat.Dense {
	rows, cols := x.Dims()
	y, probe, score := mat.DenseCopyOf(x), mat.NewDense(rows, cols, nil), mat.NewDense(rows, cols, nil)
	var k [4]*mat.Dense
	for i := range k {
		k[i] = mat.NewDense(rows, cols, nil)
	}
	alpha, _ := p.Kernel(from)
	y.Scale(1/alpha, y)
	slope := func(dst, y *mat.Dense, lambda float64) {
		t := sde.TimeAt(p, lambda)
		alpha, sigma := p.Kernel(t)
		score.Scale(alpha, y)
		p.Score.Score(dst, score, []float64{t})
		dst.Scale(sigma*sigma/alpha, dst)
	}
	a, b := sde.LogSNR(p, from), sde.LogSNR(p, to)
	h := (b - a) / float64(n)
	ahead := func(c float64, k *mat.Dense) *mat.Dense {
		probe.Scale(c*h, k)
		probe.Add(y, probe)
		return probe
	}
	for i := range n {
		lambda := a + float64(i)*h
		slope(k[0], y, lambda)
		slope(k[1], ahead(0.5, k[0]), lambda+h/2)
		slope(k[2], ahead(0.5, k[1]), lambda+h/2)
		slope(k[3], ahead(1, k[2]), lambda+h)
		for j, w := range [4]float64{1, 2, 2, 1} {
			probe.Scale(w*h/6, k[j])
			y.Add(y, probe)
		}
	}
	alpha, _ = p.Kernel(to)
	y.Scale(alpha, y)
	return y
}

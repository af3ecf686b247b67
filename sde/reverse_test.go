package sde_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// moments is the exact mean and covariance of a Gaussian state under
// Euler–Maruyama steps of a process with a drift that is affine in x.
type moments struct{ mean, cov *mat.Dense }

// step takes the state from t to u < t. The drift A x + b is read off the rows
// 0, e₁, …, e_d.
func (m *moments) step(drift func(dst, x *mat.Dense, t float64), diffusion, t, u float64) {
	d, _ := m.cov.Dims()
	probe, out := mat.NewDense(d+1, d, nil), mat.NewDense(d+1, d, nil)
	for i := range d {
		probe.Set(i+1, i, 1)
	}
	drift(out, probe, t)

	h := t - u
	M := mat.NewDense(d, d, nil)
	M.Apply(func(i, j int, _ float64) float64 {
		identity := 0.0
		if i == j {
			identity = 1
		}
		return identity - h*(out.At(j+1, i)-out.At(0, i))
	}, M)
	var mean, cov, left mat.Dense
	mean.Mul(M, m.mean)
	left.Mul(M, m.cov)
	cov.Mul(&left, M.T())
	for i := range d {
		mean.Set(i, 0, mean.At(i, 0)-h*out.At(0, i))
		cov.Set(i, i, cov.At(i, i)+h*diffusion*diffusion)
	}
	m.mean, m.cov = &mean, &cov
}

// run takes p_T to the start of the span in n steps uniform in log(α/σ), and
// returns the state after each quarter of them.
func run(g gaussian, drift, noise sde.Reverse, n int) []moments {
	mean, cov := g.at(drift.Kernel(quarter(drift.SDE, 0)))
	state := moments{mat.NewDense(len(mean), 1, mean), mat.DenseCopyOf(cov)}
	var out []moments
	for k := range n {
		t, u := quarter(drift.SDE, 4*float64(k)/float64(n)), quarter(drift.SDE, 4*float64(k+1)/float64(n))
		state.step(drift.Drift, noise.Diffusion(t), t, u)
		if (k+1)%(n/4) == 0 {
			out = append(out, state)
		}
	}
	return out
}

// quarter returns the time q quarters of the way from the end of the span to
// its start.
func quarter(p sde.SDE, q float64) float64 {
	start, end := p.Span()
	first, last := sde.LogSNR(p, end), sde.LogSNR(p, start)
	return sde.TimeAt(p, first+(last-first)*q/4)
}

// errors returns the distances to p_t at the four quarters, extrapolated
// from n and 2n steps to infinitely many.
func errors(g gaussian, drift, noise sde.Reverse, n int) []float64 {
	limit := func(coarse, fine *mat.Dense) *mat.Dense {
		out := new(mat.Dense)
		out.Sub(fine, coarse)
		out.Add(out, fine)
		return out
	}
	coarse, fine := run(g, drift, noise, n), run(g, drift, noise, 2*n)
	out := make([]float64, 4)
	for q := range out {
		m := moments{limit(coarse[q].mean, fine[q].mean), limit(coarse[q].cov, fine[q].cov)}
		out[q] = m.distance(g.at(drift.Kernel(quarter(drift.SDE, float64(q+1)))))
	}
	return out
}

// distance is the largest error, in units of the distribution's deviation and variance.
func (m moments) distance(mean []float64, cov *mat.SymDense) float64 {
	var dm, dc mat.Dense
	dm.Sub(m.mean, mat.NewDense(len(mean), 1, mean))
	dc.Sub(m.cov, cov)
	size := mat.Norm(cov, 2)
	return max(mat.Norm(&dm, 2)/math.Sqrt(size), mat.Norm(&dc, 2)/size)
}

// Checks sde (13).
func TestReverseKeepsMarginals(t *testing.T) {
	const n = 1000
	g := standard()
	for _, p := range []sde.SDE{sde.VP{}, sde.VE{}, sde.EDM{}} {
		for _, lambda := range []float64{0, 0.5, 1} {
			t.Run(fmt.Sprintf("%T/%v", p, lambda), func(t *testing.T) {
				r := sde.Reverse{SDE: p, Scorer: sde.Analytic(p, g.density), Lambda: lambda}
				for q, e := range errors(g, r, r, n) {
					require.Less(t, e, 1e-3, "quarter %d", q+1)
				}
			})
		}
	}
}

// The test above could fail: noise that does not belong to the drift leaves
// the marginals by far more than its threshold.
func TestReverseWithTheNoiseOfAnotherLambdaLosesMarginals(t *testing.T) {
	g, p := standard(), sde.VP{}
	r := sde.Reverse{SDE: p, Scorer: sde.Analytic(p, g.density), Lambda: 0.5}
	other := r
	other.Lambda = 0.6
	require.Greater(t, slices.Min(errors(g, r, other, 200)), 1e-2)
}

// Checks sde (13).
func TestReverseIsItsEquation(t *testing.T) {
	p, g := sde.VP{}, standard()
	s := sde.Analytic(p, g.density)
	x := random(rand.New(rand.NewPCG(7, 7)), 6, 2)
	const at = 0.37
	f, g2 := p.Rates(at)
	score, drift, flow := mat.NewDense(6, 2, nil), mat.NewDense(6, 2, nil), mat.NewDense(6, 2, nil)
	s.Score(score, x, []float64{at})

	r := sde.Reverse{SDE: p, Scorer: s, Lambda: 0.3}
	r.Drift(drift, x, at)
	for i := range 6 {
		for j := range 2 {
			require.InDelta(t, f*x.At(i, j)-0.5*1.09*g2*score.At(i, j), drift.At(i, j), 1e-13)
		}
	}
	require.InEpsilon(t, 0.3*math.Sqrt(g2), r.Diffusion(at), 1e-15)

	r.Lambda = 0
	r.Drift(drift, x, at)
	sde.Convert(flow, x, score, p, at, sde.Score, sde.Velocity)
	require.Equal(t, flow, drift, "the drift without noise is the velocity")
	require.Zero(t, r.Diffusion(at))

	panicsAbout(t, "sde: dimension mismatch: ", func() { r.Drift(mat.NewDense(5, 2, nil), x, at) })
}

func ExampleReverse() {
	// Data from N(0, 1) stay N(0, 1) under VP, so the probability flow stands
	// still, and Anderson's reverse process is the forward one.
	p := sde.VP{}
	score := sde.Analytic(p, func(alpha, sigma float64) sde.Density {
		variance := alpha*alpha + sigma*sigma
		normal, _ := distmv.NewNormal([]float64{0}, mat.NewSymDense(1, []float64{variance}), nil)
		return normal
	})
	x, drift := mat.NewDense(1, 1, []float64{2}), mat.NewDense(1, 1, nil)
	for _, lambda := range []float64{0, 1} {
		r := sde.Reverse{SDE: p, Scorer: score, Lambda: lambda}
		r.Drift(drift, x, 0.5)
		fmt.Printf("drift %.2f, diffusion %.2f\n", math.Abs(drift.At(0, 0)), r.Diffusion(0.5))
	}
	// Output:
	// drift 0.00, diffusion 0.00
	// drift 10.05, diffusion 3.17
}

package sampler_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// bures is the Wasserstein-2 distance of two Gaussians, through the optimal
// map A^{-½}(A^{½}BA^{½})^{½}A^{-½} − I, which loses no digits when they are
// close.
func bures(p, q moments) float64 {
	root := function(p.cov, math.Sqrt)
	back := inverse(root)
	off := add(mul(back, function(mul(root, q.cov, root), math.Sqrt), back), eye(2, -1))
	var dm mat.VecDense
	dm.SubVec(p.mean, q.mean)
	return math.Sqrt(mat.Dot(&dm, &dm) + mat.Trace(mul(off, p.cov, off)))
}

// limitOf is where infinitely many steps from the prior lead: along the
// probability flow, or along the reverse SDE.
func limitOf(g gauss, from, to float64, prior moments, flow bool) moments {
	a, b := g.at(from), g.at(to)
	ca, cb := inverse(a.k), inverse(b.k)
	r := mul(function(cb, math.Sqrt), function(ca, func(v float64) float64 { return 1 / math.Sqrt(v) }))
	q := none
	if !flow {
		r = scale(a.alpha/b.alpha, mul(cb, a.k))
		q = add(cb, scale(-1, mul(r, ca, mat.DenseCopyOf(r.T()))))
	}
	v := add(scale(b.alpha, g.mean()), scale(-a.alpha, mul(r, g.mean())))
	return affine{r, v, q}.apply(prior)
}

// slopes returns the observed orders log₂ e(N)/e(2N).
func slopes(errors []float64) []float64 {
	var s []float64
	for i := range len(errors) - 1 {
		s = append(s, math.Log2(errors[i]/errors[i+1]))
	}
	return s
}

func TestOrdersOnAGaussian(t *testing.T) {
	for _, m := range []struct {
		pred       sampler.Predictor
		predict    int
		flow       bool
		order, tol float64
	}{
		{sampler.EulerMaruyama{}, 1, false, 1, 0.05},
		{sampler.Euler{}, 0, true, 1, 0.05},
		{sampler.DDIM{}, 0, true, 1, 0.05},
		{sampler.DDIM{Eta: 1}, 1, false, 1, 0.1},
		{sampler.ReverseDiffusion{}, 1, false, 1, 0.05},
		{sampler.ReverseDiffusion{Flow: true}, 0, true, 1, 0.05},
		{sampler.Ancestral{}, 1, false, 1, 0.05},
		{sampler.Ancestral{Upper: true}, 1, false, 1, 0.05},
		{sampler.DPMSolver{Order: 2}, 0, true, 2, 0.1},
		{sampler.Heun{}, 0, true, 2, 0.05},
		{sampler.DPMpp2M{}, 0, true, 2, 0.1},
	} {
		t.Run(fmt.Sprintf("%T%v", m.pred, m.pred), func(t *testing.T) {
			g := standard(sde.VP{})
			var errors []float64
			for _, n := range []int{400, 800, 1600} {
				grid := sampler.LogSNR(g.SDE, 1, 1e-3, n+1)
				prior, start := priorOf(g, grid[0])
				s := sampler.Settings{Grid: grid, Prior: prior, NoDenoise: true}
				got := measured(t, g, m.pred, s, m.predict, 0)
				errors = append(errors, bures(got, limitOf(g, grid[0], grid[n], start, m.flow)))
			}
			for _, order := range slopes(errors) {
				require.InDelta(t, m.order, order, m.tol)
			}
			t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
		})
	}
}

// threeModes is a mixture whose flow has basins with boundaries.
func threeModes(t testing.TB, p sde.SDE) sampler.Problem {
	mix, err := dataset.NewIsotropicMixture([]float64{0.5, 0.3, 0.2},
		mat.NewDense(3, 2, []float64{1.2, 0.3, -0.9, 0.8, -0.2, -1.1}), []float64{0.35, 0.3, 0.4}, nil)
	require.NoError(t, err)
	return sampler.Problem{SDE: p, Score: sde.Analytic(p, func(alpha, sigma float64) sde.Density { return mix.Diffuse(alpha, sigma) })}
}

// flowByRungeKutta solves dy/dλ = −ς ε̂ in y = x/α, ς = σ/α = e^{−λ}, with n
// classical Runge–Kutta steps of equal size in λ.
func flowByRungeKutta(p sampler.Problem, x *mat.Dense, from, to float64, n int) *mat.Dense {
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
		for j, w := range []float64{1, 2, 2, 1} {
			probe.Scale(w*h/6, k[j])
			y.Add(y, probe)
		}
	}
	alpha, _ = p.Kernel(to)
	y.Scale(alpha, y)
	return y
}

// medianDistance returns the median over rows of |x − y|. Its mean would be
// ruled by the few rows beside the boundaries of basins.
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

func TestPathwiseOrdersOnAMixture(t *testing.T) {
	const rows, from, to = 500, 0.8, 0.05
	p := threeModes(t, sde.VP{})
	start := mat.NewDense(rows, 2, nil)
	noise.White{Seed: 1}.Normal(start, noise.Draw{Purpose: noise.Prior})
	reference := flowByRungeKutta(p, start, from, to, 1000)
	require.Less(t, medianDistance(reference, flowByRungeKutta(p, start, from, to, 500)), 16e-11,
		"half the steps have 16 times the error: the reference is right to 1e-11")
	for _, m := range []struct {
		pred       sampler.Predictor
		order, tol float64
	}{
		{sampler.Euler{}, 1, 0.08},
		{sampler.DDIM{}, 1, 0.08},
		{sampler.Heun{}, 2, 0.12},
		{sampler.DPMpp2M{}, 2, 0.12},
	} {
		t.Run(fmt.Sprintf("%T", m.pred), func(t *testing.T) {
			var errors []float64
			for _, n := range []int{100, 200, 400} {
				x := mat.DenseCopyOf(start)
				s := &sampler.Settings{Grid: sampler.LogSNR(p, from, to, n+1), NoDenoise: true}
				require.NoError(t, sampler.Continue(context.Background(), x, p, m.pred, s))
				errors = append(errors, medianDistance(x, reference))
			}
			for _, order := range slopes(errors) {
				require.InDelta(t, m.order, order, m.tol)
			}
			t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
		})
	}
}

// summed returns the normals of n steps of equal size that follow the same
// Brownian path as the 2n steps of fine.
func summed(fine noise.Recorded, n int) noise.Recorded {
	coarse := noise.Recorded{}
	for k := range n {
		var z mat.Dense
		z.Add(fine[noise.Key{Purpose: noise.Predict, Step: 2 * k}], fine[noise.Key{Purpose: noise.Predict, Step: 2*k + 1}])
		z.Scale(math.Sqrt(0.5), &z)
		coarse[noise.Key{Purpose: noise.Predict, Step: k}] = &z
	}
	return coarse
}

func TestEulerMaruyamaHasStrongOrderOne(t *testing.T) {
	const rows, finest = 400, 1600
	rms := func(x, y *mat.Dense) float64 {
		var d mat.Dense
		d.Sub(x, y)
		return mat.Norm(&d, 2) / math.Sqrt(rows)
	}
	for _, c := range []struct {
		name     string
		p        sampler.Problem
		distance func(x, y *mat.Dense) float64
	}{
		{"Gaussian", standard(sde.VP{}).problem(), rms},
		{"mixture", threeModes(t, sde.VP{}), medianDistance},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := mat.NewDense(rows, 2, nil)
			noise.White{Seed: 2}.Normal(start, noise.Draw{Purpose: noise.Prior})
			path := noise.Recorded{}
			for k := range finest {
				z := mat.NewDense(rows, 2, nil)
				noise.White{Seed: 2}.Normal(z, noise.Draw{Purpose: noise.Predict, Step: k})
				path[noise.Key{Purpose: noise.Predict, Step: k}] = z
			}
			var results []*mat.Dense
			for n := finest; n >= 100; n /= 2 {
				x := mat.DenseCopyOf(start)
				s := &sampler.Settings{Grid: sampler.Uniform(1, 0.05, n+1), NoDenoise: true, Noise: path}
				require.NoError(t, sampler.Continue(context.Background(), x, c.p, sampler.EulerMaruyama{}, s))
				results = append(results, x)
				path = summed(path, n/2)
			}
			// Differences of neighbours fall like the error itself, without
			// the bias that a finest run taken for the truth would bring.
			var errors []float64
			for i := len(results) - 1; i > 0; i-- {
				errors = append(errors, c.distance(results[i], results[i-1]))
			}
			for _, order := range slopes(errors)[1:] {
				require.True(t, 0.9 < order && order < 1.2, "strong order %.3f", order)
			}
			t.Logf("differences %.3g, orders %.3f", errors, slopes(errors))
		})
	}
}

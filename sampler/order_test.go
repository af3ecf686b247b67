package sampler_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sampler/samplertest"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// bures is the Wasserstein-2 distance of two Gaussians.
func bures(p, q moments) float64 {
	symmetric := func(a *mat.Dense) *mat.SymDense {
		n, _ := a.Dims()
		s := mat.NewSymDense(n, nil)
		for i := range n {
			for j := range i + 1 {
				s.SetSym(i, j, 0.5*(a.At(i, j)+a.At(j, i)))
			}
		}
		return s
	}
	return samplertest.Distance(sde.Moments{Mean: p.mean.RawVector().Data, Cov: symmetric(p.cov)}, sde.Moments{Mean: q.mean.RawVector().Data, Cov: symmetric(q.cov)})
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

// From another prior than p_T the limits of the flow and of the reverse SDE are
// two; samplertest measures all orders from p_T itself.
func TestOrdersOnAGaussianFromAnotherPrior(t *testing.T) {
	long(t)
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
			for _, n := range []int{200, 400, 800} {
				times := grid.UniformLogSNR(g.SDE, 1, 1e-3, n+1)
				prior, start := priorOf(g, times[0])
				s := sampler.Settings{Grid: times, Prior: prior, Final: sampler.FinalState}
				got := measured(t, g, m.pred, s, m.predict, 0)
				errors = append(errors, bures(got, limitOf(g, times[0], times[n], start, m.flow)))
			}
			for _, order := range slopes(errors) {
				require.InDelta(t, m.order, order, m.tol)
			}
			t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
		})
	}
}

// threeModes is a mixture whose flow has basins with boundaries.
func threeModes(t testing.TB, p sde.SDE) sde.Problem {
	mix, err := dataset.NewIsotropicMixture([]float64{0.5, 0.3, 0.2},
		mat.NewDense(3, 2, []float64{1.2, 0.3, -0.9, 0.8, -0.2, -1.1}), []float64{0.35, 0.3, 0.4}, nil)
	require.NoError(t, err)
	return sde.Problem{SDE: p, Score: sde.Analytic(p, mix.Diffuse)}
}

// flowByRungeKutta solves the probability flow with n steps.
func flowByRungeKutta(p sde.Problem, x *mat.Dense, from, to float64, n int) *mat.Dense {
	return samplertest.Flow(p, x, from, to, n)
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

func TestReferenceFlowIsExact(t *testing.T) {
	long(t)
	const from, to = 0.8, 0.05
	p := threeModes(t, sde.VP{})
	start := normals(100, 2)
	require.Less(t, medianDistance(flowByRungeKutta(p, start, from, to, 1000), flowByRungeKutta(p, start, from, to, 500)), 16e-11,
		"half the steps have 16 times the error: the reference is right to 1e-11")
}

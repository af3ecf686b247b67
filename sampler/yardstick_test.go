package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// onLine is a mixture of normals in one dimension with its distribution
// function.
type onLine struct{ w, m, s []float64 }

// cdf is that of the mixture with noise of deviation sigma.
func (o onLine) cdf(x, sigma float64) float64 {
	p := 0.0
	for i, w := range o.w {
		p += w * distuv.UnitNormal.CDF((x-o.m[i])/math.Hypot(o.s[i], sigma))
	}
	return p
}

// quantile inverts cdf by bisection.
func (o onLine) quantile(p, sigma float64) float64 {
	lo, hi := -10-10*sigma, 10+10*sigma
	for range 200 {
		if mid := (lo + hi) / 2; o.cdf(mid, sigma) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// In one dimension the probability flow is the monotone map between quantiles,
// so the error of a sampler is known point by point; its root mean square is
// the Wasserstein-2 distance of the result. These are the errors a practitioner
// chooses by.
func TestErrorAgainstEvaluationsOnALine(t *testing.T) {
	long(t)
	const n, high, low = 400, 80, 0.002
	o := onLine{[]float64{0.5, 0.3, 0.2}, []float64{-1, 0.3, 1.2}, []float64{0.2, 0.1, 0.3}}
	mix, err := dataset.NewIsotropicMixture(o.w, mat.NewDense(3, 1, o.m), o.s, nil)
	require.NoError(t, err)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, mix.Diffuse)}
	start, want := mat.NewDense(n, 1, nil), mat.NewDense(n, 1, nil)
	for i := range n {
		q := (float64(i) + 0.5) / n
		start.Set(i, 0, o.quantile(q, high))
		want.Set(i, 0, o.quantile(q, low))
	}
	budgets := []int{10, 20, 40, 80, 160, 320}
	methods := []struct {
		name string
		pred sampler.Predictor
		each int // evaluations a step
		ref  []float64
	}{
		{"Euler", sampler.RungeKutta{}, 1, []float64{.28, .16, .091, .052, .030, .016}},
		{"Heun", sampler.Heun{}, 2, []float64{1.05, .105, .035, .010, .0031, .0007}},
		{"DPM-2", sampler.DPM2{}, 2, []float64{.79, .097, .021, .0055, .0013, .0003}},
		{"2S", sampler.DPMpp2S{}, 2, []float64{.26, .096, .036, .012, .0031, .0008}},
		{"2M", sampler.DPMpp2M{}, 1, []float64{.15, .026, .0059, .0016, .0004, .0001}},
		{"3M published", sampler.DPMpp3M{Published: true, FullOrder: true}, 1, []float64{.17, .033, .0048, .0009, .0002, .00004}},
		{"3M", sampler.DPMpp3M{}, 1, nil},
		{"LMS", sampler.LMS{}, 1, []float64{.19, .052, .0095, .0009, .00007, .000005}},
	}
	found := map[string][]float64{}
	// The published errors are those of another mixture of the same kind.
	const factor = 3.5
	for _, m := range methods {
		for _, b := range budgets {
			x := mat.DenseCopyOf(start)
			require.NoError(t, sampler.Continue(context.Background(), x, p, m.pred, &sampler.Settings{
				Grid: grid.Karras(p, high, low, 7, b/m.each+1), Final: sampler.FinalState,
			}))
			x.Sub(x, want)
			found[m.name] = append(found[m.name], mat.Norm(x, 2)/math.Sqrt(n))
		}
		t.Logf("%-13s %9.2g   published %.2g", m.name, found[m.name], m.ref)
		for i, ref := range m.ref {
			require.Less(t, math.Abs(math.Log(found[m.name][i]/ref)), math.Log(factor), "%s, %d evaluations", m.name, budgets[i])
		}
	}
	for i, b := range budgets {
		f := func(name string) float64 { return found[name][i] }
		switch {
		case b == 10: // two evaluations a step are too few steps
			require.Less(t, f("2M"), f("Heun"))
		case b < 80:
			require.Less(t, f("2M"), f("Heun"))
			require.Less(t, f("3M published"), f("2M"))
		default:
			require.Less(t, 2*f("2M"), f("Heun"))
			require.Less(t, 2*f("3M published"), f("2M"))
			require.Less(t, 2*f("3M"), f("2M"))
		}
	}
	last := len(budgets) - 1
	require.Less(t, 2*found["3M"][last], found["3M published"][last])
	require.Less(t, found["LMS"][last], found["3M"][last])
}

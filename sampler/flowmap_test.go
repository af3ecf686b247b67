package sampler_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// mapped is a Gaussian with the exact map of its flow,
//
//	x_r = α_r m + √C_r √C_t⁻¹ (x_t − α_t m),   C = α²S + σ²I.
type mapped struct{ gauss }

var _ sde.FlowMap = mapped{}

func (g mapped) Map(dst, x *mat.Dense, t, r []float64) {
	root := func(t float64, power float64) *mat.Dense {
		α, σ := g.Kernel(t)
		return function(add(scale(α*α, g.cov()), eye(2, σ*σ)), func(v float64) float64 { return math.Pow(v, power) })
	}
	n, _ := x.Dims()
	for i := range n {
		from, to := t[min(i, len(t)-1)], r[min(i, len(r)-1)]
		αt, _ := g.Kernel(from)
		αr, _ := g.Kernel(to)
		off := mat.NewDense(2, 1, []float64{x.At(i, 0) - αt*g.m[0], x.At(i, 1) - αt*g.m[1]})
		out := mul(root(to, 0.5), root(from, -0.5), off)
		dst.SetRow(i, []float64{αr*g.m[0] + out.At(0, 0), αr*g.m[1] + out.At(1, 0)})
	}
}

func (g mapped) problem() sde.Problem { return sde.Problem{SDE: g.SDE, Score: g} }

// With the exact map one step has the exact distribution, and so has any number.
//
// Checks sampler (36) and (37).
func TestTheExactMapHasTheExactDistributionInAnyNumberOfSteps(t *testing.T) {
	for name, p := range allProcesses {
		g := mapped{gauss{SDE: p, m: [2]float64{0.7, -0.4}, a: 0.5, d: 0.3}}
		for n := 1; n <= 5; n++ {
			times := grid.Few(p, n)
			require.Len(t, times, n+1)
			prior, _ := priorOf(g.gauss, times[0])
			α, σ := p.Kernel(0)
			want := moments{mat.NewVecDense(2, []float64{α * g.m[0], α * g.m[1]}), add(scale(α*α, g.cov()), eye(2, σ*σ))}
			for _, pred := range []sampler.FlowMap{{}, {Deterministic: true}} {
				s := sampler.Settings{Grid: times, Prior: prior}
				got := measuredIn(t, g.problem(), pred, s, everyNormal(n, 1, 0))
				require.Less(t, got.relative(want), 1e-9, "%s, %d steps, %+v", name, n, pred)
			}
		}
	}
}

// The deterministic steps stay on the way of the flow.
func TestDeterministicMapsComposeToTheFlow(t *testing.T) {
	t.Parallel()
	p := sde.EDM{}
	g := mapped{standard(p)}
	start, one, many := mat.NewDense(20, 2, nil), new(mat.Dense), new(mat.Dense)
	noise.White{Seed: 1}.Normal(start, noise.Draw{})
	one.CloneFrom(start)
	many.CloneFrom(start)
	for x, n := range map[*mat.Dense]int{one: 1, many: 4} {
		s := &sampler.Settings{Grid: grid.Few(p, n)}
		require.NoError(t, sampler.Continue(context.Background(), x, g.problem(), sampler.FlowMap{Deterministic: true}, s))
	}
	require.True(t, mat.EqualApprox(one, many, 1e-12))
}

func TestFlowMapWantsAScoreWithAMap(t *testing.T) {
	g := standard(sde.VP{})
	x := mat.NewDense(2, 2, nil)
	for _, pred := range []sampler.FlowMap{{}, {Deterministic: true}} {
		err := sampler.Sample(context.Background(), x, g.problem(), pred, nil)
		require.ErrorIs(t, err, sampler.ErrUnset)
		require.ErrorContains(t, err, "flow map")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, sampler.Sample(ctx, x, mapped{g}.problem(), sampler.FlowMap{}, nil), context.Canceled)
}

// Rows, workers and the parts of a run do not matter.
func TestFlowMapSamplesDependOnSeedAndRowOnly(t *testing.T) {
	t.Parallel()
	p := mapped{standard(sde.VP{})}.problem()
	s := sampler.Settings{Seed: 3, Grid: grid.Few(p, 2), Workers: 1}
	all, part := mat.NewDense(1200, 2, nil), mat.NewDense(300, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), all, p, sampler.FlowMap{}, &s))
	s.Workers, s.FirstRow = 7, 900
	require.NoError(t, sampler.Sample(context.Background(), part, p, sampler.FlowMap{}, &s))
	require.Equal(t, mat.DenseCopyOf(all.Slice(900, 1200, 0, 2)), part)
}

// The map of a model is what takes n evaluations for a sample.
func ExampleFlowMap() {
	p := mapped{standard(sde.EDM{})}.problem()
	x := mat.NewDense(20000, 2, nil)
	s := &sampler.Settings{Grid: grid.Few(p, 2)} // two evaluations a sample
	if err := sampler.Sample(context.Background(), x, p, sampler.FlowMap{}, s); err != nil {
		panic(err)
	}
	var mean [2]float64
	for i := range 20000 {
		mean[0] += x.At(i, 0) / 20000
		mean[1] += x.At(i, 1) / 20000
	}
	fmt.Printf("%.1f\n", mean)
	// Output: [0.7 -0.4]
}

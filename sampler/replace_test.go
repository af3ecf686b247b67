package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// seen is a column of two, the first one.
func seen(y ...float64) posterior.Observation {
	return posterior.Observation{Operator: posterior.Mask{In: 2, Columns: []int{0}}, Y: mat.NewDense(len(y), 1, y)}
}

// Two correlated columns: the replaced one draws the other along too late, and going back
// again and again makes up for it, in any units and with values for every row.
//
// Checks sampler (42).
func TestRepaintTendsToTheConditionalDistribution(t *testing.T) {
	arithmetic(t)
	const n = 1000
	law, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, nil), []*mat.SymDense{mat.NewSymDense(2, []float64{1, .9, .9, 1})}, nil)
	require.NoError(t, err)
	frame := sde.Frame{Shift: []float64{1e6, 0}, Scale: []float64{1e3, 1e-3}}
	values := make([]float64, n)
	for i := range values {
		values[i] = 1e6 + 1e3*float64(2*(i%2)-1)*1.5
	}
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		problem := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse), Frame: frame}
		off := func(steps int) float64 { // of E[x₂ | x₁ = ±1.5] = ±1.35
			back := sampler.Replace{Observation: seen(values...)}
			s := &sampler.Settings{Seed: 1, Grid: grid.Conditional(p, 20)}
			if steps > 0 {
				s.Corrector = sampler.Gibbs{Back: back, Steps: steps}
			}
			x := mat.NewDense(n, 2, nil)
			require.NoError(t, sampler.Sample(context.Background(), x, problem, back, s))
			for i, v := range values {
				require.InDelta(t, v, x.At(i, 0), 50)
				x.Set(i, 1, 1e3*x.At(i, 1)*float64(2*(i%2)-1))
			}
			return 1.35 - stat.Mean(mat.Col(nil, 1, x), nil)
		}
		alone, once, often := off(0), off(1), off(12)
		t.Logf("%T: off by %.3f alone, %.3f with one return, %.3f with twelve", p, alone, once, often)
		require.Greater(t, alone, 0.1)
		require.Less(t, often, 0.5*alone)
		require.Less(t, math.Abs(often), 0.15)
	}
}

// What the Problem knows already may be said again, but not otherwise.
func TestReplaceRefusesWhatContradictsTheProblem(t *testing.T) {
	t.Parallel()
	p := normalOf(t, sde.EDM{}, 2)
	for says, c := range map[string]struct {
		known float64
		y     []float64
	}{
		"": {1, []float64{1}},
		"row 0, column 0: is 3, in Problem.Observed 1, want the same":    {1, []float64{3}},
		"row 4, column 0: is 3, in Problem.Observed 1, want the same":    {1, []float64{1, 1, 1, 1, 3}},
		"row 0, column 0: is 3, in Problem.Observed +Inf, want the same": {math.Inf(1), []float64{3}},
	} {
		p.Observed = mat.NewDense(1, 2, []float64{c.known, math.NaN()})
		err := sampler.Sample(context.Background(), mat.NewDense(5, 2, nil), p, sampler.Replace{Observation: seen(c.y...)}, nil)
		if says == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, says)
	}
}

func TestReplaceRefusesWhatItCannotReplace(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	noisy := seen(1)
	noisy.Noise.Deviation = 0.1
	wide := seen(1)
	wide.Operator = posterior.Mask{In: 3, Columns: []int{0}}
	for says, o := range map[string]posterior.Observation{
		"Operator: is nil": {},
		"Replace.Observation.Operator: is a posterior.Matrix, want a posterior.Mask": {Operator: posterior.Matrix{A: mat.NewDense(1, 2, []float64{1, 1})}, Y: mat.NewDense(1, 1, nil)},
		"Replace.Observation.Noise": noisy,
		"is for 3 columns":          wide,
		"has 2 rows":                seen(1, 2),
		"has 21 rows":               seen(make([]float64, 21)...),
	} {
		err := sampler.Sample(context.Background(), mat.NewDense(20, 2, nil), p, sampler.Replace{Observation: o}, nil)
		require.ErrorIs(t, err, sampler.ErrRange, says)
		require.ErrorContains(t, err, says)
	}
}

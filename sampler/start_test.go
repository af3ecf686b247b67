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
)

// The default start of conditional data is right though nobody names their mean:
// a rare class three deviations away, from the default grid's start of ten.
func TestConditionalSamplesHaveTheMeanOfTheirCondition(t *testing.T) {
	const n, dim = 4000, 16
	mean, std := []float64{3, -2}, 0.3
	for len(mean) < dim {
		mean = append(mean, 0.5)
	}
	for name, p := range map[string]sde.SDE{"EDM": sde.EDM{}, "VP": sde.VP{}, "Linear": sde.Linear{}, "VE": sde.VE{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			class, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, dim, mean), []float64{std}, nil)
			require.NoError(t, err)
			problem := sde.Problem{SDE: p, Score: sde.Analytic(p, class.Diffuse), Conditional: true}
			x, logp := mat.NewDense(n, dim, nil), make([]float64, n)
			require.NoError(t, sampler.Sample(context.Background(), x, problem, sampler.Default(p), &sampler.Settings{Seed: 1}))
			for j := range dim {
				m, s := stat.MeanStdDev(mat.Col(nil, j, x), nil)
				require.InDelta(t, mean[j], m, 4*std/math.Sqrt(n)+2e-3, "column %d", j)
				require.InDelta(t, std, s, 4*std/math.Sqrt(2*n)+4e-3, "column %d", j)
			}
			// And densities: with the wrong mean they are off by |μ|²/(2σ²).
			rows := mat.NewDense(20, dim, nil)
			rows.Copy(x)
			_, err = sampler.LogProb(context.Background(), logp[:20], rows, problem, nil)
			require.NoError(t, err)
			start, _ := p.Span()
			alpha, sigma := p.Kernel(start)
			at := class.Diffuse(1, sigma/alpha)
			for i := range 20 {
				require.InDelta(t, at.LogProb(rows.RawRowView(i)), logp[i], 0.09, "%s row %d", name, i)
			}
		})
	}
}

// A mean that is named is taken.
func TestASettingsPriorOverridesTheProblems(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	p := g.problem()
	p.Conditional, p.Prior = true, sde.Prior{Mean: []float64{1, 2}}
	plain := g.problem()
	levels := grid.Default(sde.EDM{}, 40)
	for _, s := range []sampler.Settings{{Grid: levels}, {Grid: levels, Prior: sde.Prior{Mean: []float64{4, 5}}}} {
		a, b := mat.NewDense(5, 2, nil), mat.NewDense(5, 2, nil)
		require.NoError(t, sampler.Sample(context.Background(), a, p, sampler.DDIM{}, &s))
		if s.Prior.Mean == nil {
			s.Prior = p.Prior
		}
		require.NoError(t, sampler.Sample(context.Background(), b, plain, sampler.DDIM{}, &s))
		sameBits(t, b, a)
	}
}

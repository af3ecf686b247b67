package score

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

func logProbs(t *testing.T, m *Model, x *mat.Dense, tol, start float64) ([]float64, *sampler.FlowResult) {
	dst := make([]float64, x.RawMatrix().Rows)
	r, err := sampler.LogProb(t.Context(), dst, x, m.Problem(), &sampler.FlowSettings{RTol: tol, ATol: tol, Start: start})
	require.NoError(t, err)
	return dst, r
}

func TestLearnedDensitiesIntegrateToOne(t *testing.T) {
	long(t)
	m, err := New(2, &Config{Net: nn.RecipeMLP(2, 32)})
	require.NoError(t, err)
	_, err = Fit(t.Context(), m, moons(), &Settings{Steps: 400, Batch: 128})
	require.NoError(t, err)
	const side, half = 100, 3.2 // cells of 0.064, arms of 0.1 and more
	x := mat.NewDense(side*side, 2, nil)
	for i := range side * side {
		x.SetRow(i, []float64{half * (2*(float64(i%side)+0.5)/side - 1), half * (2*(float64(i/side)+0.5)/side - 1)})
	}
	logp, _ := logProbs(t, m, x, 1e-4, 0)
	sum := 0.0
	for _, v := range logp {
		sum += math.Exp(v) * (2 * half / side) * (2 * half / side)
	}
	require.InDelta(t, 1, sum, 0.01)

	// What float32 adds is no more than the estimate says.
	near := dataset.Sample(dataset.NewMoons(rand.NewPCG(1, 1)), 100)
	single, r := logProbs(t, m, near, 1e-5, 0)
	double, _ := logProbs(t, m.Float64(), near, 1e-8, 0)
	beyond := 0
	for i := range single {
		if math.Abs(single[i]-double[i]) > r.Error[i] {
			beyond++
		}
	}
	require.LessOrEqual(t, beyond, 10)
}

// Differences of the energy at a time are those of the density of the flow from
// there, as far as training got: both are off the truth, each in its own way.
func TestEnergyDifferencesAreThoseOfTheFlow(t *testing.T) {
	long(t)
	mix := func(src rand.Source) *dataset.Mixture {
		law, err := dataset.NewIsotropicMixture([]float64{0.6, 0.4}, mat.NewDense(2, 2, []float64{-1, 0, 1, 0.5}), []float64{0.5, 0.4}, src)
		require.NoError(t, err)
		return law
	}
	m, err := New(2, &Config{Net: nn.Energy{Net: nn.MLP{Hidden: []int{32, 32}, Out: 1}}})
	require.NoError(t, err)
	_, err = Fit(t.Context(), m, Draws(2, mix), &Settings{Steps: 1500, Batch: 256, Scaling: CommonScale})
	require.NoError(t, err)
	x := dataset.Sample(mix(rand.NewPCG(1, 1)), 200)
	logp, r := logProbs(t, m, x, 1e-5, 0.3)
	y := mat.DenseCopyOf(x)
	m.toModel(y)
	energy := make([]float64, 200)
	m.Unconditional().Energy(energy, y, []float64{r.Start})
	off, exact := make([]float64, 200), make([]float64, 200)
	law := mix(nil).Diffuse(1, 0.3*m.scale[0])
	for i := range off {
		off[i] = logp[i] + energy[i]
		exact[i] = logp[i] - law.LogProb(x.RawRowView(i))
	}
	_, spread := stat.MeanStdDev(off, nil)
	_, bar := stat.MeanStdDev(exact, nil)
	t.Logf("spread of log p + E %.3f nats, of log p about the truth %.3f", spread, bar)
	require.Less(t, spread, 0.1)
	require.Less(t, bar, 0.1)
	_, whole := stat.MeanStdDev(logp, nil)
	require.Greater(t, whole, 0.5, "there is something to agree on")
}

func TestLogDensitiesOfEachRowAreThoseOfItsCondition(t *testing.T) {
	m := newModel(t, 2, Config{Cond: Conditions{Classes: []int{2}}})
	const n = 30
	x, cond := normals(n, 2, 3), mat.NewDense(n, 1, nil)
	for i := range n {
		cond.Set(i, 0, float64(i*i%3%2))
	}
	for _, probes := range []int{0, 2} {
		density := func(p sde.Problem) []float64 {
			dst := make([]float64, n)
			_, err := sampler.LogProb(t.Context(), dst, x, p, &sampler.FlowSettings{RTol: 1e-3, ATol: 1e-3, Probes: probes})
			require.NoError(t, err)
			return dst
		}
		each, guided := density(m.Given(cond).Problem()), density(guide(t, m.Given(cond).Problem(), m.Problem(), 1.5))
		for k := range 2 {
			one := mat.NewDense(1, 1, []float64{float64(k)})
			same, sameGuided := density(m.Given(one).Problem()), density(guide(t, m.Given(one).Problem(), m.Problem(), 1.5))
			for i := range n {
				if cond.At(i, 0) == float64(k) {
					require.Equal(t, same[i], each[i])
					require.Equal(t, sameGuided[i], guided[i])
				} else {
					require.NotEqual(t, same[i], each[i])
				}
			}
		}
	}
}

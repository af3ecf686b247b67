package simulator_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
)

// Seen from far away the likelihood falls like exp(−θ |x|/σ²) within the bounds: beyond 1e10
// all draws are at the bound that is nearer.
func TestReferencesOfFarObservationsAreAtTheBound(t *testing.T) {
	for _, far := range []float64{1e3, 1e10, 1e16, 1e17, 1e20, 1e155, 1e308, math.MaxFloat64} {
		for _, task := range []simulator.Task{simulator.GaussianLinearUniform{}, simulator.GaussianMixture{}} {
			_, high := task.Prior().Bounds()
			for _, sign := range []float64{1, -1} {
				x, dst := make([]float64, task.Dim()), mat.NewDense(40, task.Dim(), nil)
				for j := range x {
					x[j] = sign * far
				}
				require.NoError(t, task.Reference(t.Context(), dst, x, 1))
				for j := range x {
					// Exponential of rate far/σ², the mixture's σ being 1.
					require.InDelta(t, sign*high[j], mat.Sum(dst.ColView(j))/40, 2/far+1e-15, "%s %g", task.Name(), sign*far)
				}
			}
		}
	}
}

// panics is a task that panics in a goroutine of its own, or ends it.
type panics struct {
	simulator.TwoMoons
	exits bool
}

func (p panics) Simulate(x, theta []float64, rng *rand.Rand) error {
	if p.exits {
		runtime.Goexit()
	}
	panic("boom")
}

func TestPanicsOfATaskAreTheCallers(t *testing.T) {
	theta, x := mat.NewDense(100, 2, nil), mat.NewDense(100, 2, nil)
	require.PanicsWithValue(t, "boom", func() { _ = simulator.Pairs(t.Context(), theta, x, panics{}, 1, 0) })
	require.PanicsWithValue(t, "simulator: a task ended its goroutine", func() { _ = simulator.Pairs(t.Context(), theta, x, panics{exits: true}, 1, 0) })
	var none context.Context
	require.PanicsWithValue(t, "simulator: ctx is nil", func() { _ = simulator.Pairs(none, theta, x, simulator.TwoMoons{}, 1, 0) })
}

func TestTasksThatWereNotMadeSaySo(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, task := range []simulator.Task{simulator.BernoulliGLM{}, simulator.RawBernoulliGLM{}, &simulator.SLCPDistractors{}} {
		x, theta := make([]float64, task.Dim()), make([]float64, task.Prior().Dim())
		for name, f := range map[string]func(){
			"Simulate":      func() { _ = task.Simulate(x, theta, rng) },
			"LogLikelihood": func() { task.LogLikelihood(x, theta) },
			"Reference":     func() { _ = task.Reference(t.Context(), mat.NewDense(5, len(theta), nil), x, 1) },
		} {
			func() {
				defer func() { require.Contains(t, recover(), "made by New", "%s %s", task.Name(), name) }()
				f()
			}()
		}
	}
}

func TestOverflowIsAnError(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, task := range []simulator.Task{simulator.SLCP{}, simulator.NewSLCPDistractors()} {
		err := task.Simulate(make([]float64, task.Dim()), []float64{0, 0, 1e300, 1e300, 0}, rng)
		require.ErrorIs(t, err, simulator.ErrLimit)
		require.ErrorContains(t, err, task.Name())
	}
}

func TestPriorsHaveNoMassAtInfinity(t *testing.T) {
	each(t, func(t *testing.T, task simulator.Task) {
		for _, v := range []float64{math.Inf(1), math.Inf(-1), math.MaxFloat64} {
			theta := make([]float64, task.Prior().Dim())
			for j := range theta {
				theta[j] = v
			}
			require.Less(t, task.Prior().LogProb(theta), -1e6)
			if math.IsInf(v, 0) {
				require.Equal(t, math.Inf(-1), task.Prior().LogProb(theta))
			}
			theta[0] = math.NaN()
			require.True(t, math.IsNaN(task.Prior().LogProb(theta)))
		}
	})
}

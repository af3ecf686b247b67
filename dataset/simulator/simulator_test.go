package simulator_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
)

// each runs a test on every task.
func each(t *testing.T, f func(t *testing.T, task simulator.Task)) {
	for _, task := range simulator.Tasks() {
		t.Run(task.Name(), func(t *testing.T) { f(t, task) })
	}
}

// tempered reports whether the draws of the posterior take seconds.
func tempered(task simulator.Task) bool {
	return slices.Contains([]string{"bernoulli_glm", "bernoulli_glm_raw", "sir", "lotka_volterra"}, task.Name())
}

// observe returns the observation of a seed.
func observe(t *testing.T, task simulator.Task, seed uint64) (theta, x []float64) {
	theta, x, err := simulator.Observe(task, seed)
	require.NoError(t, err)
	return theta, x
}

// pairs returns n rows of the task.
func pairs(t *testing.T, task simulator.Task, n int, seed, first uint64) (theta, x *mat.Dense) {
	theta, x = mat.NewDense(n, task.Prior().Dim(), nil), mat.NewDense(n, task.Dim(), nil)
	require.NoError(t, simulator.Pairs(t.Context(), theta, x, task, seed, first))
	return theta, x
}

func TestPairsAreTheSameInPartsAndOnAnyProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	each(t, func(t *testing.T, task simulator.Task) {
		theta, x := pairs(t, task, 100, 1, 0)
		runtime.GOMAXPROCS(1)
		head, xHead := pairs(t, task, 37, 1, 0)
		rest, xRest := pairs(t, task, 63, 1, 37)
		runtime.GOMAXPROCS(3)
		var want mat.Dense
		want.Stack(head, rest)
		require.True(t, mat.Equal(&want, theta))
		want.Reset()
		want.Stack(xHead, xRest)
		require.True(t, mat.Equal(&want, x))
		other, _ := pairs(t, task, 100, 2, 0)
		require.False(t, mat.EqualApprox(theta, other, 1e-3))
	})
}

func TestPriorsDrawWithinTheirBoundsWhereTheirDensityIs(t *testing.T) {
	each(t, func(t *testing.T, task simulator.Task) {
		prior := task.Prior()
		low, high := prior.Bounds()
		require.Len(t, low, prior.Dim())
		require.Len(t, high, prior.Dim())
		rng := rand.New(rand.NewPCG(1, 2))
		theta := make([]float64, prior.Dim())
		for range 1000 {
			prior.Sample(theta, rng)
			for j, v := range theta {
				require.True(t, low[j] <= v && v <= high[j])
			}
			require.False(t, math.IsInf(prior.LogProb(theta), 0))
		}
		for j := range theta {
			for _, end := range []float64{math.Nextafter(low[j], math.Inf(-1)), math.Nextafter(high[j], math.Inf(1))} {
				outside := slices.Clone(theta)
				if outside[j] = end; !math.IsInf(end, 0) && end != -math.MaxFloat64 && end != math.MaxFloat64 {
					require.Equal(t, math.Inf(-1), prior.LogProb(outside), "%d: %v", j, end)
				}
			}
			nan := slices.Clone(theta)
			nan[j] = math.NaN()
			require.True(t, math.IsNaN(prior.LogProb(nan)))
		}
		require.Panics(t, func() { prior.LogProb(theta[1:]) })
		require.Panics(t, func() { prior.Sample(theta[1:], rng) })
	})
}

// For a box B within the support, the mean of 1{θ ∈ B}/p(θ) over draws is its volume.
func TestDensitiesOfPriorsAreNormalised(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	each(t, func(t *testing.T, task simulator.Task) {
		if task.Prior() == simulator.NewBernoulliGLM().Prior() {
			return // its box has no mass in ten correlated columns: TestFiltersAreSmoothAPriori looks at it
		}
		prior := task.Prior()
		rng := rand.New(rand.NewPCG(3, 4))
		const n = 20000
		d := prior.Dim()
		low, high := repeat(math.Inf(1), d), repeat(math.Inf(-1), d)
		theta := make([]float64, d)
		// The box holds most of the mass; columns are cut where the density is not small.
		columns := make([][]float64, d)
		for range 2000 {
			prior.Sample(theta, rng)
			for j, v := range theta {
				columns[j] = append(columns[j], v)
			}
		}
		volume := 1.0
		for j, c := range columns {
			slices.Sort(c)
			low[j], high[j] = c[200], c[1800]
			volume *= high[j] - low[j]
		}
		var sum, sum2 float64
		for range n {
			prior.Sample(theta, rng)
			inside := true
			for j, v := range theta {
				inside = inside && low[j] <= v && v <= high[j]
			}
			if inside {
				w := math.Exp(-prior.LogProb(theta)) / volume
				sum += w
				sum2 += w * w
			}
		}
		mean := sum / n
		se := math.Sqrt((sum2/n - mean*mean) / n)
		require.InDelta(t, 1, mean, 4*se)
		require.Less(t, se, 0.2)
	})
}

func repeat(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

func TestReferencesAreTheSameOnAnyProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	each(t, func(t *testing.T, task simulator.Task) {
		if tempered(task) {
			return // slow: TestTemperingIsTheSameOnAnyProcessors looks at one of them
		}
		_, x := observe(t, task, 1)
		a, b := mat.NewDense(20, task.Prior().Dim(), nil), mat.NewDense(20, task.Prior().Dim(), nil)
		runtime.GOMAXPROCS(3)
		require.NoError(t, task.Reference(t.Context(), a, x, 5))
		runtime.GOMAXPROCS(1)
		require.NoError(t, task.Reference(t.Context(), b, x, 5))
		require.True(t, mat.Equal(a, b))
		require.NoError(t, task.Reference(t.Context(), b, x, 6))
		require.False(t, mat.EqualApprox(a, b, 1e-9))
	})
}

func TestWrongLengthsPanic(t *testing.T) {
	each(t, func(t *testing.T, task simulator.Task) {
		theta, x := observe(t, task, 1)
		rng := rand.New(rand.NewPCG(1, 2))
		require.Panics(t, func() { _ = task.Simulate(x[1:], theta, rng) })
		require.Panics(t, func() { _ = task.Simulate(x, theta[1:], rng) })
		require.Panics(t, func() { task.LogLikelihood(x[1:], theta) })
		require.Panics(t, func() { task.LogLikelihood(x, theta[1:]) })
		require.Panics(t, func() { _ = task.Reference(t.Context(), mat.NewDense(2, len(theta), nil), x[1:], 1) })
		require.Panics(t, func() { _ = task.Reference(t.Context(), mat.NewDense(2, len(theta)+1, nil), x, 1) })
		require.Panics(t, func() {
			_ = simulator.Pairs(t.Context(), mat.NewDense(2, len(theta), nil), mat.NewDense(3, len(x), nil), task, 1, 0)
		})
	})
}

func TestWhatIsNotFiniteIsNamed(t *testing.T) {
	each(t, func(t *testing.T, task simulator.Task) {
		theta, x := observe(t, task, 1)
		rng := rand.New(rand.NewPCG(1, 2))
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			wrong := slices.Clone(theta)
			wrong[1] = bad
			err := task.Simulate(slices.Clone(x), wrong, rng)
			require.ErrorIs(t, err, simulator.ErrNonFinite)
			require.ErrorContains(t, err, fmt.Sprintf("theta[1]: is %v", bad))
			wrong = slices.Clone(x)
			wrong[1] = bad
			err = task.Reference(t.Context(), mat.NewDense(2, len(theta), nil), wrong, 1)
			require.ErrorIs(t, err, simulator.ErrNonFinite)
			require.ErrorContains(t, err, fmt.Sprintf("x[1]: is %v", bad))
		}
	})
}

package inference

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestParametersThatAreNotOfThePriorAreNamed(t *testing.T) {
	prior := Uniform{[]float64{0, -1}, []float64{5000, 1}}
	for name, of := range map[string]struct {
		n    int
		draw func(rng *rand.Rand) float64
		want bool
	}{
		"the prior":         {3000, func(rng *rand.Rand) float64 { return 5000 * rng.Float64() }, false},
		"a hundred":         {100, func(rng *rand.Rand) float64 { return 5000 * rng.Float64() }, false},
		"a few":             {5, func(*rand.Rand) float64 { return 1 }, false},
		"a tenth is failed": {3000, func(rng *rand.Rand) float64 { return 4500 * rng.Float64() }, false},
		"lognormal":         {3000, func(rng *rand.Rand) float64 { return min(5000, 1000*math.Exp(0.4*rng.NormFloat64())) }, true},
		"a grid":            {100, func(rng *rand.Rand) float64 { return float64(rng.IntN(3)) }, true},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		theta := mat.NewDense(of.n, 2, nil)
		for i := range of.n {
			theta.SetRow(i, []float64{of.draw(rng), 2*rng.Float64() - 1})
		}
		warnings := notOfPrior(prior, theta)
		require.Equal(t, of.want, len(warnings) > 0, "%s: %v", name, warnings)
		require.NotContains(t, strings.Join(warnings, ""), "parameter 1", name)
	}
	require.Empty(t, notOfPrior(nil, mat.NewDense(100, 2, nil)))
}

// Of a hundred tables drawn from a prior none is warned of.
func TestDrawsOfAPriorAreItsOwn(t *testing.T) {
	prior := Normal{[]float64{0}, []float64{1e-3}}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 2))
		theta := mat.NewDense(40, 1, nil)
		for i := range 40 {
			prior.Sample(theta.RawRowView(i), rng)
		}
		require.Empty(t, notOfPrior(prior, theta))
	}
}

func TestSimulationsBeforeAFaultOfThePriorAreKept(t *testing.T) {
	bad := late{Normal: standard, at: new(int)}
	pairs, err := Simulate(t.Context(), bad, shifted{1}, 2, 300, &SimulateSettings{Workers: 1})
	require.ErrorIs(t, err, ErrNonFinite)
	require.Equal(t, 250, pairs.Done)
	require.Equal(t, 250, pairs.Theta.RawMatrix().Rows)
	*bad.at = 0
	s := quick()
	s.Workers = 1
	_, err = Infer(t.Context(), bad, shifted{1}, 2, 300, s)
	var u *Unfinished
	require.ErrorAs(t, err, &u)
	require.Equal(t, 250, u.Pairs.Done)
}

// late draws NaN at its draw 250.
type late struct {
	Normal
	at *int
}

func (l late) Sample(theta []float64, rng *rand.Rand) {
	l.Normal.Sample(theta, rng)
	if *l.at++; *l.at > 250 {
		theta[0] = math.NaN()
	}
}

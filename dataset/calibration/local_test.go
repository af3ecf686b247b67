package calibration

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/boost"
)

// The exchanges make the p-values exact for any classifier, at any observation and for
// all together.
func TestExactDrawsPassTheLocalTestAtTheStatedRate(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	var first, adjusted, mean []float64
	for seed := range uint64(150) {
		tr := exact.trials(50, 1, seed)
		x := exact.trials(3, 40, seed+1e6)
		r, err := LocalC2ST(tr, x.X, x.Draws, &LocalSettings{Exchanges: 19, Seed: seed, Trees: &boost.Settings{Trees: 8, Leaves: 4, LeafRows: 5}})
		require.NoError(t, err)
		least := 1.
		for _, o := range r.Observations {
			least = min(least, o.Adjusted)
			require.GreaterOrEqual(t, o.Adjusted, o.P)
		}
		first, adjusted, mean = append(first, r.Observations[0].P), append(adjusted, least), append(mean, r.Mean.P)
	}
	requireRate(t, "first", first, true)
	requireRate(t, "adjusted", adjusted, false)
	requireRate(t, "mean", mean, true)
}

// A fault at some observations shows there.
func TestLocalTestTellsWhere(t *testing.T) {
	tr := exact.trials(800, 1, 1)
	wide := tooWide
	wide.scale = 3
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 800 {
		if x := tr.X.RawRowView(i); x[0] > 0 {
			wide.draw(tr.Draws.RawRowView(i), x, rng)
		}
	}
	x := mat.NewDense(2, 2, []float64{-2, 0, 2, 0})
	draws := mat.NewDense(400, 2, nil)
	for r := range 400 {
		s := exact
		if r >= 200 {
			s = wide
		}
		s.draw(draws.RawRowView(r), x.RawRowView(r/200), rng)
	}
	r, err := LocalC2ST(tr, x, draws, &LocalSettings{Exchanges: 19})
	require.NoError(t, err)
	require.Equal(t, 1./20, r.Observations[1].P)
	require.Greater(t, r.Observations[1].Statistic, 5*r.Observations[0].Statistic)
	require.Greater(t, r.Observations[0].P, 0.05)
}

func ExampleLocalC2ST() {
	// θ ~ N(0, 1) and x = θ + ε: the posterior is N(x/2, ½). The draws ignore x.
	rng := rand.New(rand.NewPCG(1, 1))
	t := &Trials{Theta: mat.NewDense(500, 1, nil), X: mat.NewDense(500, 1, nil), Draws: mat.NewDense(500, 1, nil)}
	for i := range 500 {
		theta := rng.NormFloat64()
		t.Theta.Set(i, 0, theta)
		t.X.Set(i, 0, theta+rng.NormFloat64())
		t.Draws.Set(i, 0, rng.NormFloat64())
	}
	observed, draws := mat.NewDense(1, 1, []float64{2}), mat.NewDense(200, 1, nil)
	for r := range 200 {
		draws.Set(r, 0, rng.NormFloat64())
	}
	r, err := LocalC2ST(t, observed, draws, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("P = %.2f\n", r.Observations[0].P)
	// Output: P = 0.01
}

package inference

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

func TestTruncatedPriorHasTheMomentsOfTheCutOne(t *testing.T) {
	// N(0, 1) on [0.5, 2.5] has the mean (φ(a) − φ(b))/(Φ(b) − Φ(a)).
	φ := func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
	Φ := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	want := (φ(0.5) - φ(2.5)) / (Φ(2.5) - Φ(0.5))
	p := &Truncated{Prior: standard, Low: []float64{0.5, -3}, High: []float64{2.5, 3}, Starts: mat.NewDense(1, 2, []float64{2.4, 2.9})}
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 4000
	theta := mat.NewDense(n, 2, nil)
	for i := range n {
		p.Sample(theta.RawRowView(i), rng)
	}
	m := momentsOf(theta)
	require.InDelta(t, want, m.mean[0], 4*math.Sqrt(m.cov.At(0, 0)/n))
	require.InDelta(t, 0, m.mean[1], 4/math.Sqrt(n))
	require.True(t, math.IsInf(p.LogProb([]float64{0, 0}), -1))
}

// Where the posterior is thirty times narrower than the prior, later rounds simulate there.
func TestRoundsSimulateWhereThePosteriorIs(t *testing.T) {
	wide := Uniform{[]float64{-30, -30}, []float64{30, 30}}
	s := &RoundsSettings{Settings: *quick(), Rounds: 2, Draws: 500}
	s.Net, s.Embed = nn.MLP{Hidden: []int{24}}, nil
	s.Training = score.Settings{Steps: 200, Batch: 64}
	post, err := Rounds(t.Context(), wide, shifted{1}, []float64{3, -20}, 1000, s)
	require.NoError(t, err)
	require.Equal(t, wide, post.Prior)
	v, err := post.Given(one(3, -20))
	require.NoError(t, err)
	theta := mat.NewDense(1000, 2, nil)
	require.NoError(t, v.Sample(t.Context(), theta, nil))
	m := momentsOf(theta)
	require.InDeltaSlice(t, []float64{3, -20}, m.mean, 0.3)
	require.InDelta(t, 1, math.Sqrt(m.cov.At(0, 0)), 0.2)
	require.Less(t, post.at.high[0]-post.at.low[0], 40.0, "observations of the second round")

	_, err = Rounds(t.Context(), wide, fragile{}, []float64{3, -20}, 10, &RoundsSettings{Rounds: -1})
	require.ErrorIs(t, err, ErrRange)
	_, err = Rounds(t.Context(), nil, fragile{}, []float64{3, -20}, 10, nil)
	require.ErrorIs(t, err, ErrRange)
}

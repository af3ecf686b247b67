package inference

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
	"github.com/gradlogp/gradlogp/dataset/twosample"
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

// Two crescents a fifth long and a hundredth wide, under a prior of width 20: hardly one of
// 3,000 simulations is near them, of a third round of 1,000 many are.
func TestRoundsFindWhatOneRoundOfAsManySimulationsMisses(t *testing.T) {
	long(t)
	prior, task, x := Uniform{[]float64{-10, -10}, []float64{10, 10}}, simulator.TwoMoons{}, make([]float64, 2)
	require.NoError(t, task.Simulate(x, []float64{0.1, 0.2}, rand.New(rand.NewPCG(2, 1))))
	exact := mat.NewDense(400, 2, nil)
	require.NoError(t, task.Reference(t.Context(), exact, x, 1))
	energy := func(rounds int) float64 {
		s := &RoundsSettings{Settings: *quick(), Rounds: rounds, Draws: 300}
		s.Net, s.Embed = nn.MLP{Hidden: []int{32, 32}}, nn.Sequential{nn.Linear{Out: 24}, nn.SiLU{}}
		s.Training = score.Settings{Steps: 800, Batch: 128}
		post, err := Rounds(t.Context(), prior, task, x, 3000/rounds, s)
		require.NoError(t, err)
		v, err := post.Given(one(x...))
		require.NoError(t, err)
		draws := mat.NewDense(400, 2, nil)
		require.NoError(t, v.Sample(t.Context(), draws, nil))
		return twosample.Energy(exact, draws)
	}
	once, thrice := energy(1), energy(3)
	t.Logf("energy distance to the exact posterior: %.4f in one round, %.4f in three", once, thrice)
	require.Less(t, thrice, once/4)
}

func TestRoundsHaveCheckpointsOfTheirOwn(t *testing.T) {
	s := &RoundsSettings{Settings: *quick(), Rounds: 2, Draws: 50}
	s.Training.Checkpoints = score.Checkpoints{Dir: t.TempDir()}
	_, err := Rounds(t.Context(), standard, shifted{1}, []float64{0, 0}, 200, s)
	require.NoError(t, err)
	for _, round := range []string{"round-0", "round-1"} {
		path, err := score.Latest(filepath.Join(s.Training.Checkpoints.Dir, round))
		require.NoError(t, err)
		_, err = Open(path, standard)
		require.NoError(t, err)
	}
}

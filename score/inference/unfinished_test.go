package inference

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// law is a Normal with a log-density of its own.
type law struct {
	Normal
	logProb func(theta []float64) float64
}

func (l law) LogProb(theta []float64) float64 { return l.logProb(theta) }

// ending simulates shifted{1} and ends a context at a simulation.
type ending struct {
	cancel context.CancelFunc
	after  int64
	count  *atomic.Int64
}

func (e ending) Simulate(x, theta []float64, rng *rand.Rand) error {
	if e.count.Add(1) == e.after {
		e.cancel()
	}
	return shifted{1}.Simulate(x, theta, rng)
}

func TestSimulationsOutliveTheirContext(t *testing.T) {
	for name, of := range map[string]struct {
		after, least int
		learned      bool
		run          func(ctx context.Context, s Simulator) (*Posterior, error)
	}{
		"Infer": {900, 900, false, func(ctx context.Context, s Simulator) (*Posterior, error) {
			return Infer(ctx, standard, s, 2, 1000, quick())
		}},
		"the first round": {900, 900, false, func(ctx context.Context, s Simulator) (*Posterior, error) {
			return Rounds(ctx, standard, s, []float64{0, 0}, 1000, &RoundsSettings{Settings: *quick(), Draws: 50})
		}},
		"the second round": {390, 200, true, func(ctx context.Context, s Simulator) (*Posterior, error) {
			return Rounds(ctx, standard, s, []float64{0, 0}, 200, &RoundsSettings{Settings: *quick(), Draws: 50})
		}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		post, err := of.run(ctx, ending{cancel, int64(of.after), new(atomic.Int64)})
		require.ErrorIs(t, err, context.Canceled, name)
		var u *Unfinished
		require.ErrorAs(t, err, &u, name)
		require.GreaterOrEqual(t, u.Pairs.Done, of.least, name)
		n, _ := u.Pairs.Theta.Dims()
		require.Greater(t, n, of.least/2, name)
		require.Equal(t, of.learned, post != nil, name)
		if post != nil {
			_, err := post.Given(one(0, 0))
			require.NoError(t, err)
		}
	}
}

func TestSimulationsOutliveATrainingThatFails(t *testing.T) {
	s := quick()
	s.Training.Batch = -1
	_, err := Infer(t.Context(), standard, shifted{1}, 2, 100, s)
	var u *Unfinished
	require.ErrorAs(t, err, &u)
	require.Equal(t, 100, u.Pairs.Done)
	require.Equal(t, errors.Unwrap(err).Error(), err.Error())
}

func TestRoundsNameWhatIsWrong(t *testing.T) {
	lost := law{standard, func([]float64) float64 { return math.Inf(-1) }}
	simulated := &atomic.Int64{}
	none := ending{func() {}, -1, simulated}
	for says, of := range map[string]struct {
		prior Prior
		x     []float64
		s     RoundsSettings
		kind  error
	}{
		"x: column 1: is NaN":                            {standard, []float64{0, math.NaN()}, RoundsSettings{}, ErrNonFinite},
		"x: has no columns":                              {standard, nil, RoundsSettings{}, ErrShape},
		"RoundsSettings.Draws: is 1, want more than":     {standard, []float64{0, 0}, RoundsSettings{Draws: 1}, ErrRange},
		"RoundsSettings.Rounds: is -1":                   {standard, []float64{0, 0}, RoundsSettings{Rounds: -1}, ErrRange},
		"prior: Truncated: Prior: is nil":                {&Truncated{}, []float64{0, 0}, RoundsSettings{}, ErrRange},
		"prior: Truncated: Prior: is nil, want":          {(*Truncated)(nil), []float64{0, 0}, RoundsSettings{}, ErrRange},
		"prior: Truncated: Low has 1 numbers, High 0":    {&Truncated{Prior: standard, Low: []float64{1}}, []float64{0, 0}, RoundsSettings{}, ErrShape},
		"prior: Truncated: Starts: want at least one":    {&Truncated{Prior: standard, Low: []float64{0, 0}, High: []float64{1, 1}}, []float64{0, 0}, RoundsSettings{}, ErrShape},
		"prior: Truncated: Starts: row 0, parameter 1: ": {&Truncated{Prior: standard, Low: []float64{0, 0}, High: []float64{1, 1}, Starts: one(1, 2)}, []float64{0, 0}, RoundsSettings{}, ErrRange},
	} {
		_, err := Rounds(t.Context(), of.prior, none, of.x, 10, &of.s)
		require.ErrorIs(t, err, of.kind, says)
		require.ErrorContains(t, err, says)
		require.Zero(t, simulated.Load(), "nothing is simulated before it is known")
	}
	_, err := Simulate(t.Context(), &Truncated{}, none, 2, 10, nil)
	require.ErrorIs(t, err, ErrRange)
	_, err = Rounds(t.Context(), lost, none, []float64{0, 0}, 10, &RoundsSettings{Settings: *quick()})
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "round 0: prior: LogProb is −Inf at all of its own draws")
}

// x = θ + 0.1 z at 100, where N(0, 1) never is: no round goes further than a tenth beyond
// what was simulated, and every one says so.
func TestRoundsDoNotRunAway(t *testing.T) {
	prior := Normal{[]float64{0}, []float64{1}}
	s := &RoundsSettings{Settings: *quick(), Rounds: 3, Draws: 100}
	s.Training.Steps = 60
	largest := 0.0
	post, err := Rounds(t.Context(), prior, watched{&largest}, []float64{100}, 200, s)
	require.NoError(t, err)
	require.Less(t, largest, 5.0)
	told := 0
	for _, text := range post.Warnings {
		if strings.Contains(text, "column 0 of x: row 0 is 100") {
			told++
		}
	}
	require.Equal(t, 3, told, post.Warnings)
	require.Contains(t, strings.Join(post.Warnings, "\n"), "round 2: column 0 of x")
}

// watched simulates shifted{0.1}, fails for some θ, and keeps the largest one. It is for one
// goroutine.
type watched struct{ largest *float64 }

func (w watched) Simulate(x, theta []float64, rng *rand.Rand) error {
	*w.largest = max(*w.largest, theta[0])
	return shifted{0.1}.Simulate(x, theta, rng)
}

// Half of the prior fails, which is nowhere near the posterior of the later rounds.
func TestWarningsOfAllRoundsAreKept(t *testing.T) {
	s := &RoundsSettings{Settings: *quick(), Rounds: 2, Draws: 100}
	s.Net, s.Embed = nn.MLP{Hidden: []int{16}}, nn.Linear{Out: 2}
	s.Training = score.Settings{Steps: 100, Batch: 64}
	post, err := Rounds(t.Context(), Normal{[]float64{0}, []float64{1}}, negative{}, []float64{1.5}, 400, s)
	require.NoError(t, err)
	require.Contains(t, strings.Join(post.Warnings, "\n"), "round 0: ")
	require.Regexp(t, `round 0: \d+ of 400 simulations`, strings.Join(post.Warnings, "\n"))
}

type negative struct{}

func (negative) Simulate(x, theta []float64, rng *rand.Rand) error {
	if theta[0] < 0 {
		return errors.New("below 0")
	}
	return shifted{0.1}.Simulate(x, theta, rng)
}

func TestTruncationEndsWhereNothingWasSimulated(t *testing.T) {
	prior := Normal{[]float64{0}, []float64{1}}
	simulated := mat.NewDense(3, 1, []float64{-2, 0, 2})
	far := truncate(prior, mat.NewDense(2, 1, []float64{50, 99}), simulated)
	require.InDeltaSlice(t, []float64{1.6, 2.4}, []float64{far.Low[0], far.High[0]}, 1e-12)
	require.NoError(t, far.Validate())
	near := truncate(prior, mat.NewDense(2, 1, []float64{0, 1}), simulated)
	require.InDeltaSlice(t, []float64{-0.1, 1.1}, []float64{near.Low[0], near.High[0]}, 1e-12)
	require.Nil(t, truncate(law{prior, func([]float64) float64 { return math.Inf(-1) }}, mat.NewDense(2, 1, []float64{0, 1}), simulated))
}

package learn

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/score"
)

// losses keeps what is recorded.
type losses []float64

func (l *losses) Record(m score.Metrics) error {
	*l = append(*l, m.Loss)
	return nil
}

// line learns y = 2x − 1.
func line(ctx context.Context, steps, workers int) ([]float32, losses) {
	x, y := ad.Input("x", 1), ad.Input("y", 1)
	params, seen, rng := &nn.Params{}, losses{}, rand.New(rand.NewPCG(1, 1))
	loss := ad.Square(ad.Sub(nn.Linear{Out: 1}.Apply(nn.NewBuild(params), x), y))
	theta := Minimise(ctx, params, loss, []*ad.Expr{x, y}, func(batch [][]float32) {
		for i := range batch[0] {
			batch[0][i] = float32(rng.NormFloat64())
			batch[1][i] = 2*batch[0][i] - 1
		}
	}, &Settings{Steps: steps, Batch: 32, Rate: optim.Constant(0.02), Optimizer: &optim.Adam[float32]{}, Crew: pool.New(workers), Recorder: &seen})
	return theta, seen
}

func TestALineIsLearned(t *testing.T) {
	theta, seen := line(t.Context(), 600, 1)
	require.ElementsMatch(t, []int{2, -1}, []int{round(theta[0]), round(theta[1])})
	require.Len(t, seen, 600)
	require.Less(t, seen[599], 1e-3*seen[0])
	again, _ := line(t.Context(), 600, 3)
	require.Equal(t, theta, again)
}

func round(v float32) int {
	if v < 0 {
		return -round(-v)
	}
	return int(v + 0.5)
}

func TestAnInterruptEndsTheSteps(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, seen := line(ctx, 10, 1)
	require.Empty(t, seen)
}

package record_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/score"
)

// normals is a score.Data of standard normals.
type normals struct{}

func (normals) Batch(x, _ *mat.Dense, _, _ int, rng *rand.Rand) error {
	x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
	return nil
}

func (normals) Dims() (d, cond int) { return 2, 0 }

// newModel returns a model that is cheap to train.
func newModel(t *testing.T) *score.Model {
	m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}})
	require.NoError(t, err)
	return m
}

// quick returns the settings of a short run whose held-out loss is looked at
// every ten steps.
func quick(steps int) *score.Settings {
	return &score.Settings{
		Steps: steps, Batch: 48, References: score.None, Rate: optim.Constant(3e-3), Seed: 4,
		Validation: score.Validation{Data: normals{}, Rows: 100, Every: 10},
	}
}

// firstWeight returns the first weight of a model's network.
func firstWeight(t *testing.T, m *score.Model) float64 {
	path := t.TempDir() + "/m"
	require.NoError(t, m.SaveFile(path))
	f, err := checkpoint.ReadFile(path)
	require.NoError(t, err)
	for _, tensor := range f.Tensors {
		if v, ok := tensor.Data.([]float32); ok {
			return float64(v[0])
		}
	}
	require.Fail(t, "no weights")
	return 0
}

var errStop = errors.New("stop")

// recorded keeps what it is told.
type recorded struct{ metrics []score.Metrics }

func (r *recorded) Record(m score.Metrics) error {
	r.metrics = append(r.metrics, m)
	return nil
}

// failing is a Recorder that fails with its error.
type failing struct{ err error }

func (f failing) Record(score.Metrics) error { return f.err }

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func contents(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

//go:build amd64 && !amd64.v3

package score

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
)

// The hashes of what a small run leaves change when the numbers of the library
// change, which breaks what users have recorded and is to be said in the commit.
// They hold for processors with AVX2 and FMA: without FMA package math rounds
// otherwise.
func TestNumbersAreThoseRecorded(t *testing.T) {
	if !cpu.X86.HasFMA || !cpu.X86.HasAVX2 {
		return
	}
	m := newModel(t, 2, Config{Net: nn.RecipeMLP(2, 24), Seed: 3})
	rows, err := Rows(normals(500, 2, 7), nil)
	require.NoError(t, err)
	r, err := Fit(t.Context(), m, rows, &Settings{Steps: 200, Batch: 96, References: 192, Seed: 5, Validation: Validation{Rows: None}})
	require.NoError(t, err)
	require.Equal(t, goldenWeights, hash(widen(r.Raw)))

	for name, c := range map[string]struct {
		pred sampler.Predictor
		corr sampler.Corrector
	}{
		"EulerMaruyama":       {sampler.EulerMaruyama{}, nil},
		"predictor-corrector": {sampler.EulerMaruyama{}, sampler.Langevin{}},
		"DDIM":                {sampler.DDIM{}, nil},
		"Heun":                {sampler.Heun{}, nil},
		"DPMpp2M":             {sampler.DPMpp2M{}, nil},
	} {
		x := mat.NewDense(1000, 2, nil)
		s := &sampler.Settings{Grid: grid.Default(m.Process(), 10), Seed: 9, Corrector: c.corr}
		require.NoError(t, sampler.Sample(t.Context(), x, m.Problem(), c.pred, s))
		require.Equal(t, goldenSamples[name], hash(x.RawMatrix().Data), name)
	}
}

func hash(v []float64) string {
	h := fnv.New64a()
	var b [8]byte
	for _, x := range v {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(x))
		h.Write(b[:])
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

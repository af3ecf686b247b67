//go:build (amd64 && !amd64.v3) || (arm64 && !purego)

package score

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/cpu"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// The hashes of what a small run leaves change when the numbers of the library
// change, which breaks what users have recorded and is to be said in the commit.
// They hold for processors with AVX2 and FMA: without FMA package math rounds
// otherwise. Of arm64 only the weights that Adam trains do: what networks compute has the
// same bits, but the float64 around it, of SOAP's bases and of samplers, has not, since
// the compiler fuses products and sums there, in package math too.
func TestNumbersAreThoseRecorded(t *testing.T) {
	if !roundsAsRecorded() || compilerFuses() {
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

// Labels are not numbers for each class any more; the hashes are those of when they
// were.
func TestNumbersOfConditionalModelsAreThoseRecorded(t *testing.T) {
	if !roundsAsRecorded() || compilerFuses() {
		return
	}
	const n = 300
	for i, c := range []Conditions{
		{Classes: []int{3}},
		{Columns: 2, Classes: []int{3, 40}},
		{Classes: []int{50}, Embed: nn.Linear{Out: 8, Bias: nn.None{}}},
		{Classes: []int{1000}},
	} {
		m := newModel(t, 2, Config{Net: nn.RecipeMLP(2, 24), Seed: 3, Cond: c})
		x, cond := normals(n, 2, 7), mat.NewDense(n, c.count(), nil)
		cond.Apply(func(r, j int, _ float64) float64 {
			if j < c.Columns {
				return x.At(r, 0)
			}
			return float64(r * 7 % c.Classes[j-c.Columns])
		}, cond)
		rows, err := Rows(x, cond)
		require.NoError(t, err)
		r, err := Fit(t.Context(), m, rows, &Settings{Steps: 40, Batch: 96, References: 192, Seed: 5, DropCond: 0.2})
		require.NoError(t, err)
		require.Equal(t, goldenConditional[i][0], hash(widen(r.Raw)), "%#v", c)
		drawn := mat.NewDense(n, 2, nil)
		for k, p := range []sde.Problem{m.Given(cond).Problem(), m.Given(cond.Slice(3, 4, 0, c.count()).(*mat.Dense)).Problem(), m.Problem()} {
			require.NoError(t, sampler.Sample(t.Context(), drawn, p, sampler.DDIM{}, &sampler.Settings{Grid: grid.Default(m.Process(), 10), Seed: 1}))
			require.Equal(t, goldenConditional[i][1+k], hash(drawn.RawMatrix().Data), "%#v %d", c, k)
		}
	}
}

func TestNumbersOfNetworksOverPositionsAreThoseRecorded(t *testing.T) {
	if !roundsAsRecorded() {
		return
	}
	for name, net := range map[string]nn.Module{"U-Net": smallUNet, "transformer": smallTransformer} {
		m := newModel(t, 16, Config{Net: net, Seed: 3})
		rows, err := Rows(stripes(200), nil)
		require.NoError(t, err)
		r, err := Fit(t.Context(), m, rows, &Settings{Steps: 30, Batch: 32, References: 64, Seed: 5, Rate: optim.Constant(5e-3), Validation: Validation{Rows: None}})
		require.NoError(t, err)
		require.Equal(t, goldenPositions[name][0], hash(widen(r.Raw)), name)
		if compilerFuses() {
			continue
		}
		x := mat.NewDense(20, 16, nil)
		require.NoError(t, sampler.Sample(t.Context(), x, m.Problem(), sampler.DDIM{}, &sampler.Settings{Grid: grid.Default(m.Process(), 6), Seed: 9}))
		require.Equal(t, goldenPositions[name][1], hash(x.RawMatrix().Data), name)
	}
}

func roundsAsRecorded() bool {
	return runtime.GOARCH == "arm64" || cpu.X86.HasFMA && cpu.X86.HasAVX2
}

// compilerFuses reports whether the compiler rounds the sum of a product and a number
// once.
func compilerFuses() bool { return squarePlus(1+0x1p-30, -1-0x1p-29) != 0 }

//go:noinline
func squarePlus(x, y float64) float64 { return x*x + y }

func hash(v []float64) string {
	h := fnv.New64a()
	var b [8]byte
	for _, x := range v {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(x))
		h.Write(b[:])
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

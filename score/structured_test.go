package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// Networks over positions of samples of sixteen numbers.
var (
	smallUNet        = nn.UNet{Size: []int{4, 4}, Channels: []int{8, 8}, Heads: 2}
	smallTransformer = nn.Transformer{Size: []int{4, 4}, Patch: 2, Width: 16, Blocks: 1, Heads: 2, Hidden: 16}
)

// stripes are small pictures of waves across or along.
func stripes(n int) *mat.Dense {
	x := mat.NewDense(n, 16, nil)
	noise := normals(n, 17, 3)
	x.Apply(func(i, j int, _ float64) float64 {
		at := []int{j / 4, j % 4}[i%2]
		return math.Sin(math.Pi/2*float64(at)+noise.At(i, 16)) + 0.1*noise.At(i, j)
	}, x)
	return x
}

func TestNetworksOverPositionsTrainAndSampleWithTheSameBitsForAnyWorkers(t *testing.T) {
	for name, net := range map[string]nn.Module{"U-Net": smallUNet, "transformer": smallTransformer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var weights []float32
			var samples *mat.Dense
			for _, workers := range []int{1, 2, 3, 7} {
				m, err := New(16, &Config{Net: net, Seed: 3})
				require.NoError(t, err)
				data, err := Rows(stripes(200), nil)
				require.NoError(t, err)
				seen := &recorded{}
				fit(t, m, data, &Settings{Steps: 80, Batch: 32, References: 64, Rate: optim.Constant(5e-3), Seed: 4, Workers: workers, Recorder: seen})
				early, late := 0.0, 0.0
				for i := range 20 {
					early, late = early+seen.metrics[i].Loss, late+seen.metrics[79-i].Loss
				}
				require.Less(t, late, 0.95*early)

				x := mat.NewDense(20, 16, nil)
				require.NoError(t, sampler.Sample(background, x, m.Problem(), sampler.DPMpp2M{}, &sampler.Settings{Grid: grid.Default(m.Process(), 6), Seed: 5, Workers: workers}))
				require.Equal(t, -1, indexNonFinite(x.RawMatrix().Data))
				if weights == nil {
					weights, samples = m.theta, x
				}
				require.Equal(t, weights, m.theta)
				require.Equal(t, samples, x)
			}
		})
	}
}

func TestEnergiesOfNetworksOverPositionsHaveTheirScore(t *testing.T) {
	const n, h = 3, 1e-5
	for name, net := range map[string]nn.Module{
		"U-Net": smallUNet, "transformer": smallTransformer, "mixer": nn.Mixer{Size: []int{4, 4}, Patch: 2, Width: 4, Blocks: 1},
	} {
		m := newModel(t, 16, Config{Net: nn.Energy{Net: nn.Sequential{net, nn.Linear{Out: 1}}}}).Float64()
		x, at := normals(n, 16, 1), spread(sde.EDM{}, n)
		s := mat.NewDense(n, 16, nil)
		m.Unconditional().Score(s, x, at)
		for _, j := range []int{0, 7, 15} {
			up, down := mat.DenseCopyOf(x), mat.DenseCopyOf(x)
			for i := range n {
				up.Set(i, j, x.At(i, j)+h*at[i])
				down.Set(i, j, x.At(i, j)-h*at[i])
			}
			high, low := make([]float64, n), make([]float64, n)
			m.Unconditional().Energy(high, up, at)
			m.Unconditional().Energy(low, down, at)
			for i, σ := range at {
				slope := (high[i] - low[i]) / (up.At(i, j) - down.At(i, j))
				require.InDelta(t, -s.At(i, j)*σ, slope*σ, 1e-5*(1+1/σ), "%s at %v", name, σ)
			}
		}
	}
}

// One network of columns as tokens answers for any columns given any others.
func TestColumnsAsTokensLearnConditionalsAndMarginals(t *testing.T) {
	long(t)
	net := nn.TabularTransformer{Width: 16, Blocks: 2, Heads: 2, Hidden: 32}
	m, err := New(2, &Config{ColumnLevels: true, Net: net})
	require.NoError(t, err)
	fit(t, m, Draws(2, leaning), &Settings{Steps: 800, Batch: 128, References: 256, Rate: optim.RecipeRate(800), Seed: 2})
	off := conditionalError(t, m)
	t.Logf("error of the denoiser: %.3f", off)
	require.Less(t, off, .3) // without x₀ it would be .6
}

// The exact divergence, a sum over directions, is that of differences.
func TestDivergencesOfNetworksMatchCentralDifferences(t *testing.T) {
	const n, h = 2, 1e-5
	for name, c := range map[string]Config{"U-Net": {Net: smallUNet}, "transformer": {Net: smallTransformer}, "norm and gates": libraryModels["norm and gates"]} {
		m := newModel(t, 16, c).Float64()
		x, at := normals(n, 16, 1), []float64{0.3, 2}
		s, div := mat.NewDense(n, 16, nil), make([]float64, n)
		m.Unconditional().Divergence(s, div, x, at)
		want := make([]float64, n)
		for j := range 16 {
			up, down := mat.DenseCopyOf(x), mat.DenseCopyOf(x)
			for i := range n {
				up.Set(i, j, x.At(i, j)+h)
				down.Set(i, j, x.At(i, j)-h)
			}
			high, low := mat.NewDense(n, 16, nil), mat.NewDense(n, 16, nil)
			m.Unconditional().Score(high, up, at)
			m.Unconditional().Score(low, down, at)
			for i := range want {
				want[i] += (high.At(i, j) - low.At(i, j)) / (2 * h)
			}
		}
		for i := range want {
			require.InDelta(t, want[i], div[i], 1e-6*math.Abs(want[i]), name)
		}
	}
}

// onlooker is an observer that looks at nothing.
type onlooker struct{}

func (onlooker) Observe(int, float64, mat.Matrix) error { return nil }

// Rows are shared by the sampler among its workers, and by a View, which is asked
// directly, among the processors: nothing depends on who shares, and how.
func TestSharedEvaluationsOfPicturesHaveTheBitsOfLoneOnes(t *testing.T) {
	const n = 130
	m := newModel(t, 16, Config{Net: smallUNet, Cond: Conditions{Classes: []int{3}}})
	labels := mat.NewDense(n, 1, nil)
	for i := range n {
		labels.Set(i, 0, float64(i%3))
	}
	given := m.Given(labels)
	p := given.Problem()
	x, shared, alone := normals(n, 16, 1), mat.NewDense(n, 16, nil), mat.NewDense(n, 16, nil)
	given.Score(shared, x, []float64{0.5})
	p.Score.Score(alone, x, []float64{0.5})
	require.Equal(t, alone, shared)
	require.Equal(t, given.Problem(), p.Score.(*View).Problem())

	var samples *mat.Dense
	var logp []float64
	for _, observer := range []sampler.Observer{nil, onlooker{}} {
		for _, workers := range []int{1, 2, 3, 7} {
			y := mat.NewDense(n, 16, nil)
			require.NoError(t, sampler.Sample(background, y, p, sampler.Heun{}, &sampler.Settings{Grid: grid.Default(m.Process(), 5), Seed: 5, Workers: workers, Observer: observer}))
			if samples == nil {
				samples = y
			}
			require.Equal(t, samples, y, "%d workers, observer %T", workers, observer)
		}
	}
	q := m.Given(mat.NewDense(1, 1, nil)).Problem()
	for _, workers := range []int{1, 2, 3, 7} {
		l := make([]float64, 9)
		_, err := sampler.LogProb(background, l, x.Slice(0, 9, 0, 16).(*mat.Dense), q, &sampler.FlowSettings{RTol: 1e-2, ATol: 1e-2, Probes: 1, Workers: workers})
		require.NoError(t, err)
		if logp == nil {
			logp = l
		}
		require.Equal(t, logp, l, "%d workers", workers)
	}
}

func TestEvaluationsAreSharedWhereTheyTakeLong(t *testing.T) {
	shared := func(net nn.Module, d, n int) bool {
		m, err := New(d, &Config{Net: net})
		require.NoError(t, err)
		return m.eval.(*engine[float32]).form(scoreForm, place{coeffs: make([]float64, m.coeffsAt())}).worthSharing(n)
	}
	mlp, picture := nn.MLP{Hidden: []int{128, 128, 128}}, nn.UNet{Size: []int{28, 28}, Channels: []int{32, 64}, Patch: 2}
	require.False(t, shared(mlp, 2, 256), "half of a sampler's chunk")
	require.True(t, shared(mlp, 2, 2048))
	require.True(t, shared(picture, 28*28, 4))
}

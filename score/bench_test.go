package score

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
)

// concatenated is the network of the speed comparisons: the row beside 64
// waves of the time, hidden layers of one width with SiLU, and d outputs. Output
// weights of zero make its untrained score the one of a Gaussian, so that
// samples stay where data are.
type concatenated struct {
	Width, Depth int
	High         float64 // the highest frequency of the waves, from 1 up
}

func (c concatenated) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	e := nn.TimeFourier{N: 32, Low: 1, High: c.High}.Apply(b, b.Time)
	first := b.Scope("first")
	h := ad.Affine(x, first.Param("x", x.Cols(), c.Width, nn.He{}),
		ad.Affine(e, first.Param("time", e.Cols(), c.Width, nn.He{}), first.Param("bias", 1, c.Width, nn.Zeros{})))
	for l := range c.Depth - 1 {
		h = nn.Linear{Out: c.Width}.Apply(b.Scope(fmt.Sprintf("hidden%d", l)), ad.SiLU(h))
	}
	return nn.Linear{Out: x.Cols(), Init: nn.Zeros{}}.Apply(b.Scope("output"), ad.SiLU(h))
}

// sizes are the configurations of the speed comparisons.
var sizes = []struct {
	name                    string
	dim, width, depth, rows int
}{
	{"S", 2, 128, 3, 512},
	{"T", 2, 64, 3, 256},
	{"M", 16, 256, 4, 1024},
	{"L", 64, 512, 4, 1024},
	{"XL", 784, 1024, 4, 256},
}

func sized(b *testing.B, c Precond, dim, width, depth int) *Model {
	m, err := New(dim, &Config{Process: sde.VP{}, Precond: c, Net: concatenated{width, depth, 1000}})
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// benchmarkSteps makes steps, after one that warms up, and returns the work of a row.
func benchmarkSteps(b *testing.B, m *Model, data Data, s Settings) float64 {
	t, err := newTrainer(b.Context(), m, data, s)
	if err != nil {
		b.Fatal(err)
	}
	if err := t.one(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := t.one(); err != nil {
			b.Fatal(err)
		}
	}
	return t.program.Work()
}

// BenchmarkFitStep is a whole training step: data, times, noise, embedding,
// forward, backward, Adam and the moving average.
func BenchmarkFitStep(b *testing.B) {
	for _, c := range sizes {
		benchmarkFitStep(b, c.name, c.dim, c.width, c.depth, c.rows, 0)
	}
}

// BenchmarkFitStepBFloat16 is BenchmarkFitStep of the wide networks with products of
// bfloat16.
func BenchmarkFitStepBFloat16(b *testing.B) {
	for _, c := range sizes[2:] {
		benchmarkFitStep(b, c.name, c.dim, c.width, c.depth, c.rows, halves())
	}
}

// halves is the order for which the machine has instructions, if it has any.
func halves() ad.BFloat16 { return cmp.Or(ad.FastBFloat16(), ad.BFloat16Tiles) }

func benchmarkFitStep(b *testing.B, name string, dim, width, depth, batch int, order ad.BFloat16) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("%s/workers=%d", name, workers), func(b *testing.B) {
			m := sized(b, Epsilon{}, dim, width, depth)
			rows, err := Rows(normals(20000, dim, 1), nil)
			if err != nil {
				b.Fatal(err)
			}
			s, err := (&Settings{
				Steps: 1 << 30, BFloat16: order, Batch: batch, Independent: true, References: None, Workers: workers,
				Weight: Simple{}, Times: UniformTimes{}, Rate: optim.Constant(1e-3),
			}).withDefaults()
			if err != nil {
				b.Fatal(err)
			}
			benchmarkSteps(b, m, rows, s)
			seconds := b.Elapsed().Seconds() / float64(b.N)
			weights := 0
			for _, e := range m.params.Entries() {
				if e.Rows > 1 {
					weights += e.Rows * e.Cols
				}
			}
			b.ReportMetric(float64(batch)/seconds, "rows/s")
			b.ReportMetric(6*float64(weights)*float64(batch)/seconds/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkRecipeStep is a step of the default settings on fresh draws of the
// moons.
func BenchmarkRecipeStep(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			m, err := New(2, nil)
			if err != nil {
				b.Fatal(err)
			}
			s, err := (&Settings{Workers: workers}).withDefaults()
			if err != nil {
				b.Fatal(err)
			}
			benchmarkSteps(b, m, Draws(2, dataset.NewMoons), s)
		})
	}
}

// BenchmarkScore evaluates the score at one time for all rows.
func BenchmarkScore(b *testing.B) {
	for _, c := range []int{0, 2} {
		for _, n := range []int{1, 8, 64, 512, 10000} {
			b.Run(fmt.Sprintf("%s/rows=%d", sizes[c].name, n), func(b *testing.B) {
				m := sized(b, Epsilon{}, sizes[c].dim, sizes[c].width, sizes[c].depth)
				x, s := normals(n, m.dim, 1), mat.NewDense(n, m.dim, nil)
				t := []float64{0.5}
				m.Unconditional().Score(s, x, t)
				b.ReportAllocs()
				for b.Loop() {
					m.Unconditional().Score(s, x, t)
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// BenchmarkDivergence evaluates score and exact divergence.
func BenchmarkDivergence(b *testing.B) {
	const n = 512
	for _, c := range []int{0, 2, 3} {
		b.Run(sizes[c].name, func(b *testing.B) {
			m := sized(b, Epsilon{}, sizes[c].dim, sizes[c].width, sizes[c].depth)
			x, s := normals(n, m.dim, 1), mat.NewDense(n, m.dim, nil)
			div, t := make([]float64, n), []float64{0.5}
			m.Unconditional().Divergence(s, div, x, t)
			b.ReportAllocs()
			for b.Loop() {
				m.Unconditional().Divergence(s, div, x, t)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkSample draws samples with the S network.
func BenchmarkSample(b *testing.B) {
	m := sized(b, EDM{}, 2, 128, 3)
	for _, c := range []struct {
		name   string
		pred   sampler.Predictor
		n      int
		points int
		s      sampler.Settings
	}{
		{"EulerMaruyama/steps=500", sampler.EulerMaruyama{}, 2000, 501, sampler.Settings{Final: sampler.FinalState}},
		{"PredictorCorrector/steps=500", sampler.EulerMaruyama{}, 2000, 501, sampler.Settings{Final: sampler.FinalState, Corrector: sampler.Langevin{}}},
		{"Heun/steps=18", sampler.Heun{}, 10000, 19, sampler.Settings{Final: sampler.FinalState}},
		{"DPMpp2M/evaluations=20", sampler.DPMpp2M{}, 10000, 20, sampler.Settings{}},
	} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/workers=%d", c.name, workers), func(b *testing.B) {
				s := c.s
				s.Grid, s.Workers = grid.Default(m.Process(), c.points), workers
				x := mat.NewDense(c.n, 2, nil)
				b.ReportAllocs()
				for b.Loop() {
					if err := sampler.Sample(b.Context(), x, m.Problem(), c.pred, &s); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(c.n*b.N)/b.Elapsed().Seconds(), "samples/s")
			})
		}
	}
}

// BenchmarkLogProb is the exact log-density of 2,000 rows with the S network. How
// many steps it takes depends on what the network has learned.
func BenchmarkLogProb(b *testing.B) {
	const n = 2000
	m, err := New(2, &Config{Process: sde.VP{}, Net: concatenated{128, 3, 8}})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := Fit(b.Context(), m, moons(), &Settings{Steps: 2000}); err != nil {
		b.Fatal(err)
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("S/workers=%d", workers), func(b *testing.B) {
			x, dst := dataset.Sample(dataset.NewMoons(rand.NewPCG(1, 1)), n), make([]float64, n)
			evaluations := 0
			b.ReportAllocs()
			for b.Loop() {
				r, err := sampler.LogProb(b.Context(), dst, x, m.Problem(), &sampler.FlowSettings{Workers: workers})
				if err != nil {
					b.Fatal(err)
				}
				evaluations = r.Total
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "points/s")
			b.ReportMetric(float64(evaluations)/n, "evaluations/point")
		})
	}
}

// BenchmarkObserve scores a sampler's chunk of rows of ten columns, all of which are
// drawn, or half of which are left out and three drawn given two.
func BenchmarkObserve(b *testing.B) {
	const n, d = 512, 10
	m, err := New(d, &Config{ColumnLevels: true})
	require.NoError(b, err)
	values := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range 5 {
			values.Set(i, j, math.Inf(1))
		}
		for j := 5; j < 8; j++ {
			values.Set(i, j, math.NaN())
		}
	}
	x, dst := normals(n, d, 1), mat.NewDense(n, d, nil)
	for name, v := range map[string]*View{"all drawn": m.Unconditional(), "three drawn": m.Observe(Observed{Values: values})} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v.Score(dst, x, []float64{1})
			}
		})
	}
}

// BenchmarkDropoutStep is a step of the network of a few hundred rows, without
// dropout and with it.
func BenchmarkDropoutStep(b *testing.B) {
	for _, regularize := range []float64{None, 0.1} {
		b.Run(fmt.Sprintf("regularize=%v", max(regularize, 0)), func(b *testing.B) {
			m, err := New(10, &Config{Net: nn.MLP{Hidden: []int{116, 116, 116}}})
			if err != nil {
				b.Fatal(err)
			}
			rows, err := Rows(normals(300, 10, 1), nil)
			if err != nil {
				b.Fatal(err)
			}
			s, err := (&Settings{Regularize: regularize, Workers: 1}).withDefaults()
			if err != nil {
				b.Fatal(err)
			}
			benchmarkSteps(b, m, rows, s)
		})
	}
}

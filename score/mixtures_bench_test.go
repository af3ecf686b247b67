package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// BenchmarkMixtures learns mixtures of 4 and 16 normals with full covariances from draws without
// an end, in 5,000 steps of the width and batch of the recipe: by the recipe of before for
// so many columns, with Adam and 1,024 references (w), by that of now, and by SOAP on both sides
// with and without references. excess is E‖ε_net − ε_exact‖² over the
// training times.
func BenchmarkMixtures(b *testing.B) {
	for _, size := range [][2]int{{4, 16}, {4, 64}, {16, 16}, {16, 64}} {
		k, d := size[0], size[1]
		former := nn.MLP{
			Hidden: []int{116, 116, 116}, Activation: nn.SiLU{},
			Time: nn.TimeFourier{N: 4, Low: 0.5, High: 8},
		}
		plain := nn.RecipeMLP(d, 116)
		plain.Features = nil
		both := func(rate float64, references int) *Settings {
			return &Settings{Optimizer: &optim.SOAP[float32]{BothSides: true}, References: references, Times: LogNormal{}, Rate: optim.WarmUp{Steps: 500, Then: optim.Cosine{Peak: rate, Floor: rate / 100, Steps: 4500}}}
		}
		for _, c := range []struct {
			name string
			net  nn.Module
			s    *Settings
		}{
			{"w", former, &Settings{References: 1024, Times: LogNormal{}, Optimizer: &optim.Adam[float32]{}}},
			{"recipe", nil, &Settings{}},
			{"both .015", plain, both(.015, None)},
			{"both .015 references", plain, both(.015, 1024)},
			{"both .025", plain, both(.025, None)},
		} {
			b.Run(fmt.Sprintf("k=%d/d=%d/%s", k, d, c.name), func(b *testing.B) {
				for range b.N {
					m, err := New(d, &Config{Net: c.net, Seed: 1})
					require.NoError(b, err)
					s := *c.s
					s.Steps, s.Seed, s.Scaling = 5000, 1, CommonScale
					_, err = Fit(background, m, Draws(d, func(src rand.Source) dataset.Distribution { return correlated(b, k, d, 1, src) }), &s)
					require.NoError(b, err)
					b.ReportMetric(excessOf(m, correlated(b, k, d, 1, rand.NewPCG(0, 2))), "excess")
				}
			})
		}
	}
}

// excessOf returns E‖ε_net − ε_exact‖² over the training times of the recipe of before, 64
// levels at its quantiles, 64 rows each.
func excessOf(m *Model, law *dataset.Mixture) float64 {
	const levels, rows = 64, 64
	rng := rand.New(rand.NewPCG(0, 3))
	frame := m.Frame()
	shift, scale := frame.Shift, frame.Scale
	sum := 0.0
	for k := range levels {
		t := LogNormal{}.Quantile(m.process, (float64(k)+0.5)/levels)
		α, σ := m.process.Kernel(t)
		x := dataset.Sample(law, rows)
		exact := law.Diffuse(α/scale[0], σ) // of α(x − shift)/scale + σz, but for the shift
		y, s := mat.NewDense(rows, m.dim, nil), mat.NewDense(rows, m.dim, nil)
		y.Apply(func(i, j int, _ float64) float64 { return α/scale[0]*(x.At(i, j)-shift[j]) + σ*rng.NormFloat64() }, y)
		m.Unconditional().Score(s, y, []float64{t})
		at := make([]float64, m.dim)
		for i := range rows {
			for j := range at {
				at[j] = y.At(i, j) + α*shift[j]/scale[0]
			}
			for j, v := range exact.ScoreInput(nil, at) {
				sum += math.Pow(σ*(s.At(i, j)-v), 2)
			}
		}
	}
	return sum / (levels * rows)
}

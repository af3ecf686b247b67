package score

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// long marks a test that takes training or many draws to show its claim, which
// -short leaves out; it runs beside others.
func long(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
}

// small is a network that is cheap to compile and run.
var small = nn.MLP{Hidden: []int{16, 16}}

// spherical is an energy network with a small trunk.
var spherical = nn.Energy{Net: nn.MLP{Hidden: []int{16, 16}, Out: 1}}

// killed is a network whose output is 0 whatever its weights are.
type killed struct{ Net nn.Module }

func (k killed) Apply(b *nn.Build, x *ad.Expr) *ad.Expr { return ad.Scale(0, k.Net.Apply(b, x)) }

// bare is a process that hides everything but the three methods of an SDE.
type bare struct{ sde.SDE }

var processes = map[string]sde.SDE{"VP": sde.VP{}, "VE": sde.VE{}, "EDM": sde.EDM{}, "bare": bare{sde.VP{}}}

// newModel returns a model with random weights that depend on everything, the
// time too.
func newModel(t testing.TB, d int, c Config) *Model {
	if c.Net == nil {
		c.Net = small
	}
	m, err := New(d, &c)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(3, uint64(d)))
	theta := append([]float32(nil), m.theta...)
	for i := range theta {
		theta[i] += float32(0.2 * rng.NormFloat64())
	}
	m.setWeights(theta)
	return m
}

func normals(n, d int, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 7))
	x := mat.NewDense(n, d, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, x)
	return x
}

// spread returns n times over the span of p, evenly spaced in log σ/α.
func spread(p sde.SDE, n int) []float64 {
	start, end := p.Span()
	from, to := sde.LogSNR(p, start), sde.LogSNR(p, end)
	t := make([]float64, n)
	for i := range t {
		u := (float64(i) + 0.5) / float64(n)
		t[i] = min(max(sde.TimeAt(p, from+u*(to-from)), start), end)
	}
	return t
}

func moons() Data {
	return Draws(2, dataset.NewMoons)
}

// standard serves rows of d independent standard normals.
func standard(d int) Data {
	return Draws(d, func(src rand.Source) gaussian { return gaussian{d, rand.New(src)} })
}

type gaussian struct {
	d   int
	rng *rand.Rand
}

func (g gaussian) Rand(x []float64) []float64 {
	for i := range x {
		x[i] = g.rng.NormFloat64()
	}
	return x
}

// edited changes the rows that another Data serves.
type edited struct {
	Data
	edit func(x *mat.Dense, step, row int)
}

func (e edited) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	err := e.Data.Batch(x, cond, step, row, rng)
	e.edit(x, step, row)
	return err
}

// zScore returns the mean of v in standard errors.
func zScore(v []float64) float64 {
	var mean, square float64
	n := float64(len(v))
	for _, x := range v {
		mean += x / n
	}
	for _, x := range v {
		square += (x - mean) * (x - mean) / (n - 1)
	}
	return mean / math.Sqrt(square/n)
}

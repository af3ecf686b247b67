package inference

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
)

// Parameters at a bound lie a deviation beyond the others, and what is there is the bound.
func TestParametersAtABoundLieNearTheOthers(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		axis  axis
		theta []float64
	}{
		"counts":                {axis{low: 0, high: inf}, []float64{0, 1, 2, 2, 1, 0}},
		"counts from above":     {axis{low: -inf, high: 0}, []float64{0, -1, -2, -2, -1, 0}},
		"a die":                 {axis{low: 1, high: 6}, []float64{1, 2, 3, 4, 5, 6}},
		"a straight die":        {axis{low: 1, high: 6, straight: true}, []float64{1, 2, 3, 4, 5, 6}},
		"a coin":                {axis{low: 0, high: 1}, []float64{0, 1, 1, 0}},
		"heads only":            {axis{low: 0, high: 1}, []float64{1, 1}},
		"zeros only":            {axis{low: 0, high: inf}, []float64{0, 0}},
		"one zero of small":     {axis{low: 0, high: inf}, []float64{0, 1e-300, 1e-299}},
		"no one at the bounds":  {axis{low: 0, high: 1}, []float64{0.2, 0.5}},
		"wide":                  {axis{low: -1e300, high: 1e300}, []float64{-1e300, 0, 1e300}},
		"far and narrow, above": {axis{low: 1e6, high: 1e6 + 1e-3}, []float64{1e6, 1e6 + 5e-4, 1e6 + 1e-3}},
	} {
		a := c.axis
		a.measure(c.theta)
		var u []float64
		for _, v := range c.theta {
			u = append(u, a.toFree(v))
			require.InDelta(t, v, a.fromFree(a.toFree(v)), 1e-9*math.Abs(v), name)
		}
		center, deviation := spread(u)
		for _, v := range u {
			require.LessOrEqual(t, math.Abs(v-center), 3.5*deviation, name)
		}
		for _, v := range []float64{a.low, a.high} { // nobody need be there
			if finite(v) {
				require.LessOrEqual(t, math.Abs(a.toFree(v)-center), 5*deviation, name)
			}
		}
	}
}

// θ = max(0, N(1, 1)), x = θ + 0.2 z: at x = 1 the atom has no share, and the rest is normal
// of mean 1 and deviation 0.2 under the prior's N(1, 1).
func TestClampedPriorsAreLearned(t *testing.T) {
	long(t)
	for name, c := range map[string]struct {
		prior    Prior
		draw     func(z float64) float64
		noise    float64
		x        float64
		mean, sd float64
		share    string
	}{
		"at zero":          {half{}, func(z float64) float64 { return max(0, 1+z) }, 0.2, 1, 1, 0.2 / math.Sqrt(1.04), "bound 0 in"},
		"at zero, from it": {half{}, func(z float64) float64 { return max(0, 1+z) }, 0.2, -0.3, 0, 0, "bound 0 in"},
		"between two":      {Uniform{[]float64{0}, []float64{1}}, func(z float64) float64 { return max(0, min(1, 0.5+0.3*z)) }, 0.1, 0.5, 0.5, 0.1 / math.Sqrt(1+1./9), "bound 1 in"},
	} {
		rng := rand.New(rand.NewPCG(1, 3))
		theta, x := mat.NewDense(2000, 1, nil), mat.NewDense(2000, 1, nil)
		for i := range 2000 {
			v := c.draw(rng.NormFloat64())
			theta.Set(i, 0, v)
			x.Set(i, 0, v+c.noise*rng.NormFloat64())
		}
		s := quick()
		s.Net, s.Embed = nn.MLP{Hidden: []int{48, 48}}, nn.Sequential{nn.Linear{Out: 16}, nn.SiLU{}}
		s.Training.Steps = 400
		post, err := Fit(t.Context(), c.prior, theta, x, s)
		require.NoError(t, err, name)
		v, err := post.Given(one(c.x))
		require.NoError(t, err, name)
		draws := mat.NewDense(1000, 1, nil)
		require.NoError(t, v.Sample(t.Context(), draws, nil), name)
		m := momentsOf(draws)
		require.InDelta(t, c.mean, m.mean[0], 0.1, name)
		require.InDelta(t, c.sd, math.Sqrt(m.cov.At(0, 0)), 0.1, name)
		require.Contains(t, strings.Join(post.Warnings, ""), c.share, name)

		path := filepath.Join(t.TempDir(), "post")
		require.NoError(t, post.SaveFile(path))
		again, err := Open(path, c.prior)
		require.NoError(t, err, name)
		require.Equal(t, post.at.axes, again.at.axes, name)
	}
}

// half is a prior on [0, ∞) that nothing is drawn from.
type half struct{}

func (half) Dim() int                             { return 1 }
func (half) Sample(theta []float64, _ *rand.Rand) {}
func (half) LogProb([]float64) float64            { return 0 }
func (half) Bounds() (low, high []float64)        { return []float64{0}, []float64{math.Inf(1)} }

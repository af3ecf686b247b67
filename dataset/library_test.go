package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat"
)

// form is the distribution of another library's toy. Published is the entropy
// found in the literature, exact the documented one, which is the integral of
// −p log p over [−half, half]² by the trapezoidal rule with steps of h.
type form struct {
	dist             Diffusible
	published, exact float64
	half, h          float64
	even             bool // p(−x) = p(x), so that half of the plane is enough
	n                int  // points for Monte Carlo
}

func forms(seed uint64) map[string]form {
	src := func() rand.Source { return rand.NewPCG(seed, 3) }
	return map[string]form{
		"scikit moons 0.05": {NewScikitMoons(0.05, src()), 0.288, 0.2892, 2.5, 0.04, false, 6_000},
		"scikit moons 0.1":  {NewScikitMoons(0.1, src()), 1.007, 1.0076, 2.7, 0.06, false, 6_000},
		"scikit moons 0.2":  {NewScikitMoons(0.2, src()), 1.677, 1.6775, 3.2, 0.12, false, 6_000},
		"checkerboard":      {NewFFJORDCheckerboard(src()), 3.4657, 3.4657, 4, 0.5, true, 6_000},
		"Gaussians":         {NewFFJORDGaussians(src()), 2.832, 2.8319, 5, 0.2, true, 6_000},
		"rings":             {NewFFJORDRings(src()), 2.623, 2.6232, 3.6, 0.06, true, 6_000},
		"circles":           {NewFFJORDCircles(src()), 3.269, 3.2681, 4.8, 0.15, true, 6_000},
		"moons":             {NewFFJORDMoons(src()), 2.391, 2.3939, 5.2, 0.12, false, 6_000},
		"swiss roll":        {NewFFJORDSwissRoll(src()), 2.670, 2.6696, 4.2, 0.12, false, 6_000},
		"spirals":           {NewFFJORDSpirals(src()), 2.645, 2.6455, 4.2, 0.12, true, 400},
		"pinwheel":          {NewFFJORDPinwheel(src()), 2.312, 2.3178, 5.5, 0.08, false, 6_000},
	}
}

func TestEntropiesOfTheFormsOfOtherLibraries(t *testing.T) {
	t.Parallel()
	for name, f := range forms(1) {
		if testing.Short() && name == "spirals" {
			continue // many components
		}
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				f.n /= 10
			}
			minus := make([]float64, f.n)
			for i := range minus {
				minus[i] = -f.dist.LogProb(f.dist.Rand(nil))
			}
			mean, std := stat.MeanStdDev(minus, nil)
			bound := 4 * std / math.Sqrt(float64(f.n))
			t.Logf("%.4f ± %.4f", mean, bound/4)
			require.InDelta(t, f.published, mean, bound+5e-4)
			require.InDelta(t, f.exact, mean, bound+5e-5)

			if testing.Short() {
				return
			}
			var sum, entropy float64
			right := f.half
			if f.even {
				right = 0
			}
			for x := -f.half + f.h/2; x < right; x += f.h {
				for y := -f.half + f.h/2; y < f.half; y += f.h {
					if l := f.dist.LogProb([]float64{x, y}); l > -700 {
						p := math.Exp(l) * f.h * f.h
						sum += p
						entropy -= p * l
					}
				}
			}
			if f.even {
				sum, entropy = 2*sum, 2*entropy
			}
			require.InDelta(t, 1, sum, 1e-5)
			require.InDelta(t, f.exact, entropy, 1e-4)
		})
	}
}

func TestFormsOfOtherLibrariesAreConsistent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, f := range forms(2) {
		if testing.Short() && name == "spirals" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			requireFollows(t, f.dist, 4.5, 0.6)
			for _, k := range [][2]float64{{0.9, 0.4}, {1, 0.1}} {
				p := f.dist.Diffuse(k[0], k[1])
				for _, x := range points(f.dist, k[0], k[1], 4, 3) {
					s, d := p.ScoreInput(nil, x), p.Denoise(nil, x)
					for i := range x {
						want := derivative(x, i, 1e-3*k[1], p.LogProb)
						require.InDelta(t, want, s[i], 1e-7*(math.Abs(want)+1/k[1]))
						require.InDelta(t, k[0]*d[i], x[i]+k[1]*k[1]*s[i], 1e-12*(1+math.Abs(x[i])))
					}
				}
			}
		})
	}
}

// Points of the curves, from the published definitions by hand.
func TestFormsRunWhereTheyShould(t *testing.T) {
	mean := func(dist Diffusible, k int, v float64) []float64 {
		x, y := dist.(*curve).arms.at(k, v)
		return []float64{x, y}
	}
	moons := NewScikitMoons(0.1, nil)
	x, y := moons.arms.at(1, 0.5)
	require.InDeltaSlice(t, []float64{1, -0.5}, []float64{x, y}, 1e-15)
	require.InDeltaSlice(t, []float64{-3, 0}, mean(NewFFJORDRings(nil), 0, 0.5), 1e-15)
	require.InDeltaSlice(t, []float64{0, 0.75}, mean(NewFFJORDRings(nil), 3, 0.25), 1e-15)
	require.InDeltaSlice(t, []float64{0, -1.5}, mean(NewFFJORDCircles(nil), 1, 0.75), 1e-15)
	require.InDeltaSlice(t, []float64{0, 0.9 * math.Pi}, mean(NewFFJORDSwissRoll(nil), 0, 1), 1e-14)
	require.InDeltaSlice(t, []float64{math.Pi, 0}, mean(NewFFJORDSpirals(nil), 0, 1), 1e-14)
	require.InDelta(t, 2*math.Sqrt2, norm(NewFFJORDGaussians(nil).mean(3)), 1e-3)
	require.InDeltaSlice(t, []float64{0, 0.3}, NewFFJORDMoons(nil).Diffuse(1, 1e3).Denoise(nil, []float64{0, 0}), 1e-4, "their mean")
	for _, bad := range []float64{0, math.NaN(), -1, 2e3} {
		require.PanicsWithValue(t, fmt.Sprintf("dataset: NewScikitMoons: noise is %v, want 0.001 to 1000", bad), func() { NewScikitMoons(bad, nil) })
	}
}

// The square's share of the density in closed form: differences of normal
// distribution functions.
func TestSquaresOfTheSpiralsAreIntegratedExactly(t *testing.T) {
	dist := NewFFJORDSpirals(rand.NewPCG(4, 4))
	const std, side, n = 0.1, 0.5 / 3, 1500
	nodes, weights := make([]float64, n), make([]float64, n)
	quad.Legendre{}.FixedLocations(nodes, weights, 0, 3*math.Pi)
	along := func(d float64) float64 { // of a point at 0 spread over [0, side] and blurred
		return (math.Erf(d/std/math.Sqrt2) - math.Erf((d-side)/std/math.Sqrt2)) / (2 * side)
	}
	for range 100 {
		x := dist.Rand(nil)
		sum := 0.0
		for i, θ := range nodes { // which has the density 2θ/(3π)²
			cx, cy := -θ*math.Cos(θ)/3, θ*math.Sin(θ)/3
			w := weights[i] * 2 * θ / (9 * math.Pi * math.Pi)
			sum += w * (along(x[0]-cx)*along(x[1]-cy) + along(-x[0]-cx)*along(-x[1]-cy)) / 2
		}
		require.InDelta(t, math.Log(sum), dist.LogProb(x), 1e-9)
	}
}

// Every f is among the origins of its own point, also where the map folds.
func TestOriginsOfThePinwheelAreFound(t *testing.T) {
	p := NewFFJORDPinwheel(nil).dist.(*Pinwheel)
	rng := rand.New(rand.NewPCG(5, 5))
	folded := 0
	for range 2000 {
		k, u, v := rng.IntN(pinwheelArms), 1+rng.NormFloat64(), 0.5*rng.NormFloat64()
		x, y := p.place(k, u, v)
		found := p.roots(make([]root, 0, mostRoots), x, -y)
		nearest := math.Inf(1)
		for _, f := range found {
			nearest = min(nearest, math.Hypot(f.u-u, f.v+v)) // the mirror of f
		}
		require.Less(t, nearest, 1e-9, "u %v v %v", u, v)
		require.Less(t, len(found), mostRoots)
		if len(found) > pinwheelArms {
			folded++
		}
	}
	require.Greater(t, folded, 100)
}

func TestScoreOfTheFFJORDPinwheelIsTheGradientOfItsDensity(t *testing.T) {
	dist := NewFFJORDPinwheel(rand.NewPCG(6, 6))
	for range 50 {
		x := dist.Rand(nil)
		got := dist.ScoreInput(nil, x)
		for i := range x {
			want := derivative(x, i, 1e-4, dist.LogProb)
			require.InDelta(t, want, got[i], 1e-6*(1+math.Abs(want)))
		}
	}
	for _, x := range [][]float64{{0, 0}, {1e3, -1e3}, {0, 1e6}} {
		values := append(dist.ScoreInput(nil, x), dist.LogProb(x))
		for _, v := range values {
			require.False(t, math.IsNaN(v) || math.IsInf(v, 0), "%v: %v", x, values)
		}
	}
}

func ExampleNewAffine() {
	large := NewAffine(NewRing(nil), 10, []float64{100, 0})
	fmt.Printf("%.3f\n", large.Diffuse(1, 100).Denoise(nil, []float64{100, 0}))
	// Output: [100.000 0.000]
}

func ExampleNewFFJORDCheckerboard() {
	fmt.Printf("%.4f nats\n", -NewFFJORDCheckerboard(nil).LogProb([]float64{1, 1}))
	// Output: 3.4657 nats
}

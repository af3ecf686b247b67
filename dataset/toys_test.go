package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The accuracy that the documentation states, against a rule with eight times
// the nodes. Distances are in standard deviations of the noise.
func TestQuadratureAlongCurvesHasConverged(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	type stage struct{ distance, logp, score float64 }
	for name, c := range map[string]struct {
		arms   *arms
		stages []stage
	}{
		"moons": {moonsArms(), []stage{
			{0, 1e-12, 1e-12}, {4, 1e-12, 1e-12}, {13, 1e-12, 1e-12}, {40, 1e-11, 1e-11},
			{133, 1e-3, 1e-5}, {13333, 100, 1e-3},
		}},
		"swiss roll": {swissRollArms(), []stage{{0, 1e-10, 1e-9}, {3, 1e-10, 1e-9}, {10, 1e-8, 1e-8}}},
		"spirals":    {spiralsArms(), []stage{{0, 1e-10, 1e-9}, {3, 1e-10, 1e-9}, {10, 1e-8, 1e-8}}},
		// The forms of other libraries.
		"scikit moons": {scikitArms(0.2), []stage{{0, 1e-12, 1e-12}, {4, 1e-12, 1e-12}, {10, 1e-11, 1e-11}}},
		"rings":        {NewFFJORDRings(nil).(*curve).arms, []stage{{0, 1e-10, 1e-9}, {3, 1e-10, 1e-9}}},
		"circles":      {NewFFJORDCircles(nil).(*curve).arms, []stage{{0, 1e-10, 1e-9}, {3, 1e-10, 1e-9}}},
		"roll over 5":  {NewFFJORDSwissRoll(nil).(*curve).arms, []stage{{0, 1e-10, 1e-9}, {3, 1e-10, 1e-9}}},
	} {
		t.Run(name, func(t *testing.T) {
			coarse, fine := c.arms.mixture(c.arms.nodes), c.arms.mixture(8*c.arms.nodes)
			rng := rand.New(rand.NewPCG(1, 1))
			for _, s := range c.stages {
				for range 100 {
					x, y := c.arms.at(rng.IntN(c.arms.count), rng.Float64())
					sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
					p := []float64{
						x + c.arms.std*(s.distance*cos+rng.NormFloat64()),
						y + c.arms.std*(s.distance*sin+rng.NormFloat64()),
					}
					require.InDelta(t, fine.LogProb(p), coarse.LogProb(p), s.logp, "distance %v", s.distance)
					want := fine.ScoreInput(nil, p)
					require.InDeltaSlice(t, want, coarse.ScoreInput(nil, p), s.score*(1+norm(want)), "distance %v", s.distance)
				}
			}
		})
	}
}

// With noise fewer nodes do, against a rule that has converged.
func TestNoiseNeedsFewerNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for name, c := range map[string]struct {
		arms *arms
		tol  float64
	}{
		"moons": {moonsArms(), 1e-12}, "scikit moons": {scikitArms(0.2), 1e-12}, "rings": {NewFFJORDRings(nil).(*curve).arms, 1e-12},
		"swiss roll": {swissRollArms(), 1e-9}, "spirals": {spiralsArms(), 1e-9},
	} {
		t.Run(name, func(t *testing.T) {
			arms, dist, fine := c.arms, newCurve(c.arms, nil), c.arms.mixture(8*c.arms.nodes)
			rng := rand.New(rand.NewPCG(2, 1))
			for _, k := range [][2]float64{{1, 0.03}, {1, 0.075}, {0.9, 0.15}, {0.5, 0.3}, {1, 0.7}, {0.3, 0.95}, {1, 3}, {1, 20}} {
				α, σ := k[0], k[1]
				p, want := dist.Diffuse(α, σ).(*DiffusedMixture), fine.Noised(α, σ)
				require.LessOrEqual(t, p.Len(), arms.count*arms.nodes)
				for _, distance := range []float64{0, 4, 10} { // in deviations
					for range 12 {
						x, y := arms.at(rng.IntN(arms.count), rng.Float64())
						sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
						blur := math.Hypot(α*arms.std, σ)
						at := []float64{
							α*x + blur*(distance*cos+rng.NormFloat64()),
							α*y + blur*(distance*sin+rng.NormFloat64()),
						}
						require.InDelta(t, want.LogProb(at), p.LogProb(at), c.tol, "%v at %v", k, at)
						require.InDeltaSlice(t, want.Denoise(nil, at), p.Denoise(nil, at), c.tol, "%v at %v", k, at)
					}
				}
			}
		})
	}
}

func TestMoonsAreTwoHalfCircles(t *testing.T) {
	for _, c := range []struct {
		arm  int
		u    float64
		want []float64
	}{
		{0, 0, []float64{0.75, -0.375}}, {0, 0.5, []float64{-0.75, 1.125}}, {0, 1, []float64{-2.25, -0.375}},
		{1, 0, []float64{-0.75, 0.375}}, {1, 0.5, []float64{0.75, -1.125}}, {1, 1, []float64{2.25, 0.375}},
	} {
		x, y := moonsCurve(c.arm, c.u)
		require.InDeltaSlice(t, c.want, []float64{x, y}, 1e-15)
	}
}

// The ends of the curves, from the definitions by hand.
func TestRollAndSpiralsRunWhereTheyShould(t *testing.T) {
	for _, c := range []struct {
		arms *arms
		k    int
		v    float64
		want []float64
	}{
		{swissRollArms(), 0, 0, []float64{0, -1.5 * math.Pi / 7}},
		{swissRollArms(), 0, 1, []float64{0, 4.5 * math.Pi / 7}},
		{swissRollArms(), 0, 0.5, []float64{-3 * math.Pi / 7, 0}},
		{spiralsArms(), 0, 0, []float64{0, 0}},
		{spiralsArms(), 0, 1, []float64{3 * math.Pi / 4.7, 0}},
		{spiralsArms(), 1, 1, []float64{-3 * math.Pi / 4.7, 0}},
		{spiralsArms(), 0, 0.5, []float64{0, -1.5 * math.Pi / 4.7}},
	} {
		x, y := c.arms.at(c.k, c.v)
		require.InDeltaSlice(t, c.want, []float64{x, y}, 1e-14)
	}
	require.Equal(t, 0.5, spiralsArms().quantile(0.25))
}

func TestRingHasEightModes(t *testing.T) {
	r := NewRing(nil)
	require.Equal(t, 8, r.Len())
	for k := range 8 {
		require.InDelta(t, 1.4, norm(r.mean(k)), 1e-15)
		require.InDelta(t, 0.01, r.vars[k], 1e-15)
		require.InDeltaSlice(t, []float64{0, 0}, r.ScoreInput(nil, r.mean(k)), 1e-9)
	}
}

func TestCheckerboardIsUniformOnItsCells(t *testing.T) {
	c := NewCheckerboard(rand.NewPCG(1, 1))
	var count [4][4]int
	const n = 16_000
	for range n {
		x := c.Rand(nil)
		require.Equal(t, -math.Log(8), c.LogProb(x))
		count[int(math.Floor(x[0]))+2][int(math.Floor(x[1]))+2]++
	}
	for i := range count {
		for j := range count[i] {
			if (i+j)%2 == 1 {
				require.Zero(t, count[i][j])
				continue
			}
			require.InDelta(t, n/8, count[i][j], 4*math.Sqrt(n*7/64.0))
		}
	}
	for _, x := range [][]float64{{0.5, -0.5}, {2.5, 0.5}, {0.5, -2.5}, {-3, -3}, {math.Inf(1), 0}} {
		require.True(t, math.IsInf(c.LogProb(x), -1), "%v", x)
	}
	require.Equal(t, []float64{0, 0}, c.ScoreInput([]float64{7, 7}, []float64{0.5, 0.5}))
}

// Where the noise is much smaller than a cell, one edge is all that matters:
// p_t = Φ(distance/σ)/8.
func TestCheckerboardEdgeIsAnErrorFunction(t *testing.T) {
	const sigma = 0.01
	p := NewCheckerboard(nil).Diffuse(1, sigma)
	for _, z := range []float64{-8, -2, 0, 1, 5} {
		want := math.Log(math.Erfc(-z/math.Sqrt2) / 16)
		require.InEpsilon(t, want, p.LogProb([]float64{0.5, 2 - z*sigma - 1}), 1e-12)
	}
}

func ExampleCheckerboard() {
	c := NewCheckerboard(rand.NewPCG(1, 2))
	x := Sample(c, 3)
	for i := range 3 {
		fmt.Printf("%.3f\n", c.LogProb(mat.Row(nil, i, x)))
	}
	fmt.Println(c.LogProb([]float64{0.5, -0.5}))
	// Output:
	// -2.079
	// -2.079
	// -2.079
	// -Inf
}

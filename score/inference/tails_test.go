package inference

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

func TestTailsAreOneToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := math.Pow(10, rapid.Float64Range(-6, 6).Draw(t, "unit"))
		s := &tails{rapid.Float64Range(-10, 10).Draw(t, "middle") * unit, unit}
		u := s.middle + s.unit*math.Sinh(rapid.Float64Range(-15, 15).Draw(t, "u"))
		v := s.in(u)
		require.InEpsilon(t, 1+math.Abs(s.units(u)), 1+math.Abs(s.units(s.out(v))), 1e-9)
		const h = 1e-5
		log, derivative := s.logSlope(v)
		require.InDelta(t, -log, math.Log((s.out(v+h*unit)-s.out(v-h*unit))/(2*h*unit)), 1e-3)
		if math.Abs(math.Abs(s.units(v))-reach) > 1 {
			above, _ := s.logSlope(v + h*unit)
			below, _ := s.logSlope(v - h*unit)
			require.InDelta(t, derivative*unit, (above-below)/(2*h), 1e-3)
		}
	})
}

// What is ordinary has no tails, and the same numbers as ever.
func TestOrdinaryColumnsHaveNoTails(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func(i int) float64{
		"normal":       func(int) float64 { return 1e6 + 1e-3*rng.NormFloat64() },
		"uniform":      func(int) float64 { return rng.Float64() },
		"exponential":  func(int) float64 { return rng.ExpFloat64() },
		"constant":     func(int) float64 { return 3 },
		"two numbers":  func(int) float64 { return float64(rng.IntN(2)) },
		"mostly zeros": func(int) float64 { return max(0, rng.Float64()-0.8) },
		"nearly all 0": func(int) float64 { return math.Floor(rng.Float64() * 1.002) },
		"one NaN":      func(i int) float64 { return []float64{math.NaN(), float64(i)}[min(i, 1)] },
	} {
		for _, n := range []int{0, 1, 2, 5, 30, 3000} {
			column := make([]float64, n)
			for i := range column {
				column[i] = draw(i)
			}
			s, l := tailsOf(column)
			require.Nil(t, s, "%s %d", name, n)
			require.Empty(t, l.rows, "%s %d", name, n)
		}
	}
	for range 20 { // ten units are not always far for these, but none is alone
		column := make([]float64, 2000)
		for i := range column {
			column[i] = math.Exp(1.5 * rng.NormFloat64())
		}
		_, l := tailsOf(column)
		require.Empty(t, l.rows)
	}
}

func TestLoneRowsAreFound(t *testing.T) {
	for name, of := range map[string]struct {
		rows  []int
		value float64
	}{
		"one":               {[]int{7}, 1e6},
		"one below":         {[]int{0}, -500},
		"the largest":       {[]int{999}, math.MaxFloat64 / 10},
		"a code":            {[]int{3, 4, 100, 101, 102, 103, 500}, -9999},
		"a frequent code":   {every(5, 1000), -9999},
		"a very small unit": {[]int{1}, 1},
	} {
		rng, column := rand.New(rand.NewPCG(1, 2)), make([]float64, 1000)
		for i := range column {
			column[i] = rng.NormFloat64()
			if name == "a very small unit" {
				column[i] *= 1e-300
			}
		}
		for _, i := range of.rows {
			column[i] = of.value
		}
		s, l := tailsOf(column)
		require.NotNil(t, s, name)
		require.Equal(t, of.rows, l.rows, name)
		text := strings.Join(l.warnings("column 3 of x", column), "")
		require.Contains(t, text, "column 3 of x: ", name)
		require.Contains(t, text, fmt.Sprintf("row %d", of.rows[0]), name)
		require.Contains(t, text, fmt.Sprintf("%.6g", of.value), name)
	}
}

func every(k, n int) (rows []int) {
	for i := 0; i < n; i += k {
		rows = append(rows, i)
	}
	return rows
}

// θ ~ N(0, 1)², x = θ + N(0, 1/4), in units of 1e-3 and 1e3, with offsets: the posterior is
// N(0.8 x, 0.2), whatever a few rows of any column say.
func TestWildRowsDoNotMoveAPosterior(t *testing.T) {
	long(t)
	units, offsets := []float64{1e-3, 1e3}, []float64{0, 1e6}
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 1500
	theta, x := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
	for i := range n {
		for j, u := range units {
			v := rng.NormFloat64()
			theta.Set(i, j, u*v+offsets[j])
			x.Set(i, j, u*(v+0.5*rng.NormFloat64())+offsets[j])
		}
	}
	set := func(m *mat.Dense, column, count int, v float64) {
		for i := range count {
			m.Set(10+i, column, v)
		}
	}
	for name, spoil := range map[string]func(theta, x *mat.Dense){
		"":                    func(_, _ *mat.Dense) {},
		"column 0 of x":       func(_, x *mat.Dense) { set(x, 0, 1, 1e6) },
		"column 1 of x: row":  func(_, x *mat.Dense) { set(x, 1, 1, -1e300) },
		"column 0 of x: 30 r": func(_, x *mat.Dense) { set(x, 0, 30, -9999) },
		"parameter 1":         func(theta, _ *mat.Dense) { set(theta, 1, 1, -1e12) },
		"parameter 0: 10 row": func(theta, x *mat.Dense) { set(theta, 0, 10, 1e9); set(x, 0, 10, -1e9) },
	} {
		theta, x := mat.DenseCopyOf(theta), mat.DenseCopyOf(x)
		spoil(theta, x)
		s := &Settings{Net: nn.MLP{Hidden: []int{24, 24}}, Seed: 1, Workers: 1}
		s.Training = score.Settings{Steps: 150, Batch: 128}
		post, err := Fit(t.Context(), nil, theta, x, s)
		require.NoError(t, err)
		text := strings.Join(post.Warnings, "")
		require.Equal(t, name != "", strings.Contains(text, "far from all others"), text)
		require.Contains(t, text, name)
		v, err := post.Given(one(units[0]+offsets[0], -0.5*units[1]+offsets[1]))
		require.NoError(t, err)
		draws := mat.NewDense(300, 2, nil)
		require.NoError(t, v.Sample(t.Context(), draws, nil))
		m := momentsOf(draws)
		for j, want := range []float64{0.8, -0.4} {
			require.InDelta(t, want, (m.mean[j]-offsets[j])/units[j], 0.15, name)
			require.InDelta(t, math.Sqrt(0.2), math.Sqrt(m.cov.At(j, j))/units[j], 0.12, name)
		}
	}
}

// θ ~ N(0, 1), x = θ + N(0, 1/4) by a Joint.
func TestWildRowsDoNotMoveAJoint(t *testing.T) {
	long(t)
	prior := Normal{[]float64{0}, []float64{1}}
	pairs, err := Simulate(t.Context(), prior, shifted{0.5}, 1, 1500, nil)
	require.NoError(t, err)
	pairs.Theta.Set(5, 0, -1e6)
	pairs.X.Set(7, 0, 1e9)
	s := &Settings{Net: nn.RecipeColumns(2, 24), Seed: 1, Workers: 1}
	s.Training = score.Settings{Steps: 300, Batch: 128, References: score.None}
	j, err := FitJoint(t.Context(), prior, pairs.Theta, pairs.X, s)
	require.NoError(t, err)
	require.Contains(t, strings.Join(j.Warnings, ""), "parameter 0: row 5 is -1e+06, far from all others")
	require.Contains(t, strings.Join(j.Warnings, ""), "column 0 of x: row 7 is 1e+09, far from all others")
	theta, x := mat.NewDense(300, 1, nil), mat.NewDense(300, 1, nil)
	for i := range 300 {
		theta.Set(i, 0, math.NaN())
		x.Set(i, 0, 1)
	}
	require.NoError(t, j.Sample(t.Context(), theta, x, nil))
	require.Equal(t, 1.0, x.At(7, 0))
	m := momentsOf(theta)
	require.InDelta(t, 0.8, m.mean[0], 0.3)
	require.InDelta(t, math.Sqrt(0.2), math.Sqrt(m.cov.At(0, 0)), 0.15)

	// The density of a tail is that of its coordinate, with the slope.
	const h = 0.05
	at, sum := j.tails[0], 0.0
	line, none, logs := mat.NewDense(1000, 1, nil), mat.NewDense(1000, 1, nil), make([]float64, 1000)
	u := make([]float64, 1000)
	for i := range 1000 {
		u[i] = at.middle + at.unit*h*(float64(i)-500+0.5)
		line.Set(i, 0, at.out(u[i]))
	}
	_, err = j.LogProb(t.Context(), logs, none, line, one(math.Inf(1), math.NaN()), nil)
	require.NoError(t, err)
	for i, l := range logs {
		slope, _ := at.logSlope(u[i])
		sum += math.Exp(l-slope) * h * at.unit
	}
	require.InDelta(t, 1, sum, 0.02)
}

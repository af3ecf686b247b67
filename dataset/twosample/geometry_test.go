package twosample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/combin"
	"pgregory.net/rapid"
)

func TestW2IsTheLeastOfAllAssignments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, d, most := rapid.IntRange(1, 6).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "d"), rapid.IntRange(1, 50).Draw(t, "most")
		x, y := values(n, d, most, rapid.Uint64().Draw(t, "x")), values(n, d, most, rapid.Uint64().Draw(t, "y"))
		if rapid.Bool().Draw(t, "scatter") {
			x.Apply(func(i, j int, v float64) float64 { return v + math.Sin(float64(7*i+j)) }, x)
		}
		least := math.Inf(1)
		cost := func(match []int) (sum float64) {
			for i, j := range match {
				for k := range d {
					u := x.At(i, k) - y.At(j, k)
					sum += u * u / float64(n)
				}
			}
			return sum
		}
		for _, p := range combin.Permutations(n, n) {
			least = min(least, cost(p))
		}
		w2, match := W2(x, y)
		require.InDelta(t, math.Sqrt(least), w2, 1e-9*(1+w2))
		require.InDelta(t, least, cost(match), 1e-9*(1+least))
		sorted := slices.Sorted(slices.Values(match))
		for i, j := range sorted {
			require.Equal(t, i, j, "a permutation")
		}
	})
}

// In one dimension the optimal assignment is that of the ranks.
func TestW2OfNumbersIsThatOfSortedOnes(t *testing.T) {
	for name, draw := range map[string]func(n int, seed uint64) *mat.Dense{
		"normal": func(n int, seed uint64) *mat.Dense { return normals(n, 1, 0, 1, seed) },
		"ties":   func(n int, seed uint64) *mat.Dense { return values(n, 1, 5, seed) },
		"far":    func(n int, seed uint64) *mat.Dense { return normals(n, 1, 1e6, 1e-3, seed) },
	} {
		for _, n := range []int{1, 2, 17, 400} {
			x, y := draw(n, 1), draw(n, 2)
			w2, _ := W2(x, y)
			require.InDelta(t, math.Sqrt(W2Squared(x.RawMatrix().Data, y.RawMatrix().Data)), w2, 1e-9*(1e-3+w2), "%s, %d rows", name, n)
		}
	}
}

func TestW2OfATranslationIsItsLength(t *testing.T) {
	x := normals(200, 3, 0, 1, 1)
	y := mat.NewDense(200, 3, nil)
	y.Apply(func(i, j int, _ float64) float64 { return x.At(i, j) + []float64{3, 0, 4}[j] }, y)
	w2, _ := W2(x, shuffled(y, 2))
	require.InDelta(t, 5, w2, 1e-12)
	huge := mat.NewDense(2, 1, []float64{1e300, -1e300})
	w2, _ = W2(huge, mat.NewDense(2, 1, nil))
	require.InEpsilon(t, 1e300, w2, 1e-12, "squares do not overflow")
}

func TestFrechetOfGaussiansIsTheClosedForm(t *testing.T) {
	// Covariances that commute: Σ (√λ − √μ)².
	diag := func(v ...float64) *mat.SymDense {
		s := mat.NewSymDense(len(v), nil)
		for i, u := range v {
			s.SetSym(i, i, u)
		}
		return s
	}
	require.InDelta(t, 25+1+4, GaussianW2Squared([]float64{3, 0, 0}, diag(4, 1, 0), []float64{0, 4, 0}, diag(1, 9, 0)), 1e-12)
	// In two dimensions tr (AB)^½ = √(tr AB + 2 √det AB).
	a := mat.NewSymDense(2, []float64{2, 0.7, 0.7, 1})
	b := mat.NewSymDense(2, []float64{1, -0.4, -0.4, 3})
	var ab mat.Dense
	ab.Mul(a, b)
	want := mat.Trace(a) + mat.Trace(b) - 2*math.Sqrt(mat.Trace(&ab)+2*math.Sqrt(mat.Det(&ab)))
	require.InDelta(t, want, GaussianW2Squared(make([]float64, 2), a, make([]float64, 2), b), 1e-12)
	// Singular ones: points on two lines at an angle of 60°.
	line := func(angle float64) *mat.SymDense {
		s, c := math.Sincos(angle)
		return mat.NewSymDense(2, []float64{c * c, s * c, s * c, s * s})
	}
	require.InDelta(t, 1+1-2*0.5, GaussianW2Squared(make([]float64, 2), line(0.2), make([]float64, 2), line(0.2+math.Pi/3)), 1e-12)
	require.InDelta(t, 0, GaussianW2Squared(make([]float64, 2), line(0.2), make([]float64, 2), line(0.2)), 1e-12)
}

func TestFrechetSeesMeansAndCovariances(t *testing.T) {
	x, y := normals(20000, 2, 0, 1, 1), normals(20000, 2, 0.5, 2, 2)
	require.InDelta(t, 2*(0.25+1), FrechetSquared(x, y), 0.1)
	require.InDelta(t, 0, FrechetSquared(x, x), 1e-12)
	require.True(t, math.IsNaN(FrechetSquared(x, normals(1, 2, 0, 1, 1))))
	require.Zero(t, FrechetSquared(mat.NewDense(3, 2, nil), mat.NewDense(5, 2, nil)))
}

func TestPRDCOfKnownSets(t *testing.T) {
	x := normals(200, 2, 0, 1, 1)
	same := NewPRDC(x, x, 5)
	require.Equal(t, []float64{1, 1, 1}, []float64{same.Precision.Value, same.Recall.Value, same.Coverage.Value})
	far := NewPRDC(x, normals(150, 2, 100, 1, 2), 5)
	require.Equal(t, PRDC{Estimate{}, Estimate{}, Estimate{}, Estimate{}}, far)
	// One of two clusters: what is made is plausible, half of the data is missing.
	var both mat.Dense
	both.Stack(normals(200, 2, 0, 1, 3), normals(200, 2, 100, 1, 4))
	part := NewPRDC(&both, x, 5)
	require.Greater(t, part.Precision.Value, 0.93)
	require.InDelta(t, 0.5, part.Recall.Value, 0.05)
	require.InDelta(t, 0.5, part.Coverage.Value, 0.05)
	whole := NewPRDC(x, &both, 5)
	require.InDelta(t, 0.5, whole.Precision.Value, 0.05)
	require.Greater(t, whole.Recall.Value, 0.93)
	atoms := NewPRDC(mat.NewDense(9, 2, nil), mat.NewDense(7, 2, nil), 3)
	require.Equal(t, 1.0, atoms.Coverage.Value, "equal rows are near")
	require.Equal(t, 3.0, atoms.Density.Value, "all of 9 balls hold each row")
}

// For two continuous samples of one distribution E density = 1 and E coverage is
// one minus the probability that the k nearest of n + m − 1 rows are all of x.
func TestPRDCOfOneDistributionIsAsExpected(t *testing.T) {
	t.Parallel()
	const n, m, k, runs = 60, 40, 3, 150
	var density, coverage, errors []float64
	for seed := range uint64(runs) {
		p := NewPRDC(normals(n, 2, 0, 1, 2*seed), normals(m, 2, 0, 1, 2*seed+1), k)
		density, coverage, errors = append(density, p.Density.Value), append(coverage, p.Coverage.Value), append(errors, p.Coverage.SE)
	}
	want := 1.0
	for i := 1.0; i <= k; i++ {
		want *= (n - i) / (n + m - i)
	}
	mean, sd := stat.MeanStdDev(density, nil)
	require.InDelta(t, 1, mean, 4*sd/math.Sqrt(runs))
	mean, sd = stat.MeanStdDev(coverage, nil)
	require.InDelta(t, 1-want, mean, 4*sd/math.Sqrt(runs))
	require.InEpsilon(t, sd, stat.Mean(errors, nil), 0.5)
}

func TestModeCoverageFindsWhatIsMissing(t *testing.T) {
	centres := []float64{0, 50, 100, 150}
	draw := func(n int, shares []float64, seed uint64) (*mat.Dense, []int) {
		rng := rand.New(rand.NewPCG(seed, 1))
		x, mode := mat.NewDense(n, 2, nil), make([]int, n)
		for i := range n {
			u := rng.Float64()
			for u >= shares[mode[i]] {
				u -= shares[mode[i]]
				mode[i]++
			}
			x.SetRow(i, []float64{centres[mode[i]] + rng.NormFloat64(), rng.NormFloat64()})
		}
		return x, mode
	}
	x, mode := draw(400, []float64{0.25, 0.25, 0.25, 0.25}, 1)
	y, _ := draw(400, []float64{0.7, 0.29, 0.01}, 2)
	m := ModeCoverage(x, mode, y, 15)
	require.Equal(t, 0.5, m.Covered, "a mode with a 25th of its rows is not covered")
	require.InDeltaSlice(t, []float64{0.7, 0.29, 0.01, 0}, m.Generated, 0.06)
	require.Less(t, m.Outside.Value, 0.05)
	require.Equal(t, 1.0, ModeCoverage(x, mode, x, 15).Covered)
	far := ModeCoverage(x, mode, normals(30, 2, 1e4, 1, 3), 15)
	require.Equal(t, 1.0, far.Outside.Value)
	require.Zero(t, far.Covered)
	require.Panics(t, func() { ModeCoverage(x, mode[1:], y, 5) })
	require.PanicsWithValue(t, "twosample: ModeCoverage: mode 0 has no row, want each number to have one", func() {
		ModeCoverage(normals(3, 1, 0, 1, 1), []int{1, 1, 1}, normals(3, 1, 0, 1, 1), 1)
	})
}

func TestDistancesOfWhatIsNotFiniteAreNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		x, y := normals(6, 2, 0, 1, 1), normals(6, 2, 0, 1, 2)
		x.Set(3, 1, bad)
		nan := func(v float64, name string) { require.True(t, math.IsNaN(v), name) }
		w2, _ := W2(x, y)
		nan(w2, "W2")
		nan(FrechetSquared(y, x), "FrechetSquared")
		nan(MMDSquared(x, y, 0), "MMDSquared")
		nan(MedianDistance(x, y), "MedianDistance")
		nan(EnergyTest(y, x, 3, 1).P, "EnergyTest")
		nan(NewPRDC(x, y, 2).Coverage.Value, "PRDC")
		nan(ModeCoverage(x, make([]int, 6), y, 2).Covered, "ModeCoverage")
		d, p := KS(mat.Col(nil, 1, x), mat.Col(nil, 1, y))
		nan(d+p, "KS")
	}
}

func TestShapeMistakesOfDistancesPanic(t *testing.T) {
	x, y := normals(6, 2, 0, 1, 1), normals(5, 2, 0, 1, 2)
	require.PanicsWithValue(t, "twosample: W2: x is 6×2 and y is 5×2, want equal numbers of rows", func() { W2(x, y) })
	require.PanicsWithValue(t, "twosample: W2: samples of 8193 rows, want at most 8192", func() { W2(mat.NewDense(8193, 1, nil), mat.NewDense(8193, 1, nil)) })
	require.PanicsWithValue(t, "twosample: NewPRDC: k is 5, want 1 to 4, one less than the rows of the smaller sample", func() { NewPRDC(x, y, 5) })
	require.PanicsWithValue(t, "twosample: PairErrors: category has 3 elements, want 2, one a column", func() { PairErrors(x, y, make([]bool, 3)) })
	require.Panics(t, func() {
		GaussianW2Squared([]float64{1}, mat.NewSymDense(2, nil), []float64{1}, mat.NewSymDense(1, nil))
	})
}

func ExampleW2() {
	x := mat.NewDense(3, 2, []float64{0, 0, 1, 0, 5, 5})
	y := mat.NewDense(3, 2, []float64{5, 6, 0, 1, 1, 1})
	fmt.Println(W2(x, y))
	// Output: 1 [1 2 0]
}

func ExampleFrechetSquared() {
	x := mat.NewDense(3, 1, []float64{-1, 0, 1})
	y := mat.NewDense(3, 1, []float64{1, 3, 5})
	fmt.Println(FrechetSquared(x, y)) // means 0 and 3, deviations 1 and 2
	// Output: 10
}

func ExampleNewPRDC() {
	data := mat.NewDense(6, 1, []float64{0, 1, 2, 10, 11, 12})
	made := mat.NewDense(4, 1, []float64{0.5, 1.5, 0.8, 40}) // one of two clusters, and a row far off
	p := NewPRDC(data, made, 1)
	fmt.Println("precision", p.Precision.Value, "coverage", p.Coverage.Value)
	// Output: precision 0.75 coverage 0.5
}

func ExampleModeCoverage() {
	data := mat.NewDense(6, 1, []float64{0, 1, 2, 10, 11, 12})
	made := mat.NewDense(4, 1, []float64{0.5, 1.5, 0.8, 40})
	m := ModeCoverage(data, []int{0, 0, 0, 1, 1, 1}, made, 1)
	fmt.Println(m.Covered, m.Generated, m.Outside.Value)
	// Output: 0.5 [0.75 0] 0.25
}

func BenchmarkW2(b *testing.B) {
	for _, n := range []int{1000, 4000} {
		x, y := normals(n, 5, 0, 1, 1), normals(n, 5, 0, 1, 2)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				W2(x, y)
			}
		})
	}
}

func BenchmarkMMDTest2000(b *testing.B) {
	x, y := normals(2000, 5, 0, 1, 1), normals(2000, 5, 0, 1, 2)
	for b.Loop() {
		MMDTest(x, y, 0, 200, 1)
	}
}

func BenchmarkPRDC4000(b *testing.B) {
	x, y := normals(4000, 10, 0, 1, 1), normals(4000, 10, 0, 1, 2)
	for b.Loop() {
		NewPRDC(x, y, 5)
	}
}

package twosample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// The sums over the matrix's lines agree with the distances of the split rows.
func TestQuadraticTestsAreThoseOfEverySplit(t *testing.T) {
	for _, size := range [][2]int{{2, 2}, {13, 8}, {40, 70}} {
		x, y := normals(size[0], 3, 0, 1, 1), normals(size[1], 3, 0.3, 1, 2)
		h := MedianDistance(x, y)
		for name, c := range map[string][2]Test{
			"MMD":    {MMDTest(x, y, 0, 50, 7), PermutationTest(x, y, func(x, y *mat.Dense) float64 { return MMDSquared(x, y, h) }, 50, 7)},
			"energy": {EnergyTest(x, y, 50, 7), PermutationTest(x, y, Energy, 50, 7)},
		} {
			require.InDelta(t, c[1].Statistic, c[0].Statistic, 1e-12, name)
			require.InDelta(t, c[1].P, c[0].P, 1e-12, name)
			require.InDelta(t, c[1].Mean, c[0].Mean, 1e-12, name)
			require.InDelta(t, c[1].SD, c[0].SD, 1e-12, name)
		}
		require.InDelta(t, Energy(x, y), EnergyTest(x, y, 1, 0).Statistic, 1e-12)
	}
}

func TestTestsDoNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	x, y := normals(300, 3, 0, 1, 1), normals(200, 3, 0.1, 1, 2)
	measure := func() []any {
		w2, match := W2(x.Slice(0, 200, 0, 3).(*mat.Dense), y)
		return []any{MMDTest(x, y, 0, 30, 1), EnergyTest(x, y, 30, 1), Energy(x, y), NewPRDC(x, y, 4), w2, match,
			PermutationTest(x, y, FrechetSquared, 20, 1), PairErrors(x, y, make([]bool, 3)), Associations(x, make([]bool, 3))}
	}
	want := measure()
	for _, procs := range []int{2, 5} {
		runtime.GOMAXPROCS(procs)
		require.Equal(t, want, measure())
	}
}

// Under the null hypothesis the unbiased estimate has mean 0, and P ≤ α has the
// probability α.
func TestMMDOfOneDistributionIsUnbiasedAndItsPUniform(t *testing.T) {
	t.Parallel()
	const runs, permutations = 400, 39
	var ps, statistics []float64
	for seed := range uint64(runs) {
		test := MMDTest(normals(20, 2, 0, 1, 2*seed+100), normals(30, 2, 0, 1, 2*seed+101), 0, permutations, seed)
		ps, statistics = append(ps, test.P), append(statistics, test.Statistic)
	}
	mean, sd := stat.MeanStdDev(statistics, nil)
	require.InDelta(t, 0, mean, 4*sd/math.Sqrt(runs))
	for _, alpha := range []float64{0.05, 0.25, 0.5, 0.75} {
		rate := 0.0
		for _, p := range ps {
			if p <= alpha+1e-9 {
				rate += 1. / runs
			}
		}
		require.InDelta(t, alpha, rate, 4*math.Sqrt(alpha*(1-alpha)/runs), "P ≤ %v", alpha)
	}
}

// E k(x, y) of N(0, s²I) and N(δ, s²I) under a Gaussian kernel is known.
func TestMMDOfTwoGaussians(t *testing.T) {
	t.Parallel()
	const d, n, h, shift = 2, 500, 1.3, 0.7
	x, y := normals(n, d, 0, 1, 1), normals(n, d, shift, 1, 2)
	v := h * h / (h*h + 2)
	want := 2 * math.Pow(v, d/2.) * (1 - math.Exp(-d*shift*shift/(2*(h*h+2))))
	test := MMDTest(x, y, h, 50, 1)
	require.InDelta(t, want, test.Statistic, 0.2*want)
	require.Equal(t, 1./51, test.P)
	require.InDelta(t, 0, test.Mean, 4*test.SD/math.Sqrt(50))
	energy := EnergyTest(x, y, 50, 1)
	require.Greater(t, energy.Statistic, 10*energy.SD)
}

func TestMedianDistance(t *testing.T) {
	require.Equal(t, 2.0, MedianDistance(numbers(0, 1), numbers(3))) // 1, 2, 3
	require.Equal(t, 2.0, MedianDistance(numbers(0, 0, 0), numbers(0, 5)), "the mean of 6 zeros and 4 fives")
	require.Zero(t, MedianDistance(numbers(7), numbers(7, 7)))
}

func numbers(v ...float64) *mat.Dense { return mat.NewDense(len(v), 1, v) }

// The orders of n and m numbers, all counted.
func TestKSProbabilityCountsOrders(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {1, 4}, {3, 3}, {4, 3}, {5, 2}} {
		n, m := size[0], size[1]
		var all []float64
		for mask := range 1 << (n + m) {
			var a, b []float64
			for i := range n + m {
				if mask>>i&1 == 1 {
					a = append(a, float64(i))
				} else {
					b = append(b, float64(i))
				}
			}
			if len(a) == n {
				d, _ := KS(a, b)
				all = append(all, d)
			}
		}
		for mask := range 1 << (n + m) {
			var a, b []float64
			for i := range n + m {
				if mask>>i&1 == 1 {
					a = append(a, float64(i))
				} else {
					b = append(b, float64(i))
				}
			}
			if len(a) != n {
				continue
			}
			d, p := KS(a, b)
			above := 0
			for _, v := range all {
				if v >= d-1e-12 {
					above++
				}
			}
			require.InDelta(t, float64(above)/float64(len(all)), p, 1e-12, "%v of %v", d, size)
		}
	}
}

func TestKSOfSmallCases(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		d    float64
	}{
		{[]float64{1, 2, 3}, []float64{1, 2, 3}, 0},
		{[]float64{1, 2}, []float64{3, 4, 5}, 1},
		{[]float64{0, 0, 0, 1}, []float64{0, 1, 1, 1}, 0.5},
		{[]float64{1, 3}, []float64{2, 4}, 0.5},
	} {
		d, _ := KS(c.a, c.b)
		require.InDelta(t, c.d, d, 1e-15)
		e, _ := KS(c.b, c.a)
		require.Equal(t, d, e)
	}
	// The exact probabilities meet Kolmogorov's limit.
	x, y := normals(1000, 1, 0, 1, 1).RawMatrix().Data, normals(1000, 1, 0.05, 1, 2).RawMatrix().Data
	d, exact := KS(x, y)
	require.InDelta(t, kolmogorov(d*math.Sqrt(500)), exact, 0.01)
	require.InDelta(t, 0.049, kolmogorov(1.36), 0.0006)
	require.InDelta(t, kolmogorov(1.18-1e-9), kolmogorov(1.18), 1e-7, "both series agree")
	_, p := KS(normals(5000, 1, 0, 1, 1).RawMatrix().Data, normals(5000, 1, 0.5, 1, 2).RawMatrix().Data)
	require.Less(t, p, 1e-80)
	require.Greater(t, p, 0.0)
}

func TestTotalVariationOfSmallCases(t *testing.T) {
	nan := math.NaN()
	require.Equal(t, 0.0, TotalVariation([]float64{1, nan, 1, 2}, []float64{nan, 1, 2, 1}))
	require.Equal(t, 0.5, TotalVariation([]float64{1, 1}, []float64{nan, 1}))
	require.Equal(t, 1.0, TotalVariation([]float64{1, 2}, []float64{3}))
	require.InDelta(t, 1./3, TotalVariation([]float64{0, 1}, []float64{0, 1, 2}), 1e-15)
	// By chance, as the comment says.
	const labels = 200
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) []float64 {
		a := make([]float64, n)
		for i := range a {
			a[i] = float64(rng.IntN(labels))
		}
		return a
	}
	n, m := 4000, 2000
	require.InEpsilon(t, math.Sqrt(float64(labels)*(1/float64(n)+1/float64(m))/(2*math.Pi)), TotalVariation(draw(n), draw(m)), 0.15)
}

func TestAUCIsTheShareOfPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 50 {
		p, q := make([]float64, 1+rng.IntN(9)), make([]float64, 1+rng.IntN(9))
		for i := range p {
			p[i] = float64(rng.IntN(5))
		}
		for i := range q {
			q[i] = float64(rng.IntN(4))
		}
		var want float64
		for _, u := range p {
			for _, v := range q {
				switch {
				case u > v:
					want++
				case u == v:
					want += 0.5
				}
			}
		}
		require.InDelta(t, want/float64(len(p)*len(q)), AUC(p, q).Value, 1e-14)
	}
	require.Equal(t, 1.0, AUC([]float64{math.Inf(1), 2}, []float64{1, math.Inf(-1)}).Value)
	require.True(t, math.IsNaN(AUC([]float64{math.NaN()}, []float64{1}).Value))
	require.True(t, math.IsNaN(AUC([]float64{1}, []float64{1}).SE))
}

// The error that AUC states is the deviation over samples.
func TestAUCErrorIsItsDeviation(t *testing.T) {
	var values, errors []float64
	for seed := range uint64(400) {
		e := AUC(normals(60, 1, 0.5, 1, 2*seed).RawMatrix().Data, normals(40, 1, 0, 1, 2*seed+1).RawMatrix().Data)
		values, errors = append(values, e.Value), append(errors, e.SE)
	}
	mean, sd := stat.MeanStdDev(values, nil)
	require.InDelta(t, 0.5*math.Erfc(-0.5/2), mean, 4*sd/20)
	require.InEpsilon(t, sd, stat.Mean(errors, nil), 0.15)
}

func TestSplitsOfEqualRowsAreNoEvidence(t *testing.T) {
	x := mat.NewDense(5, 2, nil)
	require.Equal(t, 1.0, MMDTest(x, x, 0, 20, 1).P)
	require.Equal(t, 1.0, EnergyTest(x, x, 20, 1).P)
	big := mat.NewDense(6, 2, []float64{1e6, 1e-3, 1e6 + 1, 2e-3, 1e6, 1e-3, 1e6, 1e-3, 1e6 + 1, 2e-3, 1e6, 1e-3})
	require.Equal(t, 1.0, EnergyTest(big.Slice(0, 3, 0, 2).(*mat.Dense), big.Slice(3, 6, 0, 2).(*mat.Dense), 20, 1).P)
}

func TestPermutationTestRaisesThePanicOfItsStatistic(t *testing.T) {
	x := normals(4, 1, 0, 1, 1)
	require.PanicsWithValue(t, "own", func() { PermutationTest(x, x, func(_, _ *mat.Dense) float64 { panic("own") }, 3, 1) })
	require.PanicsWithValue(t, "twosample: MMDTest: permutations is 0, want ≥ 1", func() { MMDTest(x, x, 1, 0, 1) })
	require.PanicsWithValue(t, "twosample: MMDSquared: bandwidth is -1, want finite and ≥ 0", func() { MMDSquared(x, x, -1) })
}

func ExampleMMDTest() {
	x := mat.NewDense(6, 1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1})
	y := mat.NewDense(6, 1, []float64{0.9, 1.1, 1.3, 1.5, 1.7, 1.9})
	test := MMDTest(x, y, 0, 999, 1)
	fmt.Printf("%.2f, P = %.3f\n", test.Statistic, test.P)
	// Output: 0.64, P = 0.008
}

func ExamplePermutationTest() {
	x := mat.NewDense(6, 1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1})
	y := mat.NewDense(6, 1, []float64{0.9, 1.1, 1.3, 1.5, 1.7, 1.9})
	test := PermutationTest(x, y, FrechetSquared, 999, 1)
	fmt.Printf("%.2f, by chance %.2f\n", test.Statistic, test.Mean)
	// Output: 0.81, by chance 0.15
}

func ExampleKS() {
	d, p := KS([]float64{1, 2, 3, 4}, []float64{3.5, 5, 6, 7})
	fmt.Printf("%.2f, p = %.3f\n", d, p)
	// Output: 0.75, p = 0.229
}

func ExampleTotalVariation() {
	red, green, blue := 0., 1., 2.
	fmt.Println(TotalVariation([]float64{red, red, green, blue}, []float64{red, green, green, green}))
	// Output: 0.5
}

func ExampleAUC() {
	fmt.Println(AUC([]float64{0.9, 0.8, 0.4}, []float64{0.5, 0.3, 0.1}))
	// Output: 0.889 ± 0.157
}

func ExampleEnergyTest() {
	x := mat.NewDense(6, 1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1})
	y := mat.NewDense(6, 1, []float64{0.9, 1.1, 1.3, 1.5, 1.7, 1.9})
	fmt.Printf("%.3f\n", EnergyTest(x, y, 999, 1).P)
	// Output: 0.008
}

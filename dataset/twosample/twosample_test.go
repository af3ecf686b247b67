package twosample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func normals(n, d int, shift, scale float64, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			x.Set(i, j, shift+scale*rng.NormFloat64())
		}
	}
	return x
}

func TestEnergyIsTheSumOverAllPairs(t *testing.T) {
	x, y := normals(37, 3, 0, 1, 1), normals(23, 3, 0.4, 2, 2)
	mean := func(a, b *mat.Dense) float64 {
		n, _ := a.Dims()
		m, _ := b.Dims()
		var sum float64
		for i := range n {
			for j := range m {
				sum += floats.Distance(a.RawRowView(i), b.RawRowView(j), 2)
			}
		}
		return sum / float64(n*m)
	}
	require.InEpsilon(t, 2*mean(x, y)-mean(x, x)-mean(y, y), Energy(x, y), 1e-12)
	require.InDelta(t, 0, Energy(x, x), 1e-14)
	require.InEpsilon(t, Energy(x, y), Energy(y, x), 1e-12)
}

// In one dimension E² = 2∫(F − G)² dq.
func TestEnergyIsCramersDistanceInOneDimension(t *testing.T) {
	x, y := normals(40, 1, 0, 1, 3), normals(55, 1, 1, 0.5, 4)
	a := append([]float64(nil), x.RawMatrix().Data...)
	b := append([]float64(nil), y.RawMatrix().Data...)
	sort.Float64s(a)
	sort.Float64s(b)
	all := append(append([]float64(nil), a...), b...)
	sort.Float64s(all)
	var want float64
	for i := range all[:len(all)-1] {
		f := float64(sort.SearchFloat64s(a, math.Nextafter(all[i], math.Inf(1)))) / float64(len(a))
		g := float64(sort.SearchFloat64s(b, math.Nextafter(all[i], math.Inf(1)))) / float64(len(b))
		want += 2 * (f - g) * (f - g) * (all[i+1] - all[i])
	}
	require.InEpsilon(t, want, Energy(x, y), 1e-12)
}

func TestEnergyGrowsWithTheShiftOfADistribution(t *testing.T) {
	x := normals(500, 2, 0, 1, 5)
	var last float64
	for _, shift := range []float64{0, 0.25, 0.5, 1, 2} {
		e := Energy(x, normals(500, 2, shift, 1, 6))
		require.Greater(t, e, last)
		last = e
	}
}

// Samples of unequal sizes are compared as if every point were repeated to a
// common size.
func TestUnequalSizesEqualRepeatedSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{1, 1}, {1, 7}, {4, 6}, {5, 7}, {12, 8}} {
		a, b := make([]float64, size[0]), make([]float64, size[1])
		for i := range a {
			a[i] = rng.NormFloat64()
		}
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		var long [2][]float64
		for i, s := range [2][]float64{a, b} {
			for _, v := range s {
				for range size[1-i] {
					long[i] = append(long[i], v)
				}
			}
			sort.Float64s(long[i])
		}
		d := floats.Distance(long[0], long[1], 2)
		require.InEpsilon(t, d*d/float64(len(long[0])), W2Squared(a, b), 1e-12, "%v", size)
	}
}

func TestW2LeavesItsArgumentsAlone(t *testing.T) {
	a, b := []float64{3, 1, 2}, []float64{9, 8}
	W2Squared(a, b)
	require.Equal(t, []float64{3, 1, 2}, a)
	require.Equal(t, []float64{9, 8}, b)
}

// A translation by v moves the projection on u by u·v, and the mean of (u·v)²
// over the sphere is ‖v‖²/d.
func TestSlicedW2OfATranslation(t *testing.T) {
	for _, d := range []int{1, 2, 5} {
		x := normals(50, d, 0, 1, 7)
		y := mat.DenseCopyOf(x)
		v := make([]float64, d)
		for i := range v {
			v[i] = float64(i) - 1.5
		}
		for i := range 50 {
			floats.Add(y.RawRowView(i), v)
		}
		u := Directions(64, d, 9)
		var want float64
		n, _ := u.Dims()
		for i := range n {
			dot := floats.Dot(u.RawRowView(i), v)
			want += dot * dot / float64(n)
		}
		require.InEpsilon(t, math.Sqrt(want), SlicedW2(x, y, u), 1e-12)
		if d <= 2 { // the directions are a design: the mean is exact
			require.InEpsilon(t, floats.Dot(v, v)/float64(d), want, 1e-12)
		}
	}
}

// Between N(0, I) and N(0, s²I) every projection is at the distance |s − 1|.
func TestSlicedW2OfTwoGaussians(t *testing.T) {
	x, y := normals(20000, 2, 0, 1, 10), normals(15000, 2, 0, 1.5, 11)
	require.InDelta(t, 0.5, SlicedW2(x, y, Directions(16, 2, 0)), 0.03)
}

// Sorted by comparison, in the same projections.
func TestSlicedW2IsTheMeanOfW2Squared(t *testing.T) {
	x, y, u := normals(1700, 3, 0, 1, 12), normals(1100, 3, 0.3, 2, 13), Directions(5, 3, 1)
	var want float64
	for i := range 5 {
		a, b := mat.NewVecDense(1700, nil), mat.NewVecDense(1100, nil)
		a.MulVec(x, u.RowView(i))
		b.MulVec(y, u.RowView(i))
		want += W2Squared(a.RawVector().Data, b.RawVector().Data) / 5
	}
	require.InEpsilon(t, math.Sqrt(want), SlicedW2(x, y, u), 1e-12)
}

// The sliced energy distance is the energy distance of another norm,
// ‖v‖ = c mean_k|u_k·v|: of π/2 in the plane and 2 in space.
func TestSlicedEnergyIsTheSumOverAllPairs(t *testing.T) {
	t.Parallel()
	for d, c := range map[int]float64{1: 1, 2: math.Pi / 2, 3: 2} {
		for _, size := range [][2]int{{1, 1}, {60, 35}, {48, 48}, {500, 700}} {
			x, y := normals(size[0], d, 0, 1, 14), normals(size[1], d, 0.4, 1.5, 15)
			u := Directions(7, d, 2)
			k, _ := u.Dims()
			mean := func(a, b *mat.Dense) float64 {
				n, _ := a.Dims()
				m, _ := b.Dims()
				diff := make([]float64, d)
				var sum float64
				for i := range n {
					for j := range m {
						floats.SubTo(diff, a.RawRowView(i), b.RawRowView(j))
						for l := range k {
							sum += c / float64(k) * math.Abs(floats.Dot(u.RawRowView(l), diff))
						}
					}
				}
				return sum / float64(n*m)
			}
			_, got := Sliced(x, y, u)
			require.InEpsilon(t, 2*mean(x, y)-mean(x, x)-mean(y, y), got, 1e-10, "%v in %d dimensions", size, d)
		}
	}
}

// The norms of 64 directions in the plane and the Euclidean one differ by
// 1/2·64² of it at most.
func TestSlicedEnergyIsTheEnergyDistanceInThePlane(t *testing.T) {
	for _, shift := range []float64{0, 0.1, 1} {
		x, y := normals(1000, 2, 0, 1, 16), normals(800, 2, shift, 1, 17)
		_, got := Sliced(x, y, Directions(64, 2, 0))
		require.InEpsilon(t, Energy(x, y), got, 0.01, "shift %v", shift)
	}
}

func TestSlicedDoesNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	x, y, u := normals(900, 2, 0, 1, 18), normals(900, 2, 0.1, 1, 19), Directions(64, 2, 0)
	w2, energy := Sliced(x, y, u)
	for _, procs := range []int{2, 5} {
		runtime.GOMAXPROCS(procs)
		otherW2, otherEnergy := Sliced(x, y, u)
		require.Equal(t, w2, otherW2)
		require.Equal(t, energy, otherEnergy)
	}
}

func TestSorterSortsAllNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(20, 1))
	var s sorter
	for name, draw := range map[string]func() float64{
		"normal":           rng.NormFloat64,
		"ties":             func() float64 { return float64(rng.IntN(3)) },
		"equal":            func() float64 { return 7 },
		"zeros":            func() float64 { return math.Copysign(0, rng.NormFloat64()) },
		"close, one apart": func() float64 { return 1 + 1e-9*rng.Float64() + float64(rng.IntN(500)/499) },
		"any exponent": func() float64 {
			v := math.Float64frombits(rng.Uint64())
			if v != v {
				return 0
			}
			return v
		},
		"infinite": func() float64 { return rng.NormFloat64() / float64(rng.IntN(10)) },
		"tiny":     func() float64 { return 1e-320 * rng.Float64() },
	} {
		for _, n := range []int{1, 299, 300, 5000} {
			a := make([]float64, n)
			for i := range a {
				a[i] = draw()
			}
			want := append([]float64(nil), a...)
			sort.Float64s(want)
			s.sort(a)
			require.Equal(t, want, a, "%s, %d", name, n) // takes −0 and 0 for the same
		}
	}
	a := make([]float64, 2000)
	a[1000] = math.NaN()
	s.sort(a)
	require.True(t, math.IsNaN(cramer(a, a)), "the distances of what is not a number are none")
	require.True(t, math.IsNaN(sortedW2(a, a)))
}

func TestDirectionsAreUnitVectors(t *testing.T) {
	for _, d := range []int{1, 2, 3, 10} {
		u := Directions(33, d, 5)
		n, c := u.Dims()
		require.Equal(t, d, c)
		for i := range n {
			require.InDelta(t, 1, floats.Norm(u.RawRowView(i), 2), 1e-15)
		}
		require.True(t, mat.Equal(u, Directions(33, d, 5)))
	}
	require.False(t, mat.Equal(Directions(4, 3, 1), Directions(4, 3, 2)))
	plane := Directions(4, 2, 0)
	require.InDeltaSlice(t, []float64{0, 1}, plane.RawRowView(2), 1e-15)
}

func TestShapeMistakesPanic(t *testing.T) {
	x, y := mat.NewDense(3, 2, nil), mat.NewDense(3, 4, nil)
	require.PanicsWithValue(t, "twosample: Energy: x is 3×2 and y is 3×4, want equal numbers of columns", func() { Energy(x, y) })
	require.PanicsWithValue(t, "twosample: Sliced: x is 3×2 and y is 3×4, want equal numbers of columns", func() { SlicedW2(x, y, Directions(3, 2, 0)) })
	require.PanicsWithValue(t, "twosample: Sliced: x is 3×2 and directions is 3×4, want equal numbers of columns", func() { Sliced(x, x, y) })
	require.PanicsWithValue(t, "twosample: Energy: x is 3×2 and y is 0×0, want at least one row", func() { Energy(x, &mat.Dense{}) })
	require.PanicsWithValue(t, "twosample: W2Squared: a has 0 numbers and b has 1, want at least one", func() { W2Squared(nil, []float64{1}) })
	require.PanicsWithValue(t, "twosample: Directions: n is 0 and d is 2, want both positive", func() { Directions(0, 2, 0) })
}

func ExampleEnergy() {
	x := mat.NewDense(2, 1, []float64{0, 2})
	y := mat.NewDense(2, 1, []float64{1, 3})
	fmt.Println(Energy(x, y))
	// Output: 1
}

func ExampleSliced() {
	x := mat.NewDense(2, 2, []float64{0, 0, 0, 1})
	y := mat.NewDense(2, 2, []float64{3, 4, 3, 5}) // x moved by (3, 4)
	w2, energy := Sliced(x, y, Directions(64, 2, 0))
	fmt.Printf("%.2f %.2f, of all pairs %.2f\n", w2, energy, Energy(x, y))
	// Output: 3.54 9.04, of all pairs 9.04
}

func ExampleSlicedW2() {
	x := mat.NewDense(2, 2, []float64{0, 0, 1, 1})
	y := mat.NewDense(2, 2, []float64{3, 4, 4, 5}) // x moved by (3, 4)
	fmt.Printf("%.4f\n", SlicedW2(x, y, Directions(64, 2, 0)))
	// Output: 3.5355
}

func BenchmarkEnergy2000(b *testing.B) {
	x, y := normals(2000, 2, 0, 1, 1), normals(2000, 2, 0, 1, 2)
	for b.Loop() {
		Energy(x, y)
	}
}

func BenchmarkSliced(b *testing.B) {
	for _, n := range []int{1000, 10000} {
		x, y := normals(n, 2, 0, 1, 1), normals(n, 2, 0, 1, 2)
		u := Directions(64, 2, 0)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Sliced(x, y, u)
			}
		})
	}
}

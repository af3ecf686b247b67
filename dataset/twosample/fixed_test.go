package twosample

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// values returns n rows of whole numbers from 0 to most.
func values(n, d, most int, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, d, nil)
	x.Apply(func(int, int, float64) float64 { return float64(rng.IntN(most + 1)) }, x)
	return x
}

// shuffled returns the rows of x in another order.
func shuffled(x *mat.Dense, seed uint64) *mat.Dense {
	n, d := x.Dims()
	y := mat.NewDense(n, d, nil)
	for i, j := range rand.New(rand.NewPCG(seed, 1)).Perm(n) {
		y.SetRow(i, x.RawRowView(j))
	}
	return y
}

// Which of several rows at one distance counted as a neighbour was a matter of
// chance: two calls gave two results.
func TestC2STOfTiesIsDeterministic(t *testing.T) {
	for _, d := range []int{1, 2, 3} {
		x, y := values(90, d, 3, 1), values(70, d, 3, 2)
		want := C2STNeighbours(x, y, 5)
		for seed := range uint64(5) {
			require.Equal(t, want, C2STNeighbours(x, y, 5))
			require.InDelta(t, want, C2STNeighbours(shuffled(x, seed), shuffled(y, seed), 5), 1e-12, "the order of rows does not matter")
			require.InDelta(t, want, C2STNeighbours(y, x, 5), 1e-12)
		}
	}
}

// The definition on ties: the mean over random orders of the rows that tie.
func TestC2STOfTiesIsTheMeanOverChoices(t *testing.T) {
	t.Parallel()
	const draws = 4000
	x, y := values(9, 2, 2, 3), values(7, 2, 2, 4)
	var all mat.Dense
	all.Stack(x, y)
	rng := rand.New(rand.NewPCG(5, 1))
	for _, k := range []int{1, 3, 7} {
		var sum float64
		for range draws {
			order := rng.Perm(16)
			for i := range 16 {
				same := 0
				for range k { // take the nearest that is left, in a random order
					best, at := math.Inf(1), -1
					for p, j := range order {
						if j < 0 || j == i {
							continue
						}
						a, b := all.RawRowView(i), all.RawRowView(j)
						if q := (a[0]-b[0])*(a[0]-b[0]) + (a[1]-b[1])*(a[1]-b[1]); q < best {
							best, at = q, p
						}
					}
					if (order[at] < 9) == (i < 9) {
						same++
					}
					order[at] = -1
				}
				if 2*same > k {
					sum++
				}
				order = rng.Perm(16)
			}
		}
		require.InDelta(t, sum/draws/16, C2STNeighbours(x, y, k), 4*0.5/math.Sqrt(draws*16), "%d neighbours", k)
	}
}

// Equal rows made the tree a list: the work was quadratic, also when only a
// column was constant.
func TestC2STIsFastOnDuplicates(t *testing.T) {
	const n = 20000
	took := func(x, y *mat.Dense, name string) time.Duration {
		start := time.Now()
		require.InDelta(t, 0.5, C2STNeighbours(x, y, 15), 0.02, name)
		return time.Since(start)
	}
	x, y := mat.NewDense(n, 12, nil), mat.NewDense(n, 12, nil)
	for j, a := range []*mat.Dense{x, y} {
		a.SetCol(7, normals(n, 1, 0, 1, uint64(j)).RawMatrix().Data)
	}
	// The others take a third of that or less; a list, or equal rows one by one, dozens of times as long.
	most := 5 * took(normals(n, 3, 0, 1, 1), normals(n, 3, 0, 1, 2), "distinct")
	require.Less(t, took(x, y, "constant columns"), most)
	for name, x := range map[string]*mat.Dense{
		"equal":   mat.NewDense(n, 3, nil),
		"few":     values(n, 2, 9, 1),
		"one bit": values(n, 1, 1, 1),
	} {
		require.Less(t, took(x, shuffled(x, 2), name), most, name)
	}
}

// Samples of NaN counted as equal ones, and an infinity gave what the order of
// the rows made of it.
func TestMeasuresOfWhatIsNotFiniteAreNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, n := range []int{1, 5, 400} {
			for _, at := range []int{0, n - 1} {
				x, y, u := normals(n, 2, 0, 1, 1), normals(3, 2, 0, 1, 2), Directions(4, 2, 0)
				x.Set(at, 1, bad)
				for _, pair := range [][2]*mat.Dense{{x, y}, {y, x}, {x, x}} {
					a, b := pair[0], pair[1]
					require.True(t, math.IsNaN(C2STNeighbours(a, b, 1)), "C2STNeighbours")
					require.True(t, math.IsNaN(Energy(a, b)), "Energy")
					require.True(t, math.IsNaN(SlicedW2(a, b, u)), "SlicedW2")
					w2, energy := Sliced(a, b, u)
					require.True(t, math.IsNaN(w2) && math.IsNaN(energy), "Sliced")
					require.True(t, math.IsNaN(W2Squared(mat.Col(nil, 1, a), mat.Col(nil, 1, b))), "W2Squared")
				}
				u.Set(2, 0, bad)
				require.True(t, math.IsNaN(SlicedW2(y, y, u)), "directions")
			}
		}
	}
}

func TestMeasuresOfTiesAndSingleRows(t *testing.T) {
	u := Directions(16, 2, 0)
	for name, c := range map[string]struct {
		x, y           *mat.Dense
		c2st, distance float64 // of the rows (0, 0) and (3, 4)
	}{
		"equal rows":     {mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil), 13. / 35, 0}, // three of 3 and 4: the majority of 3
		"unequal sizes":  {mat.NewDense(2, 2, nil), mat.NewDense(1, 2, nil), 0, 0},
		"one row each":   {mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil), 0, 0},
		"one row, apart": {mat.NewDense(1, 2, nil), mat.NewDense(1, 2, []float64{3, 4}), 0, 5},
	} {
		n, _ := c.x.Dims()
		k := 1
		if n == 4 {
			k = 3
		}
		if name == "unequal sizes" {
			// A row of x sees one of x and one of y; that of y two of x.
			require.InDelta(t, 2*0.5/3, C2STNeighbours(c.x, c.y, 1), 1e-15, name)
		} else {
			require.InDelta(t, c.c2st, C2STNeighbours(c.x, c.y, k), 1e-14, name)
		}
		require.InDelta(t, 2*c.distance, Energy(c.x, c.y), 1e-15, name)
		w2, energy := Sliced(c.x, c.y, u)
		require.InDelta(t, c.distance/math.Sqrt2, w2, 1e-15, name)
		require.InDelta(t, 2*c.distance, energy, 0.01*c.distance, name)
		require.Equal(t, w2, SlicedW2(c.x, c.y, u), name)
		y0 := c.y.At(0, 0)
		require.Equal(t, y0*y0, W2Squared(mat.Col(nil, 0, c.x), mat.Col(nil, 0, c.y)), name)
	}
}

// Squared distances of large values overflowed: all rows were equally far.
func TestC2STDoesNotDependOnTheUnit(t *testing.T) {
	x, y := normals(60, 2, 0, 1, 1), normals(50, 2, 0.5, 1, 2)
	want := C2STNeighbours(x, y, 5)
	for _, unit := range []float64{0x1p-1000, 0x1p-300, 0x1p600, 0x1p1000} {
		var a, b mat.Dense
		a.Scale(unit, x)
		b.Scale(unit, y)
		require.Equal(t, want, C2STNeighbours(&a, &b, 5), "unit %v", unit)
	}
}

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
)

func TestNearestAreTheSmallestDistances(t *testing.T) {
	x, y := normals(20, 3, 0, 1, 1), normals(30, 3, 0.5, 1, 2)
	got := Nearest(x, y, 4)
	for i := range 20 {
		var all []float64
		for j := range 30 {
			all = append(all, mat.Norm(rowDiff(x, i, y, j), 2))
		}
		slices.Sort(all)
		require.InDeltaSlice(t, all[:4], got.RawRowView(i), 1e-13)
	}
	require.Zero(t, Nearest(x, x, 1).At(3, 0), "a copy is at no distance")
	require.PanicsWithValue(t, "twosample: Nearest: k is 31, want 1 to 30, the rows of y", func() { Nearest(x, y, 31) })
}

func rowDiff(x *mat.Dense, i int, y *mat.Dense, j int) mat.Vector {
	var v mat.VecDense
	v.SubVec(x.RowView(i), y.RowView(j))
	return &v
}

// noisy returns rows of x with noise of deviation s, of the variance of x.
func noisy(x *mat.Dense, n int, s float64, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 2))
	rows, d := x.Dims()
	y := mat.NewDense(n, d, nil)
	for i := range n {
		from := rng.IntN(rows)
		for j := range d {
			y.Set(i, j, (x.At(from, j)+s*rng.NormFloat64())/math.Sqrt(1+s*s))
		}
	}
	return y
}

func TestAttacksFindWhatWasLearnedByHeart(t *testing.T) {
	t.Parallel()
	const n, d, runs = 150, 5, 12
	auc := func(generate func(members *mat.Dense, seed uint64) *mat.Dense) (distance, density, strongest float64) {
		for seed := range uint64(runs) {
			members := normals(n, d, 0, 1, 3*seed)
			m := NewMembership(members, normals(n, d, 0, 1, 3*seed+1), generate(members, 3*seed+2))
			distance += m.Distance.Value / runs
			density += m.Density.Value / runs
			strongest += m.Strongest().Value / runs
		}
		return distance, density, strongest
	}
	distance, density, _ := auc(func(_ *mat.Dense, seed uint64) *mat.Dense { return normals(400, d, 0, 1, seed) })
	require.InDelta(t, 0.5, distance, 4*0.034/math.Sqrt(runs), "a model that knows the distribution only")
	require.InDelta(t, 0.5, density, 4*0.034/math.Sqrt(runs))
	distance, _, _ = auc(func(x *mat.Dense, seed uint64) *mat.Dense { return noisy(x, 400, 0.05, seed) })
	require.Greater(t, distance, 0.85, "near copies")
	distance, density, strongest := auc(func(x *mat.Dense, seed uint64) *mat.Dense { return noisy(x, 400, 0.6, seed) })
	require.Greater(t, strongest, 0.57, "smoothed copies")
	require.GreaterOrEqual(t, strongest, max(distance, density))
	distance, density, _ = auc(func(x *mat.Dense, _ uint64) *mat.Dense { return x })
	require.Equal(t, 1.0, distance, "the members themselves")
	require.Greater(t, density, 0.55)
}

// Halves were the first and the last rows: of a sorted file they differ.
func TestMembershipOfSortedRows(t *testing.T) {
	const n = 300
	sorted := func(seed uint64) *mat.Dense {
		x := normals(n, 1, 0, 1, seed)
		slices.Sort(x.RawMatrix().Data)
		return x
	}
	m := NewMembership(sorted(1), sorted(2), normals(n, 1, 0, 1, 3))
	require.InDelta(t, 0.5, m.Density.Value, 4*m.Density.SE)
	require.InDelta(t, 0.024, m.Density.SE, 0.003)
}

func TestMembershipErrorsAreDeviations(t *testing.T) {
	t.Parallel()
	var distance, density, errors []float64
	for seed := range uint64(60) {
		m := NewMembership(normals(80, 3, 0, 1, 3*seed), normals(60, 3, 0, 1, 3*seed+1), normals(100, 3, 0, 1, 3*seed+2))
		distance, density, errors = append(distance, m.Distance.Value), append(density, m.Density.Value), append(errors, m.Density.SE)
	}
	require.InEpsilon(t, stat.Mean(errors, nil), stat.StdDev(distance, nil), 0.4)
	require.InEpsilon(t, stat.Mean(errors, nil), stat.StdDev(density, nil), 0.4)
}

func TestMembershipOfOddData(t *testing.T) {
	equal := mat.NewDense(6, 2, nil)
	m := NewMembership(equal, equal, equal)
	require.Equal(t, 0.5, m.Distance.Value)
	require.Equal(t, 0.5, m.Density.Value, "nothing tells equal rows apart")
	one := NewMembership(normals(1, 2, 0, 1, 1), normals(1, 2, 0, 1, 2), normals(1, 2, 0, 1, 3))
	require.True(t, math.IsNaN(one.Density.Value))
	require.False(t, math.IsNaN(one.Strongest().Value))
	three := NewMembership(normals(3, 2, 0, 1, 1), normals(2, 2, 0, 1, 2), normals(2, 2, 0, 1, 3))
	require.False(t, math.IsNaN(three.Density.Value))
	bad := normals(5, 2, 0, 1, 1)
	bad.Set(1, 1, math.NaN())
	require.True(t, math.IsNaN(NewMembership(equal, equal, bad).Strongest().Value))
}

func TestEstimatesArePrintedWithTheirErrors(t *testing.T) {
	require.Equal(t, "0.500 ± 0.010", Estimate{0.5, 0.01}.String())
	require.Equal(t, "0.5", Estimate{0.5, math.NaN()}.String())
}

func ExampleNewMembership() {
	members := mat.NewDense(4, 1, []float64{1, 2, 3, 4})
	others := mat.NewDense(4, 1, []float64{1.4, 2.6, 3.5, 4.4})
	generated := mat.NewDense(5, 1, []float64{1.1, 2, 2.9, 4.1, 3.6}) // close to members
	fmt.Println(NewMembership(members, others, generated).Distance.Value)
	// Output: 0.9375
}

func ExampleNearest() {
	x := mat.NewDense(1, 1, []float64{5})
	y := mat.NewDense(3, 1, []float64{1, 4, 7})
	fmt.Println(Nearest(x, y, 2).RawRowView(0))
	// Output: [1 2]
}

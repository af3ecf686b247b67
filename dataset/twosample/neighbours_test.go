package twosample

import (
	"fmt"
	"math"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The definition, by sorting all distances of every row.
func TestC2STCountsMajorities(t *testing.T) {
	for _, d := range []int{1, 2, 5} {
		for _, k := range []int{1, 3, 15} {
			x, y := normals(70, d, 0, 1, 1), normals(50, d, 0.7, 1, 2)
			var all mat.Dense
			all.Stack(x, y)
			right := 0
			for i := range 120 {
				var near []int
				for j := range 120 {
					if j != i {
						near = append(near, j)
					}
				}
				sort.Slice(near, func(a, b int) bool {
					at := all.RawRowView(i)
					return floats.Distance(at, all.RawRowView(near[a]), 2) < floats.Distance(at, all.RawRowView(near[b]), 2)
				})
				same := 0
				for _, j := range near[:k] {
					if (i < 70) == (j < 70) {
						same++
					}
				}
				if same > k/2 {
					right++
				}
			}
			require.Equal(t, float64(right)/120, C2STNeighbours(x, y, k), "%d dimensions, %d neighbours", d, k)
		}
	}
}

// One sample against itself must not find each row's own twin only: a twin
// lies in the other sample.
func TestC2STOfCopiesIsBelowChance(t *testing.T) {
	x := normals(60, 2, 0, 1, 3)
	require.Zero(t, C2STNeighbours(x, mat.DenseCopyOf(x), 1))
}

func TestC2STTellsOneDistributionFromTwo(t *testing.T) {
	t.Parallel()
	const n = 3000
	x := normals(n, 2, 0, 1, 4)
	// Neighbouring rows share their neighbours: the accuracy scatters about
	// three times as much as that of independent rows.
	require.InDelta(t, 0.5, C2STNeighbours(x, normals(n, 2, 0, 1, 5), 15), 4*1.5/math.Sqrt(2*n))
	require.Greater(t, C2STNeighbours(x, normals(n, 2, 0.5, 1, 5), 15), 0.55)
	require.Equal(t, 1.0, C2STNeighbours(x, normals(n, 2, 100, 1, 5), 15))
}

func TestImpossibleNumbersOfNeighboursPanic(t *testing.T) {
	x := normals(3, 2, 0, 1, 1)
	for _, k := range []int{-1, 0, 2, 7} {
		require.PanicsWithValue(t, fmt.Sprintf("twosample: C2STNeighbours: k is %d, want odd and from 1 to 5, one less than the rows", k), func() { C2STNeighbours(x, x, k) })
	}
	require.PanicsWithValue(t, "twosample: C2STNeighbours: x is 3×2 and y is 3×1, want equal numbers of columns", func() { C2STNeighbours(x, mat.NewDense(3, 1, nil), 1) })
	require.PanicsWithValue(t, "twosample: C2STNeighbours: x is 3×2 and y is 0×0, want at least one row", func() { C2STNeighbours(x, &mat.Dense{}, 1) })
}

func ExampleC2STNeighbours() {
	x := mat.NewDense(3, 1, []float64{0, 1, 2})
	y := mat.NewDense(3, 1, []float64{7, 8, 9})
	fmt.Println(C2STNeighbours(x, y, 1))
	// Output: 1
}

func BenchmarkC2ST10000(b *testing.B) {
	x, y := normals(10000, 2, 0, 1, 1), normals(10000, 2, 0, 1, 2)
	for b.Loop() {
		C2STNeighbours(x, y, 15)
	}
}

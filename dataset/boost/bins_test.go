package boost

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func TestFewValuesHaveABinEach(t *testing.T) {
	x := column(3, nan, 1, 1, inf, -inf, 2, 3, math.MaxFloat64, -math.MaxFloat64)
	b := Bin(x)
	require.Equal(t, []uint8{4, 7, 2, 2, 6, 0, 3, 4, 5, 1}, b.codes[0])
	require.Equal(t, []float64{1.5, 2.5}, b.edges[0][2:4], "halfway")
	require.Equal(t, [][]uint8{{1, 1}}, Bin(column(nan, nan)).codes)
	require.Equal(t, [][]uint8{{0, 0}}, Bin(column(-1e6, -1e6)).codes)
}

func TestBinsHoldEquallyManyRows(t *testing.T) {
	for _, n := range []int{256, 1000, 10000} {
		values := make([]float64, n)
		for i := range values {
			values[i] = math.Exp(float64(i*7919%n) / 50)
		}
		count := make([]int, maxBins)
		for _, c := range Bin(column(values...)).codes[0] {
			count[c]++
		}
		require.GreaterOrEqual(t, slices.Min(count), n/maxBins, "%d rows", n)
		require.LessOrEqual(t, slices.Max(count), n/maxBins+1, "%d rows", n)
	}
}

// Half of the rows are 0: they have a bin of their own, and the other rows the
// other bins, where cuts at quantiles would leave them half of the bins.
func TestValuesOfManyRowsHaveBinsOfTheirOwn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 20000)
	for i := range values {
		switch i % 4 {
		case 0, 1:
		case 2:
			values[i] = rng.NormFloat64()
		default:
			values[i] = math.Round(rng.NormFloat64()*2) / 4
		}
	}
	b := Bin(column(values...))
	used := map[uint8]map[float64]int{}
	for i, c := range b.codes[0] {
		if used[c] == nil {
			used[c] = map[float64]int{}
		}
		used[c][values[i]]++
	}
	require.Greater(t, len(used), 240)
	for _, v := range []float64{-0.5, -0.25, 0, 0.25, 0.5, 1} {
		require.Len(t, used[code(b.edges[0], v)], 1, "%v", v)
	}
	for _, in := range used {
		rows := 0
		for _, k := range in {
			rows += k
		}
		require.True(t, len(in) == 1 || rows < 80, "%d rows of %d values", rows, len(in))
	}
}

// Of 5,000 rows that are not 0, 254 bins hold 20 each: so that 25 are many.
func TestManyIsCountedAmongTheRowsThatAreLeft(t *testing.T) {
	values := make([]float64, 20000)
	for i := range 2500 {
		values[i] = 3 + float64(i)/500
		values[2500+i] = 3 + float64(i%100)/20 + 0.001
	}
	b := Bin(column(values...))
	rows := make([]int, maxBins)
	for _, c := range b.codes[0] {
		rows[c]++
	}
	own := 0
	for i := range 100 {
		if rows[code(b.edges[0], 3+float64(i)/20+0.001)] == 25 {
			own++
		}
	}
	require.Greater(t, own, 90)
	slices.Sort(rows)
	require.Equal(t, 15000, rows[maxBins-1])
	require.Less(t, rows[maxBins-2], 60)
}

// Rows are sent down a tree by their codes in fitting and by their values after it.
func TestCodesAgreeWithEdges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64(), rapid.Float64Range(-2, 2), rapid.SampledFrom([]float64{nan, inf, -inf, 0, math.Copysign(0, -1), 1}))
		n := rapid.IntRange(1, 400).Draw(t, "n")
		values := rapid.SliceOfN(value, n, n).Draw(t, "x")
		b := Bin(column(slices.Clone(values)...))
		edges := b.edges[0]
		require.Less(t, len(edges), maxBins)
		for i, v := range values {
			c := int(b.codes[0][i])
			if math.IsNaN(v) {
				require.Equal(t, len(edges)+1, c)
				continue
			}
			require.True(t, c == 0 || edges[c-1] < v)
			require.True(t, c == len(edges) || v <= edges[c])
		}
		for i := range edges {
			require.True(t, i == 0 || edges[i-1] < edges[i])
		}
	})
}

func TestBinningLeavesTheMatrixAlone(t *testing.T) {
	x, _ := friedman(50, 1)
	want := mat.DenseCopyOf(x)
	b := Bin(x)
	require.Equal(t, want, x)
	codes := slices.Clone(b.codes[3])
	x.Zero()
	require.Equal(t, codes, b.codes[3])
}

package noise

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// increment returns W_t − W_u of the rows.
func increment(seed uint64, rows, cols int, u, t float64) []float64 {
	z := mat.NewDense(rows, cols, nil)
	Brownian{seed}.Normal(z, Draw{Purpose: Predict, T: t, U: u})
	z.Scale(math.Sqrt(math.Abs(t-u)), z)
	return z.RawMatrix().Data
}

// times are ends of intervals in one octave and in several, round and not, far
// apart and neighbours, on both sides of 0.
var times = []float64{
	-3, -2, -1e-9, 0, 1e-260, 1e-9, 0.1, 0.25, 0.3, math.Nextafter(0.3, 1), 0.5, 1, 1.5, 1.7, 2 - 0x1p-52, 2, 2.75, 80, 2.5e5, 1e200,
}

func TestBrownianIncrementsAddUp(t *testing.T) {
	for i, u := range times {
		for j, m := range times[i:] {
			for _, v := range times[i+j:] {
				if u == m || m == v {
					continue
				}
				whole, left, right := increment(1, 2, 5, u, v), increment(1, 2, 5, u, m), increment(1, 2, 5, m, v)
				for k := range whole {
					require.InDelta(t, whole[k], left[k]+right[k], 1e-14*8*math.Sqrt(v-u), "%g, %g, %g", u, m, v)
				}
			}
		}
	}
}

func TestBrownianIsReadInBothDirections(t *testing.T) {
	forth, back := increment(1, 3, 5, 0.3, 1.7), increment(1, 3, 5, 1.7, 0.3)
	for k := range forth {
		require.Equal(t, forth[k], -back[k])
	}
}

func TestBrownianIncrementsAreStandardNormal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for i, u := range times {
		for _, v := range times[i+1:] {
			z := mat.NewDense(200, 4, nil)
			Brownian{2}.Normal(z, Draw{Purpose: Predict, T: v, U: u})
			x := z.RawMatrix().Data
			n := float64(len(x))
			mean, variance := stat.MeanVariance(x, nil)
			require.Less(t, math.Abs(mean)*math.Sqrt(n), 4.5, "%g, %g", u, v)
			require.Less(t, math.Abs(variance-1)*math.Sqrt(n/2), 4.5, "%g, %g", u, v)
			require.Less(t, kolmogorov(x, distuv.UnitNormal.CDF), 2.6, "%g, %g", u, v)
		}
	}
}

// The increments over neighbouring intervals are uncorrelated, also where
// bridges divide them, and those over overlapping ones correlate by the length
// they share. So are paths of other rows, columns, slots, purposes and seeds.
func TestBrownianIncrementsAreIndependent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const rows = 8000
	root := math.Sqrt(rows)
	for _, c := range [][4]float64{
		{0.25, 0.5, 0.5, 1}, {0.5, 0.6, 0.6, 0.7}, {0.5, 0.625, 0.625, 0.75}, {1.3, 1.4, 1.4, 2}, {-1, 0, 0, 1}, {0.3, 0.7, 1.1, 70},
		{0, 1, 0.5, 1}, {0.1, 3, 0.2, 7}, {0.3, 0.31, 0.305, 0.32}, {-1, 2, -2, 1},
	} {
		a, b := increment(3, rows, 1, c[0], c[1]), increment(3, rows, 1, c[2], c[3])
		shared := max(0, min(c[1], c[3])-max(c[0], c[2]))
		want := shared / math.Sqrt((c[1]-c[0])*(c[3]-c[2]))
		require.Less(t, math.Abs(stat.Correlation(a, b, nil)-want)*root, 4.0, "%v", c)
	}
	at := Draw{Purpose: Predict, Row: 5, Slot: 1, T: 0.9, U: 0.3}
	draw := func(seed uint64, change func(*Draw)) []float64 {
		other := at
		change(&other)
		z := mat.NewDense(rows, 1, nil)
		Brownian{seed}.Normal(z, other)
		return z.RawMatrix().Data
	}
	base := draw(3, func(*Draw) {})
	for name, other := range map[string][]float64{
		"row":     draw(3, func(d *Draw) { d.Row++ }),
		"slot":    draw(3, func(d *Draw) { d.Slot++ }),
		"purpose": draw(3, func(d *Draw) { d.Purpose++ }),
		"seed":    draw(4, func(*Draw) {}),
	} {
		require.Less(t, math.Abs(stat.Correlation(base, other, nil))*root, 4.0, name)
	}
	z := mat.NewDense(rows, 6, nil)
	Brownian{3}.Normal(z, at)
	for j := range 6 {
		for k := range j {
			require.Less(t, math.Abs(stat.Correlation(mat.Col(nil, j, z), mat.Col(nil, k, z), nil))*root, 4.0)
		}
	}
	require.Equal(t, base, draw(3, func(d *Draw) { d.Step, d.Part = 7, 3 }), "one path serves all steps and parts")
}

// The quadratic variation of a path over [0.2, 1.2] is the length, whether the
// division is fine or finer.
func TestBrownianQuadraticVariation(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, n := range []int{1000, 10000} {
		sum := 0.0
		for k := range n {
			u := 0.2 + float64(k)/float64(n)
			d := increment(8, 1, 1, u, 0.2+float64(k+1)/float64(n))[0]
			sum += d * d
		}
		require.Less(t, math.Abs(sum-1)*math.Sqrt(float64(n)/2), 4.0)
	}
}

func TestBrownianDoesNotDependOnGroupingOrOrder(t *testing.T) {
	whole := mat.NewDense(40, 5, nil)
	at := Draw{Purpose: Predict, Row: 11, T: 0.8, U: 0.3}
	Brownian{4}.Normal(whole, at)
	var wg sync.WaitGroup
	parts := make([]*mat.Dense, 40)
	for i := len(parts) - 1; i >= 0; i-- {
		wg.Go(func() {
			other := at
			other.Row += i
			parts[i] = mat.NewDense(1, 3, nil)
			Brownian{4}.Normal(parts[i], Draw{Purpose: Predict, Row: other.Row, T: 0.5, U: 0.4}) // asked for before
			Brownian{4}.Normal(parts[i], other)
		})
	}
	wg.Wait()
	for i, p := range parts {
		require.Equal(t, whole.RawRowView(i)[:3], p.RawRowView(0))
	}
	require.Zero(t, testing.AllocsPerRun(5, func() { Brownian{4}.Normal(whole, at) }))
}

func TestBrownianClampsTimesAndServesEmptyIntervals(t *testing.T) {
	z := func(t, u float64) []float64 {
		z := mat.NewDense(2, 3, nil)
		Brownian{5}.Normal(z, Draw{Purpose: Prior, T: t, U: u})
		return z.RawMatrix().Data
	}
	require.Equal(t, z(1, 0), z(1, 1e-280))
	require.Equal(t, z(0x1p1022, 0), z(math.Inf(1), 0))
	require.Equal(t, z(0, -0x1p1022), z(0, math.Inf(-1)))
	require.Equal(t, normals1(5, 2, 3, Draw{Purpose: Prior}), z(0.3, 0.3))
	for _, v := range append(z(math.Inf(1), math.Inf(-1)), z(0x1p-900, 0)...) {
		require.False(t, math.IsNaN(v) || math.IsInf(v, 0) || v == 0)
	}
}

// These numbers are part of the numerical specification. The last bits are the
// math package's.
func TestGoldenPath(t *testing.T) {
	z := mat.NewDense(1, 5, nil)
	Brownian{789}.Normal(z, Draw{Purpose: Predict, Row: 123, Slot: 6, T: 1.25, U: 0.3})
	require.InDeltaSlice(t, []float64{
		-0.3394907434090681, 0.20362323921592612, 0.42706503317548117, 0.5524903663480948, -1.479929056065113,
	}, z.RawRowView(0), 1e-14)
}

func TestAntitheticNegatesOddRows(t *testing.T) {
	at := Draw{Purpose: Predict, Step: 2, Row: 6}
	source, a := White{3}, Antithetic{White{3}}
	plain, paired := mat.NewDense(7, 3, nil), mat.NewDense(7, 3, nil)
	source.Normal(plain, at)
	a.Normal(paired, at)
	for i := range 7 {
		for j := range 3 {
			if i%2 == 0 {
				require.Equal(t, plain.At(i, j), paired.At(i, j))
			} else {
				require.Equal(t, -plain.At(i-1, j), paired.At(i, j))
			}
		}
	}
	for from := range 7 {
		part := mat.NewDense(7-from, 3, nil)
		other := at
		other.Row += from
		a.Normal(part, other)
		require.True(t, mat.Equal(paired.Slice(from, 7, 0, 3), part), "from row %d", from)
	}
	require.Zero(t, testing.AllocsPerRun(5, func() { a.Normal(paired, at) }))
}

// A path observed over the whole of a step and over its halves is the same.
func ExampleBrownian() {
	path := Brownian{Seed: 1}
	z := mat.NewDense(1, 1, nil)
	move := func(t, u float64) float64 {
		path.Normal(z, Draw{Purpose: Predict, T: t, U: u})
		return z.At(0, 0) * math.Sqrt(t-u)
	}
	fmt.Printf("%.6f\n", move(1, 0)-(move(1, 0.3)+move(0.3, 0)))
	// Output: 0.000000
}

func ExampleAntithetic() {
	z := mat.NewDense(2, 2, nil)
	Antithetic{White{Seed: 1}}.Normal(z, Draw{Purpose: Prior})
	fmt.Println(z.At(0, 0)+z.At(1, 0), z.At(0, 1)+z.At(1, 1))
	// Output: 0 0
}

func BenchmarkBrownian(b *testing.B) {
	z := mat.NewDense(1024, 2, nil)
	for b.Loop() {
		Brownian{1}.Normal(z, Draw{Purpose: Predict, T: 0.7, U: 0.3})
	}
	b.ReportMetric(float64(b.N*1024*2)/float64(b.Elapsed().Nanoseconds()), "normals/ns")
}

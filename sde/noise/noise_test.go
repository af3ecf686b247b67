package noise

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const samples = 1 << 16

// The known answers published with the Random123 library.
func TestBlockIsPhilox(t *testing.T) {
	const ones = math.MaxUint64
	for _, c := range []struct {
		counter [4]uint64
		key     [2]uint64
		want    [4]uint64
	}{
		{want: [4]uint64{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
		{
			[4]uint64{ones, ones, ones, ones}, [2]uint64{ones, ones},
			[4]uint64{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0},
		},
		{
			[4]uint64{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
			[2]uint64{0x452821e638d01377, 0xbe5466cf34e90c6c},
			[4]uint64{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6},
		},
	} {
		var got [4]uint64
		got[0], got[1], got[2], got[3] = block(c.counter[0], c.counter[1], c.counter[2], c.counter[3], c.key[0], c.key[1])
		require.Equal(t, c.want, got)
	}
}

func normals1(seed uint64, rows, cols int, at Draw) []float64 {
	z := mat.NewDense(rows, cols, nil)
	White{seed}.Normal(z, at)
	return z.RawMatrix().Data
}

func uniforms1(seed uint64, rows, cols int, at Draw) []float64 {
	u := make([]float64, rows*cols)
	for i := range rows {
		Uniform(u[i*cols:(i+1)*cols], seed, at)
		at.Row++
	}
	return u
}

// kolmogorov returns √n sup|F_n − F|, above 2.3 with probability 5e-5.
func kolmogorov(x []float64, cdf func(float64) float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	n, sup := float64(len(x)), 0.0
	for i, v := range x {
		f := cdf(v)
		sup = max(sup, f-float64(i)/n, float64(i+1)/n-f)
	}
	return sup * math.Sqrt(n)
}

func TestWhiteIsStandardNormal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, cols := range []int{1, 2, 3, 4, 7} {
		for _, row := range []int{0, 1 << 30} {
			z := normals1(uint64(cols), samples/cols, cols, Draw{Purpose: Predict, Step: 3, Row: row})
			n := float64(len(z))
			var m [5]float64
			for _, v := range z {
				p := 1.0
				for k := range m {
					m[k] += p / n
					p *= v
				}
			}
			// Standard errors of the first four moments of N(0, 1).
			for k, c := range []struct{ want, variance float64 }{{0, 1}, {1, 2}, {0, 15}, {3, 96}} {
				score := (m[k+1] - c.want) / math.Sqrt(c.variance/n)
				require.Less(t, math.Abs(score), 4.0, "moment %d, width %d", k+1, cols)
			}
			require.Less(t, kolmogorov(z, distuv.UnitNormal.CDF), 2.3)
		}
	}
}

func TestUniformIsUniform(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	u := uniforms1(5, samples/3, 3, Draw{Purpose: Leaf})
	n := float64(len(u))
	require.Less(t, kolmogorov(u, func(x float64) float64 { return x }), 2.3)
	mean, variance := stat.MeanVariance(u, nil)
	require.Less(t, math.Abs(mean-0.5)/math.Sqrt(1/(12*n)), 4.0)
	require.Less(t, math.Abs(variance-1.0/12)/math.Sqrt(1/(180*n)), 4.0)
	require.GreaterOrEqual(t, slices.Min(u), 0.0)
	require.Less(t, slices.Max(u), 1.0)
	require.Less(t, unit(math.MaxUint64), 1.0)
	z, _ := boxMuller(math.MaxUint64, 0)
	require.False(t, math.IsInf(z, 0), "the logarithm's argument is never 0")
}

// Changing any part of an address, also by one bit high up, gives numbers that
// have nothing to do with the others, in value or in size.
func TestAddressesAreIndependent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const seed = 11
	base := Draw{Purpose: Data, Row: 1000, Step: 20, Slot: 2}
	with := func(change func(*Draw)) Draw {
		at := base
		change(&at)
		return at
	}
	streams := map[string][]float64{
		"purpose":    normals1(seed, samples/2, 2, with(func(d *Draw) { d.Purpose++ })),
		"step":       normals1(seed, samples/2, 2, with(func(d *Draw) { d.Step++ })),
		"step bit":   normals1(seed, samples/2, 2, with(func(d *Draw) { d.Step |= 1 << 30 })),
		"slot":       normals1(seed, samples/2, 2, with(func(d *Draw) { d.Slot++ })),
		"slot bit":   normals1(seed, samples/2, 2, with(func(d *Draw) { d.Slot |= 1 << 30 })),
		"row":        normals1(seed, samples/2, 2, with(func(d *Draw) { d.Row++ })),
		"row bit":    normals1(seed, samples/2, 2, with(func(d *Draw) { d.Row |= 1 << 30 })),
		"step, slot": normals1(seed, samples/2, 2, with(func(d *Draw) { d.Step, d.Slot = d.Slot, d.Step })),
		"seed":       normals1(seed+1, samples/2, 2, base),
		"seed bit":   normals1(seed|1<<63, samples/2, 2, base),
		"uniform":    uniforms1(seed, samples/2, 2, base),
	}
	swapped := normals1(seed, samples/2, 2, base)
	for i := 0; i < len(swapped); i += 2 {
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
	}
	streams["the pair's other half"] = swapped
	wide := normals1(seed, samples/2, 6, base)
	for i := range samples / 2 {
		copy(wide[2*i:2*i+2], wide[6*i+4:6*i+6])
	}
	streams["the next block"] = wide[:samples]
	words := make([]float64, 0, samples)
	for i := range samples / 2 {
		rng := Rand(seed, with(func(d *Draw) { d.Row += i }))
		words = append(words, rng.Float64(), rng.Float64())
	}
	streams["words"] = words

	z := normals1(seed, samples/2, 2, base)
	squares := func(x []float64) []float64 {
		mean, out := stat.Mean(x, nil), make([]float64, len(x))
		for i, v := range x {
			out[i] = (v - mean) * (v - mean)
		}
		return out
	}
	for name, other := range streams {
		t.Run(name, func(t *testing.T) {
			root := math.Sqrt(samples)
			require.Less(t, math.Abs(stat.Correlation(z, other, nil))*root, 4.0)
			require.Less(t, math.Abs(stat.Correlation(squares(z), squares(other), nil))*root, 4.0)
		})
	}
}

func TestRowsDoNotDependOnGrouping(t *testing.T) {
	const rows = 130
	at := Draw{Purpose: Prior, Row: 17, Step: 4, Slot: 1, T: 0.5, U: 0.25}
	for _, cols := range []int{1, 2, 3, 5, 8} {
		whole := normals1(3, rows, cols, at)
		for _, size := range []int{1, 7, 64, 129} {
			for from := 0; from < rows; from += size {
				n := min(size, rows-from)
				part := at
				part.Row += from
				part.T, part.U = 9, 8 // White is not a path
				require.Equal(t, whole[from*cols:(from+n)*cols], normals1(3, n, cols, part))
			}
		}
	}
}

func TestViewsAreFilledWithinTheirBounds(t *testing.T) {
	z := mat.NewDense(4, 6, nil)
	White{1}.Normal(z.Slice(1, 3, 1, 4).(*mat.Dense), Draw{Purpose: Prior})
	want := normals1(1, 2, 3, Draw{Purpose: Prior})
	for i := range 4 {
		for j := range 6 {
			if i >= 1 && i < 3 && j >= 1 && j < 4 {
				require.Equal(t, want[(i-1)*3+j-1], z.At(i, j))
			} else {
				require.Zero(t, z.At(i, j))
			}
		}
	}
}

func TestWidthsShareTheirFirstColumns(t *testing.T) {
	at := Draw{Purpose: Perturb, Step: 9}
	wide, uniform := normals1(8, 1, 11, at), uniforms1(8, 1, 11, at)
	for cols := 1; cols < 11; cols++ {
		require.Equal(t, wide[:cols], normals1(8, 1, cols, at))
		require.Equal(t, uniform[:cols], uniforms1(8, 1, cols, at))
	}
}

func TestAddressesDoNotCollide(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	seen := map[uint64]Draw{}
	for purpose := Prior; purpose <= Leaf; purpose++ {
		for step := range 20 {
			for slot := range 10 {
				for row := range 50 {
					at := Draw{Purpose: purpose, Step: step, Slot: slot, Row: row}
					w0, w1, w2, w3 := at.words4(7, normals, 0)
					for _, w := range []uint64{w0, w1, w2, w3} {
						other, found := seen[w]
						require.False(t, found, "%+v and %+v", at, other)
						seen[w] = at
					}
				}
			}
		}
	}
}

func TestStreamIsTheSameAfterSeek(t *testing.T) {
	at := Draw{Purpose: Data, Row: 5, Step: 6}
	rng := Rand(1, at)
	var want [9]uint64
	for i := range want {
		want[i] = rng.Uint64()
	}
	s := new(Stream)
	s.Seek(2, Draw{})
	s.Uint64()
	s.Seek(1, at)
	for _, w := range want {
		require.Equal(t, w, s.Uint64())
	}
}

// These numbers are part of the numerical specification. The last bits of the
// normals are the math package's.
func TestGoldenValues(t *testing.T) {
	at := Draw{Purpose: Predict, Row: 123, Step: 45, Slot: 6}
	s := new(Stream)
	s.Seek(789, at)
	require.Equal(t, []uint64{
		0xf8ff1f6d38dfd904, 0x3015ac40dd3a68ad, 0x5d549cdfb87b2611, 0xff21ba75aadadfc2, 0xfb133b74731f3ff6,
	}, []uint64{s.Uint64(), s.Uint64(), s.Uint64(), s.Uint64(), s.Uint64()})
	require.Equal(t, []float64{
		0.6598120181224503, 0.17765088459082923, 0.11402474012334107, 0.35867682493437736, 0.5178257962918643,
	}, uniforms1(789, 1, 5, at))
	require.InDeltaSlice(t, []float64{
		-2.2233198704423827, -0.4862755226388098, -1.5694731942928781, 1.0038730692041131, 0.8973464602230441,
	}, normals1(789, 1, 5, at), 1e-14)
}

func TestNothingIsAllocated(t *testing.T) {
	var source Source = White{1}
	z, u, s := mat.NewDense(16, 5, nil), make([]float64, 9), new(Stream)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		source.Normal(z, Draw{Purpose: Predict, Row: 3})
		Uniform(u, 1, Draw{Purpose: Leaf})
		s.Seek(1, Draw{Purpose: Data})
		u[0] = float64(s.Uint64())
	}))
}

func TestRecordedReplaysRows(t *testing.T) {
	z := mat.NewDense(5, 2, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	r := Recorded{{Purpose: Predict, Step: 2, Slot: 1}: z}
	dst := mat.NewDense(2, 2, nil)
	at := Draw{Purpose: Predict, Step: 2, Slot: 1, Row: 3, T: 1, U: 0.5}
	r.Normal(dst, at)
	require.Equal(t, []float64{6, 7, 8, 9}, dst.RawMatrix().Data)

	at.Row = 4
	require.PanicsWithValue(t,
		"noise: rows 4 to 6 of width 2 asked for, 5×2 recorded for purpose 2, step 2, slot 1",
		func() { r.Normal(dst, at) })
	at.Row = 0
	require.PanicsWithValue(t,
		"noise: rows 0 to 2 of width 3 asked for, 5×2 recorded for purpose 2, step 2, slot 1",
		func() { r.Normal(mat.NewDense(2, 3, nil), at) })
	at.Step = 3
	require.PanicsWithValue(t,
		"noise: nothing recorded for purpose 2, step 3, slot 1",
		func() { r.Normal(dst, at) })
}

func TestRowsHaveToFillTheirSlice(t *testing.T) {
	for _, cols := range []int{0, 2, 7} {
		require.PanicsWithValue(t, badRows, func() { White{1}.Rows(make([]float64, 5), cols, Draw{}) })
	}
	White{1}.Rows(nil, 3, Draw{})
}

func ExampleWhite() {
	whole, tail := mat.NewDense(4, 2, nil), mat.NewDense(1, 2, nil)
	source := White{Seed: 1}
	source.Normal(whole, Draw{Purpose: Prior})
	source.Normal(tail, Draw{Purpose: Prior, Row: 3})
	fmt.Println(mat.Equal(whole.Slice(3, 4, 0, 2), tail))
	// Output: true
}

func ExampleRand() {
	// Row 7 of step 3 draws the same numbers whoever asks, and whenever.
	at := Draw{Purpose: Data, Step: 3, Row: 7}
	a, b := Rand(1, at), Rand(1, at)
	fmt.Println(a.IntN(1000) == b.IntN(1000), a.ExpFloat64() == b.ExpFloat64())
	// Output: true true
}

func BenchmarkWhite(b *testing.B) {
	for _, cols := range []int{2, 64} {
		b.Run(fmt.Sprintf("width %d", cols), func(b *testing.B) {
			z := mat.NewDense(1024, cols, nil)
			for b.Loop() {
				White{1}.Normal(z, Draw{Purpose: Predict})
			}
			b.ReportMetric(float64(b.N*1024*cols)/float64(b.Elapsed().Nanoseconds()), "normals/ns")
		})
	}
}

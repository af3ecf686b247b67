package augment_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/dataset/augment"
)

// apply returns T_a x.
func apply(t require.TestingT, op augment.Op, g augment.Grid, x []float64, a ...float64) []float64 {
	out, n, err := op.Check(g)
	require.NoError(t, err)
	require.Len(t, a, n)
	dst := make([]float64, columns(out))
	for i := range dst {
		dst[i] = math.NaN()
	}
	op.Apply(dst, x, a, g, rand.New(rand.NewPCG(1, 2)))
	return dst
}

func columns(g augment.Grid) int {
	n := max(g.Channels, 1)
	for _, k := range g.Size {
		n *= k
	}
	return n
}

func TestOpsDoWhatTheirParametersSay(t *testing.T) {
	line := augment.Grid{Size: []int{4}}
	stereo := augment.Grid{Size: []int{3}, Channels: 2}
	image := augment.Grid{Size: []int{2, 3}}
	one := []float64{1, 2, 3, 4}
	two := []float64{1, 2, 3, 4, 5, 6}
	shift := augment.Shift{Most: []int{3}}
	for _, c := range []struct {
		op   augment.Op
		g    augment.Grid
		x, a []float64
		want []float64
	}{
		{shift, line, one, []float64{1}, []float64{0, 1, 2, 3}},
		{shift, line, one, []float64{-3}, []float64{4, 0, 0, 0}},
		{augment.Shift{Most: []int{3}, Value: -1}, line, one, []float64{2}, []float64{-1, -1, 1, 2}},
		{augment.Shift{Most: []int{3}, Edge: augment.Repeat}, line, one, []float64{2}, []float64{1, 1, 1, 2}},
		{augment.Shift{Most: []int{3}, Edge: augment.Circular}, line, one, []float64{-1}, []float64{2, 3, 4, 1}},
		{augment.Shift{Most: []int{2}}, stereo, two, []float64{1}, []float64{0, 0, 1, 2, 3, 4}},
		{augment.Shift{Most: []int{1, 2}}, image, two, []float64{1, 1}, []float64{0, 0, 0, 0, 1, 2}},
		{augment.Shift{Most: []int{1, 2}, Edge: augment.Circular}, image, two, []float64{-1, -1}, []float64{5, 6, 4, 2, 3, 1}},
		{augment.Flip{}, line, one, []float64{1}, []float64{4, 3, 2, 1}},
		{augment.Flip{}, stereo, two, []float64{1}, []float64{5, 6, 3, 4, 1, 2}},
		{augment.Flip{}, image, two, []float64{1}, []float64{3, 2, 1, 6, 5, 4}},
		{augment.Flip{Vertical: true}, image, two, []float64{1}, []float64{4, 5, 6, 1, 2, 3}},
		{augment.Crop{Size: []int{2}}, line, one, []float64{0}, []float64{2, 3}},
		{augment.Crop{Size: []int{2}}, line, one, []float64{1}, []float64{3, 4}},
		{augment.Crop{Size: []int{1, 2}}, image, two, []float64{1, 1}, []float64{5, 6}},
		{augment.Crop{Size: []int{1, 2}}, image, two, []float64{0, 0}, []float64{1, 2}},
		{augment.Gain{Most: 20}, line, one, []float64{20}, []float64{10, 20, 30, 40}},
	} {
		require.Equal(t, c.want, apply(t, c.op, c.g, c.x, c.a...), "%#v by %v", c.op, c.a)
	}
	noisy := apply(t, augment.Noise{Most: 1}, line, one, 0.25)
	rng := rand.New(rand.NewPCG(1, 2))
	for i, v := range one {
		require.Equal(t, v+0.25*rng.NormFloat64(), noisy[i])
	}
}

// opsOn draws an op for a grid.
func opsOn(g augment.Grid) *rapid.Generator[augment.Op] {
	return rapid.Custom(func(t *rapid.T) augment.Op {
		var most, size []int
		for _, n := range g.Size {
			most = append(most, rapid.IntRange(0, n-1).Draw(t, "most"))
			size = append(size, rapid.IntRange(1, n).Draw(t, "size"))
		}
		return rapid.SampledFrom([]augment.Op{
			augment.Shift{Most: most, Edge: augment.Edge(rapid.IntRange(0, 2).Draw(t, "edge"))},
			augment.Flip{Vertical: len(size) == 2 && rapid.Bool().Draw(t, "vertical")},
			augment.Crop{Size: size},
			augment.Noise{Most: 0.5},
			augment.Gain{Most: 6},
			augment.Sometimes{P: 0.5, Op: augment.Flip{}},
		}).Draw(t, "op")
	})
}

func grids() *rapid.Generator[augment.Grid] {
	return rapid.Custom(func(t *rapid.T) augment.Grid {
		return augment.Grid{Size: rapid.SliceOfN(rapid.IntRange(1, 6), 1, 2).Draw(t, "size"), Channels: rapid.IntRange(0, 3).Draw(t, "channels")}
	})
}

func TestParametersOfZeroChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grids().Draw(t, "g")
		op := opsOn(g).Draw(t, "op")
		if _, crop := op.(augment.Crop); crop {
			op = augment.Crop{Size: g.Size}
		}
		x := rapid.SliceOfN(rapid.Float64Range(-9, 9), columns(g), columns(g)).Draw(t, "x")
		_, n, err := op.Check(g)
		require.NoError(t, err)
		require.Equal(t, x, apply(t, op, g, x, make([]float64, n)...))
	})
}

// Every number that comes out is one that went in, or the edge's, whatever is drawn.
func TestWhatIsDrawnCanBeApplied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grids().Draw(t, "g")
		op := opsOn(g).Draw(t, "op")
		x := make([]float64, columns(g))
		for i := range x {
			x[i] = float64(i + 1)
		}
		out, n, err := op.Check(g)
		require.NoError(t, err)
		a := make([]float64, n)
		op.Draw(a, g, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		y := apply(t, op, g, x, a...)
		require.Len(t, y, columns(out))
		for _, v := range y {
			require.False(t, math.IsNaN(v), "%#v by %v: %v", op, a, y)
		}
	})
}

func TestDrawsAreUniform(t *testing.T) {
	g := augment.Grid{Size: []int{9, 10}}
	const n = 20_000
	for name, c := range map[string]struct {
		op   augment.Op
		want map[float64]float64 // probabilities of the last parameter
	}{
		"shift":     {augment.Shift{Most: []int{0, 2}}, map[float64]float64{-2: 0.2, -1: 0.2, 0: 0.2, 1: 0.2, 2: 0.2}},
		"flip":      {augment.Flip{}, map[float64]float64{0: 0.5, 1: 0.5}},
		"crop":      {augment.Crop{Size: []int{9, 7}}, map[float64]float64{-1: 0.25, 0: 0.25, 1: 0.25, 2: 0.25}},
		"sometimes": {augment.Sometimes{P: 0.2, Op: augment.Flip{}}, map[float64]float64{0: 0.9, 1: 0.1}},
		"never":     {augment.Sometimes{P: 0, Op: augment.Flip{}}, map[float64]float64{0: 1}},
		"always":    {augment.Sometimes{P: 1, Op: augment.Flip{}}, map[float64]float64{0: 0.5, 1: 0.5}},
	} {
		rng := rand.New(rand.NewPCG(3, 4))
		counts := map[float64]float64{}
		_, k, err := c.op.Check(g)
		require.NoError(t, err)
		a := make([]float64, k)
		for range n {
			c.op.Draw(a, g, rng)
			counts[a[k-1]]++
		}
		require.Len(t, counts, len(c.want), name)
		for v, p := range c.want {
			require.InDelta(t, p*n, counts[v], 4*math.Sqrt(n*p*(1-p)), "%s: %v", name, v)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	var sum, squares, gains float64
	for range n {
		var a [1]float64
		augment.Noise{Most: 3}.Draw(a[:], g, rng)
		sum += a[0]
		augment.Gain{Most: 6}.Draw(a[:], g, rng)
		gains += a[0]
		squares += a[0] * a[0]
	}
	require.InDelta(t, 1.5, sum/n, 4*3/math.Sqrt(12*n))
	require.InDelta(t, 0, gains/n, 4*12/math.Sqrt(12*n))
	require.InDelta(t, 12, squares/n, 0.4)
}

func TestSettingsAreChecked(t *testing.T) {
	line, image := augment.Grid{Size: []int{4}}, augment.Grid{Size: []int{4, 4}}
	for _, c := range []struct {
		op   augment.Op
		g    augment.Grid
		is   error
		says string
	}{
		{augment.Shift{}, line, augment.ErrShape, "op 0: Shift: Most: is [], want a number for each of 1 axes"},
		{augment.Shift{Most: []int{1}}, image, augment.ErrShape, "each of 2 axes"},
		{augment.Shift{Most: []int{4}}, line, augment.ErrRange, "Shift: Most[0]: is 4, want one of 0, …, 3"},
		{augment.Shift{Most: []int{1, -1}}, image, augment.ErrRange, "Shift: Most[1]: is -1"},
		{augment.Shift{Most: []int{1}, Edge: 7}, line, augment.ErrRange, "Shift: Edge: is 7"},
		{augment.Shift{Most: []int{1}, Value: math.NaN()}, line, augment.ErrRange, "Shift: Value: is NaN"},
		{augment.Shift{Most: []int{1}, Edge: augment.Repeat, Value: 1}, line, augment.ErrRange, "Shift: Value: is 1"},
		{augment.Flip{Vertical: true}, line, augment.ErrShape, "Flip: Vertical: is set for 1 axis"},
		{augment.Crop{}, line, augment.ErrShape, "Crop: Size: is []"},
		{augment.Crop{Size: []int{5}}, line, augment.ErrRange, "Crop: Size[0]: is 5, want one of 1, …, 4"},
		{augment.Noise{}, line, augment.ErrRange, "Noise: Most: is 0"},
		{augment.Noise{Most: math.Inf(1)}, line, augment.ErrRange, "Noise: Most: is +Inf"},
		{augment.Gain{Most: -1}, line, augment.ErrRange, "Gain: Most: is -1"},
		{augment.Gain{Most: 1000}, line, augment.ErrRange, "Gain: Most: is 1000, want at most 200 decibels"},
		{augment.Jitter{Width: math.NaN()}, line, augment.ErrRange, "Jitter: Width: is NaN"},
		{augment.Sometimes{P: 1.5, Op: augment.Flip{}}, line, augment.ErrRange, "Sometimes: P: is 1.5"},
		{augment.Sometimes{P: 0.5}, line, augment.ErrRange, "Sometimes: Op: is nil"},
		{augment.Sometimes{P: 0.5, Op: augment.Leaky{Op: augment.Flip{}}}, line, augment.ErrRange, "Sometimes: Op: augment.Leaky has no parameters"},
		{augment.Leaky{Op: augment.Crop{}}, line, augment.ErrShape, "op 0: Leaky: Crop: Size"},
		{augment.Leaky{}, line, augment.ErrRange, "Leaky: Op: is nil"},
		{nil, line, augment.ErrRange, "op 0: is nil"},
		{augment.Flip{}, augment.Grid{}, augment.ErrRange, "Grid: is [] with 0 channels"},
		{augment.Flip{}, augment.Grid{Size: []int{1 << 20, 1 << 20}}, augment.ErrRange, "Grid: is [1048576 1048576]"},
		{augment.Flip{}, augment.Grid{Size: []int{4}, Channels: -1}, augment.ErrRange, "-1 channels"},
		{augment.Flip{}, augment.Grid{Size: []int{5}}, augment.ErrShape, "has rows of"},
	} {
		d := 4
		if len(c.g.Size) == 2 {
			d = 16
		}
		_, err := augment.New(counting(d, 0), c.g, c.op)
		require.ErrorIs(t, err, c.is, c.says)
		require.ErrorContains(t, err, c.says)
		_, err = augment.Fixed(set(1, d, 0), 1, c.g, c.op)
		require.ErrorIs(t, err, c.is, c.says)
	}
}

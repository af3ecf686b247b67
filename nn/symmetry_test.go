package nn_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// moved returns a sample whose position i is position to[i] of x.
func moved(x []float64, to []int) []float64 {
	channels := len(x) / len(to)
	y := make([]float64, 0, len(x))
	for _, p := range to {
		y = append(y, x[p*channels:(p+1)*channels]...)
	}
	return y
}

// requireEquivariant checks that a module of n positions moves its output as its input
// is moved.
func requireEquivariant(t require.TestingT, m nn.Module, d int, to func(n int) []int) {
	n := newNetwork(m, d, 1, ad.Input("t", 1))
	x, told := normals(d, 1, uint64(d)), [][]float64{{0.3}, {0.8}}
	at := func(x []float64) []float64 {
		return run[float64](n.out, 1, n.theta, []*ad.Expr{n.x, n.time, n.cond}, append([][]float64{x}, told...)...)
	}
	in, out := to(d), to(n.out.Cols())
	require.InDeltaSlice(t, moved(at(x), out), at(moved(x, in)), 1e-11)
}

// ring returns how n positions move on axes that are closed to rings, of h×w positions
// and so many channels, by (dy, dx).
func ring(h, w, dy, dx int) []int {
	var to []int
	for y := range h {
		for x := range w {
			to = append(to, (y+dy)%h*w+(x+dx)%w)
		}
	}
	return to
}

func TestAttentionDoesNotKnowTheOrderOfPositions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		positions, heads := rapid.IntRange(1, 7).Draw(t, "positions"), rapid.IntRange(1, 3).Draw(t, "heads")
		size := []int{positions}
		channels := heads * rapid.IntRange(1, 3).Draw(t, "channels of a head")
		var m nn.Module = nn.Attention{Size: size, Heads: heads}
		if channels > 1 && rapid.Bool().Draw(t, "in a block") {
			m = nn.TransformerBlock{Size: size, Heads: heads, Hidden: 3}
		}
		order := rapid.Permutation(slices.Collect(each(positions))).Draw(t, "order")
		requireEquivariant(t, m, positions*channels, func(int) []int { return order })
	})
}

// The output of a causal network at a position is that of the positions up to there,
// whatever comes later, to the bit.
func TestCausalNetworksDoNotSeeWhatComesLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		positions, heads := rapid.IntRange(2, 7).Draw(t, "positions"), rapid.IntRange(1, 3).Draw(t, "heads")
		width := heads * rapid.IntRange(2, 3).Draw(t, "channels of a head")
		m := nn.Transformer{Size: []int{positions}, Width: width, Blocks: 2, Heads: heads, Hidden: 3, Causal: true, Relative: rapid.Bool().Draw(t, "relative")}
		n := newNetwork(m, 2*positions, 0, nil)
		x := normals(2*positions, 1, 3)
		at := func(x []float64) []float64 {
			return run[float64](n.out, 1, n.theta, []*ad.Expr{n.x}, x)
		}
		y := at(x)
		from := 2 * rapid.IntRange(1, positions-1).Draw(t, "changed from")
		other := append(slices.Clone(x[:from]), normals(2*positions-from, 100, 4)...)
		z := at(other)
		require.Equal(t, y[:from], z[:from])
		require.NotEqual(t, y[from:], z[from:])
	})
}

// each yields 0, …, n−1.
func each(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestCircularConvolutionsMoveWithTheirInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w := rapid.IntRange(1, 4).Draw(t, "h"), rapid.IntRange(1, 6).Draw(t, "w")
		stride := rapid.IntRange(1, 2).Draw(t, "stride")
		h, w = h*stride, w*stride
		channels, kernel := rapid.IntRange(1, 3).Draw(t, "channels"), []int{1, 3, 5, 7, 9}
		odd := rapid.SampledFrom(kernel)
		m := nn.Conv{Size: []int{h, w}, Out: 2, Kernel: []int{odd.Draw(t, "kh"), odd.Draw(t, "kw")}, Stride: stride, Circular: true}
		dy, dx := rapid.IntRange(0, h-1).Draw(t, "dy")/stride, rapid.IntRange(0, w-1).Draw(t, "dx")/stride
		d := h * w * channels
		requireEquivariant(t, m, d, func(n int) []int {
			if n == d {
				return ring(h, w, dy*stride, dx*stride)
			}
			return ring(h/stride, w/stride, dy, dx)
		})
	})
}

// A circular U-Net moves with its input by what its lowest level resolves.
func TestCircularUNetsMoveWithTheirInput(t *testing.T) {
	net := nn.UNet{Size: []int{4, 8}, Channels: []int{4, 6}, Heads: 2, Circular: true}
	for _, by := range [][2]int{{2, 0}, {0, 2}, {2, 6}} {
		requireEquivariant(t, net, 32, func(int) []int { return ring(4, 8, by[0], by[1]) })
	}
	line := nn.UNet{Size: []int{12}, Channels: []int{4}, Circular: true, Kernel: []int{5}}
	requireEquivariant(t, line, 12, func(int) []int { return ring(1, 12, 0, 5) })
}

// Zero padding and stride do what their sums say, written out.
func TestConvIsItsEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w := rapid.IntRange(1, 5).Draw(t, "h"), rapid.IntRange(1, 5).Draw(t, "w")
		in, stride := rapid.IntRange(1, 3).Draw(t, "in"), rapid.IntRange(1, 3).Draw(t, "stride")
		kh, kw := 2*rapid.IntRange(0, 3).Draw(t, "kh")+1, 2*rapid.IntRange(0, 3).Draw(t, "kw")+1
		const out = 2
		n := newNetwork(nn.Conv{Size: []int{h, w}, Out: out, Kernel: []int{kh, kw}, Stride: stride}, h*w*in, 0, nil)
		x := normals(h*w*in, 1, 3)
		weight, _, _ := nn.View(&n.params, n.theta, "weight")
		bias, _, _ := nn.View(&n.params, n.theta, "bias")
		var want []float64
		for y := 0; y < h; y += stride {
			for z := 0; z < w; z += stride {
				for o := range out {
					sum := bias[o]
					for k := range kh * kw * in {
						py, pz := y+k/in/kw-kh/2, z+k/in%kw-kw/2
						if py >= 0 && py < h && pz >= 0 && pz < w {
							sum += x[(py*w+pz)*in+k%in] * weight[k*out+o]
						}
					}
					want = append(want, sum)
				}
			}
		}
		require.InDeltaSlice(t, want, run[float64](n.out, 1, n.theta, []*ad.Expr{n.x}, x), 1e-12)
	})
}

func TestResampleUpIsTheInverseOfDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, channels := rapid.IntRange(1, 3).Draw(t, "factor"), rapid.IntRange(1, 3).Draw(t, "channels")
		size := rapid.SliceOfN(rapid.IntRange(1, 3), 1, 2).Draw(t, "size")
		big := make([]int, len(size))
		d := channels
		for i, n := range size {
			big[i] = n * f
			d *= n * f
		}
		n := newNetwork(nn.Sequential{nn.Resample{Size: big, Down: f}, nn.Resample{Size: size, Up: f}}, d, 0, nil)
		x := normals(2*d, 1, 1)
		require.Equal(t, x, run[float64](n.out, 2, nil, []*ad.Expr{n.x}, x))
	})
	n := newNetwork(nn.Resample{Size: []int{2, 4}, Down: 2}, 8, 0, nil)
	require.Equal(t, []float64{0, 1, 4, 5, 2, 3, 6, 7}, run[float64](n.out, 1, nil, []*ad.Expr{n.x}, []float64{0, 1, 2, 3, 4, 5, 6, 7}))
}

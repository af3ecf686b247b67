package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func testWindows[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	for _, s := range []struct{ segments, k, apart, n int }{{1, 5, 1, 3}, {3, 6, 2, 33}, {3, 96, 32, 40}, {2, 300, 30, 70}} {
		lines := []Line{{0, 3}, {3, 17}, {21, 1}} // a row of dst is left out
		const rows = 22
		x := random[T](rng, 2000)
		starts := make([]int32, len(lines)*s.segments)
		k := s.segments * s.k
		gathered := make([]T, rows*k)
		for i, line := range lines {
			for seg := range s.segments {
				if i < s.segments && seg == i && s.segments > 1 { // zero in the line
					starts[i*s.segments+seg] = -1
					continue
				}
				start := rng.IntN(len(x) - s.k - s.apart*line.Rows)
				starts[i*s.segments+seg] = int32(start)
				for row := range line.Rows {
					copy(gathered[(line.First+row)*k+seg*s.k:][:s.k], x[start+row*s.apart:])
				}
			}
		}
		w := random[T](rng, k*s.n)
		packed := make([]T, PackedSize(k, s.n))
		Pack(packed, w, k, s.n)
		for _, initRows := range []int{0, 1, rows} {
			var init []T
			if initRows > 0 {
				init = random[T](rng, initRows*s.n)
			}
			want := make([]T, rows*s.n)
			MatMulPacked(want, gathered, packed, init, initRows, rows, k, s.n)
			dst := guarded[T](rows * s.n)
			left := random[T](rng, s.n)
			copy(dst.in[20*s.n:], left)
			copy(want[20*s.n:], left)
			MatMulWindows(dst.in, x, lines, starts, s.apart, packed, init, initRows, s.k, s.n)
			dst.requireBits(t, want)
		}
	}
}

// testAlikeLines has lines as pictures have them, of one tile and several, some with a
// segment of zeros, the last one of which begins elsewhere.
func testAlikeLines[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(69, 70))
	for _, s := range []struct{ segments, k, apart, n, rows int }{{3, 6, 2, 33, 5}, {3, 96, 32, 40, 17}, {3, 192, 64, 9, 31}, {5, 40, 8, 16, 28}} {
		const count = 7
		pitch := (s.rows-1)*s.apart + s.k
		x := random[T](rng, (count+s.segments)*pitch)
		var lines []Line
		var starts []int32
		k := s.segments * s.k
		rows := count * s.rows
		gathered := make([]T, rows*k)
		for i := range count {
			lines = append(lines, Line{i * s.rows, s.rows})
			for seg := range s.segments {
				start := (i + seg) * pitch
				switch {
				case i+seg == 0, i == count-2 && seg == s.segments-1, i == count-1 && seg == 1:
					starts = append(starts, -1)
					continue
				case i == count-1 && seg == s.segments-1:
					start = 0
				}
				starts = append(starts, int32(start))
				for row := range s.rows {
					copy(gathered[(i*s.rows+row)*k+seg*s.k:][:s.k], x[start+row*s.apart:])
				}
			}
		}
		w := random[T](rng, k*s.n)
		packed := make([]T, PackedSize(k, s.n))
		Pack(packed, w, k, s.n)
		for _, initRows := range []int{0, 1, rows} {
			var init []T
			if initRows > 0 {
				init = random[T](rng, initRows*s.n)
			}
			want, dst := make([]T, rows*s.n), guarded[T](rows*s.n)
			MatMulPacked(want, gathered, packed, init, initRows, rows, k, s.n)
			MatMulWindows(dst.in, x, lines, starts, s.apart, packed, init, initRows, s.k, s.n)
			dst.requireBits(t, want)
		}
		dst := make([]T, rows*s.n)
		require.Zero(t, testing.AllocsPerRun(1, func() { MatMulWindows(dst, x, lines, starts, s.apart, packed, nil, 0, s.k, s.n) }))
	}
}

func TestWindowsHaveTheBitsOfTheirRows(t *testing.T) {
	forPaths(t, testWindows[float32])
	forPaths(t, testWindows[float64])
	forPaths(t, testAlikeLines[float32])
	forPaths(t, testAlikeLines[float64])
}

// testSumsOverWindows has lines of which several make a run of a product, a long one
// and single rows, and one segment or all with zeros in some of the lines.
func testSumsOverWindows[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(65, 66))
	for _, s := range []struct {
		segments, k, apart, n int
		zeros                 bool // a segment that no line has
	}{{1, 5, 1, 3, false}, {3, 6, 2, 33, false}, {3, 96, 32, 40, true}, {2, 40, 30, 70, false}, {2, 17, 3, 9, true}} {
		var lines []Line
		rows := 0
		for _, n := range []int{1, 1, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 7, 7, 300, 5} {
			lines = append(lines, Line{rows, n})
			rows += n
		}
		x, g := random[T](rng, 20000), random[T](rng, rows*s.n)
		starts := make([]int32, len(lines)*s.segments)
		k := s.segments * s.k
		gathered := make([]T, rows*k)
		for i, line := range lines {
			for seg := range s.segments {
				if seg == 0 && i%5 == 4 || s.zeros && seg == 1 {
					starts[i*s.segments+seg] = -1
					continue
				}
				start := rng.IntN(len(x) - s.k - s.apart*line.Rows)
				starts[i*s.segments+seg] = int32(start)
				for row := range line.Rows {
					copy(gathered[(line.First+row)*k+seg*s.k:][:s.k], x[start+row*s.apart:])
				}
			}
		}
		for _, part := range [][2]int{{0, k}, {1, k - 1}, {s.k / 2, s.k/2 + 1}, {k, k}} {
			for _, set := range []bool{false, true} {
				start := random[T](rng, k*s.n)
				want, dst := append([]T(nil), start...), guarded[T](k*s.n)
				copy(dst.in, start)
				MatTMulRows(want, gathered, g, rows, k, s.n, part[0], part[1], set, make([]T, MatTMulSpace[T](k, s.n)))
				MatTMulWindows(dst.in, x, lines, starts, s.apart, g, s.k, s.n, part[0], part[1], set)
				dst.requireBits(t, want)
			}
		}
		dst := make([]T, k*s.n)
		require.Zero(t, testing.AllocsPerRun(1, func() { MatTMulWindows(dst, x, lines, starts, s.apart, g, s.k, s.n, 0, k, true) }))
	}
}

func TestSumsOverWindowsHaveTheBitsOfTheirRows(t *testing.T) {
	forPaths(t, testSumsOverWindows[float32])
	forPaths(t, testSumsOverWindows[float64])
}

func testPackBlocks[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(63, 64))
	for _, s := range []struct{ blocks, k, n int }{{1, 3, 5}, {3, 8, 8}, {9, 32, 70}, {2, 50, 33}} {
		w, turned := random[T](rng, s.blocks*s.k*s.n), make([]T, s.blocks*s.k*s.n)
		for block := range s.blocks {
			for i := range s.k {
				for j := range s.n {
					turned[(block*s.n+j)*s.k+i] = w[((s.blocks-1-block)*s.k+i)*s.n+j]
				}
			}
		}
		want, got := make([]T, PackedSize(s.blocks*s.n, s.k)), make([]T, PackedSize(s.blocks*s.n, s.k))
		Pack(want, turned, s.blocks*s.n, s.k)
		PackBlocksT(got, w, s.blocks, s.k, s.n)
		require.Equal(t, bitsOf(want), bitsOf(got), "%v", s)
	}
}

func TestBlocksArePackedAsTheirTransposes(t *testing.T) {
	forPaths(t, testPackBlocks[float32])
	forPaths(t, testPackBlocks[float64])
}

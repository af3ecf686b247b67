package ad

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawConvolution draws the table of a convolution in one or two dimensions: lengths
// of the picture and of the window, a stride, a border of zeros or one that goes round.
func drawConvolution(t *rapid.T, size int) *Table {
	h, w := rapid.SampledFrom([]int{1, 2, 5}).Draw(t, "h"), rapid.IntRange(8, 20).Draw(t, "w")
	kh, kw := rapid.IntRange(1, min(3, h)).Draw(t, "kh"), rapid.IntRange(2, 5).Draw(t, "kw")
	stride, round := rapid.IntRange(1, 2).Draw(t, "stride"), rapid.Bool().Draw(t, "round")
	var from [][]int
	for y := 0; y < h; y += stride {
		for x := 0; x < w; x += stride {
			var row []int
			for dy := range kh {
				for dx := range kw {
					y, x := y+dy-kh/2, x+dx-kw/2
					switch {
					case round:
						row = append(row, (y+h)%h*w+(x+w)%w)
					case y < 0 || y >= h || x < 0 || x >= w:
						row = append(row, -1)
					default:
						row = append(row, y*w+x)
					}
				}
			}
			from = append(from, row)
		}
	}
	return NewTable(from, h*w, size)
}

// cellsOf returns the cells that windows pass over.
func (w *windows) cellsOf(size int) []int32 {
	cells := make([]int32, w.size/size)
	for _, r := range w.runs {
		for k := range int(r.N) / size {
			if cells[int(r.To)/size+k] = -1; r.From >= 0 {
				cells[int(r.To)/size+k] = r.From/int32(size) + int32(k)
			}
		}
	}
	return cells
}

func TestWindowsAreTheRowsOfTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := drawConvolution(t, 3)
		w := table.windows
		if w == nil {
			return
		}
		cells, segments := w.cellsOf(3), table.cols/w.segment
		require.LessOrEqual(t, windowGains*len(cells), table.rows*table.cols)
		next := 0
		for i, line := range w.lines {
			require.Equal(t, next, line.First)
			next += line.Rows
			for row := range line.Rows {
				for s := range segments {
					want, start := table.from[(line.First+row)*table.cols+s*w.segment:][:w.segment], int(w.starts[i*segments+s])
					if start < 0 {
						require.Negative(t, slices.Max(want))
						continue
					}
					at := start/3 + row*w.step
					require.Equal(t, want, cells[at:at+w.segment])
				}
			}
		}
		require.Equal(t, table.rows, next)
	})
}

func TestConvolutionsAgreeWithEval(t *testing.T) {
	arithmetic(t)
	rapid.Check(t, func(t *rapid.T) {
		c, n := rapid.IntRange(3, 9).Draw(t, "c"), rapid.IntRange(3, 9).Draw(t, "n")
		table := drawConvolution(t, c)
		x, w := Input("x", table.source()), Param("w", table.cols*c, n, 0)
		b, v := Param("b", 1, n, w.Rows()*n), Input("v", table.source())
		y := Tanh(Affine(Gather(x, table), w, b))
		loss := total(Add(Square(y), JVP(y, x, v)))
		out := append([]*Expr{y, loss}, Grad(loss, x, w, b)...)
		in, rng := []*Expr{x, v}, generator(90)
		const samples = 3
		p := Compile[float64](out, in)
		theta, inputs := normals(rng, p.Params()), inputsOf(rng, in, samples)
		got, single := runCompiled(p, samples, theta, inputs, 2), run[float32](out, in, samples, theta, inputs, 1)
		for i, want := range Eval(out, samples, theta, nil, leavesOf(in, inputs)) {
			requireClose(t, want, got[i], 1e-12, "output", i)
			requireClose(t, want, single[i], 1e-3, "output", i)
		}
	})
}

// The adjoint of a convolution is one itself, with the blocks of w turned.
func TestScatteredProductsAreTurned(t *testing.T) {
	const c, n = 8, 6
	table := neighbours(12, 12, c, 1)
	x, w := Input("x", table.source()), Param("w", table.cols*c, n, 0)
	p := Compile[float64](Grad(total(Square(MatMul(Gather(x, table), w))), x), []*Expr{x})
	turned := 0
	for _, q := range p.packings {
		turned += q.blocks
	}
	require.Positive(t, turned)
}

func TestTheWindowsOfAPictureAreItsRows(t *testing.T) {
	w := neighbours(28, 28, 32, 1).windows
	require.Equal(t, []int{3, 1, 28}, []int{w.segment, w.step, len(w.lines)})
	require.Equal(t, 28*30*32, w.size, "the rows with an end on each side")
	w = neighbours(28, 28, 32, 2).windows
	require.Equal(t, []int{3, 2, 14}, []int{w.segment, w.step, len(w.lines)})
	require.Nil(t, neighbours(4, 4, 8, 1).windows, "lines are too short")
}

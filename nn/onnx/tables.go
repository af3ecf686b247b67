package onnx

import (
	"slices"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// gather writes the cells of a table side by side.
func (t *translator) gather(v ad.Value) value {
	from, cells, size := v.Table.Cells()
	return t.shaped(t.cells(t.full(v, 0), slices.Concat(from...), cells, size), v)
}

// cells returns a tensor with the cells of each sample that are listed, each along an
// axis of its own.
func (s *sheet) cells(x value, list []int, cells, size int) string {
	name := s.reshape(x.name, cells, size)
	if slices.Min(list) < 0 { // a cell of zeros after the others
		name = s.do("Pad", []string{name, s.ints(0, 0, 0, 0, 1, 0)})
		list = slices.Clone(list)
		for i, cell := range list {
			if cell < 0 {
				list[i] = cells
			}
		}
	}
	return s.do("Gather", []string{name, s.ints(list...)}, intAttribute("axis", 1))
}

// scatter writes the sums of the cells that a table takes from the same place, as a
// Gather of all cells for each place.
func (t *translator) scatter(v ad.Value) value {
	from, cells, size := v.Table.Cells()
	users := make([][]int, cells)
	most := 1
	for at, cell := range slices.Concat(from...) {
		if cell >= 0 {
			users[cell] = append(users[cell], at)
			most = max(most, len(users[cell]))
		}
	}
	var list []int
	for _, u := range users {
		for len(u) < most {
			u = append(u, -1)
		}
		list = append(list, u...)
	}
	name := t.cells(t.full(v, 0), list, len(from)*len(from[0]), size)
	if most > 1 {
		name = t.do("ReduceSum", []string{t.reshape(name, cells, most, size), t.ints(2)}, intAttribute("keepdims", 0))
	}
	return t.shaped(name, v)
}

// convolves writes the product of windows x with a parameter as a convolution into y, and
// reports whether they are windows.
func (t *translator) convolves(v, x ad.Value, y *value) bool {
	w := t.list[v.Args[1]]
	if w.Op != ad.OpParam || x.Rows == 1 || !x.PerRow {
		return false
	}
	from, cells, size := x.Table.Cells()
	k, ok := kernelOf(from, cells)
	if !ok {
		return false
	}
	image := t.do("Transpose", []string{t.reshape(t.full(x, 0).name, cells, size)}, intsAttribute("perm", 0, 2, 1))
	image = t.reshape(image, size, k.h, k.w)
	image = t.do("Conv", []string{image, t.filters(w, v.Index, size, k)},
		intsAttribute("kernel_shape", k.kh, k.kw), intsAttribute("strides", k.stride, k.stride), intsAttribute("dilations", k.dilation, k.dilation),
		intsAttribute("pads", k.top, k.left, k.bottom, k.right))
	*y = value{t.do("Transpose", []string{t.reshape(image, v.Cols, x.Rows)}, intsAttribute("perm", 0, 2, 1)), true, x.Rows, v.Cols}
	return true
}

// filters returns the parameter w, of a row for each point of the kernel and channel, as
// out×channels×kh×kw.
func (t *translator) filters(w ad.Value, from, channels int, k kernel) string {
	points := k.kh * k.kw
	theta := t.parameters(w, w.Index+from*w.Cols, points*channels*w.Cols)
	v := make([]float32, len(theta))
	for i, f := range theta {
		row, out := i/w.Cols, i%w.Cols
		point, channel := row/channels, row%channels
		v[(out*channels+channel)*points+point] = f
	}
	return t.floats(w.Leaf.Name()+".filters", []int64{int64(w.Cols), int64(channels), int64(k.kh), int64(k.kw)}, v)
}

// kernel is a window that moves over h×w cells, seeing zeros beyond their ends.
type kernel struct {
	h, w, kh, kw, stride, dilation int
	top, left, bottom, right       int // rows and columns of zeros
}

// kernelOf returns the kernel whose windows the rows of a table are.
func kernelOf(from [][]int, cells int) (kernel, bool) {
	points := len(from[0])
	if points < 2 && len(from) == cells {
		return kernel{}, false // each cell by itself
	}
	for h := 1; h <= cells; h++ {
		for kh := 1; kh <= min(h+h-1, points); kh++ {
			if cells%h > 0 || points%kh > 0 {
				continue
			}
			for _, dilation := range []int{1, 2, 4, 8, 16} {
				for stride := 1; stride <= 4; stride++ {
					k := kernel{h: h, w: cells / h, kh: kh, kw: points / kh, stride: stride, dilation: dilation}
					if k.pad(len(from)) && k.is(from) {
						return k, true
					}
				}
				if points == 1 {
					break
				}
			}
		}
	}
	return kernel{}, false
}

// pad sets the zeros such that windows are centred on every stride-th cell, and reports
// whether there are so many windows.
func (k *kernel) pad(windows int) bool {
	oh, ow := (k.h+k.stride-1)/k.stride, (k.w+k.stride-1)/k.stride
	if oh*ow != windows {
		return false
	}
	k.top, k.left = k.kh/2*k.dilation, k.kw/2*k.dilation
	k.bottom = max(0, (oh-1)*k.stride+(k.kh-1)*k.dilation+1-k.h-k.top)
	k.right = max(0, (ow-1)*k.stride+(k.kw-1)*k.dilation+1-k.w-k.left)
	return (k.h+k.top+k.bottom-(k.kh-1)*k.dilation-1)/k.stride+1 == oh && (k.w+k.left+k.right-(k.kw-1)*k.dilation-1)/k.stride+1 == ow
}

// is reports whether the windows are the rows of a table.
func (k *kernel) is(from [][]int) bool {
	ow := (k.w + k.stride - 1) / k.stride
	for i, row := range from {
		for j, cell := range row {
			y := i/ow*k.stride + j/k.kw*k.dilation - k.top
			x := i%ow*k.stride + j%k.kw*k.dilation - k.left
			want := -1
			if y >= 0 && y < k.h && x >= 0 && x < k.w {
				want = y*k.w + x
			}
			if cell != want {
				return false
			}
		}
	}
	return true
}

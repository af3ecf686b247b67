package onnx

import "github.com/gradlogp/gradlogp/nn/ad"

// shared returns the rows of operand k that a product has, from v.Index on.
func (t *translator) shared(v ad.Value, k, rows int) value {
	w := t.list[v.Args[k]]
	if w.Op == ad.OpParam {
		return t.weight(w, v.Index, rows)
	}
	all := t.full(v, k)
	if rows == w.Rows {
		return all
	}
	return value{t.do("Slice", []string{all.name, t.ints(v.Index), t.ints(v.Index + rows), t.ints(0)}), false, rows, w.Cols}
}

// matMul writes x·w, and onto what it is added.
func (t *translator) matMul(v ad.Value) value {
	x := t.list[v.Args[0]]
	var y value
	switch {
	case x.Op == ad.OpOneHot:
		y = t.rowsOf(v, x)
	case x.Op == ad.OpGather && t.convolves(v, x, &y):
	default:
		a := t.wide(v, 0)
		w := t.shared(v, 1, x.Cols)
		if len(v.Args) == 3 && !a.deep() {
			if b := t.wide(v, 2); !b.perRow || a.perRow && !b.deep() {
				return value{t.do("Gemm", []string{a.name, w.name, b.name}), a.perRow, a.rows, v.Cols}
			}
		}
		y = value{t.do("MatMul", []string{a.name, w.name}), a.perRow, a.rows, v.Cols}
	}
	if len(v.Args) == 3 {
		y = t.elementwise("Add", y, t.arg(v, 2))
	}
	return y
}

// rowsOf writes the product of a one-hot as what it picks of w: a label outside picks a
// row of zeros.
func (t *translator) rowsOf(v, x ad.Value) value {
	label := t.arg(x, 0)
	w := t.shared(v, 1, x.Cols)
	padded := t.do("Pad", []string{w.name, t.ints(0, 0, 1, 0)})
	class := t.do("Ceil", []string{t.do("Sub", []string{label.name, t.scalar(float64(x.Index) + 0.5)})})
	known := t.do("And", []string{
		t.do("GreaterOrEqual", []string{class, t.scalar(0)}),
		t.do("Less", []string{class, t.scalar(float64(x.Cols))}),
	})
	class = t.do("Where", []string{known, class, t.scalar(float64(x.Cols))})
	row := t.do("Cast", []string{class}, intAttribute("to", typeInt64))
	row = t.do("Squeeze", []string{row, t.ints(label.last())})
	return value{t.do("Gather", []string{padded, row}, intAttribute("axis", 0)), label.perRow, label.rows, v.Cols}
}

// matMulT writes x·wᵀ.
func (t *translator) matMulT(v ad.Value) value {
	x, w := t.wide(v, 0), t.shared(v, 1, v.Cols)
	y := value{perRow: x.perRow, rows: x.rows, cols: v.Cols}
	if x.deep() {
		y.name = t.do("MatMul", []string{x.name, t.do("Transpose", []string{w.name})})
	} else {
		y.name = t.do("Gemm", []string{x.name, w.name}, intAttribute("transB", 1))
	}
	return y
}

// matTMul writes (x, …)ᵀ·g summed over the rows.
func (t *translator) matTMul(v ad.Value) value {
	last := len(v.Args) - 1
	g := t.flat(t.full(v, last))
	parts := make([]string, last)
	for k := range parts {
		parts[k] = t.do("Gemm", []string{t.flat(t.full(v, k)), g}, intAttribute("transA", 1))
	}
	y := value{name: parts[0], rows: v.Rows, cols: v.Cols}
	if last > 1 {
		y.name = t.do("Concat", parts, intAttribute("axis", 0))
	}
	return y
}

// rowProduct writes a product within each of Index parts of each sample.
func (t *translator) rowProduct(v ad.Value) value {
	part := func(k int) string {
		a := t.list[v.Args[k]]
		return t.reshape(t.full(v, k).name, v.Index, a.Rows/v.Index, a.Cols)
	}
	turned := func(name string) string {
		return t.do("Transpose", []string{name}, intsAttribute("perm", 0, 1, 3, 2))
	}
	a, b := part(0), part(1)
	switch v.Op {
	case ad.OpRowMatMulT:
		b = turned(b)
	case ad.OpRowMatTMul:
		a = turned(a)
	}
	return t.shaped(t.do("MatMul", []string{a, b}), v)
}

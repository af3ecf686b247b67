package onnx

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// translator writes the values of a list on a sheet, each when it is first wanted.
type translator struct {
	*sheet
	list []ad.Value
	done map[int]value
	leaf map[*ad.Expr]value // what is known of inputs
}

// write returns the tensors of the expressions, in their full shape.
func (s *sheet) write(out []*ad.Expr, leaf map[*ad.Expr]value) []value {
	list, outs := ad.List(out)
	t := &translator{s, list, make(map[int]value), leaf}
	values := make([]value, len(out))
	for i, e := range out {
		perRow, rows := shapeOf(e)
		values[i] = t.fit(t.value(outs[i]), perRow, rows, e.Cols())
	}
	return values
}

// shapeOf returns the rows of an expression as a list has them.
func shapeOf(e *ad.Expr) (perRow bool, rows int) {
	if e.PerRow() {
		return true, e.Groups()
	}
	return false, e.Rows()
}

// value returns value i of the list.
func (t *translator) value(i int) value {
	v, ok := t.done[i]
	if !ok {
		v = t.make(t.list[i])
		t.done[i] = v
	}
	return v
}

// arg returns operand k of v as it is, full in its full shape.
func (t *translator) arg(v ad.Value, k int) value { return t.value(v.Args[k]) }

func (t *translator) full(v ad.Value, k int) value {
	a := t.list[v.Args[k]]
	return t.fit(t.arg(v, k), a.PerRow, a.Rows, a.Cols)
}

// wide returns operand k of v with all of its columns.
func (t *translator) wide(v ad.Value, k int) value {
	return t.widen(t.arg(v, k), t.list[v.Args[k]].Cols)
}

// functions are the operations of one operand that ONNX has.
var functions = map[ad.Op]string{
	ad.OpSqrt: "Sqrt", ad.OpRecip: "Reciprocal", ad.OpExp: "Exp", ad.OpLog: "Log", ad.OpSin: "Sin", ad.OpCos: "Cos",
	ad.OpTanh: "Tanh", ad.OpSigmoid: "Sigmoid", ad.OpSoftplus: "Softplus", ad.OpErf: "Erf", ad.OpReLU: "Relu",
}

// arithmetic are those of two.
var arithmetic = map[ad.Op]string{ad.OpAdd: "Add", ad.OpSub: "Sub", ad.OpMul: "Mul", ad.OpDiv: "Div"}

// make writes the operation of v.
func (t *translator) make(v ad.Value) value {
	if op, ok := functions[v.Op]; ok {
		return t.each(op, t.arg(v, 0))
	}
	if op, ok := arithmetic[v.Op]; ok {
		return t.elementwise(op, t.arg(v, 0), t.arg(v, 1))
	}
	switch v.Op {
	case ad.OpInput:
		known, ok := t.leaf[v.Leaf]
		if !ok {
			t.fail(ErrShape, "an output depends on %s, which is not among the inputs", describe(v.Leaf))
			return value{perRow: v.PerRow, rows: v.Rows, cols: v.Cols}
		}
		return known
	case ad.OpParam:
		return t.weight(v, 0, v.Rows)
	case ad.OpConst:
		return value{t.scalar(v.Number), false, 1, 1}
	case ad.OpSpread:
		return t.arg(v, 0)
	case ad.OpScale:
		return t.each("Mul", t.arg(v, 0), t.scalar(v.Number))
	case ad.OpShift:
		return t.each("Add", t.arg(v, 0), t.scalar(v.Number))
	case ad.OpSquare:
		a := t.arg(v, 0)
		return t.each("Mul", a, a.name)
	case ad.OpStep:
		a := t.arg(v, 0)
		a.name = t.do("Cast", []string{t.do("Greater", []string{a.name, t.scalar(0)})}, intAttribute("to", typeFloat))
		return a
	case ad.OpMatMul:
		return t.matMul(v)
	case ad.OpMatMulT:
		return t.matMulT(v)
	case ad.OpMatTMul:
		return t.matTMul(v)
	case ad.OpSumCols:
		return t.alongColumns("ReduceSum", t.wide(v, 0))
	case ad.OpMaxCols:
		return t.alongColumns("ReduceMax", t.wide(v, 0))
	case ad.OpSoftmax:
		a := t.wide(v, 0)
		a.name = t.do("Softmax", []string{a.name}, intAttribute("axis", -1))
		return a
	case ad.OpSoftmaxSlope:
		a, b := t.wide(v, 0), t.wide(v, 1)
		mean := t.alongColumns("ReduceSum", t.elementwise("Mul", a, b))
		return t.elementwise("Mul", b, t.elementwise("Sub", a, mean))
	case ad.OpSumRows:
		return t.sumRows(v)
	case ad.OpSumGroups:
		return value{t.do("ReduceSum", []string{t.full(v, 0).name, t.ints(1)}, intAttribute("keepdims", 0)), true, 1, v.Cols}
	case ad.OpConcat:
		return t.concat(v)
	case ad.OpSlice:
		a := t.wide(v, 0)
		a.name, a.cols = t.do("Slice", []string{a.name, t.ints(v.Index), t.ints(v.Index + v.Cols), t.ints(a.last())}), v.Cols
		return a
	case ad.OpOneHot:
		return t.oneHot(v)
	case ad.OpRegroup:
		return t.shaped(t.full(v, 0).name, v)
	case ad.OpGather:
		return t.gather(v)
	case ad.OpScatter:
		return t.scatter(v)
	case ad.OpRowMatMul, ad.OpRowMatMulT, ad.OpRowMatTMul:
		return t.rowProduct(v)
	}
	t.fail(ErrUnsupported, "a value of operation %s, %s", v.Op, "which the format has no form of: make random numbers an input")
	return value{perRow: v.PerRow, rows: v.Rows, cols: v.Cols}
}

// describe names a leaf and its shape.
func describe(e *ad.Expr) string {
	if e.PerRow() {
		return fmt.Sprintf("%q, of %d columns", e.Name(), e.Cols())
	}
	return fmt.Sprintf("%q, %d×%d for all rows", e.Name(), e.Rows(), e.Cols())
}

// alongColumns reduces each row to one column.
func (s *sheet) alongColumns(op string, v value) value {
	switch op {
	case "ReduceMax":
		v.name = s.do(op, []string{v.name}, intsAttribute("axes", -1))
	default:
		v.name = s.do(op, []string{v.name, s.ints(-1)})
	}
	v.cols = 1
	return v
}

// sumRows sums over all rows.
func (t *translator) sumRows(v ad.Value) value {
	a := t.full(v, 0)
	sum := value{rows: 1, cols: v.Cols}
	if a.deep() {
		sum.name = t.do("ReduceSum", []string{t.flat(a), t.ints(0)})
	} else {
		sum.name = t.do("ReduceSum", []string{a.name, t.ints(0)})
	}
	return sum
}

// flat returns a tensor of two axes with the rows of v.
func (s *sheet) flat(v value) string {
	if !v.deep() {
		return v.name
	}
	return s.do("Reshape", []string{v.name, s.ints(-1, v.cols)})
}

// concat puts values side by side, with as many rows as the widest of them needs.
func (t *translator) concat(v ad.Value) value {
	if row, ok := t.constants(v); ok {
		return row
	}
	to := value{rows: 1, cols: v.Cols}
	parts := make([]value, len(v.Args))
	for k := range parts {
		parts[k] = t.wide(v, k)
		if p := parts[k]; p.perRow && !to.perRow {
			to.perRow, to.rows = true, p.rows
		} else if p.perRow == to.perRow {
			to.rows = max(to.rows, p.rows)
		}
	}
	names := make([]string, len(parts))
	for k, p := range parts {
		names[k] = t.fit(p, to.perRow, to.rows, p.cols).name
	}
	to.name = t.do("Concat", names, intAttribute("axis", to.last()))
	return to
}

// constants returns a row that consists of constants.
func (t *translator) constants(v ad.Value) (value, bool) {
	row := make([]float32, 0, v.Cols)
	for _, i := range v.Args {
		part := t.list[i]
		if part.Op != ad.OpConst {
			return value{}, false
		}
		for range part.Cols {
			row = append(row, t.narrow(part.Number))
		}
	}
	return value{t.floats("", []int64{1, int64(v.Cols)}, row), false, 1, v.Cols}, true
}

// oneHot compares labels with the classes.
func (t *translator) oneHot(v ad.Value) value {
	label := t.wide(v, 0)
	low, high := make([]float32, v.Cols), make([]float32, v.Cols)
	for k := range low {
		low[k], high[k] = float32(k+v.Index)-0.5, float32(k+v.Index)+0.5
	}
	dims := []int64{1, int64(v.Cols)}
	above := t.do("Greater", []string{label.name, t.floats("", dims, low)})
	below := t.do("LessOrEqual", []string{label.name, t.floats("", dims, high)})
	label.name, label.cols = t.do("Cast", []string{t.do("And", []string{above, below})}, intAttribute("to", typeFloat)), v.Cols
	return label
}

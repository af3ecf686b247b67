package onnx

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// sheet is a graph that is being written: the main one, or the body of a loop, whose
// nodes may read what the main one has.
type sheet struct {
	*book
	nodes []*node
}

// book is what the sheets of a model have in common.
type book struct {
	main         *sheet
	initializers []*tensor
	constants    map[string]string
	taken        map[string]bool
	count        int
	first        string // an input with rows for each sample
	rows         string // tensor with their number, "" if it is not there yet
	weights      []float32
	err          error // the first
}

func newBook(weights []float32) *book {
	b := &book{constants: make(map[string]string), taken: make(map[string]bool), weights: weights}
	b.main = &sheet{book: b}
	return b
}

func (b *book) fail(kind error, format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), kind)
	}
}

// name returns a name that is not taken, the wanted one if it is free.
func (b *book) fresh(wanted string) string {
	name := wanted
	for name == "" || b.taken[name] {
		b.count++
		name = wanted + "_" + strconv.Itoa(b.count)
	}
	b.taken[name] = true
	return name
}

// do adds a node and returns the name of its one output.
func (s *sheet) do(op string, inputs []string, attributes ...*attribute) string {
	out := s.fresh("")
	s.nodes = append(s.nodes, &node{op: op, name: op + out, inputs: inputs, outputs: []string{out}, attributes: attributes})
	return out
}

func intAttribute(name string, v int) *attribute {
	return &attribute{name: name, kind: kindInt, i: int64(v)}
}

func intsAttribute(name string, v ...int) *attribute {
	a := &attribute{name: name, kind: kindInts}
	for _, i := range v {
		a.ints = append(a.ints, int64(i))
	}
	return a
}

// constant adds an initializer, once for the same contents.
func (b *book) constant(t *tensor) string {
	key := fmt.Sprint(t.dtype, t.dims, ":") + string(t.raw)
	if name, ok := b.constants[key]; ok {
		return name
	}
	if t.name == "" {
		t.name = "const"
	}
	t.name = b.fresh(t.name)
	b.constants[key] = t.name
	b.initializers = append(b.initializers, t)
	return t.name
}

// ints returns a constant of one axis.
func (b *book) ints(v ...int) string { return b.intsOf([]int64{int64(len(v))}, v) }

func (b *book) intsOf(dims []int64, v []int) string {
	wide := make([]int64, len(v))
	for i, n := range v {
		wide[i] = int64(n)
	}
	return b.constant(intTensor("", dims, wide))
}

// floats returns a constant of these dimensions.
func (b *book) floats(name string, dims []int64, v []float32) string {
	return b.constant(floatTensor(name, dims, v))
}

// scalar returns a constant that spreads wherever it is used.
func (b *book) scalar(c float64) string { return b.floats("", []int64{1, 1}, []float32{b.narrow(c)}) }

// narrow returns a constant of the expressions.
func (b *book) narrow(c float64) float32 {
	v := float32(c)
	if math.IsInf(float64(v), 0) && !math.IsInf(c, 0) {
		b.fail(ErrLimit, "the constant %v is beyond float32", c)
	}
	return v
}

// batch returns the tensor [r] with the number of samples.
func (b *book) batch() string {
	if b.rows == "" {
		b.rows = b.main.do("Slice", []string{b.main.do("Shape", []string{b.first}), b.ints(0), b.ints(1)})
	}
	return b.rows
}

// value is a tensor: r×cols or r×rows×cols for a value of each sample, rows×cols
// otherwise. It may be less than the value it stands for, where that repeats it: a
// uniform one for one of each sample, one row for several of a sample, one column for
// several.
type value struct {
	name   string
	perRow bool
	rows   int
	cols   int
}

// deep reports whether the tensor has three axes.
func (v value) deep() bool { return v.perRow && v.rows > 1 }

// last returns the number of the tensor's last axis.
func (v value) last() int {
	if v.deep() {
		return 2
	}
	return 1
}

// fit returns v repeated to a shape.
func (s *sheet) fit(v value, perRow bool, rows, cols int) value {
	if v.perRow == perRow && v.rows == rows && v.cols == cols {
		return v
	}
	to := value{perRow: perRow, rows: rows, cols: cols}
	switch {
	case to.deep():
		to.name = s.do("Expand", []string{s.deepen(v).name, s.do("Concat", []string{s.batch(), s.ints(rows, cols)}, intAttribute("axis", 0))})
	case perRow:
		to.name = s.do("Expand", []string{v.name, s.do("Concat", []string{s.batch(), s.ints(cols)}, intAttribute("axis", 0))})
	default:
		to.name = s.do("Expand", []string{v.name, s.ints(rows, cols)})
	}
	return to
}

// widen returns v with so many columns.
func (s *sheet) widen(v value, cols int) value {
	if v.cols == cols {
		return v
	}
	shape := []int{1, cols}
	if v.deep() {
		shape = []int{1, 1, cols}
	}
	return value{s.do("Expand", []string{v.name, s.ints(shape...)}), v.perRow, v.rows, cols}
}

// deepen returns v with an axis for the rows of a sample, when it has one row for each.
func (s *sheet) deepen(v value) value {
	if v.perRow && v.rows == 1 {
		v.name = s.do("Unsqueeze", []string{v.name, s.ints(1)})
	}
	return v
}

// reshape returns the numbers of v, of which each sample has the same, in another shape
// but for the first axis.
func (s *sheet) reshape(name string, shape ...int) string {
	return s.do("Reshape", []string{name, s.ints(append([]int{0}, shape...)...)})
}

// shaped returns a tensor of rows·cols numbers a sample, with two axes more or less, as a
// value of this shape.
func (s *sheet) shaped(name string, of ad.Value) value {
	v := value{name: name, perRow: of.PerRow, rows: of.Rows, cols: of.Cols}
	if v.deep() {
		v.name = s.reshape(name, v.rows, v.cols)
	} else {
		v.name = s.reshape(name, v.cols)
	}
	return v
}

// elementwise applies an operation to two values that spread against each other.
func (s *sheet) elementwise(op string, a, b value) value {
	v := value{perRow: a.perRow || b.perRow, cols: max(a.cols, b.cols), rows: max(a.rows, b.rows)}
	if v.perRow && !a.perRow {
		v.rows = b.rows
	}
	if v.perRow && !b.perRow {
		v.rows = a.rows
	}
	if v.deep() {
		a, b = s.deepen(a), s.deepen(b)
	}
	v.name = s.do(op, []string{a.name, b.name})
	return v
}

// each applies an operation to each number of v.
func (s *sheet) each(op string, v value, with ...string) value {
	v.name = s.do(op, append([]string{v.name}, with...))
	return v
}

// weight returns those rows of a parameter that are wanted.
func (b *book) weight(of ad.Value, from, rows int) value {
	name := of.Leaf.Name()
	if from > 0 || rows < of.Rows {
		name = fmt.Sprintf("%s[%d:%d]", name, from, from+rows)
	}
	at := of.Index + from*of.Cols
	return value{b.floats(name, []int64{int64(rows), int64(of.Cols)}, b.parameters(of, at, rows*of.Cols)), false, rows, of.Cols}
}

// parameters returns numbers of the vector of parameters.
func (b *book) parameters(of ad.Value, at, n int) []float32 {
	if at+n > len(b.weights) {
		b.fail(ErrShape, "parameter %s ends at number %d of the weights, of which there are %d", of.Leaf.Name(), at+n, len(b.weights))
		return make([]float32, n)
	}
	part := b.weights[at : at+n]
	if i := slices.IndexFunc(part, func(v float32) bool { return v-v != 0 }); i >= 0 {
		b.fail(ErrNonFinite, "number %d of parameter %s is %v", i, of.Leaf.Name(), part[i])
	}
	return part
}

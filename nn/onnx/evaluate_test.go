package onnx

import (
	encode "encoding/binary"
	"fmt"
	"math"
	"slices"
)

// array is a tensor of the interpreter below. Numbers of all types are float64.
type array struct {
	dims []int
	v    []float64
}

func newArray(dims ...int) array { return array{dims, make([]float64, size(dims))} }

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// interpreter evaluates the operators that Export writes, from their definitions in the
// ONNX specification, in float64: an engine that shares nothing with package ad.
type interpreter struct{ known map[string]array }

func interpret(m *model, inputs map[string]array) map[string]array {
	in := &interpreter{map[string]array{}}
	for name, a := range inputs {
		in.known[name] = a
	}
	in.graph(m.graph)
	out := map[string]array{}
	for _, o := range m.graph.outputs {
		a := in.get(o.name)
		for i, d := range o.dims {
			if d.name == "" && int(d.size) != a.dims[i] {
				panic(fmt.Sprintf("output %s is %v, declared %v", o.name, a.dims, o.dims))
			}
		}
		out[o.name] = a
	}
	return out
}

func (in *interpreter) get(name string) array {
	a, ok := in.known[name]
	if !ok {
		panic("no value " + name)
	}
	return a
}

func arrayOf(t *tensor) array {
	a := array{dims: []int{}}
	for _, d := range t.dims {
		a.dims = append(a.dims, int(d))
	}
	for raw := t.raw; len(raw) > 0; {
		if t.dtype == typeInt64 {
			a.v, raw = append(a.v, float64(int64(encode.LittleEndian.Uint64(raw)))), raw[8:]
		} else {
			a.v, raw = append(a.v, float64(math.Float32frombits(encode.LittleEndian.Uint32(raw)))), raw[4:]
		}
	}
	if len(a.v) != size(a.dims) {
		panic("an initializer of the wrong length: " + t.name)
	}
	return a
}

func (in *interpreter) graph(g *graph) {
	for _, t := range g.initializers {
		in.known[t.name] = arrayOf(t)
	}
	for _, n := range g.nodes {
		for i, a := range in.node(n) {
			in.known[n.outputs[i]] = a
		}
	}
}

// broadcast applies f to two arrays in NumPy's way.
func broadcast(a, b array, f func(x, y float64) float64) array {
	rank := max(len(a.dims), len(b.dims))
	dims := make([]int, rank)
	at := func(x array, axis int) int { // the length of an axis counted from the left of dims
		if k := axis - rank + len(x.dims); k >= 0 {
			return x.dims[k]
		}
		return 1
	}
	for i := range dims {
		dims[i] = max(at(a, i), at(b, i))
		for _, x := range []array{a, b} {
			if d := at(x, i); d != 1 && d != dims[i] {
				panic(fmt.Sprintf("%v and %v do not broadcast", a.dims, b.dims))
			}
		}
	}
	out := newArray(dims...)
	for i := range out.v {
		ia, ib, sa, sb, rest := 0, 0, 1, 1, i
		for axis := rank - 1; axis >= 0; axis-- {
			k := rest % dims[axis]
			rest /= dims[axis]
			ia, ib = ia+min(k, at(a, axis)-1)*sa, ib+min(k, at(b, axis)-1)*sb
			sa, sb = sa*at(a, axis), sb*at(b, axis)
		}
		out.v[i] = f(a.v[ia], b.v[ib])
	}
	return out
}

func isTrue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

var binaries = map[string]func(x, y float64) float64{
	"Add":            func(x, y float64) float64 { return x + y },
	"Sub":            func(x, y float64) float64 { return x - y },
	"Mul":            func(x, y float64) float64 { return x * y },
	"Div":            func(x, y float64) float64 { return x / y },
	"And":            func(x, y float64) float64 { return x * y },
	"Greater":        func(x, y float64) float64 { return isTrue(x > y) },
	"GreaterOrEqual": func(x, y float64) float64 { return isTrue(x >= y) },
	"Less":           func(x, y float64) float64 { return isTrue(x < y) },
	"LessOrEqual":    func(x, y float64) float64 { return isTrue(x <= y) },
}

var unaries = map[string]func(x float64) float64{
	"Sqrt": math.Sqrt, "Reciprocal": func(x float64) float64 { return 1 / x }, "Exp": math.Exp, "Log": math.Log, "Sin": math.Sin,
	"Cos": math.Cos, "Tanh": math.Tanh, "Sigmoid": func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, "Erf": math.Erf,
	"Softplus": func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, "Relu": func(x float64) float64 { return max(x, 0) },
	"Ceil": math.Ceil, "Identity": func(x float64) float64 { return x }, "Cast": func(x float64) float64 { return x },
}

func (n *node) int(name string, otherwise int) int {
	if a := n.find(name); a != nil {
		return int(a.i)
	}
	return otherwise
}

func (n *node) intList(name string) (v []int) {
	for _, i := range n.find(name).ints {
		v = append(v, int(i))
	}
	return v
}

func whole(a array) (v []int) {
	for _, x := range a.v {
		v = append(v, int(x))
	}
	return v
}

// split returns how many numbers there are before, on and after an axis.
func split(dims []int, axis int) (outer, n, inner int) {
	return size(dims[:axis]), dims[axis], size(dims[axis+1:])
}

func (in *interpreter) node(n *node) []array {
	arg := func(i int) array { return in.get(n.inputs[i]) }
	one := func(a array) []array { return []array{a} }
	if f, ok := binaries[n.op]; ok {
		return one(broadcast(arg(0), arg(1), f))
	}
	if f, ok := unaries[n.op]; ok {
		a := array{arg(0).dims, slices.Clone(arg(0).v)}
		for i, x := range a.v {
			a.v[i] = f(x)
		}
		return one(a)
	}
	switch n.op {
	case "Where":
		picked := broadcast(arg(0), arg(1), func(c, x float64) float64 { return x })
		rest := broadcast(arg(0), arg(2), func(c, y float64) float64 { return y })
		cond := broadcast(arg(0), picked, func(c, _ float64) float64 { return c })
		for i, c := range cond.v {
			if c == 0 {
				picked.v[i] = rest.v[i]
			}
		}
		return one(picked)
	case "MatMul":
		return one(matMulArrays(arg(0), arg(1)))
	case "Gemm":
		a, b := arg(0), arg(1)
		if n.int("transA", 0) == 1 {
			a = transpose(a, []int{1, 0})
		}
		if n.int("transB", 0) == 1 {
			b = transpose(b, []int{1, 0})
		}
		y := matMulArrays(a, b)
		if len(n.inputs) == 3 {
			sum := broadcast(y, arg(2), binaries["Add"])
			if !slices.Equal(sum.dims, y.dims) {
				panic("Gemm's C does not broadcast to the product")
			}
			y = sum
		}
		return one(y)
	case "Transpose":
		perm := []int{1, 0}
		if n.find("perm") != nil {
			perm = n.intList("perm")
		}
		return one(transpose(arg(0), perm))
	case "Reshape":
		x, shape := arg(0), whole(arg(1))
		rest := len(x.v)
		for i, d := range shape {
			if d == 0 {
				shape[i] = x.dims[i]
			}
			if d >= 0 && shape[i] > 0 {
				rest /= shape[i]
			}
		}
		for i, d := range shape {
			if d == -1 {
				shape[i] = rest
			}
		}
		if size(shape) != len(x.v) {
			panic(fmt.Sprintf("Reshape of %v to %v", x.dims, shape))
		}
		return one(array{shape, x.v})
	case "Unsqueeze", "Squeeze":
		dims, axis := slices.Clone(arg(0).dims), whole(arg(1))[0]
		if n.op == "Unsqueeze" {
			return one(array{slices.Insert(dims, axis, 1), arg(0).v})
		}
		if dims[axis] != 1 {
			panic("Squeeze of an axis that is not 1")
		}
		return one(array{slices.Delete(dims, axis, axis+1), arg(0).v})
	case "Shape":
		a := newArray(len(arg(0).dims))
		for i, d := range arg(0).dims {
			a.v[i] = float64(d)
		}
		return one(a)
	case "Expand":
		return one(broadcast(arg(0), newArray(whole(arg(1))...), func(x, _ float64) float64 { return x }))
	case "Pad":
		return one(pad(arg(0), whole(arg(1))))
	case "Gather":
		return one(gatherArrays(arg(0), arg(1), n.int("axis", 0)))
	case "Slice":
		axis := 0
		if len(n.inputs) > 3 {
			axis = whole(arg(3))[0]
		}
		from, to := whole(arg(1))[0], whole(arg(2))[0]
		index := newArray(to - from)
		for i := range index.v {
			index.v[i] = float64(from + i)
		}
		return one(gatherArrays(arg(0), index, axis))
	case "Concat":
		return one(in.concat(n))
	case "ReduceSum", "ReduceMax", "Softmax":
		return one(reduce(n, arg(0), n.op, in))
	case "Conv":
		return one(convolve(n, arg(0), arg(1)))
	case "Loop":
		return in.loop(n)
	}
	panic("the interpreter has no " + n.op)
}

func matMulArrays(a, b array) array {
	m, k := a.dims[len(a.dims)-2], a.dims[len(a.dims)-1]
	k2, n := b.dims[len(b.dims)-2], b.dims[len(b.dims)-1]
	if k != k2 {
		panic(fmt.Sprintf("product of %v and %v", a.dims, b.dims))
	}
	batch := a.dims[:len(a.dims)-2]
	if len(b.dims) > 2 && !slices.Equal(batch, b.dims[:len(b.dims)-2]) {
		panic(fmt.Sprintf("product of %v and %v", a.dims, b.dims))
	}
	y := newArray(append(slices.Clone(batch), m, n)...)
	for s := range size(batch) {
		av, bv := a.v[s*m*k:], b.v
		if len(b.dims) > 2 {
			bv = b.v[s*k*n:]
		}
		for i := range m {
			for j := range n {
				for l := range k {
					y.v[(s*m+i)*n+j] += av[i*k+l] * bv[l*n+j]
				}
			}
		}
	}
	return y
}

func transpose(a array, perm []int) array {
	dims, stride := make([]int, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		dims[i], stride[i] = a.dims[p], size(a.dims[p+1:])
	}
	y := newArray(dims...)
	for i := range y.v {
		from, rest := 0, i
		for axis := len(dims) - 1; axis >= 0; axis-- {
			from += rest % dims[axis] * stride[axis]
			rest /= dims[axis]
		}
		y.v[i] = a.v[from]
	}
	return y
}

func pad(a array, pads []int) array {
	dims := slices.Clone(a.dims)
	for i := range dims {
		if pads[i] != 0 {
			panic("Pad before an axis")
		}
		dims[i] += pads[len(dims)+i]
	}
	y := newArray(dims...)
	for i := range y.v {
		from, stride, rest, inside := 0, 1, i, true
		for axis := len(dims) - 1; axis >= 0; axis-- {
			k := rest % dims[axis]
			rest /= dims[axis]
			inside = inside && k < a.dims[axis]
			from += k * stride
			stride *= a.dims[axis]
		}
		if inside {
			y.v[i] = a.v[from]
		}
	}
	return y
}

func gatherArrays(a, index array, axis int) array {
	outer, n, inner := split(a.dims, axis)
	y := newArray(slices.Concat(a.dims[:axis], index.dims, a.dims[axis+1:])...)
	for o := range outer {
		for k, at := range whole(index) {
			if at < 0 || at >= n {
				panic(fmt.Sprintf("Gather of %d from %d", at, n))
			}
			copy(y.v[(o*len(index.v)+k)*inner:][:inner], a.v[(o*n+at)*inner:])
		}
	}
	return y
}

func (in *interpreter) concat(n *node) array {
	axis := n.int("axis", 0)
	first := in.get(n.inputs[0])
	dims := slices.Clone(first.dims)
	dims[axis] = 0
	for _, name := range n.inputs {
		a := in.get(name)
		for i, d := range a.dims {
			if i != axis && d != dims[i] || len(a.dims) != len(dims) {
				panic(fmt.Sprintf("Concat of %v and %v along %d", first.dims, a.dims, axis))
			}
		}
		dims[axis] += a.dims[axis]
	}
	y := newArray(dims...)
	outer, n2, inner := split(dims, axis)
	at := 0
	for _, name := range n.inputs {
		a := in.get(name)
		part := a.dims[axis] * inner
		for o := range outer {
			copy(y.v[o*n2*inner+at:], a.v[o*part:(o+1)*part])
		}
		at += part
	}
	return y
}

func reduce(n *node, a array, op string, in *interpreter) array {
	axis, keep := 0, n.int("keepdims", 1) == 1
	switch {
	case op == "Softmax":
		axis = n.int("axis", -1)
	case op == "ReduceMax":
		axis = n.intList("axes")[0]
	default:
		axis = whole(in.get(n.inputs[1]))[0]
	}
	if axis < 0 {
		axis += len(a.dims)
	}
	outer, k, inner := split(a.dims, axis)
	dims := slices.Clone(a.dims)
	if dims[axis] = 1; !keep {
		dims = slices.Delete(dims, axis, axis+1)
	}
	y, soft := newArray(dims...), newArray(a.dims...)
	for o := range outer {
		for i := range inner {
			sum, most := 0.0, math.Inf(-1)
			for j := range k {
				sum, most = sum+a.v[(o*k+j)*inner+i], max(most, a.v[(o*k+j)*inner+i])
			}
			y.v[o*inner+i] = sum
			if op == "ReduceMax" {
				y.v[o*inner+i] = most
			}
			sum = 0
			for j := range k {
				sum += math.Exp(a.v[(o*k+j)*inner+i] - most)
			}
			for j := range k {
				soft.v[(o*k+j)*inner+i] = math.Exp(a.v[(o*k+j)*inner+i]-most) / sum
			}
		}
	}
	if op == "Softmax" {
		return soft
	}
	return y
}

func convolve(n *node, x, w array) array {
	kernel, stride, dilation, pads := n.intList("kernel_shape"), n.intList("strides"), n.intList("dilations"), n.intList("pads")
	if !slices.Equal(kernel, w.dims[2:]) || x.dims[1] != w.dims[1] {
		panic(fmt.Sprintf("Conv of %v with %v", x.dims, w.dims))
	}
	var out [2]int
	for i := range out {
		out[i] = (x.dims[2+i]+pads[i]+pads[2+i]-(kernel[i]-1)*dilation[i]-1)/stride[i] + 1
	}
	y := newArray(x.dims[0], w.dims[0], out[0], out[1])
	at := 0
	for s := range x.dims[0] {
		for o := range w.dims[0] {
			for py := range out[0] {
				for px := range out[1] {
					for c := range x.dims[1] {
						for ky := range kernel[0] {
							for kx := range kernel[1] {
								iy, ix := py*stride[0]+ky*dilation[0]-pads[0], px*stride[1]+kx*dilation[1]-pads[1]
								if iy >= 0 && iy < x.dims[2] && ix >= 0 && ix < x.dims[3] {
									y.v[at] += x.v[((s*x.dims[1]+c)*x.dims[2]+iy)*x.dims[3]+ix] * w.v[((o*w.dims[1]+c)*kernel[0]+ky)*kernel[1]+kx]
								}
							}
						}
					}
					at++
				}
			}
		}
	}
	return y
}

func (in *interpreter) loop(n *node) []array {
	body := n.find("body").g
	state := make([]array, len(n.inputs)-2)
	for i, name := range n.inputs[2:] {
		state[i] = in.get(name)
	}
	for k := range int(in.get(n.inputs[0]).v[0]) {
		inner := &interpreter{map[string]array{}}
		for name, a := range in.known {
			inner.known[name] = a
		}
		inner.known[body.inputs[0].name] = array{[]int{}, []float64{float64(k)}}
		inner.known[body.inputs[1].name] = array{[]int{}, []float64{1}}
		for i, a := range state {
			inner.known[body.inputs[2+i].name] = a
		}
		inner.graph(body)
		for i, o := range body.outputs[1:] {
			state[i] = inner.get(o.name)
		}
	}
	return state
}

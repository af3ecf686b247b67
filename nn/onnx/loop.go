package onnx

import (
	"slices"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Loop is a recursion of Count steps k = 0, 1, …,
//
//	s ← Next(s, c_k, z_k, inputs),
//
// which makes a model as small as one step of it, however many there are.
type Loop struct {
	Count int // at least 1
	State []State
	Steps []Steps
	Picks []Pick
}

// State is a part of what a loop carries on. Leaf stands for it: in every Next for its
// value before the step, in the graph's Outputs for the last.
type State struct {
	Leaf  *ad.Expr
	Start *ad.Expr // of the graph's inputs
	Next  *ad.Expr // of the shape of Leaf
}

// Steps are numbers that differ from step to step: Leaf, made by ad.UniformInput(…, c),
// stands for row k of the Count×c Values.
type Steps struct {
	Leaf   *ad.Expr
	Values []float32
}

// Pick gives each step some of the columns of an input: with Width columns a part, Leaf
// has the parts Index[k] of From side by side.
type Pick struct {
	Leaf  *ad.Expr
	From  *ad.Expr // an input of the graph
	Width int
	Index [][]int // Count times as many parts as Leaf has room for
}

// loop writes a loop and adds the last state to what is known of leaves.
func (s *sheet) loop(l *Loop, leaf map[*ad.Expr]value) {
	if !l.check(s.book, leaf) {
		return
	}
	starts := make([]*ad.Expr, len(l.State))
	nexts := make([]*ad.Expr, len(l.State))
	for i, st := range l.State {
		starts[i], nexts[i] = st.Start, st.Next
	}
	inputs := []string{s.intsOf(nil, []int{l.Count}), ""}
	for _, v := range s.write(starts, leaf) {
		inputs = append(inputs, v.name)
	}

	body := &sheet{book: s.book}
	k, goOn := s.fresh("step"), s.fresh("go_on")
	inner := &graph{name: "step", inputs: []valueInfo{{name: k, dtype: typeInt64}, {name: goOn, dtype: typeBool}}}
	known := make(map[*ad.Expr]value)
	for e, v := range leaf {
		known[e] = v
	}
	for _, st := range l.State {
		v, info := described(s.fresh(st.Leaf.Name()), st.Leaf)
		known[st.Leaf], inner.inputs = v, append(inner.inputs, info)
	}
	for _, st := range l.Steps {
		c := st.Leaf.Cols()
		row := body.do("Gather", []string{s.floats(st.Leaf.Name(), []int64{int64(l.Count), int64(c)}, st.Values), k}, intAttribute("axis", 0))
		known[st.Leaf] = value{body.do("Unsqueeze", []string{row, s.ints(0)}), false, 1, c}
	}
	for _, p := range l.Picks {
		parts := s.reshape(leaf[p.From].name, p.From.Cols()/p.Width, p.Width)
		which := body.do("Gather", []string{s.intsOf([]int64{int64(l.Count), int64(len(p.Index[0]))}, slices.Concat(p.Index...)), k}, intAttribute("axis", 0))
		picked := body.do("Gather", []string{parts, which}, intAttribute("axis", 1))
		known[p.Leaf] = value{body.reshape(picked, p.Leaf.Cols()), true, 1, p.Leaf.Cols()}
	}

	inner.outputs = append(inner.outputs, valueInfo{name: body.do("Identity", []string{goOn}), dtype: typeBool})
	loop := &node{op: "Loop", name: s.fresh("Loop"), inputs: inputs}
	for i, v := range body.write(nexts, known) {
		// An output of its own for each, as a state may be carried on as it is, or twice.
		_, info := described(body.do("Identity", []string{v.name}), l.State[i].Leaf)
		inner.outputs = append(inner.outputs, info)
		last, _ := described(s.fresh(l.State[i].Leaf.Name()+"_last"), l.State[i].Leaf)
		leaf[l.State[i].Leaf], loop.outputs = last, append(loop.outputs, last.name)
	}
	inner.nodes = body.nodes
	loop.attributes = []*attribute{{name: "body", kind: kindGraph, g: inner}}
	s.nodes = append(s.nodes, loop)
}

// check reports whether the parts fit together.
func (l *Loop) check(b *book, leaf map[*ad.Expr]value) bool {
	if l.Count < 1 || len(l.State) == 0 {
		b.fail(ErrShape, "Loop: has %d steps and a state of %d parts, want at least one of each", l.Count, len(l.State))
	}
	for i, s := range l.State {
		for _, e := range []*ad.Expr{s.Start, s.Next} {
			perRow, rows := shapeOf(e)
			if wantPer, want := shapeOf(s.Leaf); perRow != wantPer || rows != want || e.Cols() != s.Leaf.Cols() {
				b.fail(ErrShape, "Loop.State[%d]: Start or Next is of another shape than Leaf, %s", i, describe(s.Leaf))
			}
		}
	}
	for i, s := range l.Steps {
		if s.Leaf.PerRow() || len(s.Values) != l.Count*s.Leaf.Cols() {
			b.fail(ErrShape, "Loop.Steps[%d]: has %d values for %s, want %d", i, len(s.Values), describe(s.Leaf), l.Count*s.Leaf.Cols())
		}
		if j := slices.IndexFunc(s.Values, func(v float32) bool { return v-v != 0 }); j >= 0 {
			b.fail(ErrNonFinite, "Loop.Steps[%d]: value %d is %v", i, j, s.Values[j])
		}
	}
	for i, p := range l.Picks {
		if _, ok := leaf[p.From]; !ok || p.Width < 1 || p.From.Cols()%p.Width != 0 || len(p.Index) != l.Count {
			b.fail(ErrShape, "Loop.Picks[%d]: From, Width or Index does not fit", i)
			continue
		}
		for k, row := range p.Index {
			if len(row)*p.Width != p.Leaf.Cols() || len(row) == 0 || slices.Min(row) < 0 || slices.Max(row) >= p.From.Cols()/p.Width {
				b.fail(ErrShape, "Loop.Picks[%d]: Index[%d] is %v, want %d numbers below %d", i, k, row, p.Leaf.Cols()/p.Width, p.From.Cols()/p.Width)
				break
			}
		}
	}
	return b.err == nil
}

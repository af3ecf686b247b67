package ad

import (
	"slices"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// instr is one step of a program: a kernel, where its operands are, and where
// the result goes.
type instr struct {
	op       opcode
	fn       kernel.UnaryOp // of opUnary, and of a function folded into op
	folded   bool           // fn is applied to the result of a product, or multiplies in opMul
	value    float64
	index    int
	table    *Table // also of a product that is scattered
	skip     int    // of the matrix of a product: elements before the rows that take part
	pairs    *Table // of such a product of what is gathered, nil if there is none; see there
	half     bool   // a product of bfloat16; of several, as in xᵀ·g, those that are wide
	dst      operand
	operands []operand
	inPlace  bool // dst may be an operand
	sums     bool // adds to dst
}

// operand is a value as an instruction sees it.
type operand struct {
	location
	id     int // the node's number
	writer int // number of the block's instruction that made it
	rows   int // −g: g for each sample of the block
	cols   int
	spread kernel.Spread
	packed int // for the matrix of a product: 1 + its index among the packings; 0 is as it is
	out    int // of a sum: 1 + the output in which it is formed, or 0

	// Of a one-hot that is not stored: the column holds its labels, of which so
	// many classes, from the first on, are its columns.
	classes, first int

	table *Table // of what a product gathers from the value
}

// height returns the number of rows that so many samples have in a product.
func (o *operand) height(samples int) int {
	if o.table != nil {
		return samples * o.table.rows
	}
	return rowsIn(o.rows, samples)
}

// columns returns how many numbers a sample, or a row of a shared value, has.
func (o *operand) columns() int { return o.cols * max(1, -o.rows) }

// width returns the number of columns that a product sees.
func (o *operand) width() int {
	switch {
	case o.classes > 0:
		return o.classes
	case o.table != nil:
		return o.table.cols * o.table.size
	}
	return o.cols
}

// width returns the number of columns of the product that in computes.
func (in *instr) width() int {
	if in.table != nil {
		return in.table.cols * in.table.size
	}
	return in.dst.cols
}

// firstTurn is the number of the first instruction that depends on a direction,
// beyond those of any block.
const firstTurn = 1 << 30

// span is a part of the parameter vector.
type span struct{ from, to int }

// packing is a parameter matrix laid out for a product.
type packing struct {
	from       int // offset in the parameter vector
	rows, cols int
	transposed bool // for g·wᵀ
	blocks     int  // of rows, each of which is transposed; 0 for none
	half       bool // rounded to bfloat16
	to         int  // offset in the packed weights of its kind
}

// size returns the length of the packed matrix.
func (p packing) size() int {
	switch {
	case p.half:
		return p.halfSize()
	case p.blocks > 0:
		return kernel.PackedSize(p.blocks*p.cols, p.rows/p.blocks)
	case p.transposed:
		return kernel.PackedSize(p.cols, p.rows)
	}
	return kernel.PackedSize(p.rows, p.cols)
}

// lower translates nodes into the instructions of the three phases.
func (g *graph) lower() {
	writer := make(map[*node]int)
	for _, n := range g.nodes {
		if n.home.space == inInput || n.home.space == inWeights || n.home.space == inConstant {
			continue
		}
		in := instr{op: n.op, fn: n.fn, value: n.value, index: n.index, table: n.table, folded: n.folded != nil, inPlace: n.elementwise(), sums: n.sums}
		if n.folded != nil {
			switch n.op {
			case opUnary:
				in.op, in.index = opMatMul, n.folded.index
			case opSlice:
				in.op, in.folded = opMatMulT, false
			case opScatter:
				in.op, in.index, in.folded = n.folded.op, n.folded.index, false
			default:
				in.fn, in.value = n.folded.fn, n.folded.value
			}
		}
		for _, a := range n.args {
			in.operands = append(in.operands, operandOf(a, n, writer))
			if a.elided && a.table != nil {
				g.layout.reserve(a.table)
			}
		}
		if n.op == opScatter && n.folded != nil {
			g.layout.reserve(n.table)
		}
		in.dst = operandOf(n, n, writer)
		switch {
		case n.turned != nil:
			g.turn(&in, n)
		case in.op == opMatMul || in.op == opMatMulT:
			g.factor(&in)
		case in.op == opMatTMul:
			last := len(in.operands) - 1
			in.half = g.half && slices.ContainsFunc(in.operands[:last], func(x operand) bool { return wideEnough(x.width(), n.cols) })
		}
		if t := in.operands; in.half && t[0].table != nil && (in.op != opMatTMul || len(t) == 2) {
			in.pairs = t[0].table.pairs()
		}
		for _, o := range in.operands {
			if o.space == inWeights && o.packed == 0 {
				g.read(span{o.at, o.at + o.rows*o.cols})
			}
		}
		switch n.phase {
		case body:
			writer[n] = len(g.phases[body])
		case turns:
			writer[n] = firstTurn + len(g.phases[turns])
		}
		g.phases[n.phase] = append(g.phases[n.phase], in)
	}
	g.copyOutputs(writer)
}

// factor makes the matrix of a product the rows that take part in it, packed if
// it is a parameter, of which no rows are gathered.
func (g *graph) factor(in *instr) {
	x, w := &in.operands[0], &in.operands[1]
	rows := x.width()
	if in.op == opMatMulT {
		rows = in.width()
	}
	w.rows, in.skip = rows, in.index*w.cols
	if w.space != inWeights {
		return
	}
	w.at, in.skip = w.at+in.skip, 0
	if x.classes == 0 {
		in.half = g.half && wideEnough(w.rows, w.cols)
		w.packed = 1 + g.pack(packing{from: w.at, rows: w.rows, cols: w.cols, transposed: in.op == opMatMulT, half: in.half})
	}
}

// pack returns the index of the packing of a parameter matrix.
func (g *graph) pack(p packing) int {
	to := 0
	for i, q := range g.packings {
		if q.half == p.half {
			to = q.to + q.size()
		}
		if q.to = 0; q == p {
			return i
		}
	}
	p.to = to
	g.packings = append(g.packings, p)
	return len(g.packings) - 1
}

// read notes that parameters are read as they are.
func (g *graph) read(s span) {
	if !slices.Contains(g.plain, s) {
		g.plain = append(g.plain, s)
	}
}

// copyOutputs adds the instructions for outputs that were not computed where
// the caller wants them: leaves, sums, and values that are listed twice.
func (g *graph) copyOutputs(writer map[*node]int) {
	for i, n := range g.outs {
		to := location{inOutput, i}
		if n.store().home == to || n.out == 1+i {
			continue
		}
		from := operandOf(n, n, writer)
		dst := from
		dst.location = to
		if n.phase == turns {
			g.phases[body] = append(g.phases[body], instr{op: opConst, dst: dst})
			g.phases[turns] = append(g.phases[turns], instr{op: opAdd, dst: dst, operands: []operand{dst, from}, inPlace: true})
			continue
		}
		p := after
		if n.PerRow() {
			p = body
		}
		if from.space == inWeights {
			g.read(span{from.at, from.at + from.rows*from.cols})
		}
		g.phases[p] = append(g.phases[p], instr{op: opSlice, dst: dst, operands: []operand{from}})
	}
}

// operandOf describes a as an operand of the user n.
func operandOf(a, n *node, writer map[*node]int) operand {
	if a.elided && a.op != opRegroup {
		o := operandOf(a.args[0], n, writer)
		if o.table = a.table; a.op == opOneHot {
			o.classes, o.first = a.cols, a.index
		}
		return o
	}
	from := a.store()
	o := operand{location: from.home, id: from.id, writer: writer[from], rows: a.rows, cols: a.cols, out: from.out}
	switch {
	case from.home.space == inConstant:
		o.spread = kernel.Scalar
	case sameShape(a.Expr, n.Expr):
		o.spread = kernel.Full
	case a.cols == 1 && a.rows == n.rows:
		o.spread = kernel.Column
	case a.cols == n.cols:
		o.spread = kernel.Row
	default:
		o.spread = kernel.Scalar
	}
	return o
}

package ad

// A product g·wᵀ that is scattered is, for windows that lie over each other, again a
// product with such windows: where window i has cell c in its column j,
//
//	y_c = Σ_j g_i(c,j)·w_jᵀ
//
// with the block w_j of w that belongs to the column. Nothing is added to what has
// been stored, and each number is one sum, which begins with the last j: so the
// windows i(c, j) run forward as c does.

// fuseScatters folds a product into the Scatter of it, when nobody else needs it.
func (g *graph) fuseScatters() {
	for _, n := range g.nodes {
		if n.op != opScatter {
			continue
		}
		m := n.args[0]
		product := m.op == opMatMulT || m.op == opMatMul && len(m.args) == 2
		if product && m.uses == 1 && m.phase == n.phase && m.rows == -n.table.rows {
			m.into = n
			n.args, n.folded = m.args, m
			if m.op == opMatMulT && m.args[1].op == opParam && n.table.size > narrow {
				n.turned = n.table.turn(m.args[0].cols)
			}
		}
	}
}

// turn returns the table i(c, j), the last j first, of rows of size numbers, nil when
// a cell is twice in a column, or when few windows lie over each other.
func (t *Table) turn(size int) *Table {
	from := make([][]int, t.cells)
	for cell := range from {
		from[cell] = make([]int, t.cols)
		for j := range from[cell] {
			from[cell][j] = -1
		}
	}
	for at, cell := range t.from {
		if cell < 0 {
			continue
		}
		if i := &from[cell][t.cols-1-at%t.cols]; *i < 0 {
			*i = at / t.cols
		} else {
			return nil
		}
	}
	if turned := NewTable(from, t.rows, size); turned.windows != nil && 4*turned.zeros() < len(turned.from) {
		return turned
	}
	return nil
}

// zeros counts the cells of zeros.
func (t *Table) zeros() int {
	n := 0
	for _, cell := range t.from {
		n += count(cell < 0)
	}
	return n
}

// turn makes of in the product with turned windows that n is.
func (g *graph) turn(in *instr, n *node) {
	x, w := &in.operands[0], &in.operands[1]
	in.op, in.table, x.table = opMatMul, nil, n.turned
	in.dst.rows, in.dst.cols = -n.table.cells, n.table.size
	w.rows = n.table.cols * n.table.size
	w.at += in.index * w.cols
	in.half = g.half && wideEnough(n.table.size, w.cols*n.table.cols)
	w.packed = 1 + g.pack(packing{from: w.at, rows: w.rows, cols: w.cols, blocks: n.table.cols, half: in.half})
	g.layout.reserve(n.turned)
}

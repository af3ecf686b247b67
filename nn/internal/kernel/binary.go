package kernel

// BinaryOp is an arithmetic operation on two numbers.
type BinaryOp uint8

// The operations of Binary.
const (
	OpAdd BinaryOp = iota // a + b
	OpSub                 // a − b
	OpMul                 // ab
	OpDiv                 // a/b
)

// Spread says how an operand of Binary covers the r×n result.
type Spread uint8

// The spreads of Binary.
const (
	Full   Spread = iota // r×n, an element each
	Column               // r×1, one number for each row
	Row                  // 1×n, one number for each column
	Scalar               // 1×1, one number for all
)

// single reports whether one number covers a row.
func (s Spread) single() bool { return s == Column || s == Scalar }

// flat reports whether the rows need not be told apart.
func (s Spread) flat() bool { return s == Full || s == Scalar }

// ofColumn returns the flat spread that s is in a result of one column.
func (s Spread) ofColumn() Spread {
	if s == Full || s == Column {
		return Full
	}
	return Scalar
}

// row returns which elements cover row i: n, or one for the whole row.
func (s Spread) row(i, n int) (from, to int) {
	switch s {
	case Full:
		return i * n, i*n + n
	case Row:
		return 0, n
	case Column:
		return i, i + 1
	}
	return 0, 1
}

// Binary computes dst = a op b for r rows and n columns. dst may be an operand
// that is Full.
func Binary[T Float](op BinaryOp, dst, a, b []T, r, n int, aSpread, bSpread Spread) {
	if n == 1 {
		aSpread, bSpread = aSpread.ofColumn(), bSpread.ofColumn()
	}
	if aSpread.flat() && bSpread.flat() {
		r, n = 1, r*n
	} else if n <= few {
		narrowRows(op, dst, a, b, r, n, aSpread, bSpread)
		return
	} else if n <= some && r > 1 && (aSpread == Full && bSpread == Row || aSpread == Row && bSpread == Full) {
		sameRow(op, dst, a, b, r, n, bSpread == Row)
		return
	}
	aOne, bOne := aSpread.single(), bSpread.single()
	for i := range r {
		d := dst[i*n : i*n+n]
		from, to := aSpread.row(i, n)
		x := a[from:to]
		from, to = bSpread.row(i, n)
		y := b[from:to]
		switch {
		case !aOne && !bOne:
			vectors(op, d, x, y)
		case !aOne:
			vectorNumber(op, d, x, y[0])
		case !bOne:
			numberVector(op, d, x[0], y)
		default:
			Fill(d, x[0])
			vectorNumber(op, d, d, y[0])
		}
	}
}

// few is the greatest number of columns for which it pays to spread operands
// over several rows that are then taken as one.
const few = 16

// some is the greatest number of columns for which it pays to repeat a row.
const some = 128

// sameRow is Binary of a matrix and a row, which is b if second, else a.
func sameRow[T Float](op BinaryOp, dst, a, b []T, r, n int, second bool) {
	var space [4 * some]T
	row := a
	if second {
		row = b
	}
	rows := min(r, len(space)/n)
	repeated := spreadRows(space[:], row, 0, rows, n, Row)
	for i := 0; i < r; i += rows {
		to := min(i+rows, r) * n
		d, same := dst[i*n:to], repeated[:to-i*n]
		if second {
			vectors(op, d, a[i*n:to], same)
		} else {
			vectors(op, d, same, b[i*n:to])
		}
	}
}

func narrowRows[T Float](op BinaryOp, dst, a, b []T, r, n int, aSpread, bSpread Spread) {
	var x, y [128]T
	if n == 0 {
		return
	}
	rows := len(x) / n
	for i := 0; i < r; i += rows {
		m := min(rows, r-i)
		vectors(op, dst[i*n:(i+m)*n], spreadRows(x[:], a, i, m, n, aSpread), spreadRows(y[:], b, i, m, n, bSpread))
	}
}

// spreadRows returns what covers m rows from row i on, in a buffer unless it is
// there already. Before row 0 the buffer is empty.
func spreadRows[T Float](buffer, x []T, i, m, n int, s Spread) []T {
	switch {
	case s == Full:
		return x[i*n : (i+m)*n]
	case s == Column:
		for j, v := range x[i : i+m] {
			for k := range n {
				buffer[j*n+k] = v
			}
		}
	case i > 0:
	case s == Scalar:
		Fill(buffer, x[0])
	default:
		for j := range m {
			copy(buffer[j*n:], x[:n])
		}
	}
	return buffer[:m*n]
}

func vectors[T Float](op BinaryOp, dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if vectorsFast(op, dst, a, b) {
		return
	}
	switch op {
	case OpAdd:
		for i, v := range a {
			dst[i] = v + b[i]
		}
	case OpSub:
		for i, v := range a {
			dst[i] = v - b[i]
		}
	case OpMul:
		for i, v := range a {
			dst[i] = v * b[i]
		}
	case OpDiv:
		for i, v := range a {
			dst[i] = v / b[i]
		}
	}
}

func vectorNumber[T Float](op BinaryOp, dst, a []T, b T) {
	a = a[:len(dst)]
	if vectorNumberFast(op, dst, a, b) {
		return
	}
	switch op {
	case OpAdd:
		for i, v := range a {
			dst[i] = v + b
		}
	case OpSub:
		for i, v := range a {
			dst[i] = v - b
		}
	case OpMul:
		for i, v := range a {
			dst[i] = v * b
		}
	case OpDiv:
		for i, v := range a {
			dst[i] = v / b
		}
	}
}

func numberVector[T Float](op BinaryOp, dst []T, a T, b []T) {
	b = b[:len(dst)]
	if numberVectorFast(op, dst, a, b) {
		return
	}
	switch op {
	case OpAdd:
		for i, v := range b {
			dst[i] = a + v
		}
	case OpSub:
		for i, v := range b {
			dst[i] = a - v
		}
	case OpMul:
		for i, v := range b {
			dst[i] = a * v
		}
	case OpDiv:
		for i, v := range b {
			dst[i] = a / v
		}
	}
}

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

func vectors[T Float](op BinaryOp, dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
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

package posterior

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Operator is the map h of an observation y = h(x) + noise, from rows of in columns,
// in the data's coordinates, to rows of out columns. Rows are independent. A type of a
// user's own makes any differentiable h an Operator; methods are pure, safe for
// concurrent use, and panic when shapes do not match. No argument overlaps another.
type Operator interface {
	// Dims returns the numbers of columns of x and of y.
	Dims() (in, out int)
	// Apply writes h(x) of the n×in rows x into the n×out rows of dst.
	Apply(dst, x *mat.Dense)
	// JVP writes h'(x) v of the rows x and v, n×in both, into dst, n×out.
	JVP(dst, x, v *mat.Dense)
	// VJP writes h'(x)ᵀ u of the rows x, n×in, and u, n×out, into dst, n×in.
	VJP(dst, x, u *mat.Dense)
}

// Linear is an Operator h(x) = A x: its derivative is the same everywhere.
type Linear interface {
	Operator
	// Matrix returns A, out×in, which is not to be changed.
	Matrix() *mat.Dense
}

var (
	_ Linear = Matrix{}
	_ Linear = Mask{}
)

// Matrix is the Linear operator of any matrix A, a row for each number observed, such as
// projections. For sums, blur and means of blocks of pixels see Sparse.
type Matrix struct{ A *mat.Dense }

// Dims returns the columns and the rows of A.
func (m Matrix) Dims() (in, out int) {
	out, in = m.A.Dims()
	return in, out
}

// Matrix returns A.
func (m Matrix) Matrix() *mat.Dense { return m.A }

// Apply writes A x of the rows x into dst.
func (m Matrix) Apply(dst, x *mat.Dense) { m.JVP(dst, x, x) }

// JVP writes A v of the rows v into dst.
func (m Matrix) JVP(dst, x, v *mat.Dense) {
	in, out := m.Dims()
	n, _ := x.Dims()
	wantAll("Matrix", dst, n, out, x, v, in)
	for i := range n {
		row, from := dst.RawRowView(i), v.RawRowView(i)
		for k := range row {
			row[k] = dot(m.A.RawRowView(k), from)
		}
	}
}

// VJP writes Aᵀ u of the rows u into dst.
func (m Matrix) VJP(dst, x, u *mat.Dense) {
	in, out := m.Dims()
	n, _ := x.Dims()
	wantAll("Matrix", u, n, out, x, dst, in)
	for i := range n {
		row := dst.RawRowView(i)
		clear(row)
		for k, c := range u.RawRowView(i) {
			axpy(row, c, m.A.RawRowView(k))
		}
	}
}

// Mask is the Linear operator that picks columns: number k of an observation is column
// Columns[k] of rows of In columns.
//
// A model that knows a noise level for every column (score.Config.ColumnLevels) needs
// no approximation for such observations: its score under them is View.Observe, and
// Observation.Cells says what to give it.
type Mask struct {
	In      int
	Columns []int
}

// Dims returns In and the number of Columns.
func (m Mask) Dims() (in, out int) { return m.In, len(m.Columns) }

// Matrix returns A, with a one in each row.
func (m Mask) Matrix() *mat.Dense {
	a := mat.NewDense(len(m.Columns), m.In, nil)
	for k, j := range m.Columns {
		a.Set(k, j, 1)
	}
	return a
}

// Apply writes the columns of x into dst.
func (m Mask) Apply(dst, x *mat.Dense) { m.JVP(dst, x, x) }

// JVP writes the columns of v into dst.
func (m Mask) JVP(dst, x, v *mat.Dense) {
	n, _ := x.Dims()
	wantAll("Mask", dst, n, len(m.Columns), x, v, m.In)
	for i := range n {
		row, from := dst.RawRowView(i), v.RawRowView(i)
		for k, j := range m.Columns {
			row[k] = from[j]
		}
	}
}

// VJP writes the numbers of u into their columns of dst, and zeros into the others.
func (m Mask) VJP(dst, x, u *mat.Dense) {
	n, _ := x.Dims()
	wantAll("Mask", u, n, len(m.Columns), x, dst, m.In)
	for i := range n {
		row, from := dst.RawRowView(i), u.RawRowView(i)
		clear(row)
		for k, j := range m.Columns {
			row[j] += from[k]
		}
	}
}

// wantAll panics unless an n×out matrix and two n×in ones have these shapes.
func wantAll(verb string, outer *mat.Dense, n, out int, x, inner *mat.Dense, in int) {
	want(verb, "the side of y", outer, n, out)
	want(verb, "x", x, n, in)
	want(verb, "the side of x", inner, n, in)
}

// validOperator checks the operator as far as its type is known.
func validOperator(op Operator) error {
	switch m := op.(type) {
	case nil:
		return fmt.Errorf("Observation.Operator: is nil, want the map from x to y: %w", ErrRange)
	case Matrix:
		if m.A == nil || m.A.IsEmpty() {
			return fmt.Errorf("Matrix.A: is empty, want a row for each number observed: %w", ErrShape)
		}
		if err := checkFinite("Matrix.A", m.A); err != nil {
			return err
		}
	case Sparse:
		if err := m.check(); err != nil {
			return err
		}
	case Mask:
		for k, j := range m.Columns {
			if j < 0 || j >= m.In {
				return fmt.Errorf("Mask.Columns[%d]: is %d, want a column from 0 to %d: %w", k, j, m.In-1, ErrRange)
			}
		}
	}
	if in, out := op.Dims(); in < 1 || out < 1 {
		return fmt.Errorf("Observation.Operator: is from %d to %d columns, want 1 or more: %w", in, out, ErrShape)
	}
	return nil
}

// pointed returns what a pointer to an operator of this package points at, and other
// operators as they are.
func pointed(op Operator) Operator {
	switch p := op.(type) {
	case *Matrix:
		return valueOf(p)
	case *Sparse:
		return valueOf(p)
	case *Mask:
		return valueOf(p)
	}
	return op
}

// valueOf returns nil of a nil pointer.
func valueOf[T Operator](p *T) Operator {
	if p == nil {
		return nil
	}
	return *p
}

// kept returns an operator that does not change when the caller's matrices do, as far as its
// type is known.
func kept(op Operator) Operator {
	switch m := op.(type) {
	case Matrix:
		return Matrix{mat.DenseCopyOf(m.A)}
	case Mask:
		return Mask{m.In, slices.Clone(m.Columns)}
	case Sparse:
		s := Sparse{m.In, make([][]int, len(m.Columns)), make([][]float64, len(m.Weights))}
		for k := range m.Columns {
			s.Columns[k], s.Weights[k] = slices.Clone(m.Columns[k]), slices.Clone(m.Weights[k])
		}
		return s
	}
	return op
}

// dot returns Σ a_j b_j, in an order that depends on the length only: four sums do not wait
// for each other.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	j := 0
	for ; j+4 <= len(a); j += 4 {
		s0 += a[j] * b[j]
		s1 += a[j+1] * b[j+1]
		s2 += a[j+2] * b[j+2]
		s3 += a[j+3] * b[j+3]
	}
	for ; j < len(a); j++ {
		s0 += a[j] * b[j]
	}
	return s0 + s1 + (s2 + s3)
}

// axpy adds c x to dst.
func axpy(dst []float64, c float64, x []float64) {
	for j, v := range x {
		dst[j] += c * v
	}
}

package posterior

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

var _ Linear = Sparse{}

// Sparse is the Linear operator of a matrix that is 0 nearly everywhere,
//
//	y_k = Σ_i Weights[k][i] x_{Columns[k][i]},
//
// with products that take as many multiplications as there are weights. Blur, BlockMeans
// and Sums make some. PiGDM and MMPS, and checks of noiseless observations, use the Matrix
// itself too.
type Sparse struct {
	In      int
	Columns [][]int
	Weights [][]float64
}

// Dims returns In and the number of rows of the matrix.
func (s Sparse) Dims() (in, out int) { return s.In, len(s.Columns) }

// Matrix returns A.
func (s Sparse) Matrix() *mat.Dense {
	a := mat.NewDense(len(s.Columns), s.In, nil)
	for k, columns := range s.Columns {
		for i, j := range columns {
			a.Set(k, j, a.At(k, j)+s.Weights[k][i])
		}
	}
	return a
}

// Apply writes A x of the rows x into dst.
func (s Sparse) Apply(dst, x *mat.Dense) { s.JVP(dst, x, x) }

// JVP writes A v of the rows v into dst.
func (s Sparse) JVP(dst, x, v *mat.Dense) {
	n, _ := x.Dims()
	wantAll("Sparse", dst, n, len(s.Columns), x, v, s.In)
	for i := range n {
		row, from := dst.RawRowView(i), v.RawRowView(i)
		for k, columns := range s.Columns {
			sum, weights := 0.0, s.Weights[k]
			for i, j := range columns {
				sum += weights[i] * from[j]
			}
			row[k] = sum
		}
	}
}

// VJP writes Aᵀ u of the rows u into dst.
func (s Sparse) VJP(dst, x, u *mat.Dense) {
	n, _ := x.Dims()
	wantAll("Sparse", u, n, len(s.Columns), x, dst, s.In)
	for i := range n {
		row, from := dst.RawRowView(i), u.RawRowView(i)
		clear(row)
		for k, columns := range s.Columns {
			weights := s.Weights[k]
			for i, j := range columns {
				row[j] += weights[i] * from[k]
			}
		}
	}
}

// check returns an error for columns that there are not, and weights that are no numbers.
func (s Sparse) check() error {
	if len(s.Weights) != len(s.Columns) {
		return fmt.Errorf("Sparse.Weights: has %d rows, Columns %d, want as many: %w", len(s.Weights), len(s.Columns), ErrShape)
	}
	for k, columns := range s.Columns {
		if len(s.Weights[k]) != len(columns) {
			return fmt.Errorf("Sparse.Weights[%d]: has length %d, Columns[%d] %d, want as many: %w", k, len(s.Weights[k]), k, len(columns), ErrShape)
		}
		for i, j := range columns {
			if j < 0 || j >= s.In {
				return fmt.Errorf("Sparse.Columns[%d][%d]: is %d, want a column from 0 to %d: %w", k, i, j, s.In-1, ErrRange)
			}
			if w := s.Weights[k][i]; !finite(w) {
				return fmt.Errorf("Sparse.Weights[%d][%d]: is %v, want a finite number: %w", k, i, w, ErrNonFinite)
			}
		}
	}
	return nil
}

// put adds a weight to the last row.
func (s *Sparse) put(column int, weight float64) {
	k := len(s.Columns) - 1
	s.Columns[k], s.Weights[k] = append(s.Columns[k], column), append(s.Weights[k], weight)
}

// next begins a row.
func (s *Sparse) next() {
	s.Columns, s.Weights = append(s.Columns, nil), append(s.Weights, nil)
}

// Sums returns the operator whose number k is the sum of the columns groups[k], of rows of
// in columns.
func Sums(in int, groups ...[]int) Sparse {
	s := Sparse{In: in}
	for _, columns := range groups {
		s.next()
		for _, j := range columns {
			s.put(j, 1)
		}
	}
	return s
}

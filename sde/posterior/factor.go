package posterior

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// factor is Cholesky's factor L of a positive semi-definite matrix, scaled to a diagonal
// of ones so that units do not matter. Numbers of y that have less than a part of
// dependent of their own are left out: they tell nothing that others do not.
type factor struct {
	l     *mat.Dense
	scale []float64 // 1/root of the diagonal, 0 for what is left out
	first int       // the first that is left out, or the size
}

// factorise factorises s, of which it reads the lower triangle.
func factorise(s *mat.SymDense) *factor {
	m := s.SymmetricDim()
	f := &factor{mat.NewDense(m, m, nil), make([]float64, m), m}
	for k := range m {
		row, size := f.l.RawRowView(k), s.At(k, k)
		if !(size > 0) {
			f.first = min(f.first, k)
			continue
		}
		scale := 1 / math.Sqrt(size)
		for j := range k {
			if f.scale[j] == 0 {
				continue
			}
			other := f.l.RawRowView(j)
			row[j] = (s.At(k, j)*scale*f.scale[j] - dot(row[:j], other[:j])) / other[j]
		}
		own := 1 - dot(row[:k], row[:k])
		if !(own > dependent*float64(m)) {
			clear(row)
			f.first = min(f.first, k)
			continue
		}
		row[k], f.scale[k] = math.Sqrt(own), scale
	}
	return f
}

// solve writes the solution of S w = r into dst, which may be r.
func (f *factor) solve(dst, r []float64) {
	m := len(r)
	for k := range m {
		if f.scale[k] == 0 {
			dst[k] = 0
			continue
		}
		row := f.l.RawRowView(k)
		dst[k] = (r[k]*f.scale[k] - dot(row[:k], dst[:k])) / row[k]
	}
	for k := m - 1; k >= 0; k-- {
		if f.scale[k] == 0 {
			continue
		}
		row := f.l.RawRowView(k)
		dst[k] /= row[k]
		axpy(dst[:k], -dst[k], row[:k])
	}
	for k, s := range f.scale {
		dst[k] *= s
	}
}

package images

import (
	"fmt"

	"github.com/gradlogp/gradlogp/dataset/rows"
)

// Set is images whose shades another set has as whole numbers, such as array.Rows.
type Set struct {
	Format Format
	shades rows.Set
}

// New returns the images of a set of shades 0, …, Shades−1: rows.Of a matrix, or what
// array.Open returns. It returns ErrRange for a Format that is none and ErrShape when the
// rows of the set have another length than images of the Format.
func New(shades rows.Set, f Format) (*Set, error) {
	if err := f.Validate(); err != nil {
		return nil, fmt.Errorf("images: New: %w", err)
	}
	if d, _ := shades.Dims(); d != f.Columns() || shades.Len() < 1 {
		return nil, fmt.Errorf("images: New: shades: has %d rows of %d columns, want at least one, of %d: %w", shades.Len(), d, f.Columns(), ErrShape)
	}
	return &Set{f.defaults(), shades}, nil
}

// Len returns the number of images.
func (s *Set) Len() int { return s.shades.Len() }

// Dims returns the length of a row and the number of conditions of the set of shades.
func (s *Set) Dims() (d, cond int) { return s.shades.Dims() }

// Row writes image i into x and its condition into cond. It returns ErrRange for a number
// that is no shade, with its place, and what the set of shades returns.
func (s *Set) Row(i int, x, cond []float64) error {
	if err := s.shades.Row(i, x, cond); err != nil {
		return err
	}
	for j, v := range x {
		if !(v >= 0 && v < float64(s.Format.Shades)) || v != float64(int(v)) {
			return fmt.Errorf("images: Row: row %d, column %d: is %v, want a shade 0, …, %d: %w", i, j, v, s.Format.Shades-1, ErrRange)
		}
		x[j] = s.Format.Value(int(v))
	}
	return nil
}

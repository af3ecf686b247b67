package sde

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Frame is the map between data x and the coordinates y that a process runs in,
//
//	y = (x − Shift)/Scale,
//
// column by column. A nil Shift is 0, a nil Scale is 1.
type Frame struct{ Shift, Scale []float64 }

// at returns shift and scale of column j.
func (f Frame) at(j int) (shift, scale float64) {
	scale = 1
	if f.Shift != nil {
		shift = f.Shift[j]
	}
	if f.Scale != nil {
		scale = f.Scale[j]
	}
	return shift, scale
}

// ToModel writes the coordinates y of the data x into dst, which may be x. It
// panics when the shapes do not match.
func (f Frame) ToModel(dst, x *mat.Dense) {
	f.each("Frame.ToModel", "x", dst, x, func(shift, scale, v float64) float64 { return (v - shift) / scale })
}

// ToData writes the data x of the coordinates y into dst, which may be y. It
// panics when the shapes do not match.
func (f Frame) ToData(dst, y *mat.Dense) {
	f.each("Frame.ToData", "y", dst, y, func(shift, scale, v float64) float64 { return shift + scale*v })
}

func (f Frame) each(verb, name string, dst, src *mat.Dense, value func(shift, scale, v float64) float64) {
	rows, cols := alike(verb, "dst", dst, name, src)
	if f.Shift != nil && len(f.Shift) != cols || f.Scale != nil && len(f.Scale) != cols {
		mismatch(verb, "the Frame", fmt.Sprintf("has %d shifts and %d scales", len(f.Shift), len(f.Scale)), fmt.Sprintf("%d, the columns of %s", cols, name))
	}
	for i := range rows {
		to, from := dst.RawRowView(i), src.RawRowView(i)
		for j, v := range from {
			shift, scale := f.at(j)
			to[j] = value(shift, scale, v)
		}
	}
}

// LogVolume returns Σ log|Scale|: how much larger the logarithm of a volume is
// in the data's coordinates, and the log-density smaller.
func (f Frame) LogVolume() float64 {
	sum := 0.0
	for _, s := range f.Scale {
		sum += math.Log(math.Abs(s))
	}
	return sum
}

// validate checks a frame of d columns.
func (f Frame) validate(d int) error {
	if f.Shift != nil && len(f.Shift) != d || f.Scale != nil && len(f.Scale) != d {
		return fmt.Errorf("the run has %d columns, Problem.Frame %d shifts and %d scales, want as many: %w", d, len(f.Shift), len(f.Scale), ErrRange)
	}
	for j := range d {
		shift, scale := f.at(j)
		if !(math.Abs(shift) <= math.MaxFloat64) || !(math.Abs(scale) <= math.MaxFloat64) || scale == 0 {
			return fmt.Errorf("Problem.Frame has shift %v and scale %v in column %d, want finite numbers and a scale other than 0: %w", shift, scale, j, ErrRange)
		}
	}
	return nil
}

// unlike says in which column two frames differ first, where their columns are as many.
func (f Frame) unlike(g Frame) string {
	d := max(len(f.Shift), len(f.Scale), len(g.Shift), len(g.Scale))
	for _, v := range [][]float64{f.Shift, f.Scale, g.Shift, g.Scale} {
		if v != nil && len(v) != d {
			return ""
		}
	}
	for j := range d {
		shift, scale := f.at(j)
		if other, stretch := g.at(j); shift != other || scale != stretch {
			return fmt.Sprintf(": in column %d they have shift %v, scale %v and shift %v, scale %v", j, shift, scale, other, stretch)
		}
	}
	return ""
}

// equal reports whether two frames are the same map.
func (f Frame) equal(g Frame) bool {
	d := max(len(f.Shift), len(f.Scale), len(g.Shift), len(g.Scale))
	for _, v := range [][]float64{f.Shift, f.Scale, g.Shift, g.Scale} {
		if v != nil && len(v) != d {
			return false
		}
	}
	for j := range d {
		shift, scale := f.at(j)
		if other, stretch := g.at(j); shift != other || scale != stretch {
			return false
		}
	}
	return true
}

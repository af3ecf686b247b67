package sampler

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// drawn reports whether cell j of a row is one to draw, of which seen is what
// sde.Problem.ObservedRow says.
func drawn(seen []float64, j int) bool { return seen == nil || math.IsNaN(seen[j]) }

// drawnOf returns how many of d cells of a row are drawn.
func drawnOf(seen []float64, d int) int {
	n := 0
	for j := range d {
		if drawn(seen, j) {
			n++
		}
	}
	return n
}

// volumeOf returns Σ log|Scale| over the drawn cells of a row.
func volumeOf(f sde.Frame, seen []float64) float64 {
	if seen == nil {
		return f.LogVolume()
	}
	sum := 0.0
	for j := range f.Scale {
		if drawn(seen, j) {
			sum += math.Log(math.Abs(f.Scale[j]))
		}
	}
	return sum
}

// settle sets the cells of the state of row i of a run that are not drawn, which
// whoever gave the row need not know: to α times the known value, and to 0 where
// they are left out.
func (r *run) settle(y []float64, i int, alpha float64) {
	for j, k := range r.ObservedRow(i) {
		switch {
		case math.IsInf(k, 1):
			y[j] = 0
		case !math.IsNaN(k):
			shift, scale := 0.0, 1.0
			if r.Frame.Shift != nil {
				shift = r.Frame.Shift[j]
			}
			if r.Frame.Scale != nil {
				scale = r.Frame.Scale[j]
			}
			y[j] = alpha * (k - shift) / scale
		}
	}
}

// show writes what is known into the rows of x, of which the first is r.FirstRow,
// and NaNs where it is left out.
func (r *run) show(x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		row := x.RawRowView(i)
		for j, k := range r.ObservedRow(r.FirstRow + i) {
			switch {
			case math.IsInf(k, 1):
				row[j] = math.NaN()
			case !math.IsNaN(k):
				row[j] = k
			}
		}
	}
}

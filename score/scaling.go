package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Scaling says by what Fit divides the columns of the data, once it has subtracted
// their means. The noise is as strong in every column of what comes out, so that
// a column much narrower than the others would drown in it.
type Scaling int

// The zero value is AutoScale.
const (
	// AutoScale is CommonScale when the deviations of all columns lie within a
	// factor of two of each other, and ColumnScales otherwise. Fit warns of the latter
	// when the network takes columns to be of one unit, see nn.Params.OneUnit.
	AutoScale Scaling = iota
	// CommonScale divides all columns by one number, the root mean square of all
	// centred entries: for columns of one unit, such as coordinates and pixels.
	CommonScale
	// ColumnScales divides each column by its own deviation: for tables whose
	// columns have different units.
	ColumnScales
	// Unscaled leaves the data as they are, means and all: for rows that were made with
	// mean 0 and mean square 1 in all, where those of single columns mean something, such
	// as vectors that stand for words. What is far from that is learned badly.
	Unscaled
)

// String returns "auto", "common", "columns" or "unscaled".
func (s Scaling) String() string {
	switch s {
	case AutoScale:
		return "auto"
	case CommonScale:
		return "common"
	case ColumnScales:
		return "columns"
	case Unscaled:
		return "unscaled"
	}
	return fmt.Sprintf("Scaling(%d)", int(s))
}

// Validate returns an error wrapping ErrRange unless s is one of the four.
func (s Scaling) Validate() error {
	if s < AutoScale || s > Unscaled {
		return fmt.Errorf("is %d, want AutoScale, CommonScale, ColumnScales or Unscaled: %w", int(s), ErrRange)
	}
	return nil
}

// scaling returns what the model's scale is.
func (m *Model) scaling() Scaling { return scalingOf(m.shift, m.scale) }

// scalingOf returns what made shifts and scales.
func scalingOf(shift, scale []float64) Scaling {
	plain := true
	for j, s := range scale {
		if s != scale[0] {
			return ColumnScales
		}
		plain = plain && s == 1 && shift[j] == 0
	}
	if plain {
		return Unscaled
	}
	return CommonScale
}

// alike is the factor within which deviations have one scale by default.
const alike = 2

// apply turns the means and deviations of columns, 0 for one that is constant, into shifts
// and scales.
func (s Scaling) apply(mean, deviation []float64) error {
	if s == Unscaled {
		for j := range mean {
			mean[j], deviation[j] = 0, 1
		}
		return nil
	}
	one := floats.Norm(deviation, 2) / math.Sqrt(float64(len(deviation)))
	if !finite(one) {
		return fmt.Errorf("the spread of the data overflows: %w", ErrRange)
	}
	if s == AutoScale {
		if s = ColumnScales; floats.Max(deviation) <= alike*floats.Min(deviation) {
			s = CommonScale
		}
	}
	for j := range deviation {
		constant := deviation[j] == 0
		if s == CommonScale {
			deviation[j] = one
		}
		switch {
		case s == CommonScale && constant && resolution(mean[j]) > one:
			deviation[j] = resolution(mean[j]) // what is lost in rounding stays small
		case deviation[j] > 0:
		case mean[j] == 0:
			deviation[j] = resolution(1)
		default: // a constant comes out as one, whatever its unit is
			deviation[j] = resolution(mean[j])
		}
	}
	return nil
}

// resolution is the deviation below which the spread of a column is lost: four
// units in the last place of its mean.
func resolution(mean float64) float64 {
	mean = math.Abs(mean)
	return 4 * (math.Nextafter(mean, math.Inf(1)) - mean)
}

package score

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// toModel maps the rows of x to model coordinates in place.
func (m *Model) toModel(x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		row := x.RawRowView(i)
		for j, v := range row {
			row[j] = (v - m.shift[j]) / m.scale[j]
		}
	}
}

// Scaling says by what Fit divides the columns of the data, once it has subtracted
// their means. The noise is as strong in every column of what comes out, so that
// a column much narrower than the others would drown in it.
type Scaling int

// The zero value is AutoScale.
const (
	// AutoScale is CommonScale when the deviations of all columns lie within a
	// factor of two of each other, and ColumnScales otherwise.
	AutoScale Scaling = iota
	// CommonScale divides all columns by one number, the root mean square of all
	// centred entries: for columns of one unit, such as coordinates and pixels.
	CommonScale
	// ColumnScales divides each column by its own deviation: for tables whose
	// columns have different units.
	ColumnScales
)

// String returns "auto", "common" or "columns".
func (s Scaling) String() string {
	switch s {
	case AutoScale:
		return "auto"
	case CommonScale:
		return "common"
	case ColumnScales:
		return "columns"
	}
	return fmt.Sprintf("Scaling(%d)", int(s))
}

// Validate returns an error wrapping ErrRange unless s is one of the three.
func (s Scaling) Validate() error {
	if s < AutoScale || s > ColumnScales {
		return fmt.Errorf("is %d, want AutoScale, CommonScale or ColumnScales: %w", int(s), ErrRange)
	}
	return nil
}

// scaling returns what the model's scale is.
func (m *Model) scaling() Scaling {
	for _, s := range m.scale {
		if s != m.scale[0] {
			return ColumnScales
		}
	}
	return CommonScale
}

// alike is the factor within which deviations have one scale by default.
const alike = 2

// calibrationRows is the number of rows from which shift and scale are measured.
const calibrationRows = 16384

// calibrate measures shift and scale of the model, and of its conditions.
func (t *trainer) calibrate() error {
	m, data := t.m, t.batch.data
	x := mat.NewDense(calibrationRows, m.dim, nil)
	blankRows(x)
	rng := newStream().at(t.s.Seed, noise.Draw{Purpose: noise.Data, Slot: 1})
	cond := m.conditionsOf(calibrationRows)
	if cond != nil {
		blankRows(cond)
	}
	if err := data.Batch(x, cond, calibrationStep, 0, rng); err != nil {
		return fmt.Errorf("score: Fit: data at calibration: %w", err)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return fmt.Errorf("score: Fit: data at calibration: row %d, column %d: is %v, want a finite number: %w", i, j, x.At(i, j), ErrNonFinite)
	}
	shift, scale := make([]float64, m.dim), make([]float64, m.dim)
	column := make([]float64, calibrationRows)
	var constant []int
	for j := range m.dim {
		mat.Col(column, j, x)
		if shift[j], scale[j] = moments(column); scale[j] == 0 {
			constant = append(constant, j)
		}
	}
	if r, ok := data.(rows); ok && len(constant) > 0 {
		var err error
		if constant, err = r.measure(constant, shift, scale); err != nil {
			return fmt.Errorf("score: Fit: data at calibration: %w", err)
		}
	}
	if err := t.s.Scaling.apply(shift, scale); err != nil {
		return fmt.Errorf("score: Fit: data at calibration: %w", err)
	}
	if len(constant) > 0 {
		t.warn(fmt.Sprintf("column %s: spread by less than four units in the last place; taken as constant", list(constant)))
	}
	if m.cond != nil {
		constant, err := m.cond.calibrate(cond)
		if err != nil {
			return fmt.Errorf("score: Fit: data at calibration: %w", err)
		}
		if len(constant) > 0 {
			t.warn(fmt.Sprintf("condition column %s: constant; nothing can be learned from it", list(constant)))
		}
	}
	t.warnRepeated(x, cond)
	m.shift, m.scale, m.calibrated = shift, scale, true
	t.log.Info("score: scale", "scaling", m.scaling().String(), "least", floats.Min(scale), "most", floats.Max(scale))
	return nil
}

// apply turns the deviations of columns, 0 for one that is constant, into scales.
func (s Scaling) apply(mean, deviation []float64) error {
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
		if s == CommonScale {
			deviation[j] = one
		}
		switch {
		case deviation[j] > 0:
		case mean[j] == 0:
			deviation[j] = resolution(1)
		default: // a constant comes out as one, whatever its unit is
			deviation[j] = resolution(mean[j])
		}
	}
	return nil
}

// measure replaces mean and deviation of columns that did not vary in a sample by
// those over all rows of the set, the held-out ones too: what is rare is easily
// missed. It returns the columns that do not vary there either.
func (r rows) measure(columns []int, mean, deviation []float64) (constant []int, err error) {
	all := rows{set: r.set}
	d, k := all.Dims()
	x, cond := make([]float64, d), make([]float64, k)
	first, sum, square := make([]float64, d), make([]float64, d), make([]float64, d)
	n := float64(all.len())
	for i := range all.len() {
		if err := all.read(i, x, cond); err != nil {
			return nil, err
		}
		for _, j := range columns {
			if i == 0 {
				first[j] = x[j]
			}
			off := x[j] - first[j]
			sum[j] += off / n
			square[j] += off * off / n
		}
	}
	for _, j := range columns {
		mean[j] = first[j] + sum[j]
		if deviation[j] = math.Sqrt(square[j] - sum[j]*sum[j]); !(deviation[j] > resolution(mean[j])) {
			deviation[j], constant = 0, append(constant, j)
		}
	}
	return constant, nil
}

// list returns the first few of a list of numbers.
func list(all []int) string {
	const few = 5
	var b strings.Builder
	for i, v := range all {
		if i == few {
			fmt.Fprintf(&b, " and %d more", len(all)-few)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, v)
	}
	return b.String()
}

// warnRepeated tells of data that seem to be a finite set that Fit does not know
// of.
func (t *trainer) warnRepeated(x, cond *mat.Dense) {
	const most = calibrationRows / 20
	if _, known := t.batch.data.(rows); known || t.held != nil || t.s.Validation.Rows < 0 {
		return
	}
	seen := make(map[uint64]struct{}, calibrationRows)
	for i := range calibrationRows {
		h := hashRow(0, x.RawRowView(i))
		if cond != nil {
			h = hashRow(h, cond.RawRowView(i))
		}
		seen[h] = struct{}{}
	}
	if again := calibrationRows - len(seen); again > most {
		t.warn(fmt.Sprintf("%d of %d rows of the data are copies of others: of a finite set, served by Rows or RowsOf, some would be held out so that the network does not learn them by heart; Settings.Validation does it otherwise", again, calibrationRows))
	}
}

// hashRow goes on with a hash over the bits of numbers.
func hashRow(h uint64, row []float64) uint64 {
	for _, v := range row {
		h = bits.RotateLeft64((h^math.Float64bits(v))*0x9e3779b97f4a7c15, 29)
	}
	return h
}

// moments returns mean and deviation of v, which it centres. The deviation of
// what does not vary, but for rounding, is 0.
func moments(v []float64) (mean, deviation float64) {
	mean = center(v)
	deviation = floats.Norm(v, 2) / math.Sqrt(float64(len(v)))
	if deviation <= resolution(mean) {
		return mean, 0
	}
	return mean, deviation
}

// resolution is the deviation below which the spread of a column is lost: four
// units in the last place of its mean.
func resolution(mean float64) float64 {
	mean = math.Abs(mean)
	return 4 * (math.Nextafter(mean, math.Inf(1)) - mean)
}

// center subtracts the mean of v and returns it. The second pass removes the
// rounding errors of the first.
func center(v []float64) float64 {
	mean := 0.0
	for range 2 {
		shift := 0.0
		for _, x := range v {
			shift += x / float64(len(v))
		}
		floats.AddConst(-shift, v)
		mean += shift
	}
	return mean
}

package score

import (
	"fmt"
	"math"

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

// calibrationRows is the number of rows from which shift and scale are measured.
const calibrationRows = 16384

// calibrate measures shift and scale: the mean of each column, and either one
// scale, the root mean square of all centred entries, or one for each column.
// What does not vary gets scale 1.
func (m *Model) calibrate(data Data, s *Settings) error {
	x := mat.NewDense(calibrationRows, m.dim, nil)
	blank(x)
	rng := newStream().at(s.Seed, noise.Draw{Purpose: noise.Data, Slot: 1})
	cond := m.conditionsOf(calibrationRows)
	if err := data.Batch(x, cond, calibrationStep, 0, rng); err != nil {
		return fmt.Errorf("score: Fit: data at calibration: %w", err)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return fmt.Errorf("score: Fit: data at calibration: %w: row %d, column %d is %v", ErrNonFinite, i, j, x.At(i, j))
	}
	shift, scale := make([]float64, m.dim), make([]float64, m.dim)
	column := make([]float64, calibrationRows)
	for j := range m.dim {
		mat.Col(column, j, x)
		shift[j], scale[j] = moments(column)
	}
	one := floats.Norm(scale, 2) / math.Sqrt(float64(m.dim))
	if !finite(one) {
		return fmt.Errorf("score: Fit: %w: the spread of the data overflows", ErrRange)
	}
	for j := range scale {
		if !s.ScaleColumns {
			scale[j] = one
		}
		if scale[j] == 0 {
			scale[j] = 1
		}
	}
	if m.cond != nil {
		if err := m.cond.calibrate(cond); err != nil {
			return fmt.Errorf("score: Fit: data at calibration: %w", err)
		}
	}
	m.shift, m.scale, m.calibrated = shift, scale, true
	return nil
}

// moments returns mean and deviation of v, which it centres. The deviation of
// what does not vary is 0.
func moments(v []float64) (mean, deviation float64) {
	mean = center(v)
	deviation = floats.Norm(v, 2) / math.Sqrt(float64(len(v)))
	if deviation <= math.Abs(mean)*1e-12 { // constant but for rounding
		return mean, 0
	}
	return mean, deviation
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

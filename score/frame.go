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

// calibrationRows is the number of rows from which shift and scale are measured: fewer
// where there are more than 256 columns, so that up to 4,096 they are 32 MB at most.
func calibrationRows(columns int) int { return min(16384, max(1<<22/columns, 1024)) }

// calibrate measures shift and scale of the model, and of its conditions. Those of
// a model that has some stay, whatever the data are.
func (t *trainer) calibrate() error {
	m, data := t.m, t.batch.data
	n := calibrationRows(m.dim)
	x := mat.NewDense(n, m.dim, nil)
	blankRows(x)
	rng := newStream().at(t.s.Seed, noise.Draw{Purpose: noise.Data, Slot: 1})
	cond := m.conditionsOf(n)
	if cond != nil {
		blankRows(cond)
	}
	if err := data.Batch(x, cond, calibrationStep, 0, rng); err != nil {
		return fmt.Errorf("score: Fit: data at calibration: %w", err)
	}
	if err := m.checkCells(x, 0); err != nil {
		return fmt.Errorf("score: Fit: data at calibration: %w", err)
	}
	shift, scale := make([]float64, m.dim), make([]float64, m.dim)
	all := make([]float64, n)
	var constant []int
	var far []outliers
	for j := range m.dim {
		column := present(mat.Col(all, j, x))
		if len(column) == 0 {
			return fmt.Errorf("score: Fit: data at calibration: column %d: is NaN in all of %d rows, want a value to learn from: %w", j, n, ErrNonFinite)
		}
		if shift[j], scale[j] = moments(column); scale[j] == 0 {
			constant = append(constant, j)
		}
		if o := (outliers{column: j, deviation: scale[j]}); o.find(column, shift[j]) {
			far = append(far, o)
		}
	}
	if t.s.Teacher != nil && !m.calibrated {
		m.adoptFrame(t.s.Teacher)
	}
	if m.calibrated {
		t.warnFar(far, m.shift, m.scale)
		t.warnForeign(shift, scale)
		return nil
	}
	if r, ok := data.(rows); ok && len(constant) > 0 {
		var err error
		if constant, err = r.measure(constant, shift, scale); err != nil {
			return fmt.Errorf("score: Fit: data at calibration: %w", err)
		}
	}
	if t.s.Scaling == Unscaled {
		t.warnUnscaled(shift, scale)
	}
	if err := t.s.Scaling.apply(shift, scale); err != nil {
		return fmt.Errorf("score: Fit: data at calibration: %w", err)
	}
	if t.s.Scaling == AutoScale && m.params.OneUnit() && scalingOf(shift, scale) == ColumnScales {
		t.warn("every column has a scale of its own, since their deviations differ, but the network has the same weights for all: for pictures and signals set Settings.Scaling to CommonScale, or to ColumnScales if it is meant so")
	}
	t.warnFar(far, shift, scale)
	if len(constant) > 0 && t.s.Scaling != Unscaled {
		t.warn(fmt.Sprintf("column %s: spread by less than four units in the last place; taken as constant, so that log-densities are those of the other columns but for a number that means nothing", list(constant)))
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

// warnUnscaled tells of data that are not what Unscaled is for.
func (t *trainer) warnUnscaled(mean, deviation []float64) {
	most := math.Hypot(floats.Norm(mean, 2), floats.Norm(deviation, 2)) / math.Sqrt(float64(len(mean)))
	if !(most > 1./alike && most < alike) {
		t.warn(fmt.Sprintf("Settings.Scaling is unscaled, but the root mean square of the data is %.3g, want about 1: the noise is too weak for them, or too strong", most))
	}
}

// warnForeign tells of data that are not those that the model's frame was made for.
func (t *trainer) warnForeign(mean, deviation []float64) {
	const far = 3
	for j, scale := range t.m.scale {
		if off := math.Abs(mean[j]-t.m.shift[j]) / scale; off > far || deviation[j] > far*scale {
			t.warn(fmt.Sprintf("column %d: mean %.4g and deviation %.4g, but the model keeps the shift %.4g and scale %.4g that it has; for other data make a new one", j, mean[j], deviation[j], t.m.shift[j], scale))
			return
		}
	}
}

// measure replaces mean and deviation of columns that did not vary in a sample by
// those over all rows of the set, the held-out ones too: what is rare is easily
// missed. It returns the columns that do not vary there either.
func (r rows) measure(columns []int, mean, deviation []float64) (constant []int, err error) {
	all := rows{set: r.set, missing: r.missing}
	d, k := all.Dims()
	x, cond := make([]float64, d), make([]float64, k)
	first, sum, square := make([]float64, d), make([]float64, d), make([]float64, d)
	n, err := all.count()
	if err != nil {
		return nil, err
	}
	seen := make([]bool, d)
	for i := range all.len() {
		if err := all.read(i, x, cond); err != nil {
			return nil, err
		}
		for _, j := range columns {
			if math.IsNaN(x[j]) {
				continue
			}
			if !seen[j] {
				first[j], seen[j] = x[j], true
			}
			off := x[j] - first[j]
			sum[j] += off / n[j]
			square[j] += off * off / n[j]
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

// count returns how many values each column has.
func (r rows) count() ([]float64, error) {
	d, k := r.Dims()
	n := make([]float64, d)
	if !r.missing {
		for j := range n {
			n[j] = float64(r.len())
		}
		return n, nil
	}
	x, cond := make([]float64, d), make([]float64, k)
	for i := range r.len() {
		if err := r.read(i, x, cond); err != nil {
			return nil, err
		}
		for j, v := range x {
			if !math.IsNaN(v) {
				n[j]++
			}
		}
	}
	return n, nil
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

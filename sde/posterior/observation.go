package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Observation is what is known of rows x₀ of a run,
//
//	y = h(x₀) + N(0, Σ),
//
// everything in the data's coordinates and units, whatever the Frame of the model.
type Observation struct {
	// Operator is h.
	Operator Operator
	// Y is one row for all rows of a run, or row i for row i of it.
	Y *mat.Dense
	// Noise is Σ; the zero value is none.
	Noise Noise
}

// Validate returns an error for an observation that no method takes: one wrapping
// ErrRange for an operator that is missing or has impossible columns and for noise that
// is no covariance, ErrShape when Y, Noise and Operator have other dimensions,
// ErrNonFinite for a NaN or an infinity, and ErrRange for a Linear operator some of
// whose rows follow from others where there is no noise: the values then either
// contradict each other or say the same twice.
func (o Observation) Validate() error {
	if _, err := pose(o, sde.Frame{}); err != nil {
		return fmt.Errorf("posterior: Observation.Validate: %w", err)
	}
	return nil
}

// Cells returns a Mask with independent noise as what score.Observed takes for a model
// with a noise level for every column: in a row for every row of Y the values, NaN
// where a column is not observed, and their deviations. ok is false for other
// observations, and for a column that is observed twice. It panics for what Validate
// finds.
func (o Observation) Cells() (values, deviations *mat.Dense, ok bool) {
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	m, is := pointed(o.Operator).(Mask)
	if !is || o.Noise.Cov != nil {
		return nil, nil, false
	}
	n, _ := o.Y.Dims()
	values, deviations = mat.NewDense(n, m.In, nil), mat.NewDense(n, m.In, nil)
	for i := range n {
		row := values.RawRowView(i)
		for j := range row {
			row[j] = math.NaN()
		}
		for k, j := range m.Columns {
			if !math.IsNaN(row[j]) {
				return nil, nil, false
			}
			row[j] = o.Y.At(i, k)
			deviations.Set(i, j, o.Noise.Deviation)
			if o.Noise.Deviations != nil {
				deviations.Set(i, j, o.Noise.Deviations[k])
			}
		}
	}
	return values, deviations, true
}

// dependent is how little, relative to its size, an observed number may have of its own
// before it is taken to follow from others.
const dependent = 1e-12

// independent returns an error when, with the noise, a row of A follows from those
// before it.
func independent(a *mat.Dense, e *covariance) error {
	m, _ := a.Dims()
	for k := range m {
		if row := a.RawRowView(k); dot(row, row) == 0 && e.variances[k] == 0 {
			return fmt.Errorf("number %d of y does not depend on x and has no noise: %w", k, ErrRange)
		}
	}
	s, _ := scaledSpread(a, e)
	if k := factorise(s).first; k < m {
		return fmt.Errorf("number %d of y follows from those before it and has no noise of its own: the values contradict each other, or say the same twice; want noise, or an operator of independent rows: %w", k, ErrRange)
	}
	return nil
}

// scaledSpread returns a matrix of the range of A Aᵀ + Σ, its rows and columns divided by
// size, in which neither is small beside the other.
func scaledSpread(a *mat.Dense, e *covariance) (s *mat.SymDense, size []float64) {
	m, _ := a.Dims()
	most := 0.0
	size = make([]float64, m)
	for k := range m {
		row := a.RawRowView(k)
		size[k] = math.Sqrt(dot(row, row))
		if size[k] == 0 {
			size[k] = math.Sqrt(e.variances[k])
		}
		if size[k] == 0 {
			size[k] = 1 // a row of zeros
		}
		most = max(most, e.variances[k]/(size[k]*size[k]))
	}
	s = mat.NewSymDense(m, nil)
	e.addTo(s)
	for k := range m {
		for l := range k + 1 {
			noise := 0.0
			if most > 0 {
				noise = s.At(k, l) / (size[k] * size[l] * most)
			}
			s.SetSym(k, l, noise+dot(a.RawRowView(k), a.RawRowView(l))/(size[k]*size[l]))
		}
	}
	return s, size
}

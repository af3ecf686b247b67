package sampler

import (
	"fmt"
	"math"
)

// RowError says what became of one row: Err wraps ErrNonFinite or ErrDiverged.
type RowError struct {
	// Row is the index of the row in the whole run.
	Row int
	// Step is the number of steps after which the failure was seen, Time the
	// grid's time there.
	Step int
	Time float64
	Err  error
}

func (e RowError) Error() string {
	return fmt.Sprintf("row %d after step %d, t = %g: %v", e.Row, e.Step, e.Time, e.Err)
}

// Unwrap returns Err.
func (e RowError) Unwrap() error { return e.Err }

// RowErrors names the rows that failed, in order. All others are good.
type RowErrors []RowError

func (e RowErrors) Error() string {
	if len(e) == 1 {
		return "sampler: " + e[0].Error()
	}
	return fmt.Sprintf("sampler: %d rows failed, the first: %v", len(e), e[0])
}

// Unwrap returns the errors of the rows.
func (e RowErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i := range e {
		errs[i] = e[i]
	}
	return errs
}

// growth is how far a coordinate may outgrow the largest of its row's starting
// coordinates and the process's scale there before the row counts as diverged.
// Processes contract towards the data by far smaller factors, while an unstable
// step gets there within a few dozen repetitions.
const growth = 1e6

// watch looks for rows that fail. A failed row is left to itself: rows are
// independent, and NaN stays NaN.
type watch struct {
	s      *Step
	limit  []float64
	bad    []bool
	failed RowErrors
}

// newWatch sets the limits of the rows from their starting points.
func newWatch(s *Step) *watch {
	n, _ := s.X.Dims()
	w := &watch{s: s, limit: make([]float64, n), bad: make([]bool, n)}
	alpha, sigma := s.Kernel(s.T)
	for i := range n {
		w.limit[i] = growth * (largest(s.X.RawRowView(i)) + math.Hypot(alpha, sigma))
	}
	return w
}

// look records the rows that have failed since the last look.
func (w *watch) look(step int) {
	for i, limit := range w.limit {
		if w.bad[i] {
			continue
		}
		size := largest(w.s.X.RawRowView(i))
		var cause error
		switch {
		case math.IsNaN(size) || math.IsInf(size, 1):
			cause = fmt.Errorf("a coordinate is %g: %w", size, ErrNonFinite)
		case size > limit:
			cause = fmt.Errorf("a coordinate of size %.3g, expected at most %.3g: %w", size, limit, ErrDiverged)
		default:
			continue
		}
		w.bad[i] = true
		w.failed = append(w.failed, RowError{Row: w.s.Row0 + i, Step: step, Time: w.s.At, Err: cause})
	}
}

// largest returns max |x_j|, NaN when there is one.
func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

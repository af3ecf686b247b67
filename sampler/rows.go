package sampler

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// RowError says what became of one row: Err wraps ErrNonFinite, ErrDiverged, ErrCollapsed,
// or the cause that a method gave to Step.Fail.
type RowError struct {
	// Row is the index of the row in the whole run.
	Row int
	// Step is the number of steps after which the failure was seen, Time the
	// grid's time there, or the time within the step that a method named.
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

func (e RowErrors) sort() {
	slices.SortStableFunc(e, func(a, b RowError) int { return cmp.Compare(a.Row, b.Row) })
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
// coordinates and the process's scale there, or where the run ends, before the row counts as diverged.
// Processes contract towards the data by far smaller factors, while an unstable
// step gets there within a few dozen repetitions.
const growth = 1e6

// watched is what a Step knows of its rows' health. A failed row is left to
// itself: rows are independent, and NaN stays NaN.
type watched struct {
	limit    []float64
	bad      []bool
	failures RowErrors
}

// watch sets the limits of the rows from their starting points and the scale of
// the process there or at the last time of the run, the larger one.
func (s *Step) watch(last float64) {
	n, _ := s.X.Dims()
	s.limit, s.bad = make([]float64, n), make([]bool, n)
	scale := max(math.Hypot(s.Kernel(s.T)), math.Hypot(s.Kernel(last)))
	for i := range n {
		s.limit[i] = growth * (largest(s.X.RawRowView(i)) + scale)
	}
}

// look records the rows that have failed since the last look.
func (s *Step) look() {
	for i, limit := range s.limit {
		if s.bad[i] {
			continue
		}
		size := largest(s.X.RawRowView(i))
		switch {
		case math.IsNaN(size) || math.IsInf(size, 1):
			s.fail(i, s.Point(), s.At, fmt.Errorf("a coordinate is %g: %w", size, ErrNonFinite))
		case size > limit:
			s.fail(i, s.Point(), s.At, fmt.Errorf("a coordinate of size %.3g, want at most %.3g: %w", size, limit, ErrDiverged))
		}
	}
}

func (s *Step) fail(i, step int, t float64, cause error) {
	s.bad[i] = true
	s.failures = append(s.failures, RowError{Row: s.Row0 + i, Step: step, Time: t, Err: cause})
}

// Fail gives up row i of X, for a reason a Predictor or Corrector met at time
// t of its step: the row becomes NaNs and is reported, with the cause, in the
// run's RowErrors. All other rows go on. Only the first failure of a row counts.
func (s *Step) Fail(i int, t float64, cause error) {
	if !s.bad[i] {
		s.fail(i, s.K+1, t, cause)
	}
	fill(s.X.RawRowView(i), math.NaN())
	fill(s.Mean.RawRowView(i), math.NaN())
}

// Failed reports whether row i of X has been given up.
func (s *Step) Failed(i int) bool { return s.bad[i] }

func fill(x []float64, v float64) {
	for j := range x {
		x[j] = v
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

package sampler

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

var _ Predictor = DormandPrince{}

// DormandPrince solves the probability flow
//
//	dx/dt = f x − ½ g² s
//
// over each interval of the grid with the 5(4) pair of Dormand and Prince
// (1980), choosing its steps so that every one of them errs by no more than
// ATol + RTol|x_j|, root mean square over a row's coordinates. Each row has
// steps of its own: it is what it would be alone, and rows that have arrived
// are not evaluated again. A grid of two points suffices; more of them only
// stop the solver to be looked at, for an evaluation each.
//
// A last point below the span, such as σ = 0, is reached from the start of the
// span by the step of DDIM. Six evaluations a step, order 5, no noise; the
// number of steps is the solver's. From VP noise to a mixture of three modes a
// row needed 25 evaluations at a tolerance of 1e-3, 55 at 1e-5, 105 at 1e-7.
//
// A row that fails is given up alone: with ErrStepUnderflow where its slope is
// not smooth enough for any step, ErrLimit after MaxEvaluations, ErrNonFinite
// where its slope is not finite.
type DormandPrince struct {
	// RTol and ATol are the relative and the absolute tolerance; 0 means 1e-5.
	// Below about 1e-6 they need a score in double precision.
	RTol, ATol float64
	// MaxEvaluations bounds the evaluations of one row in a run; 0 means 10000.
	MaxEvaluations int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DormandPrince) Validate() error {
	_, _, _, err := tolerances("DormandPrince", p.RTol, p.ATol, p.MaxEvaluations, 1e-5, 1e-5)
	return err
}

// Reversible reports true: no noise is drawn.
func (DormandPrince) Reversible() bool { return true }

// Predict implements Predictor. It returns an error wrapping ErrRange for an
// impossible field.
func (p DormandPrince) Predict(s *Step) error {
	o, ok := s.solver.(*rk45)
	if !ok {
		var err error
		if o, err = p.begin(s); err != nil {
			return err
		}
		s.solver = o
	}
	start, _ := s.Span()
	to := max(s.U, start)
	if err := o.cross(s.X, s.T, to, s.bad); err != nil {
		return err
	}
	s.Mean.Copy(s.X)
	return s.leave(to)
}

// leave takes the state from time t, the start of the span, on to U where that
// lies below it, with the step of DDIM.
func (s *Step) leave(t float64) error {
	if t == s.U {
		return nil
	}
	from := s.T
	s.T = t
	err := DDIM{}.Predict(s)
	s.T = from
	return err
}

// begin checks the fields and returns the solver of a Step.
func (p DormandPrince) begin(s *Step) (*rk45, error) {
	rtol, atol, limit, err := tolerances("DormandPrince", p.RTol, p.ATol, p.MaxEvaluations, 1e-5, 1e-5)
	if err != nil {
		return nil, err
	}
	n, d := s.X.Dims()
	o := newRK45(n, d, rtol, atol, limit)
	o.field, o.fail = s.flow, s.Fail
	return o, nil
}

// tolerances checks the fields of an adaptive method and fills in the defaults.
func tolerances(method string, rtol, atol float64, limit int, defaultR, defaultA float64) (float64, float64, int, error) {
	if rtol == 0 {
		rtol = defaultR
	}
	if atol == 0 {
		atol = defaultA
	}
	if limit == 0 {
		limit = 10000
	}
	var err error
	switch {
	case !(rtol > 0) || math.IsInf(rtol, 1):
		err = fmt.Errorf("%s.RTol = %g, expected a finite number ≥ 0: %w", method, rtol, ErrRange)
	case !(atol > 0) || math.IsInf(atol, 1):
		err = fmt.Errorf("%s.ATol = %g, expected a finite number ≥ 0: %w", method, atol, ErrRange)
	case limit < 0:
		err = fmt.Errorf("%s.MaxEvaluations = %d, expected 0 or more: %w", method, limit, ErrRange)
	}
	return rtol, atol, limit, err
}

// flow is the velocity f x − ½g²s of the probability flow.
func (s *Step) flow(dst, x *mat.Dense, t []float64, rows []int, _ bool) error {
	if err := s.ScoreSome(dst, x, t, rows); err != nil {
		return err
	}
	for i, u := range t {
		f, g2 := s.Rates(u)
		v, row := dst.RawRowView(i), x.RawRowView(i)
		for j := range v {
			v[j] = f*row[j] - 0.5*g2*v[j]
		}
	}
	return nil
}

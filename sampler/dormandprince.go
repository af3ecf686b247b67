package sampler

import (
	"cmp"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

var _ Predictor = DormandPrince{}

// DormandPrince solves the probability flow over each interval of the grid with
// the 5(4) pair of Dormand and Prince (1980). It follows the state in units of
// the marginal's scale along the angle between data and noise,
//
//	y = x/r,   r = √(α² + σ²),   θ = atan(σ/α),   dy/dθ = cos θ ε̂ − sin θ D = −(σ/α)(y + r s),   (32)
//
// where the flow is the same for all processes: what their rates do in time,
// which for a table (sde.Discrete) is to jump at each of its levels, costs
// nothing, and neither do high noise levels. Steps are chosen so that every one
// of them errs by no more than ATol + RTol|y_j|, root mean square over a row's
// coordinates. Each row has steps of its own: it is what it would be alone, and
// rows that have arrived are not evaluated again. A grid of two points suffices;
// more of them only stop the solver to be looked at, for an evaluation each.
//
// A last point below the span, such as σ = 0, is reached from the start of the
// span by the step of DDIM. Steps end at the Problem's Breakpoints. Six evaluations a step, order 5, no noise; the
// number of steps is the solver's. From VP noise to a mixture of three modes a
// row needed 26 evaluations at a tolerance of 1e-3, 52 at 1e-5, 108 at 1e-7.
//
// A row that fails is given up alone: with ErrStepUnderflow where its slope is
// not smooth enough for any step, ErrLimit after MaxEvaluations, ErrNonFinite
// where its slope is not finite.
type DormandPrince struct {
	// RTol and ATol are the relative and the absolute tolerance of y, which in
	// the end is x; 0 means 1e-5, or 16 times the score's UnitRoundoff where that
	// is more. A float32 model cannot meet less than about 1e-6: it is refused,
	// its Float64 is not.
	RTol, ATol float64
	// MaxEvaluations bounds the evaluations of one row in a run; 0 means 10000.
	MaxEvaluations int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DormandPrince) Validate() error {
	_, _, _, err := tolerances("DormandPrince", p.RTol, p.ATol, p.MaxEvaluations, 1e-5, 1e-5, 0)
	return err
}

// Reversible reports true: no noise is drawn.
func (DormandPrince) Reversible() bool { return true }

// Predict implements Predictor. It returns an error wrapping ErrRange for an
// impossible field.
func (p DormandPrince) Predict(s *Step) error {
	o, ok := s.solver.(*turn)
	if !ok {
		rtol, atol, limit, err := tolerances("DormandPrince", p.RTol, p.ATol, p.MaxEvaluations, 1e-5, 1e-5, s.problem.Roundoff())
		if err != nil {
			return err
		}
		o = newTurn(s, rtol, atol, limit)
		s.solver = o
	}
	start, _ := s.Span()
	to := max(s.U, start)
	if err := s.legs(to, o.carry); err != nil {
		return err
	}
	s.Mean.Copy(s.X)
	return s.leave(to)
}

// turn is what DormandPrince keeps: the flow of y in the angle θ.
type turn struct {
	*rk45
	between
	s *Step
	x *mat.Dense
	t []float64
}

func newTurn(s *Step, rtol, atol float64, limit int) *turn {
	n, d := s.X.Dims()
	o := &turn{rk45: newRK45(n, d, rtol, atol, limit), s: s, x: mat.NewDense(n, d, nil), t: make([]float64, n)}
	o.field = o.velocity
	o.fail = func(i int, theta float64, cause error) { s.Fail(i, o.time(theta), cause) }
	return o
}

// carry carries the state of the Step from its time T to U.
func (o *turn) carry() error {
	s := o.s
	o.SDE = s.SDE
	o.from, o.first = o.end(s.T)
	o.to, o.last = o.end(s.U)
	rescale(s.X, 1/math.Hypot(s.Kernel(s.T)))
	if err := o.cross(s.X, o.first, o.last, s.bad); err != nil {
		return err
	}
	rescale(s.X, math.Hypot(s.Kernel(s.U)))
	return nil
}

// end returns the time and the angle from which, or to which, the flow is followed
// for an end of an interval.
func (o *turn) end(t float64) (time, theta float64) {
	t = moving(o.s.SDE, t)
	return t, math.Atan(ratio(o.s.SDE, t))
}

// moving returns t, or the time at which σ/α is 1e12 when it is more at t. Up there
// y stands still to 1e-12, while hardly two angles are left and the slope is all
// rounding.
func moving(p sde.SDE, t float64) float64 {
	const most = 1e12
	if ratio(p, t) > most {
		return sde.TimeAt(p, -math.Log(most))
	}
	return t
}

// rescale multiplies x by c.
func rescale(x *mat.Dense, c float64) {
	for i := range x.RawMatrix().Rows {
		row := x.RawRowView(i)
		for j := range row {
			row[j] *= c
		}
	}
}

// between is an interval, from one time to another, that is crossed in a coordinate
// with the values first and last at its ends.
type between struct {
	sde.SDE
	from, to    float64
	first, last float64
}

// time returns the time at a place, where log(α/σ) is logSNR: within the interval,
// and at its ends theirs.
func (b *between) time(place, logSNR float64) float64 {
	switch place {
	case b.first:
		return b.from
	case b.last:
		return b.to
	}
	t := sde.TimeAt(b.SDE, logSNR)
	return max(min(b.from, b.to), min(max(b.from, b.to), t))
}

// time returns the time of an angle.
func (o *turn) time(theta float64) float64 {
	return o.between.time(theta, -math.Log(math.Tan(theta)))
}

// velocity is dy/dθ.
func (o *turn) velocity(dst, y *mat.Dense, theta []float64, rows []int, _ bool) error {
	t := o.t[:len(rows)]
	shorten(o.x, len(rows))
	for i := range rows {
		t[i] = o.time(theta[i])
		x, r := o.x.RawRowView(i), math.Hypot(o.s.Kernel(t[i]))
		for j, v := range y.RawRowView(i) {
			x[j] = r * v
		}
	}
	if err := o.s.ScoreSome(dst, o.x, t, rows); err != nil {
		return err
	}
	for i := range rows {
		alpha, sigma := o.s.Kernel(t[i])
		r, ratio := math.Hypot(alpha, sigma), sigma/alpha
		out, y := dst.RawRowView(i), y.RawRowView(i)
		for j, s := range out {
			out[j] = -ratio * (y[j] + r*s)
		}
	}
	return nil
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

// tolerances checks the fields of an adaptive method, with a score of this roundoff,
// and fills in the defaults.
func tolerances(method string, rtol, atol float64, limit int, defaultR, defaultA, roundoff float64) (float64, float64, int, error) {
	rtol, atol, limit = tolerance(rtol, defaultR, roundoff), tolerance(atol, defaultA, roundoff), cmp.Or(limit, 10000)
	var err error
	switch {
	case !(rtol > 0) || math.IsInf(rtol, 1):
		err = fmt.Errorf("%s.RTol: is %g, want a finite number ≥ 0: %w", method, rtol, ErrRange)
	case !(atol > 0) || math.IsInf(atol, 1):
		err = fmt.Errorf("%s.ATol: is %g, want a finite number ≥ 0: %w", method, atol, ErrRange)
	case limit < 0:
		err = fmt.Errorf("%s.MaxEvaluations: is %d, want 0 or more: %w", method, limit, ErrRange)
	default:
		err = precise(method, rtol, atol, roundoff)
	}
	return rtol, atol, limit, err
}

// tolerance returns one that was chosen, or the default as far as the score is precise
// enough for it.
func tolerance(chosen, usual, roundoff float64) float64 {
	return cmp.Or(chosen, max(usual, least(roundoff)))
}

// least returns the tolerance below which steps would be chosen by the rounding errors
// of the score.
func least(roundoff float64) float64 { return 16 * roundoff }

// precise refuses tolerances that the rounding errors of the score exceed.
func precise(method string, rtol, atol, roundoff float64) error {
	for _, tol := range []struct {
		name  string
		value float64
	}{{"RTol", rtol}, {"ATol", atol}} {
		if want := least(roundoff); tol.value < want {
			digit := math.Pow10(int(math.Floor(math.Log10(want))) - 1)
			return fmt.Errorf("%s.%s: is %g with a score that rounds to a relative %.1g, want at least %.2g, or a score of double precision, such as a score.Model's Float64: %w",
				method, tol.name, tol.value, roundoff, math.Ceil(want/digit)*digit, ErrRange)
		}
	}
	return nil
}

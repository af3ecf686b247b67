package sampler

import (
	"math"

	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

var _ Predictor = AdaptiveSDE{}

// AdaptiveSDE crosses each interval of the grid by the reverse-time SDE in
// steps that it chooses for every row (Jolicoeur-Martineau et al. 2021). From
// time t to u = t − h, with one z for both,
//
//	x'  = x − (f_t x  − g_t² s(x, t)) h  + g_t √h z     (Euler–Maruyama)
//	x̃   = x − (f_u x' − g_u² s(x', u)) h + g_u √h z
//	x'' = ½(x' + x̃)                                     (improved Euler)
//
// and x” is accepted when the root mean square over a row's coordinates of
// (x' − x”)/max(ATol, RTol max(|x'|, |x'_prev|)) is E ≤ 1; the next step is
// 0.9 E^{−0.9} times as long. Two evaluations a try. As with DormandPrince, a
// row is what it would be alone, a grid of two points suffices, and rows that
// cannot go on are given up with ErrStepUnderflow or ErrLimit. A last point
// below the span is reached from its start by the step of DDIM.
//
// The noise of a step that is made again is that of the same path. A step is
// rejected because of its z, and fresh draws, as in the published algorithm,
// select those that lean with the state: on a Gaussian the variance then comes
// out too large by a quarter, whatever the tolerance. Noise must therefore be
// noise.Brownian, and noise.White, the default, is taken for the Brownian path
// of its seed; any other Source is trusted to be a path.
type AdaptiveSDE struct {
	// RTol and ATol are the relative and absolute tolerance; 0 means 0.02 and
	// 0.0078, the published ones for coordinates within ±1.
	RTol, ATol float64
	// MaxEvaluations bounds the evaluations of one row in a run; 0 means 10000.
	MaxEvaluations int
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p AdaptiveSDE) Validate() error {
	_, _, _, err := tolerances("AdaptiveSDE", p.RTol, p.ATol, p.MaxEvaluations, 0.02, 0.0078)
	return err
}

// Predict implements Predictor. It returns an error wrapping ErrRange for an
// impossible field.
func (p AdaptiveSDE) Predict(s *Step) error {
	o, ok := s.solver.(*sdeSteps)
	if !ok {
		rtol, atol, limit, err := tolerances("AdaptiveSDE", p.RTol, p.ATol, p.MaxEvaluations, 0.02, 0.0078)
		if err == nil {
			err = precise("AdaptiveSDE", rtol, atol, s.problem.Roundoff())
		}
		if err != nil {
			return err
		}
		o = newSDESteps(s, rtol, atol, limit)
		s.solver = o
	}
	start, _ := s.Span()
	to := max(s.U, start)
	o.depart(s.X, s.T, s.bad)
	o.carried.Copy(o.y)
	for i, row := range o.rows {
		if o.h[row] == 0 {
			o.h[row] = 0.01 * (o.t[i] - to)
		}
	}
	for o.aim(s.X, to) {
		if err := o.step(s, to); err != nil {
			return err
		}
	}
	return s.leave(to)
}

// sdeSteps is what AdaptiveSDE keeps: it carries x'_prev.
type sdeSteps struct {
	rowSteps
	rtol, atol          float64
	path                noise.Source
	u                   []float64
	score, euler, other *mat.Dense
	z                   *mat.Dense
	row                 mat.Dense // one row of z
}

func newSDESteps(s *Step, rtol, atol float64, limit int) *sdeSteps {
	n, d := s.X.Dims()
	o := &sdeSteps{rowSteps: newRowSteps(n, d, 4, 2, limit), rtol: rtol, atol: atol, u: make([]float64, n)}
	o.score, o.euler, o.other, o.z = o.more[0], o.more[1], o.more[2], o.more[3]
	o.fail, o.path = s.Fail, s.Noise
	if white, ok := s.Noise.(noise.White); ok {
		o.path = noise.Brownian(white)
	}
	return o
}

// step tries one step of every row.
func (o *sdeSteps) step(s *Step, to float64) error {
	n := len(o.rows)
	o.charge()
	if err := s.ScoreSome(o.score, o.y, o.t[:n], o.rows); err != nil {
		return err
	}
	for i, row := range o.rows {
		o.u[i] = max(to, o.t[i]+o.try[i]) // rounding must not leave the span
		raw := o.z.RawMatrix()
		raw.Rows, raw.Data = 1, o.z.RawRowView(i)
		o.row.SetRawMatrix(raw)
		o.path.Normal(&o.row, noise.Draw{Row: s.Row0 + row, Step: s.K, Part: o.count[row], Purpose: noise.Predict, T: o.t[i], U: o.u[i]})
		o.update(s, o.euler.RawRowView(i), i, o.t[i], o.y.RawRowView(i))
	}
	o.charge()
	if err := s.ScoreSome(o.score, o.euler, o.u[:n], o.rows); err != nil {
		return err
	}
	for i := range o.rows {
		o.update(s, o.other.RawRowView(i), i, o.u[i], o.euler.RawRowView(i))
		o.judge(s, i, to)
	}
	return nil
}

// update is the step of row i with the coefficients of time t and the drift of
// the state at, whose score is known.
func (o *sdeSteps) update(s *Step, dst []float64, i int, t float64, at []float64) {
	f, g2 := s.Rates(t)
	h := -o.try[i]
	std := math.Sqrt(g2 * h)
	x, score, z := o.y.RawRowView(i), o.score.RawRowView(i), o.z.RawRowView(i)
	for j := range dst {
		dst[j] = x[j] - (f*at[j]-g2*score[j])*h + std*z[j]
	}
}

// judge accepts or rejects the step of row i and chooses its next.
func (o *sdeSteps) judge(s *Step, i int, to float64) {
	euler, next, prev := o.euler.RawRowView(i), o.other.RawRowView(i), o.carried.RawRowView(i)
	sum := 0.0
	for j, v := range euler {
		next[j] = 0.5 * (v + next[j])
		e := (v - next[j]) / max(o.atol, o.rtol*max(math.Abs(v), math.Abs(prev[j])))
		sum += e * e
	}
	off := math.Sqrt(sum / float64(len(euler)))
	factor := 0.9 * math.Pow(off, -0.9)
	if !(off <= 1) { // NaN too
		o.reject(i, factor)
		return
	}
	_, gt := s.Rates(o.t[i])
	_, gu := s.Rates(o.u[i])
	std := 0.5 * (math.Sqrt(gt) + math.Sqrt(gu)) * math.Sqrt(-o.try[i])
	mean, z := s.Mean.RawRowView(o.rows[i]), o.z.RawRowView(i)
	for j := range mean {
		mean[j] = next[j] - std*z[j]
	}
	o.accept(i, next, min(5, factor), to)
	copy(prev, euler)
}

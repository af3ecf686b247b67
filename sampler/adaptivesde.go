package sampler

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

var _ Predictor = AdaptiveSDE{}

// AdaptiveSDE crosses each interval of the grid by the reverse-time SDE in
// steps that it chooses for every row (Jolicoeur-Martineau et al. 2021). In
// λ = log(α/σ) and in units r = √(α² + σ²) of the marginal's scale that SDE is the
// same for all processes. From time t to u, λ_u = λ_t + h, with one z for both and
// b = r_u/r_t,
//
//	x'  = b [x + (σ_t²/r_t²) (x + 2r_t² s(x, t)) h + σ_t √(2h) z]       (Euler–Maruyama)   (33)
//	x̃   = b x + (σ_u²/r_u²) (x' + 2r_u² s(x', u)) h + σ_u √(2h) z                        (34)
//	x'' = ½(x' + x̃)                                                     (improved Euler)   (35)
//
// and x” is accepted when the root mean square over a row's coordinates of
// (x' − x”)/max(ATol, RTol max(|x'|, |x'_prev|)) is E ≤ 1; the next step is
// 0.9 E^{−0.9} times as long. On VP this is the published step but for the clock,
// which there is the process's time. In that the rates of a table (sde.Discrete)
// jump at each of its levels, and a step would leap over one without seeing it.
//
// Two evaluations a try. As with DormandPrince, a row is what it would be alone, a
// grid of two points suffices, steps end at the Problem's Breakpoints, and rows that
// cannot go on are given up with ErrStepUnderflow or ErrLimit. A last point below the span is reached from its
// start by the step of DDIM.
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
	_, _, _, err := tolerances("AdaptiveSDE", p.RTol, p.ATol, p.MaxEvaluations, 0.02, 0.0078, 0)
	return err
}

// Predict implements Predictor. It returns an error wrapping ErrRange for an
// impossible field.
func (p AdaptiveSDE) Predict(s *Step) error {
	o, ok := s.solver.(*sdeSteps)
	if !ok {
		rtol, atol, limit, err := tolerances("AdaptiveSDE", p.RTol, p.ATol, p.MaxEvaluations, 0.02, 0.0078, s.problem.Roundoff())
		if err != nil {
			return err
		}
		o = newSDESteps(s, rtol, atol, limit)
		s.solver = o
	}
	start, _ := s.Span()
	to := max(s.U, start)
	if err := s.legs(to, func() error { return o.carry(s) }); err != nil {
		return err
	}
	return s.leave(to)
}

// sdeSteps is what AdaptiveSDE keeps: it carries x'_prev and steps in λ.
type sdeSteps struct {
	rowSteps
	between
	rtol, atol          float64
	path                noise.Source
	begin, end          []float64 // times of the steps being tried
	leaps               []leap
	score, euler, other *mat.Dense
	z                   *mat.Dense
	row                 mat.Dense // one row of z
}

// leap is a step from t to u: b = r_u/r_t, and h and √(2h) times what they are
// multiplied by at its ends.
type leap struct {
	b    float64
	t, u struct{ state, score, noise float64 }
}

func newLeap(p sde.SDE, t, u float64) (l leap) {
	at, st := p.Kernel(t)
	au, su := p.Kernel(u)
	rt, ru := math.Hypot(at, st), math.Hypot(au, su)
	h := max(0, math.Log(au/su)-math.Log(at/st))
	l.b = ru / rt
	l.t.state, l.t.score, l.t.noise = st/rt*(st/rt)*h, 2*st*st*h, st*math.Sqrt(2*h)
	l.u.state, l.u.score, l.u.noise = su/ru*(su/ru)*h, 2*su*su*h, su*math.Sqrt(2*h)
	return l
}

func newSDESteps(s *Step, rtol, atol float64, limit int) *sdeSteps {
	n, d := s.X.Dims()
	o := &sdeSteps{
		rowSteps: newRowSteps(n, d, 4, 2, limit), rtol: rtol, atol: atol,
		begin: make([]float64, n), end: make([]float64, n), leaps: make([]leap, n),
	}
	o.score, o.euler, o.other, o.z = o.more[0], o.more[1], o.more[2], o.more[3]
	o.path = s.Noise
	o.fail = func(i int, lambda float64, cause error) { s.Fail(i, o.time(lambda, lambda), cause) }
	if white, ok := s.Noise.(noise.White); ok {
		o.path = noise.Brownian(white)
	}
	return o
}

// carry carries the state of the Step from its time T to U.
func (o *sdeSteps) carry(s *Step) error {
	from, end := moving(s.SDE, s.T), moving(s.SDE, s.U)
	o.between = between{s.SDE, from, end, sde.LogSNR(s, from), sde.LogSNR(s, end)}
	rescale(s.X, math.Hypot(s.Kernel(from))/math.Hypot(s.Kernel(s.T)))
	o.depart(s.X, o.first, s.bad)
	o.carried.Copy(o.y)
	for _, row := range o.rows {
		if o.h[row] == 0 {
			o.h[row] = 0.01 * (o.last - o.first)
		}
	}
	for o.aim(s.X, o.last) {
		if err := o.step(s); err != nil {
			return err
		}
	}
	if o.first == o.last {
		end = from // nothing but the scale has changed
		s.Mean.Copy(s.X)
	}
	c := math.Hypot(s.Kernel(s.U)) / math.Hypot(s.Kernel(end))
	rescale(s.X, c)
	rescale(s.Mean, c)
	return nil
}

// step tries one step of every row.
func (o *sdeSteps) step(s *Step) error {
	n := len(o.rows)
	for i := range o.rows {
		next := min(o.last, o.t[i]+o.try[i]) // rounding must not leave the span
		o.begin[i], o.end[i] = o.time(o.t[i], o.t[i]), o.time(next, next)
		o.leaps[i] = newLeap(s, o.begin[i], o.end[i])
	}
	o.charge()
	if err := s.ScoreSome(o.score, o.y, o.begin[:n], o.rows); err != nil {
		return err
	}
	for i, row := range o.rows {
		raw := o.z.RawMatrix()
		raw.Rows, raw.Data = 1, o.z.RawRowView(i)
		o.row.SetRawMatrix(raw)
		o.path.Normal(&o.row, noise.Draw{Row: s.Row0 + row, Step: s.K, Slot: s.slot0, Part: o.count[row], Purpose: s.purpose, T: o.begin[i], U: o.end[i]})
		l, x, score, z, euler := &o.leaps[i], o.y.RawRowView(i), o.score.RawRowView(i), o.z.RawRowView(i), o.euler.RawRowView(i)
		for j := range z {
			euler[j] = l.b * (x[j] + l.t.state*x[j] + l.t.score*score[j] + l.t.noise*z[j])
		}
	}
	o.charge()
	if err := s.ScoreSome(o.score, o.euler, o.end[:n], o.rows); err != nil {
		return err
	}
	for i := range o.rows {
		l, x, score, z, euler, other := &o.leaps[i], o.y.RawRowView(i), o.score.RawRowView(i), o.z.RawRowView(i), o.euler.RawRowView(i), o.other.RawRowView(i)
		for j := range z {
			other[j] = l.b*x[j] + l.u.state*euler[j] + l.u.score*score[j] + l.u.noise*z[j]
		}
		o.judge(s, i)
	}
	return nil
}

// judge accepts or rejects the step of row i and chooses its next.
func (o *sdeSteps) judge(s *Step, i int) {
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
	l := &o.leaps[i]
	std := 0.5 * (l.b*l.t.noise + l.u.noise)
	mean, z := s.Mean.RawRowView(o.rows[i]), o.z.RawRowView(i)
	for j := range mean {
		mean[j] = next[j] - std*z[j]
	}
	o.accept(i, next, min(5, factor), o.last)
	copy(prev, euler)
}

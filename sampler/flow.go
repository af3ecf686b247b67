package sampler

import (
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// flow is one call of LogProb or SampleLogProb: a run over the whole span in one
// step, whose predictor it is. Slices have one entry a row.
type flow struct {
	run
	dim        int
	begin, end float64
	rtol, atol float64
	limit      int
	roundoff   float64 // of the score
	probes     int     // 0: exact
	gaussian   bool
	latents    bool

	delta  []float64 // of the flow of y, from begin to end
	errs   []float64
	stderr []float64
	evals  []int
}

// The two halves of sde.Divergencer; a score needs to have only one.
type (
	exactDivergence interface {
		Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64)
	}
	tangent interface {
		JVP(dst, jv, x, v *mat.Dense, t []float64)
	}
)

// longestStep bounds the steps in τ: a longer one may leap over all the scales of
// the data without its error estimate seeing any.
const longestStep = 1

const (
	exactDim      = 64 // up to which the exact divergence is the default
	defaultProbes = 8
)

// divergence chooses how ∇·s is found.
func (f *flow) divergence(probes int) error {
	_, exact := f.Score.(exactDivergence)
	_, jvp := f.Score.(tangent)
	switch {
	case !exact && !jvp:
		return fmt.Errorf("sampler: Problem.Score is a %T, expected one with the method Divergence or JVP, see sde.Divergencer: %w", f.Score, ErrUnset)
	case probes < 0 && !exact:
		return fmt.Errorf("sampler: FlowSettings.Probes = %d asks for the exact divergence, and Problem.Score, a %T, has no method Divergence: %w", probes, f.Score, ErrUnset)
	case probes > 0 && !jvp:
		return fmt.Errorf("sampler: FlowSettings.Probes = %d, and Problem.Score, a %T, has no method JVP: %w", probes, f.Score, ErrUnset)
	case probes == 0 && jvp && (!exact || f.dim > exactDim):
		probes = defaultProbes
	}
	f.probes = max(probes, 0)
	return nil
}

// precision refuses tolerances that the rounding errors of the score exceed.
func (f *flow) precision() error {
	f.roundoff = 0x1p-53
	if p, ok := f.Score.(sde.Rounding); ok {
		f.roundoff = p.UnitRoundoff()
	}
	least := 16 * f.roundoff
	for _, tol := range []struct {
		name  string
		value float64
	}{{"RTol", f.rtol}, {"ATol", f.atol}} {
		if tol.value < least {
			return fmt.Errorf("sampler: FlowSettings.%s = %g with a score that rounds to a relative %.1g, expected at least %.2g, or a score of double precision, such as a score.Model's Float64: %w",
				tol.name, tol.value, f.roundoff, least, ErrRange)
		}
	}
	return nil
}

// Predict follows the flow of [y, Δ] from T to U for the rows of a Step. With
// probes there is a Δ for each.
func (f *flow) Predict(s *Step) error {
	n, d := s.X.Dims()
	integrals := max(f.probes, 1)
	o, w := newRK45(n, d+integrals, f.rtol, f.atol, f.limit), f.newWork(s)
	o.field, o.beta = w.velocity, 0.2
	o.fail = func(i int, tau float64, cause error) { s.Fail(i, f.at(w.leg, w.paths[i], tau).t, cause) }
	legs, from, to, sign := f.legs(), 0.0, float64(legLength), 1.0
	if s.U < s.T { // to a sample
		slices.Reverse(legs)
		from, to, sign = to, from, -1
	}
	first := s.Row0 - f.FirstRow
	o.also = func(i int, e []float64) float64 {
		_, most := w.err(o, i, e, sign)
		return most
	}
	o.taken = func(i int, e []float64) {
		off, _ := w.err(o, i, e, sign)
		f.errs[first+o.rows[i]] += off
	}
	y := mat.NewDense(n, d+integrals, nil)
	scale := f.scale(s.T)
	for i := range n {
		for j, x := range s.X.RawRowView(i) {
			y.Set(i, j, x/scale)
		}
		if sign < 0 { // the data are not known yet
			w.paths[i].local = f.noise(f.begin)
		}
	}
	for _, w.leg = range legs {
		w.enter(o)
		if err := o.cross(y, from, to, s.bad); err != nil {
			return err
		}
	}
	scale = f.scale(s.U)
	for i := range n {
		f.evals[first+i] = o.evals[i]
		if s.Failed(i) {
			continue
		}
		row := y.RawRowView(i)
		for j, y := range row[:d] {
			s.X.Set(i, j, scale*y)
		}
		mean, stderr := meanAndError(row[d:])
		f.delta[first+i] = sign * mean
		if f.stderr != nil {
			f.stderr[first+i] = stderr
		}
	}
	s.Mean.Copy(s.X)
	return nil
}

// scale returns √(α²+σ²).
func (f *flow) scale(t float64) float64 { return math.Hypot(f.Kernel(t)) }

// enter makes o ready for a leg.
func (w *work) enter(o *rk45) {
	for i, p := range w.paths {
		if p.local > 0 {
			w.paths[i] = w.path(w.leg, p.local)
		}
		o.h[i] = 0 // it is for o to choose
		if w.leg.frozen {
			o.h[i], o.off[i] = legLength, 1
		}
	}
	o.most = longestStep
	if w.leg.frozen {
		o.most = legLength
	}
}

// err returns what the errors e of a step of row i do to the log-density: thrice the
// change of log p_t + Δ or, on the way to a sample, of their difference, and what
// the rounding of the score does to Δ. It also returns a third of the former in
// units of three tolerances. Rows among data hardly come near one; but far out, where the modes
// of a density change places within a hundredth of λ and the state does not
// move, it is the log-density that shows that a step has leapt over something.
func (w *work) err(o *rk45, i int, e []float64, sign float64) (nats, tolerances float64) {
	rate := w.levels[i].rate // of the last evaluation, at the step's end
	y, v := o.stage.RawRowView(i), o.k[6].RawRowView(i)
	d, probes := w.dim, float64(len(e)-w.dim)
	off, delta, slope := 0.0, 0.0, 0.0
	for j, e := range e[:d] {
		off += (v[j]/rate - y[j]) * e
	}
	for c := d; c < len(e); c++ {
		off += sign * e[c] / probes
		delta += y[c] / probes
		slope += math.Abs(v[c]-float64(d)*rate) / probes
	}
	off = math.Abs(off)
	return 3*off + w.roundoff*slope*math.Abs(o.try[i]), off / (3 * (w.atol + w.rtol*math.Abs(delta)))
}

// work is what the evaluations of one Step's flow need.
type work struct {
	*flow
	step   *Step
	x, s   *mat.Dense
	leg    leg
	paths  []path // of every row
	levels []level
	t, div []float64
	v, jv  *mat.Dense
	probes []*mat.Dense // one of every row
}

func (f *flow) newWork(s *Step) *work {
	n, d := s.X.Dims()
	w := &work{flow: f, step: s, x: mat.NewDense(n, d, nil), s: mat.NewDense(n, d, nil), t: make([]float64, n), paths: make([]path, n), levels: make([]level, n)}
	if f.probes == 0 {
		w.div = make([]float64, n)
		return w
	}
	w.v, w.jv = mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	for k := range f.probes {
		v := mat.NewDense(n, d, nil)
		s.Noise.Normal(v, noise.Draw{Row: s.Row0, Slot: k, Purpose: noise.Probe})
		if !f.gaussian {
			for j, z := range v.RawMatrix().Data {
				v.RawMatrix().Data[j] = math.Copysign(1, z)
			}
		}
		w.probes = append(w.probes, v)
	}
	return w
}

// velocity is the field of the rows on their way, of [y, Δ] at τ,
//
//	σ̂² dλ/dτ [y + ŝ, d + ∇·ŝ],   ŝ(y) = r s(ry, t),   r² = α² + σ²,   σ̂ = σ/r.
//
// When the integrals are not wanted their slopes are 0.
func (w *work) velocity(dst, y *mat.Dense, tau []float64, rows []int, integrals bool) error {
	if err := w.step.Ctx.Err(); err != nil {
		return err
	}
	w.step.evals++
	n, d := len(rows), w.dim
	levels, t := w.levels[:n], w.t[:n]
	shorten(w.x, n)
	shorten(w.s, n)
	for i, row := range rows {
		levels[i] = w.at(w.leg, w.paths[row], tau[i])
		t[i] = levels[i].t
		x := w.x.RawRowView(i)
		for j, y := range y.RawRowView(i)[:d] {
			x[j] = levels[i].scale * y
		}
	}
	w.scores(dst, t, rows, integrals)
	for i, row := range rows {
		at, y, out := levels[i], y.RawRowView(i), dst.RawRowView(i)
		if w.paths[row].local == 0 {
			mean, _ := meanAndError(out[d:])
			w.paths[row] = w.path(w.leg, w.deviation(at.scale*at.scale*mean))
			at = w.at(w.leg, w.paths[row], tau[i])
		}
		for j, s := range w.s.RawRowView(i) {
			out[j] = at.rate * (y[j] + at.scale*s)
		}
		for c := d; integrals && c < len(out); c++ {
			out[c] = at.rate * (float64(d) + at.scale*at.scale*out[c])
		}
	}
	return nil
}

// scores evaluates the scores of w.x and, into the last columns of dst, the
// divergences or their estimates, or zeros when they are not wanted.
func (w *work) scores(dst *mat.Dense, t []float64, rows []int, divergences bool) {
	n, d, scorer := len(rows), w.dim, w.step.scorerOf(rows)
	switch {
	case !divergences:
		scorer.Score(w.s, w.x, t)
		for i := range n {
			clear(dst.RawRowView(i)[d:])
		}
	case w.div != nil:
		scorer.(exactDivergence).Divergence(w.s, w.div[:n], w.x, t)
		for i, div := range w.div[:n] {
			dst.RawRowView(i)[d] = div
		}
	}
	for k, probe := range w.probes {
		if !divergences {
			return
		}
		shorten(w.v, n)
		shorten(w.jv, n)
		for i, row := range rows {
			copy(w.v.RawRowView(i), probe.RawRowView(row))
		}
		scorer.(tangent).JVP(w.s, w.jv, w.x, w.v, t)
		for i := range n {
			dst.RawRowView(i)[d+k] = dot(w.v.RawRowView(i), w.jv.RawRowView(i))
		}
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for j, v := range a {
		sum += v * b[j]
	}
	return sum
}

// meanAndError returns the mean of v and its standard error, NaN of one value.
func meanAndError(v []float64) (mean, stderr float64) {
	n := float64(len(v))
	for _, x := range v {
		mean += x / n
	}
	square := 0.0
	for _, x := range v {
		square += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(square / (n - 1) / n)
}

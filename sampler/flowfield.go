package sampler

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// work is what the evaluations of one Step's flow need.
type work struct {
	*flow
	step   *Step
	x, s   *mat.Dense
	leg    leg
	paths  []path // of every row
	levels []level
	t, div []float64
	seen   [][]float64  // by row: what is known of it
	drawn  []int        // by row: how many cells are drawn
	v, jv  []*mat.Dense // by probe
	probes []*mat.Dense // of every row
}

func (f *flow) newWork(s *Step) *work {
	n, d := s.X.Dims()
	w := &work{flow: f, step: s, x: mat.NewDense(n, d, nil), s: mat.NewDense(n, d, nil), t: make([]float64, n), paths: make([]path, n), levels: make([]level, n)}
	w.seen, w.drawn = make([][]float64, n), make([]int, n)
	for i := range n {
		w.seen[i] = f.ObservedRow(s.Row0 + i)
		w.drawn[i] = drawnOf(w.seen[i], d)
	}
	if f.probes == 0 {
		w.div = make([]float64, n)
		return w
	}
	for k := range f.probes {
		v := mat.NewDense(n, d, nil)
		s.Noise.Normal(v, noise.Draw{Row: s.Row0, Slot: k, Purpose: noise.Probe})
		if !f.gaussian {
			for j, z := range v.RawMatrix().Data {
				v.RawMatrix().Data[j] = math.Copysign(1, z)
			}
		}
		w.probes = append(w.probes, v)
		w.v, w.jv = append(w.v, mat.NewDense(n, d, nil)), append(w.jv, mat.NewDense(n, d, nil))
	}
	return w
}

// enter makes o ready for a leg. The lowest of several, on which little changes, is
// tried in a single step.
func (w *work) enter(o *rk45) {
	for i, p := range w.paths {
		if p.local > 0 {
			w.paths[i] = w.path(w.leg, p.local)
		}
		o.h[i] = 0 // it is for o to choose
		if w.leg.lowest {
			o.h[i], o.off[i] = legLength, 1
		}
	}
	o.most = longestStep
	if w.leg.lowest {
		o.most = legLength
	}
}

// velocity is the field of the rows on their way, of [y, Δ] at τ,
//
//	σ̂² dλ/dτ [y + ŝ, d + ∇·ŝ],   ŝ(y) = r s(ry, t),   r² = α² + σ²,   σ̂ = σ/r.
//
// d being the number of drawn cells; the others stand still. When the integrals are
// not wanted their slopes are 0.
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
			w.paths[row] = w.path(w.leg, w.deviation(w.drawn[row], at.scale*at.scale*mean))
			at = w.at(w.leg, w.paths[row], tau[i])
		}
		for j, s := range w.s.RawRowView(i) {
			if drawn(w.seen[row], j) {
				out[j] = at.rate * (y[j] + at.scale*s)
			} else {
				out[j] = 0
			}
		}
		for c := d; integrals && c < len(out); c++ {
			out[c] = at.rate * (float64(w.drawn[row]) + at.scale*at.scale*out[c])
		}
	}
	return nil
}

// scores evaluates the scores of w.x and, into the last columns of dst, the
// divergences or their estimates, or zeros when they are not wanted.
func (w *work) scores(dst *mat.Dense, t []float64, rows []int, divergences bool) {
	scorer, d := w.step.scorerOf(rows), w.dim
	switch {
	case !divergences:
		scorer.Score(w.s, w.x, t)
		for i := range rows {
			clear(dst.RawRowView(i)[d:])
		}
	case w.div != nil:
		divergenceOf(scorer).Divergence(w.s, w.div[:len(rows)], w.x, t)
		for i := range rows {
			dst.RawRowView(i)[d] = w.div[i]
		}
	default:
		w.tangents(scorer, t, rows)
		for i := range rows {
			out := dst.RawRowView(i)[d:]
			for k := range out {
				out[k] = dot(w.v[k].RawRowView(i), w.jv[k].RawRowView(i))
			}
		}
	}
}

// tangents evaluates the scores of w.x and their derivatives along the probes.
func (w *work) tangents(scorer sde.Scorer, t []float64, rows []int) {
	for k, probe := range w.probes {
		shorten(w.v[k], len(rows))
		shorten(w.jv[k], len(rows))
		for i, row := range rows {
			copy(w.v[k].RawRowView(i), probe.RawRowView(row))
		}
	}
	one, _ := sde.As[tangent](scorer)
	sde.JVPs(one, w.s, w.jv, w.x, w.v, t)
}

// err returns what the errors e of a step of row i do to the log-density: five times the
// change of log p_t + Δ or, on the way to a sample, of their difference, and what
// the rounding of the score does to Δ. It also returns the change in units of
// three tolerances. Rows among data hardly come near one; but far out, where the
// modes of a density change places within a hundredth of λ and the state does not
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
		slope += math.Abs(v[c]-float64(w.drawn[o.rows[i]])*rate) / probes
	}
	off = math.Abs(off)
	return 5*off + w.roundoff*slope*math.Abs(o.try[i]), off / (3 * (w.atol + w.rtol*math.Abs(delta)))
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

package sampler

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// potential is a twisting function of particles.
type potential interface {
	// compare writes what tells rows from each other at x to w, or reports false when
	// nothing does.
	compare(s *Step, w *swarm, x *mat.Dense) (bool, error)
	// start writes log p/π of the rows that a run begins with into log, for the density p
	// of the prior and the π that they were drawn from.
	start(s *Step, w *swarm, log []float64) error
	// at writes the prior's scores, the guidance and log ψ of the rows x at time t to w.
	at(s *Step, w *swarm, x *mat.Dense, t float64) error
	// likelihood writes log ψ of clean rows to w.
	likelihood(s *Step, w *swarm, x0 *mat.Dense) error
}

// swarm is what a run of particles keeps between steps.
type swarm struct {
	Particles
	ψ            potential
	score, guide *mat.Dense // at the state
	log          []float64  // log ψ at the state
	state        *mat.Dense // a copy of it
	logW         []float64  // normalised in each group
	ancestor     []int      // an index of the Step's rows at the start
	dead         []bool     // by group
	before       *mat.Dense // D where the last step began
	length       float64    // of that step in log(α/σ), 0 when there was none
	spare        *mat.Dense
}

// begin returns the particles of a Step whose run begins, weighed at its first time.
func (c Particles) begin(s *Step, ψ potential) (*swarm, error) {
	n, _ := s.X.Dims()
	c.Number, c.Threshold = cmp.Or(c.Number, s.total), cmp.Or(c.Threshold, 0.5)
	if c.Resampler == nil {
		c.Resampler = Systematic{}
	}
	if n%c.Number != 0 || s.Row0%c.Number != 0 {
		return nil, fmt.Errorf("Particles.Number: is %d, the run has %d rows and begins at row %d, want multiples: %w", c.Number, n, s.Row0, ErrRange)
	}
	if c.Trace == nil {
		c.Trace = new(Trace)
	}
	groups := n / c.Number
	*c.Trace = Trace{LogEvidence: make([]float64, groups), StdErr: make([]float64, groups)}
	w := &swarm{
		Particles: c, ψ: ψ, score: s.like(), guide: s.like(), log: make([]float64, n), state: s.like(),
		logW: make([]float64, n), ancestor: make([]int, n), dead: make([]bool, groups), before: s.like(), spare: s.like(),
	}
	for i := range n {
		w.logW[i], w.ancestor[i] = -math.Log(float64(c.Number)), i
	}
	if err := w.alike(s); err != nil {
		return nil, err
	}
	inc := make([]float64, n)
	if err := ψ.start(s, w, inc); err != nil {
		return nil, err
	}
	if err := w.at(s, s.T); err != nil {
		return nil, err
	}
	for i, v := range w.log {
		inc[i] += v
	}
	w.reweigh(s, inc, startSlot, false)
	return w, nil
}

// alike returns an error when rows of one group mean different things, which is seen
// in what is found at the same places: two that no symmetry of the data takes to each
// other, and of which h is defined at one, if not at both.
func (w *swarm) alike(s *Step) error {
	x, scale := s.like(), math.Hypot(s.Kernel(s.T))
	for _, side := range []float64{scale, -scale} {
		for i := range w.log {
			for j := range x.RawRowView(i) {
				x.Set(i, j, side*math.Cos(float64(j+1)))
			}
		}
		known, err := w.ψ.compare(s, w, x)
		if err != nil || !known {
			return err
		}
		for i := range w.log {
			first := i - i%w.Number
			if !sameNumber(w.log[i], w.log[first]) || !w.sameRows(w.score, i, first) || !w.sameRows(w.guide, i, first) {
				return fmt.Errorf("rows %d and %d are particles of one observation, and have other observations or conditions: want the same for every %d rows, see Number: %w", s.Row0+first, s.Row0+i, w.Number, ErrRange)
			}
		}
	}
	return nil
}

func (w *swarm) sameRows(m *mat.Dense, i, k int) bool {
	return slices.EqualFunc(m.RawRowView(i), m.RawRowView(k), sameNumber)
}

// sameNumber is a == b where NaN is a number.
func sameNumber(a, b float64) bool { return a == b || a != a && b != b }

// at evaluates what the state needs at a time before the last. Any ψ > 0 is right
// there: rows for which it is 0 or not defined, which may yet come to where it is, are
// given the smallest that their group has, and no guidance.
func (w *swarm) at(s *Step, t float64) error {
	if err := w.ψ.at(s, w, s.X, t); err != nil {
		return err
	}
	for g := range w.dead {
		least := math.Inf(1)
		for _, v := range w.log[g*w.Number : (g+1)*w.Number] {
			if v-v == 0 {
				least = min(least, v)
			}
		}
		if math.IsInf(least, 1) {
			least = 0
		}
		for i := g * w.Number; i < (g+1)*w.Number; i++ {
			if v := w.log[i]; v-v != 0 {
				w.log[i] = least
				clear(w.guide.RawRowView(i))
			}
		}
	}
	return nil
}

// Slots of the uniform numbers of a step, and of those before the first one.
const (
	stepSlot  = 1
	startSlot = 2
)

// reweigh multiplies the weights by the exponentials of inc, which it changes, and
// resamples the groups that are due, with the numbers of a slot. A particle that is not
// finite has no weight.
func (w *swarm) reweigh(s *Step, inc []float64, slot int, last bool) {
	for i := range inc {
		if x := largest(s.X.RawRowView(i)); s.bad[i] || inc[i]-inc[i] != 0 || x-x != 0 {
			inc[i] = math.Inf(-1)
		}
	}
	sizes, due := make([]float64, len(w.dead)), make([]bool, len(w.dead))
	any := false
	for g := range w.dead {
		if w.dead[g] {
			continue
		}
		lo, hi := g*w.Number, (g+1)*w.Number
		total, died := w.weigh(lo, hi, inc)
		if math.IsInf(total, -1) {
			w.bury(s, g)
			continue
		}
		square := 0.0
		for _, v := range w.logW[lo:hi] {
			square += math.Exp(2 * v)
		}
		sizes[g] = 1 / square
		w.Trace.LogEvidence[g] += total
		if last {
			if w.Trace.StdErr[g] = w.standardError(lo, hi); w.Trace.StdErr[g] > collapse(w.Number) {
				w.doubt(s, g)
			}
			due[g] = !w.Weighted
		} else {
			due[g] = died || w.Threshold == 1 || sizes[g] < w.Threshold*float64(w.Number)
		}
		any = any || due[g]
	}
	w.Trace.EffectiveSize, w.Trace.Resampled = append(w.Trace.EffectiveSize, sizes), append(w.Trace.Resampled, due)
	if any {
		u := uniforms(s, slot)
		for g, is := range due {
			if is {
				w.resample(s, g*w.Number, u[g*w.Number:(g+1)*w.Number])
			}
		}
	}
	w.state.Copy(s.X)
	if last {
		w.Trace.LogWeights = w.logW
		w.Trace.Ancestors = w.ancestor
		for i := range w.ancestor {
			w.ancestor[i] += s.Row0
		}
	}
}

// weigh multiplies the weights of a group and normalises them. It returns the logarithm
// of their sum, and whether there are particles without weight.
func (w *swarm) weigh(lo, hi int, inc []float64) (total float64, died bool) {
	top := math.Inf(-1)
	for i := lo; i < hi; i++ {
		w.logW[i] += inc[i]
		top = max(top, w.logW[i])
		died = died || math.IsInf(w.logW[i], -1)
	}
	if math.IsInf(top, -1) {
		return top, died
	}
	sum := 0.0
	for _, v := range w.logW[lo:hi] {
		sum += math.Exp(v - top)
	}
	total = top + math.Log(sum)
	for i := lo; i < hi; i++ {
		w.logW[i] -= total
	}
	return total, died
}

// bury gives up the rows of a group.
func (w *swarm) bury(s *Step, g int) {
	w.dead[g] = true
	w.Trace.LogEvidence[g], w.Trace.StdErr[g] = math.NaN(), math.NaN()
	for i := g * w.Number; i < (g+1)*w.Number; i++ {
		s.Fail(i, s.U, fmt.Errorf("observation %d: no particle of %d has a weight above 0: %w", g, w.Number, ErrDepleted))
	}
}

// collapse returns the standard error of 3 ancestors that count the same, or of n/40 where
// that is less: of few particles there are few by chance.
func collapse(n int) float64 {
	few := min(3, float64(n)/40)
	if few <= 1 {
		return math.Inf(1)
	}
	return math.Sqrt(1/few - 1/float64(n))
}

// doubt names the rows of a group that has collapsed, which are kept.
func (w *swarm) doubt(s *Step, g int) {
	few := 1 / (w.Trace.StdErr[g]*w.Trace.StdErr[g] + 1/float64(w.Number))
	err := fmt.Errorf("observation %d: its %d particles descend from about %.1f of the first ones, and say little of the posterior: want more particles or steps, a method nearer to it, or more noise: %w", g, w.Number, max(1, few), ErrCollapsed)
	for i := g * w.Number; i < (g+1)*w.Number; i++ {
		if !s.bad[i] {
			s.failures = append(s.failures, RowError{Row: s.Row0 + i, Step: s.K + 1, Time: s.U, Err: err})
		}
	}
}

// standardError returns the root of Σ_e (W_e − 1/N)², where W_e is the weight of all that
// descend from the starting particle e, and +Inf when that is all from one.
func (w *swarm) standardError(lo, hi int) float64 {
	of := make([]float64, hi-lo)
	for i := lo; i < hi; i++ {
		of[w.ancestor[i]-lo] += math.Exp(w.logW[i])
	}
	sum, alive := 0.0, 0
	for _, v := range of {
		if v > 0 {
			alive++
		}
		v -= 1 / float64(len(of))
		sum += v * v
	}
	if alive == 1 && len(of) > 1 {
		return math.Inf(1)
	}
	return math.Sqrt(sum)
}

// resample replaces the particles from lo on by copies that all weigh the same.
func (w *swarm) resample(s *Step, lo int, u []float64) {
	n := len(u)
	weights, from := make([]float64, n), make([]int, n)
	for i, v := range w.logW[lo : lo+n] {
		weights[i] = math.Exp(v)
	}
	w.Resampler.Ancestors(from, weights, u)
	for _, m := range []*mat.Dense{s.X, s.Mean, w.score, w.guide, w.before} {
		for i := range n {
			w.spare.SetRow(lo+i, m.RawRowView(lo+i))
		}
		for i, j := range from {
			m.SetRow(lo+i, w.spare.RawRowView(lo+j))
		}
	}
	log, ancestor := make([]float64, n), make([]int, n)
	for i, j := range from {
		log[i], ancestor[i] = w.log[lo+j], w.ancestor[lo+j]
		w.logW[lo+i] = -math.Log(float64(n))
	}
	copy(w.log[lo:], log)
	copy(w.ancestor[lo:], ancestor)
}

// uniforms draws a number of [0, 1) for every row.
func uniforms(s *Step, slot int) []float64 {
	normals := s.column(0)
	s.Normal(normals, slot)
	u := values(normals)
	for i, z := range u {
		u[i] = min(0.5*math.Erfc(-z/math.Sqrt2), 1-0x1p-53)
	}
	return u
}

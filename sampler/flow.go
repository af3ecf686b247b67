package sampler

import (
	"fmt"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
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

	delta    []float64 // of the flow of y, from begin to end
	logPrior []float64 // of x at the end
	errs     []float64
	stderr   []float64
	evals    []int
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
const longestStep = 1.2

// axes finds the exact divergence of a score that knows derivatives along one
// direction a row only: Σ_i e_iᵀ(∂s/∂x)e_i.
type axes struct{ tangent }

func (a axes) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	axis, jv := make([]*mat.Dense, d), make([]*mat.Dense, d)
	for j := range d {
		axis[j], jv[j] = mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		for i := range n {
			axis[j].Set(i, j, 1)
		}
	}
	sde.JVPs(a.tangent, dst, jv, x, axis, t)
	for i := range div {
		div[i] = 0
		for j := range d {
			div[i] += jv[j].At(i, j)
		}
	}
}

// divergenceOf returns how a score's exact divergence is found, nil if it cannot be.
func divergenceOf(s sde.Scorer) exactDivergence {
	if exact, ok := sde.As[exactDivergence](s); ok {
		return exact
	}
	if t, ok := sde.As[tangent](s); ok {
		return axes{t}
	}
	return nil
}

const (
	exactDim      = 64 // up to which the exact divergence is the default
	defaultProbes = 8
)

// divergence chooses how ∇·s is found.
func (f *flow) divergence(probes int, asked bool) error {
	one := f.Select([]int{f.FirstRow}) // as every chunk does
	_, jvp := sde.As[tangent](one)
	switch {
	case divergenceOf(one) == nil:
		return fmt.Errorf("sampler: Problem.Score: is a %T, want one with the method Divergence or JVP, see sde.Divergencer: %w", f.Score, ErrUnset)
	case probes < 0 || probes > 0 && asked:
		return fmt.Errorf("sampler: FlowSettings.Probes: is %d with Exact = %t, want a number ≥ 0, and 0 for the exact divergence: %w", probes, asked, ErrRange)
	case probes > 0 && !jvp:
		return fmt.Errorf("sampler: FlowSettings.Probes: is %d, and Problem.Score, a %T, has no method JVP: %w", probes, f.Score, ErrUnset)
	case probes == 0 && !asked && jvp && f.dim > exactDim:
		probes = defaultProbes
	}
	f.probes = probes
	return nil
}

// Predict follows the flow of [y, Δ] from T to U for the rows of a Step. With
// probes there is a Δ for each.
func (f *flow) Predict(s *Step) error {
	n, d := s.X.Dims()
	integrals := max(f.probes, 1)
	o, w := newRK45(n, d+integrals, f.rtol, f.atol, f.limit), f.newWork(s)
	o.field, o.beta = w.velocity, 0.2 // along these paths errors change little from step to step
	o.fail = func(i int, tau float64, cause error) { s.Fail(i, f.at(w.leg, w.paths[i], tau).t, cause) }
	legs, from, to, sign := f.legs(), 0.0, float64(legLength), 1.0
	if s.U < s.T { // to a sample
		slices.Reverse(legs)
		from, to, sign = to, from, -1
	}
	first := s.Row0 - f.FirstRow
	latent, err := f.startOf(s, f.end)
	if err != nil {
		return err
	}
	if sign < 0 {
		for i := range n {
			f.logPrior[first+i] = latent.logProb(i, s.X.RawRowView(i), f.ObservedRow(s.Row0+i))
		}
	}
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
		if sign > 0 {
			f.logPrior[first+i] = latent.logProb(i, s.X.RawRowView(i), f.ObservedRow(s.Row0+i))
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

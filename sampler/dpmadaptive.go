package sampler

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

var (
	_ Predictor = DPMAdaptive{}
	_ Coupler   = DPMAdaptive{}
)

// DPMAdaptive crosses an interval of the grid with steps of DPMSolver that it
// chooses itself (Lu et al. 2022, DPM-Solver-12 and -23; the controller is that
// of k-diffusion). A step in λ = log(α/σ) gives two results y_low and y_high of
// successive orders, in y = x/α, which share their evaluations; y_high is taken
// when
//
//	e = rms_j (y_low,j − y_high,j)/δ_j,   δ = max(ATol, RTol max(|y_low|, |y_low of the last step|)),
//
// is about 1 or less. Each row has steps of its own: it is what it would be
// alone, and rows that have arrived are not evaluated again. A grid of two
// points suffices; more of them only stop the method to be looked at, and it
// begins anew.
//
// With an Eta every step is ancestral, see EulerAncestral, not going below the
// interval's end; its noise is that of one path in the clock (α/σ)², which a
// noise.Brownian keeps when steps change. A last point below the span, such as
// σ = 0, is reached from the start of the span by the step of DDIM. Two or
// three evaluations a step, whose number is the method's.
//
// A row that fails is given up alone: with ErrStepUnderflow, ErrLimit after
// MaxEvaluations, or ErrNonFinite.
type DPMAdaptive struct {
	// Order is that of y_high: 2 or 3; 0 means 3.
	Order int
	// RTol and ATol are the relative and the absolute tolerance; 0 means 0.05
	// and 0.0078.
	RTol, ATol float64
	// FirstStep is the first step in λ; 0 means 0.05.
	FirstStep float64
	// P, I and D are the gains of the controller; when all are 0, I is 1.
	P, I, D float64
	// Threshold is the least factor between steps at which one is accepted;
	// 0 means 0.81.
	Threshold float64
	// Eta is η; unlike that of methods called ancestral, 0 is 0.
	Eta float64
	// Noise is S_noise; 0 means 1.
	Noise float64
	// MaxEvaluations bounds the evaluations of one row in an interval; 0 means
	// 10000.
	MaxEvaluations int
	// BatchNorm takes the mean of e over all rows too, as k-diffusion does, so
	// that all make the same steps and depend on each other.
	BatchNorm bool
}

// CouplesRows reports whether a row's steps depend on the other rows.
func (p DPMAdaptive) CouplesRows() bool { return p.BatchNorm }

// Predict implements Predictor. It returns an error wrapping ErrRange for an
// impossible field.
func (p DPMAdaptive) Predict(s *Step) error {
	p, err := p.complete()
	if err != nil {
		return err
	}
	start, _ := s.Span()
	t, u := s.T, s.U
	s.U = max(u, start)
	if err = p.cross(s); err == nil && s.U != u {
		s.T, s.U = s.U, u
		err = DDIM{}.Predict(s)
	}
	s.T, s.U = t, u
	return err
}

// complete checks the fields and fills in their defaults.
func (p DPMAdaptive) complete() (DPMAdaptive, error) {
	if err := checkNoise("DPMAdaptive", p.Eta, p.Noise); err != nil {
		return p, err
	}
	if p.Order == 0 {
		p.Order = 3
	}
	if p.MaxEvaluations == 0 {
		p.MaxEvaluations = 10000
	}
	switch {
	case p.Order < 2 || p.Order > 3:
		return p, fmt.Errorf("DPMAdaptive.Order = %d, expected 2 or 3: %w", p.Order, ErrRange)
	case p.MaxEvaluations < 0:
		return p, fmt.Errorf("DPMAdaptive.MaxEvaluations = %d, expected 0 or more: %w", p.MaxEvaluations, ErrRange)
	}
	for _, f := range []struct {
		name    string
		value   *float64
		missing float64
	}{
		{"RTol", &p.RTol, 0.05}, {"ATol", &p.ATol, 0.0078}, {"FirstStep", &p.FirstStep, 0.05}, {"Threshold", &p.Threshold, 0.81},
	} {
		if !(*f.value >= 0) || math.IsInf(*f.value, 1) {
			return p, fmt.Errorf("DPMAdaptive.%s = %g, expected a finite number ≥ 0: %w", f.name, *f.value, ErrRange)
		}
		if *f.value == 0 {
			*f.value = f.missing
		}
	}
	if p.P == 0 && p.I == 0 && p.D == 0 {
		p.I = 1
	}
	if sum := p.P + p.I + p.D; !(sum > 0) || math.IsInf(sum, 1) {
		return p, fmt.Errorf("DPMAdaptive.P + I + D = %g, expected a finite number > 0: %w", sum, ErrRange)
	}
	p.Noise = orOne(p.Noise)
	return p, nil
}

// cross carries the rows from T to U.
func (p DPMAdaptive) cross(s *Step) error {
	a := newAdaptive(p, s)
	at, _ := s.Kernel(s.T)
	au, _ := s.Kernel(s.U)
	s.X.Scale(1/at, s.X)
	a.prev.Copy(s.X)
	for len(a.rows) > 0 {
		a.aim()
		if err := a.solve(); err != nil {
			return err
		}
		a.judge()
	}
	s.X.Scale(au, s.X)
	s.Mean.Copy(s.X)
	return nil
}

// adaptive is a crossing under way. The state of the rows, in y = x/α, stands in
// the Step's X.
type adaptive struct {
	DPMAdaptive
	s    *Step
	pid  pid
	end  float64 // λ there
	rows []dpmRow
	prev *mat.Dense // y_low of the last accepted step
	z    *mat.Dense // one row

	// For the rows under way, one after the other.
	times             []float64
	x, eps, low, high *mat.Dense
	inner             *mat.Dense // ε̂ at a later stage
}

// dpmRow is a row under way at λ, about to step to target by way of down.
type dpmRow struct {
	pace
	row, accepted, evaluations int
	lambda, target, down       float64
}

func newAdaptive(p DPMAdaptive, s *Step) *adaptive {
	order := float64(p.Order)
	if p.Eta > 0 {
		order = 1.5
	}
	n, d := s.X.Dims()
	a := &adaptive{
		DPMAdaptive: p, s: s, pid: newPID(p.P, p.I, p.D, order, p.Threshold), end: sde.LogSNR(s, s.U),
		prev: s.Scratch(0), z: mat.NewDense(1, d, nil),
	}
	from := sde.LogSNR(s, s.T)
	for i := range n {
		if !s.Failed(i) {
			a.rows = append(a.rows, dpmRow{row: i, lambda: from, pace: pace{h: p.FirstStep}})
		}
	}
	return a
}

// aim sets the ends of the next steps, and the matrices to the number of rows.
func (a *adaptive) aim() {
	if n := len(a.rows); n != len(a.times) {
		a.times = make([]float64, n)
		for i, m := range []**mat.Dense{&a.x, &a.eps, &a.low, &a.high, &a.inner} {
			_, d := a.s.X.Dims()
			*m = a.s.Scratch(i+1).Slice(0, n, 0, d).(*mat.Dense)
		}
	}
	for i := range a.rows {
		r := &a.rows[i]
		// Nothing is left over that would be too little for a step.
		if r.target = r.lambda + r.h; !(r.target < a.end-1e-5) {
			r.target = a.end
		}
		if r.down = r.target; a.Eta > 0 {
			down, _ := split(a.Eta, math.Exp(-r.lambda), math.Exp(-r.target))
			r.down = min(a.end, -math.Log(down))
		}
	}
}

// solve makes the steps of all rows under way, sharing their evaluations.
func (a *adaptive) solve() error {
	e := math.Expm1
	none := func(float64) (_, _ float64) { return 0, 0 }
	if err := a.noise(a.eps, 0, none); err != nil {
		return err
	}
	if a.Order == 2 {
		a.reach(a.low, 1, func(h float64) (_, _ float64) { return e(h), 0 })
		if err := a.noise(a.inner, 0.5, func(h float64) (_, _ float64) { return e(h / 2), 0 }); err != nil {
			return err
		}
		a.reach(a.high, 1, func(h float64) (_, _ float64) { return e(h), e(h) })
		return nil
	}
	const third, two = 1.0 / 3, 2.0 / 3
	if err := a.noise(a.inner, third, func(h float64) (_, _ float64) { return e(third * h), 0 }); err != nil {
		return err
	}
	a.reach(a.low, 1, func(h float64) (_, _ float64) { return e(h), 1.5 * e(h) })
	// As in DPMSolver, E(h)/h − 1 = h φ₂(h).
	if err := a.noise(a.inner, two, func(h float64) (_, _ float64) { return e(two * h), 2 * two * h * phi(2, two*h) }); err != nil {
		return err
	}
	a.reach(a.high, 1, func(h float64) (_, _ float64) { return e(h), 1.5 * h * phi(2, h) })
	return nil
}

// reach sets the rows of dst to y − ς (E ε̂ + c (ε̂_inner − ε̂)) at the fraction r
// of their steps, with E and c for a step of length h.
func (a *adaptive) reach(dst *mat.Dense, r float64, coefficients func(h float64) (e, c float64)) {
	for i := range a.rows {
		row := &a.rows[i]
		h := row.down - row.lambda
		e, c := coefficients(h)
		level := math.Exp(-(row.lambda + r*h))
		y, out := a.s.X.RawRowView(row.row), dst.RawRowView(i)
		eps, inner := a.eps.RawRowView(i), a.inner.RawRowView(i)
		for j := range out {
			out[j] = y[j]
			if e != 0 {
				out[j] -= level * (e - c) * eps[j]
			}
			if c != 0 {
				out[j] -= level * c * inner[j]
			}
		}
	}
}

// noise evaluates ε̂ = −σs at what reach gives into dst.
func (a *adaptive) noise(dst *mat.Dense, r float64, coefficients func(h float64) (e, c float64)) error {
	a.reach(a.x, r, coefficients)
	for i := range a.rows {
		row := &a.rows[i]
		a.times[i] = sde.TimeAt(a.s.SDE, row.lambda+r*(row.down-row.lambda))
		alpha, _ := a.s.Kernel(a.times[i])
		x := a.x.RawRowView(i)
		for j := range x {
			x[j] *= alpha
		}
		row.evaluations++
	}
	if err := a.s.ScoreRows(dst, a.x, a.times); err != nil {
		return err
	}
	for i, t := range a.times {
		_, sigma := a.s.Kernel(t)
		out := dst.RawRowView(i)
		for j := range out {
			out[j] *= -sigma
		}
	}
	return nil
}

// judge takes the steps whose error allows it and sets the length of the next.
func (a *adaptive) judge() {
	shared := math.NaN()
	if a.BatchNorm {
		sum, finite := 0.0, 0
		for i := range a.rows {
			if e := a.square(i); !math.IsNaN(e) && !math.IsInf(e, 1) {
				sum += e
				finite++
			}
		}
		shared = sum / float64(finite)
	}
	under := a.rows[:0]
	for i := range a.rows {
		r := a.rows[i]
		e := a.square(i)
		switch {
		case math.IsNaN(e) || math.IsInf(e, 1):
			a.fail(&r, fmt.Errorf("the error of a step is %g: %w", math.Sqrt(e), ErrNonFinite))
			continue
		case a.BatchNorm:
			e = shared
		}
		if a.pid.judge(&r.pace, math.Sqrt(e)) {
			if a.accept(i, &r); r.lambda == a.end {
				continue
			}
		}
		switch {
		case r.h < 1e-12*max(1, math.Abs(r.lambda)):
			a.fail(&r, fmt.Errorf("a step of %.3g in λ asked for, expected at least %.3g: %w", r.h, 1e-12*max(1, math.Abs(r.lambda)), ErrStepUnderflow))
		case r.evaluations+a.Order > a.MaxEvaluations:
			a.fail(&r, fmt.Errorf("%d evaluations of at most %d made: %w", r.evaluations, a.MaxEvaluations, ErrLimit))
		default:
			under = append(under, r)
		}
	}
	a.rows = under
}

// square returns e² of the i-th row under way.
func (a *adaptive) square(i int) float64 {
	low, high, prev := a.low.RawRowView(i), a.high.RawRowView(i), a.prev.RawRowView(a.rows[i].row)
	sum := 0.0
	for j := range low {
		d := (low[j] - high[j]) / max(a.ATol, a.RTol*max(math.Abs(low[j]), math.Abs(prev[j])))
		sum += d * d
	}
	return sum / float64(len(low))
}

// accept takes the step of the i-th row under way, r, and adds its noise.
func (a *adaptive) accept(i int, r *dpmRow) {
	y := a.s.X.RawRowView(r.row)
	copy(a.prev.RawRowView(r.row), a.low.RawRowView(i))
	copy(y, a.high.RawRowView(i))
	if level, down := math.Exp(-r.target), math.Exp(-r.down); down < level {
		std := a.Noise * math.Sqrt((level-down)*(level+down))
		a.s.pathOf(r.row, a.z, r.accepted, math.Exp(2*r.lambda), math.Exp(2*r.target))
		for j, z := range a.z.RawRowView(0) {
			y[j] += std * z
		}
	}
	r.lambda = r.target
	r.accepted++
}

func (a *adaptive) fail(r *dpmRow, cause error) {
	a.s.Fail(r.row, sde.TimeAt(a.s.SDE, r.lambda), cause)
}

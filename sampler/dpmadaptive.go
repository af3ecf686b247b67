package sampler

import (
	"cmp"
	"fmt"
	"math"
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
//	e = rms_j (y_low,j − y_high,j)/δ_j,   δ = max(ATol, RTol max(|y_low|, |y_low of the last step|)),   (31)
//
// is about 1 or less. Each row has steps of its own: it is what it would be
// alone, and rows that have arrived are not evaluated again. A grid of two
// points suffices; more of them only stop the method to be looked at, and it
// begins anew. Steps end at the Problem's Breakpoints.
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
	// SNoise is S_noise; 0 means 1.
	SNoise float64
	// MaxEvaluations bounds the evaluations of one row in an interval; 0 means
	// 10000.
	MaxEvaluations int
	// BatchNorm takes the mean of e over all rows too, as k-diffusion does, so
	// that all make the same steps and depend on each other.
	BatchNorm bool
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (p DPMAdaptive) Validate() error {
	err := cmp.Or(
		within("DPMAdaptive", "Order", p.Order, 0, 3),
		nonNegative("DPMAdaptive", "RTol", p.RTol), nonNegative("DPMAdaptive", "ATol", p.ATol),
		nonNegative("DPMAdaptive", "FirstStep", p.FirstStep), nonNegative("DPMAdaptive", "Threshold", p.Threshold),
		checkNoise("DPMAdaptive", p.Eta, p.SNoise), nonNegative("DPMAdaptive", "MaxEvaluations", p.MaxEvaluations),
	)
	if p.Order == 1 {
		err = cmp.Or(err, fmt.Errorf("DPMAdaptive.Order: is 1, want 2 or 3: %w", ErrRange))
	}
	sum := p.P + p.I + p.D
	if unset := p.P == 0 && p.I == 0 && p.D == 0; !unset && !(sum > 0) || math.IsInf(sum, 1) {
		err = cmp.Or(err, fmt.Errorf("DPMAdaptive.P, I, D: are %g, %g, %g, want a finite sum > 0: %w", p.P, p.I, p.D, ErrRange))
	}
	return err
}

// CouplesRows reports whether a row's steps depend on the other rows.
func (p DPMAdaptive) CouplesRows() bool { return p.BatchNorm }

// Predict implements Predictor.
func (p DPMAdaptive) Predict(s *Step) error {
	if err := p.Validate(); err != nil {
		return err
	}
	roundoff := s.problem.Roundoff()
	p = p.complete(roundoff)
	if err := precise("DPMAdaptive", p.RTol, p.ATol, roundoff); err != nil {
		return err
	}
	start, _ := s.Span()
	to := max(s.U, start)
	if err := s.legs(to, newDPMSteps(p, s).cross); err != nil {
		return err
	}
	return s.leave(to)
}

// complete fills in the defaults, for a score of this roundoff.
func (p DPMAdaptive) complete(roundoff float64) DPMAdaptive {
	p.Order = cmp.Or(p.Order, 3)
	p.RTol, p.ATol = tolerance(p.RTol, 0.05, roundoff), tolerance(p.ATol, 0.0078, roundoff)
	p.FirstStep, p.Threshold = cmp.Or(p.FirstStep, 0.05), cmp.Or(p.Threshold, 0.81)
	if p.P == 0 && p.I == 0 && p.D == 0 {
		p.I = 1
	}
	p.SNoise = cmp.Or(p.SNoise, 1)
	p.MaxEvaluations = cmp.Or(p.MaxEvaluations, 10000)
	return p
}

package sampler

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Reversible is implemented by a Predictor that also carries the state to a
// later time: its Predict works for U above T when Reversible returns true.
type Reversible interface {
	Reversible() bool
}

// The methods without noise; those with a field for noise where it is 0.

// Reversible implements the interface of that name.
func (DEIS) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (p DDIM) Reversible() bool { return p.Eta == 0 }

// Reversible implements the interface of that name.
func (DormandPrince) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (p DPM2) Reversible() bool { return p.SChurn == 0 }

// Reversible implements the interface of that name.
func (DPMpp2M) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (DPMpp2S) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (DPMpp3M) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (DPMSolver) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (e Euler) Reversible() bool { return e.Lambda == 0 && e.FixedStep == 0 }

// Reversible implements the interface of that name.
func (p Heun) Reversible() bool { return p.SChurn == 0 }

// Reversible implements the interface of that name.
func (LMS) Reversible() bool { return true }

// Reversible implements the interface of that name.
func (p ReverseDiffusion) Reversible() bool { return p.Flow && p.Table == nil }

// Reversible implements the interface of that name.
func (p RungeKutta) Reversible() bool { return p.SChurn == 0 }

// Reversible implements the interface of that name.
func (UniPC) Reversible() bool { return true }

// Encode carries data to their latents along the probability flow: every row
// of x is taken as the state at the grid's last time and becomes the state at
// its first, the grid being the one on which Continue decodes. The map is one
// to one, so that
//
//	s := &sampler.Settings{Grid: []float64{end, start}, Final: FinalState}
//	err := sampler.Encode(ctx, x, p, sampler.DormandPrince{}, s)
//	…
//	err = sampler.Continue(ctx, x, p, sampler.DormandPrince{}, s)
//
// returns the rows of x: with DormandPrince within about its tolerance, with a
// method of fixed steps within its own error at their number, a DDIM inversion
// for example within a multiple of the step (no explicit method is its own
// inverse). FinalState is for the way back; on the way there nothing is denoised.
//
// Besides the errors of Continue it returns one wrapping ErrRange for a
// predictor that is not Reversible, for a Corrector, which forgets where a row
// came from, and for a last point below the span, where there is no flow.
func Encode(ctx context.Context, x *mat.Dense, p Problem, pred Predictor, s *Settings) error {
	r, err := newRun(x, p, pred, s)
	if err != nil {
		return err
	}
	last := r.Grid[len(r.Grid)-1]
	rev, ok := pred.(Reversible)
	switch {
	case !ok || !rev.Reversible():
		return fmt.Errorf("sampler: pred is %T%+v, expected a Reversible predictor, such as DormandPrince: %w", pred, pred, ErrRange)
	case r.Corrector != nil:
		return fmt.Errorf("sampler: Settings.Corrector is %T, expected none to encode: %w", r.Corrector, ErrRange)
	case blind(p.SDE, last):
		start, _ := p.Span()
		return fmt.Errorf("sampler: Settings.Grid ends at %g, expected a time of at least %g to encode from: %w", last, start, ErrRange)
	}
	r.Grid = slices.Clone(r.Grid)
	slices.Reverse(r.Grid)
	r.Final = FinalState
	r.start = r.given(x)
	return r.do(ctx, x)
}

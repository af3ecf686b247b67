package sampler

import (
	"context"
	"fmt"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// Reversible is implemented by a Predictor that also carries the state to a
// later time: its Predict works for U above T when Reversible returns true.
type Reversible interface {
	Reversible() bool
}

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
// returns the rows of x: with DormandPrince half of them within a few tolerances,
// and up to some hundred where the flow stretches most; with a method of fixed steps
// within its own error at their number, a DDIM inversion for example within a
// multiple of the step (no explicit method is its own inverse). FinalState is for the way back; on the way there nothing is denoised.
//
// Besides the errors of Continue it returns one wrapping ErrRange for a
// predictor that is not Reversible, for a Corrector, which forgets where a row
// came from, and for a last point below the span, where there is no flow.
func Encode(ctx context.Context, x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) error {
	r, err := newRun(x, p, pred, s)
	if err != nil {
		return err
	}
	last := r.Grid[len(r.Grid)-1]
	rev, ok := pred.(Reversible)
	switch {
	case !ok || !rev.Reversible():
		return fmt.Errorf("sampler: pred: is %T%+v, want a Reversible predictor, such as DormandPrince: %w", pred, pred, ErrRange)
	case r.Corrector != nil:
		return fmt.Errorf("sampler: Settings.Corrector: is %T, want none to encode: %w", r.Corrector, ErrRange)
	case blind(p.SDE, last):
		start, _ := p.Span()
		return fmt.Errorf("sampler: Settings.Grid ends at %g, want a time of at least %g to encode from: %w", last, start, ErrRange)
	}
	r.Grid = slices.Clone(r.Grid)
	slices.Reverse(r.Grid)
	r.Final = FinalState
	r.start = r.given(x)
	return r.do(ctx, x)
}

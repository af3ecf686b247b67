package score

import (
	"cmp"
	"errors"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// MeanFlow trains the map of a model with Config.FlowMap (Geng et al. 2025) by what the
// derivative in t of its definition says,
//
//	F̄ = F − (θ_t − θ_r) dF̄/dθ_t,   d/dθ_t = ∂_θ − F ∂_y,
//
// the derivative along the flow being one JVP: the loss is
//
//	ℓ/(stop(ℓ) + Offset),   ℓ = ‖F̄(y, t, r) − stop(F* − (θ_t − θ_r) dF̄/dθ_t)‖²,
//
// with the target F* of the field in the place of F. F* comes from the data or, with
// Settings.Teacher, from a trained model. Without the denominator F* would be right in the
// mean, since the target is linear in it; but then the few rows decide where the flow
// parts and the derivative is large.
type MeanFlow struct {
	// Same is the share of the rows with r = t, which train the score; 0 is .25.
	Same float64
	// Data is the share of the other rows that go all the way to the data; 0 is .5.
	Data float64
	// Offset is the loss of a row, in units of the field's mean square, above which it
	// counts less; 0 is .01, None is no denominator.
	Offset float64
}

// Jump implements MapObjective.
func (o MeanFlow) Jump(own, draw, _ float64) (end, near float64) {
	return endOf(own, draw, shareOf(o.Same, 0.25), shareOf(o.Data, 0.5)), 1
}

// Loss returns the loss of each row.
func (o MeanFlow) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	j, k := d.Jump, d.Xt.Cols()
	at := ad.Concat(j.Y, j.Level)
	mean := f.Mean(ad.Slice(at, 0, k), ad.Slice(at, k, k+1), j.End)
	along := ad.JVP(mean, at, ad.Concat(ad.Neg(j.Field), j.Rate))
	target := ad.Sub(j.Field, ad.Mul(j.Turn, along))
	l := distance(mean, ad.Stop(target))
	if o.Offset == None {
		return l
	}
	return ad.Div(l, ad.Shift(ad.Stop(l), cmp.Or(o.Offset, 0.01)))
}

// Validate implements nn.Validator.
func (o MeanFlow) Validate() error {
	errs := []error{validShare("MeanFlow.Same", o.Same), validShare("MeanFlow.Data", o.Data)}
	if o.Offset != None {
		errs = append(errs, positiveOrZero("MeanFlow.Offset", o.Offset, ".01"))
	}
	return errors.Join(errs...)
}

var (
	_ MapObjective = MeanFlow{}
	_ nn.Validator = MeanFlow{}
)

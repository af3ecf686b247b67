package score

import (
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Consistency trains the map of a model with Config.FlowMap by differences (Song et al.
// 2023): from t and from a time s a little before it on the same way the flow leads to
// the same row,
//
//	‖F̄(y_t, t, r) − stop(w F* + (1 − w) F̄(y_s, s, r))‖²,   w = (θ_t − θ_s)/(θ_t − θ_r),
//
// which for r = t, where w is 1, is the loss of the score. y_s is the row at s with the clean row and
// the noise of F*. The gap, (ς_t − ς_s)/ς_t of ς = σ/α, is halved in eight stages of a
// run, from 1 to 1/128, as Geng et al. 2024 do: what it makes wrong goes with it.
type Consistency struct {
	// Same is the share of the rows with r = t, which train the score; 0 is .25.
	Same float64
	// Data is the share of the other rows that go all the way to the data; 0 is 1, as in a
	// consistency model, None 0.
	Data float64
}

// Jump implements MapObjective.
func (o Consistency) Jump(own, draw, done float64) (end, near float64) {
	const stages = 8
	gap := math.Exp2(-min(math.Floor(stages*done), stages-1))
	return endOf(own, draw, shareOf(o.Same, 0.25), shareOf(o.Data, 1)), 1 - gap
}

// Loss returns the loss of each row.
func (o Consistency) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	j := d.Jump
	mean := f.Mean(j.Y, j.Level, j.End)
	near := f.Mean(j.NearY, j.NearLevel, j.End)
	w := ad.Div(ad.Shift(j.NearTurn, tiny), ad.Shift(j.Turn, tiny))
	target := ad.Add(near, ad.Mul(w, ad.Sub(j.Field, near)))
	return distance(mean, ad.Stop(target))
}

// tiny is less than any turn that matters.
const tiny = 1e-12

// Validate implements nn.Validator.
func (o Consistency) Validate() error {
	same, data := validShare("Consistency.Same", o.Same), validShare("Consistency.Data", o.Data)
	if o.Data == 1 {
		data = nil
	}
	return errors.Join(same, data)
}

var (
	_ MapObjective = Consistency{}
	_ nn.Validator = Consistency{}
)

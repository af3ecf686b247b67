package score

import (
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// Fields are the forms of the model as expressions of noisy rows at the
// batch's times: all linear in the same network output, with coefficients that
// are free of cancellation.
type Fields struct {
	Denoise  func(x *ad.Expr) *ad.Expr // D = E[x₀ | x_t]
	Score    func(x *ad.Expr) *ad.Expr // s = ∇ₓ log p_t(x)
	Noise    func(x *ad.Expr) *ad.Expr // ε̂ = −σs
	Velocity func(x *ad.Expr) *ad.Expr // u = f x − ½g²s
}

// Batch are the leaves of a training batch, in model coordinates: r×d rows and
// r×1 columns. Under the Rao-Blackwellised target X0 is the posterior mean over
// the reference rows (the clean row itself where σ is too small for that mean to
// be told from it in float32) and Z = (Xt − αX0)/σ, so that Xt = αX0 + σZ always
// holds.
type Batch struct {
	X0, Xt, Z           *ad.Expr
	T, Alpha, Sigma, G2 *ad.Expr
	Weight              *ad.Expr
}

// Objective is a training loss: one number for each row, whose mean over the
// batch is minimised. f is the model, d the batch; b makes random leaves and
// parameters of the objective's own, which are trained with the network's and
// start anew in every run, and b.Time is the noise level that the network is
// told. One that is an nn.Validator is checked by Fit.
type Objective interface {
	Loss(b *nn.Build, f Fields, d Batch) *ad.Expr
}

// DSM is denoising score matching, w(t)‖D(x_t, t) − x₀‖² (Vincent 2011), with
// the weight of Settings.
type DSM struct{}

// Loss returns the loss of each row.
func (DSM) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	return ad.Mul(d.Weight, ad.SumCols(ad.Square(ad.Sub(f.Denoise(d.Xt), d.X0))))
}

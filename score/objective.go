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
	// Mean is F̄ of a model with Config.FlowMap for rows y = x/√C of unit scale, and for
	// what the network is told of the noise where they are and where they go; nil for
	// others. See Jump.
	Mean func(y, level, end *ad.Expr) *ad.Expr
}

// Batch are the leaves of a training batch, in model coordinates: r×d rows and
// r×1 columns. Under the Rao-Blackwellised target X0 is the posterior mean over
// the reference rows (the clean row itself where σ is too small for that mean to
// be told from it in float32) and Z = (Xt − αX0)/σ, so that Xt = αX0 + σZ always
// holds.
type Batch struct {
	X0, Xt, Z           *ad.Expr
	T, Alpha, Sigma, G2 *ad.Expr
	DAlpha, DSigma      *ad.Expr // dα/dt and dσ/dt
	Weight              *ad.Expr // of a model with Config.ColumnLevels r×d, 0 where a column is not drawn
	Cond                *ad.Expr // standardised columns, unit vectors of labels, and 1, see Conditions; nil when there are none
	Jump                *Jump    // of a model with Config.FlowMap; nil for others
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
	if d.Weight.Cols() > 1 {
		return ad.SumCols(ad.Mul(d.Weight, ad.Square(ad.Sub(f.Denoise(d.Xt), d.X0))))
	}
	return ad.Mul(d.Weight, distance(f.Denoise(d.Xt), d.X0))
}

// suited is implemented by an Objective of this package that suits some runs
// only.
type suited interface {
	suits(d int, s *Settings) error
}

// suits checks an objective, or the one that it wraps, against the run.
func suits(o Objective, d int, s *Settings) error {
	if o, ok := o.(suited); ok {
		return o.suits(d, s)
	}
	return nil
}

// DDPM is the loss on the noise ‖ε̂ − z‖² of Ho et al. 2020, whatever the weight
// of Settings: DSM with the weight Simple. The published form has the process of
// sde.NewDDPM and the times LevelTimes.
type DDPM struct{}

// Loss returns the loss of each row.
func (DDPM) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr { return distance(f.Noise(d.Xt), d.Z) }

// NCSN is the loss on the score ½σ²‖s + z/σ‖² of Song & Ermon 2019, whatever the
// weight of Settings. The published form has the process of sde.NewNCSN and the
// times LevelTimes.
type NCSN struct{}

// Loss returns the loss of each row.
func (NCSN) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	return ad.Scale(0.5, ad.SumCols(ad.Square(ad.Add(ad.Mul(d.Sigma, f.Score(d.Xt)), d.Z))))
}

// FlowMatching is the loss on the flow's velocity ‖u(x_t, t) − (α̇x₀ + σ̇z)‖²
// (Lipman et al. 2023), whatever the weight of Settings. Its usual companions
// are sde.Linear, the preconditioning Velocity and UniformTimes.
type FlowMatching struct{}

// Loss returns the loss of each row.
func (FlowMatching) Loss(_ *nn.Build, f Fields, d Batch) *ad.Expr {
	return distance(f.Velocity(d.Xt), ad.Add(ad.Mul(d.DAlpha, d.X0), ad.Mul(d.DSigma, d.Z)))
}

// distance returns ‖a − b‖² of each row.
func distance(a, b *ad.Expr) *ad.Expr { return ad.SumCols(ad.Square(ad.Sub(a, b))) }

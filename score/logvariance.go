package score

import (
	"cmp"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// LogVariance balances the noise levels of another objective's loss ℓ ≥ 0 by a
// weight that is learned (Kendall et al. 2018; Karras et al. 2024),
//
//	ℓ e^{−u(t)} + u(t),
//
// whose minimum over u is at e^u = E[ℓ | t]: every level then counts alike. u is
// a small network of its own that sees the noise level only, and starts at 0.
type LogVariance struct {
	Objective Objective // nil means DSM
	Net       nn.Module // of one output column; nil means TimeFourier with 8 frequencies and a linear layer
}

// Loss returns the loss of each row.
func (o LogVariance) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr {
	var net nn.Module = nn.Sequential{nn.TimeFourier{N: 8}, nn.Linear{Out: 1, Init: nn.Zeros{}}}
	if o.Net != nil {
		net = o.Net
	}
	u := net.Apply(b.Scope("logvariance"), b.Time)
	return ad.Add(ad.Mul(o.inner().Loss(b, f, d), ad.Exp(ad.Neg(u))), u)
}

// Validate returns the error of the objective, if it has one.
func (o LogVariance) Validate() error { return nn.Validate(o.inner()) }

func (o LogVariance) suits(d int, s *Settings) error { return suits(o.inner(), d, s) }

func (o LogVariance) inner() Objective { return cmp.Or[Objective](o.Objective, DSM{}) }

package nn

import (
	"cmp"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// The activations: functions of one variable applied to each element. Package
// ad gives their equations and sources.
type (
	SiLU      struct{} // x·S(x)
	GELU      struct{} // x·Φ(x)
	GELUTanh  struct{} // the tanh approximation of GELU
	ReLU      struct{} // max(x, 0)
	Tanh      struct{} // tanh x
	Softplus  struct{} // ln(1+eˣ)
	Sigmoid   struct{} // S(x) = 1/(1+e⁻ˣ)
	LeakyReLU struct { // x where x > 0, else A·x
		A float64 // on [−10⁶, 10⁶]; zero means 0.01
	}
	ELU struct { // x where x > 0, else A(eˣ−1)
		A float64 // on [−10⁶, 10⁶]; zero means 1
	}
)

func (SiLU) Apply(_ *Build, x *ad.Expr) *ad.Expr        { return ad.SiLU(x) }
func (GELU) Apply(_ *Build, x *ad.Expr) *ad.Expr        { return ad.GELU(x) }
func (GELUTanh) Apply(_ *Build, x *ad.Expr) *ad.Expr    { return ad.GELUTanh(x) }
func (ReLU) Apply(_ *Build, x *ad.Expr) *ad.Expr        { return ad.ReLU(x) }
func (Tanh) Apply(_ *Build, x *ad.Expr) *ad.Expr        { return ad.Tanh(x) }
func (Softplus) Apply(_ *Build, x *ad.Expr) *ad.Expr    { return ad.Softplus(x) }
func (Sigmoid) Apply(_ *Build, x *ad.Expr) *ad.Expr     { return ad.Sigmoid(x) }
func (l LeakyReLU) Apply(_ *Build, x *ad.Expr) *ad.Expr { return ad.LeakyReLU(x, cmp.Or(l.A, 0.01)) }
func (e ELU) Apply(_ *Build, x *ad.Expr) *ad.Expr       { return ad.ELU(x, cmp.Or(e.A, 1)) }

// Validate implements Validator.
func (l LeakyReLU) Validate() error { return finiteError("LeakyReLU.A", l.A) }

// Validate implements Validator.
func (e ELU) Validate() error { return finiteError("ELU.A", e.A) }

var (
	_ Module = SiLU{}
	_ Module = GELU{}
	_ Module = GELUTanh{}
	_ Module = ReLU{}
	_ Module = Tanh{}
	_ Module = Softplus{}
	_ Module = Sigmoid{}
	_ Module = LeakyReLU{}
	_ Module = ELU{}
)

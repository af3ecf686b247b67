package nn

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Energy turns a network E_θ of one output column into the vector field
//
//	F(x) = −∇ₓ E_θ(x),
//
// which is conservative by construction: its Jacobian is symmetric. It fits
// wherever a network with as many outputs as inputs fits (Salimans & Ho 2021). A network
// over positions gives one column when a layer follows it, as in
// Sequential{UNet{…}, Linear{Out: 1}}.
type Energy struct{ Net Module }

// RecipeEnergy returns RecipeMLP with one output as an energy. It goes with optim.SOAP, too.
func RecipeEnergy(d, width int) Energy {
	m := RecipeMLP(d, width)
	m.Out = 1
	return Energy{Net: m}
}

// Apply implements Module: it returns −∇ₓ E_θ.
func (e Energy) Apply(b *Build, x *ad.Expr) *ad.Expr {
	return ad.Neg(ad.Grad(e.Potential(b, x), x)[0])
}

// Validate implements Validator.
func (e Energy) Validate() error { return partError("Energy.Net", e.Net) }

// mostEnergies is how deep energies may lie inside each other: the derivatives of
// each multiply the work of what is inside.
const mostEnergies = 3

// Potential returns the one column E_θ(x), with the parameters of Apply in the
// same scope, after which it needs Build.Share. It panics when Net gives more columns
// and for the fourth of energies inside each other.
func (e Energy) Potential(b *Build, x *ad.Expr) *ad.Expr {
	if b.common.energies == mostEnergies {
		panic(fmt.Sprintf("nn: Energy: an energy inside %d others, want at most %d inside each other", mostEnergies, mostEnergies))
	}
	b.common.energies++
	defer func() { b.common.energies-- }()
	y := b.Apply(e.Net, x)
	if y.Cols() != 1 || y.Groups() > 1 {
		panic(fmt.Sprintf("nn: Energy: Net gives %s, want r×1", shape(y)))
	}
	return y
}

var (
	_ Module    = Energy{}
	_ Validator = Energy{}
)

package nn

import "github.com/gradlogp/gradlogp/nn/ad"

// Mean is the mean of the channels over the positions of a sample,
//
//	y = (1/P) Σ_p x_p,
//
// which does not change when positions change places. Between a Pointwise and further layers
// it makes a network of sets (Zaheer et al. 2017), such as one that embeds points without
// an order:
//
//	Sequential{Pointwise{Size: []int{n}, Body: …}, Mean{Size: []int{n}}, Linear{…}, …}
type Mean struct {
	Size []int // lengths of the axes
}

// Apply implements Module. It panics when x has not numbers for each position.
func (m Mean) Apply(_ *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(m)
	x = positioned("Mean", x, m.Size)
	return ad.Scale(1/float64(positionsOf(m.Size)), ad.SumGroups(x))
}

// Validate implements Validator.
func (m Mean) Validate() error { return sizeError("Mean.Size", m.Size) }

var (
	_ Module    = Mean{}
	_ Validator = Mean{}
)

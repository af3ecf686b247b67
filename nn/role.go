package nn

import (
	"fmt"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Role is what a parameter does in its layer, for optimisers that treat parameters
// differently: optim.SOAP takes a Weight with its Bias as one matrix.
type Role int

const (
	Other  Role = iota // none of the following: each number stands for itself
	Weight             // the matrix W of a product x W, inputs × outputs
	Bias               // the row b of x W + b, which belongs to a Weight
	Gain               // factors of columns
	Table              // a row of numbers for each class
)

// String returns the name of the role.
func (r Role) String() string {
	names := [...]string{Other: "Other", Weight: "Weight", Bias: "Bias", Gain: "Gain", Table: "Table"}
	if r < 0 || int(r) >= len(names) {
		return "Role(" + strconv.Itoa(int(r)) + ")"
	}
	return names[r]
}

// Weight is Param for the matrix W of a product x W: rows inputs, cols outputs. One
// that is there already keeps its role.
func (b *Build) Weight(name string, rows, cols int, init Init) *ad.Expr {
	return b.param(name, rows, cols, init, Weight, 0)
}

// Bias is Param for the row b of x W + b, one number for each column of w, which
// Weight has returned. It panics when w is not a Weight of the same network or has
// another Bias.
func (b *Build) Bias(name string, w *ad.Expr, init Init) *ad.Expr {
	of := b.params.weight(w)
	if of < 0 {
		panic("nn: parameter " + b.join(name) + " is a Bias of what is no Weight of the network")
	}
	full := b.join(name)
	for _, e := range b.params.entries {
		if e.Role == Bias && e.Of == of && e.Name != full {
			panic(fmt.Sprintf("nn: parameter %s is a second Bias of %s, which has %s", full, b.params.entries[of].Name, e.Name))
		}
	}
	return b.param(name, 1, w.Cols(), init, Bias, of)
}

// Gain is Param for a row of factors, one for each of cols columns.
func (b *Build) Gain(name string, cols int, init Init) *ad.Expr {
	return b.param(name, 1, cols, init, Gain, 0)
}

// Table is Param for a table with a row for each of so many classes.
func (b *Build) Table(name string, classes, cols int, init Init) *ad.Expr {
	return b.param(name, classes, cols, init, Table, 0)
}

// weight returns the index of the Weight whose leaf is w, −1 when there is none.
func (p *Params) weight(w *ad.Expr) int {
	for i := len(p.leaves) - 1; i >= 0; i-- {
		if p.leaves[i] == w && p.entries[i].Role == Weight {
			return i
		}
	}
	return -1
}

package nn

import (
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Module describes a layer or a network. It is a pure value: its weights are
// made by the Build at the first Apply and found there again by name, so that
// applying a module twice in one scope shares the weights. A Module's value
// printed with %#v is a complete description of it.
//
// Apply returns the layer's output for the rows x. It panics when the columns
// of x do not suit the module.
type Module interface {
	Apply(b *Build, x *ad.Expr) *ad.Expr
}

// Build is what a network is built from: the conditions it may depend on and
// the place of its parameters. Make one with NewBuild and set the conditions
// before the first Apply.
type Build struct {
	// Time is the r×1 (a time a row) or 1×1 (common) column that tells the
	// network the noise level, in whatever scale the caller has chosen; nil
	// when the network does not depend on it.
	Time *ad.Expr
	// Cond holds further conditions, r×k or 1×k; nil when there are none.
	Cond *ad.Expr
	// Train is set while the expression is built for training.
	Train bool

	params *Params
	scope  string
	slots  *int
}

// NewBuild returns a Build that adds to the parameters p, and finds those
// already there.
func NewBuild(p *Params) *Build { return &Build{params: p, slots: new(int)} }

// Param returns the shared rows×cols parameter called name within the scope:
// its full name is the scope's, a dot, and name. When it exists already it is
// the same parameter, and keeps the Init of the first time. Param panics,
// naming both shapes, when it exists with another shape, and when the size is
// not positive or overflows.
func (b *Build) Param(name string, rows, cols int, init Init) *ad.Expr {
	return b.params.param(b.join(name), rows, cols, init)
}

// Scope returns a Build for a part of the network, whose parameters' names
// start with name. It shares everything else with b: parameters, conditions
// and random leaves.
func (b *Build) Scope(name string) *Build {
	child := *b
	child.scope = b.join(name)
	return &child
}

func (b *Build) join(name string) string {
	if b.scope == "" {
		return name
	}
	return b.scope + "." + name
}

// Random returns the next r×cols random leaf: numbers on [0, 1) that depend on
// the row's address, the column, and on how many leaves this Build and its
// scopes have handed out before.
func (b *Build) Random(cols int) *ad.Expr {
	slot := *b.slots
	*b.slots++
	return ad.Random(cols, slot)
}

// Sequential applies modules one after the other, module i in scope "i".
type Sequential []Module

// Apply implements Module.
func (s Sequential) Apply(b *Build, x *ad.Expr) *ad.Expr {
	for i, m := range s {
		x = m.Apply(b.Scope(strconv.Itoa(i)), x)
	}
	return x
}

var _ Module = Sequential(nil)

package nn

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Module describes a layer or a network. It is a pure value: its weights are
// made by the Build, in whose scope no other layer may have weights of the same
// names; see Build.Share. A Module's value printed with %#v is a complete
// description of it.
//
// Apply returns the layer's output for the rows x. It panics when the columns
// of x do not suit the module; Build.Try makes an error of that. A module made of
// others applies them by Build.Apply, so that this error can name them.
type Module interface {
	Apply(b *Build, x *ad.Expr) *ad.Expr
}

// Build is what a network is built from: the conditions it may depend on and
// the place of its parameters. Make one with NewBuild and set the conditions
// before the first Apply.
type Build struct {
	// Time is the r×1 (a time a row) or 1×1 (common) column that tells the
	// network the noise level, in whatever scale the caller has chosen; nil
	// when the network does not depend on it. Where every column of x has a level of its
	// own there are as many columns.
	Time *ad.Expr
	// Cond holds further conditions, r×k or 1×k; nil when there are none.
	Cond *ad.Expr
	// Train is set while the expression is built for training.
	Train bool
	// Dropout on [0, 1) is what a run asks of any network: the probability with which
	// an element of a hidden layer is dropped while Train is set, as Dropout does it.
	// An MLP heeds it after every activation; zero means none.
	Dropout float64

	params *Params
	scope  string
	shares bool
	common *building
}

// building is what a Build and its scopes have in common.
type building struct {
	slots  int                  // random leaves so far
	taken  map[string]bool      // names of parameters that a layer has
	broken string               // the innermost layer that could not be applied
	loose  []string             // scopes that drew random leaves outside of training
	tables map[layout]*ad.Table // made so far

	energies int // around the present layer
}

// NewBuild returns a Build that adds to the parameters p, and finds those that
// another Build has added.
func NewBuild(p *Params) *Build {
	return &Build{params: p, common: &building{taken: make(map[string]bool), tables: make(map[layout]*ad.Table)}}
}

// Param returns the shared rows×cols parameter called name within the scope:
// its full name is the scope's, a dot, and name. When another Build has added it
// already it is the same parameter, and keeps the Init of the first time. Param
// panics when a layer of this Build has the parameter already, unless that may be
// shared (see Share); when the parameter has another shape, naming both; when the
// size is not positive or the network would have more than 2²⁸ weights; and when
// init is nil or not valid.
//
// Weight, Bias, Gain and Table are Param for a parameter whose Role is not Other.
func (b *Build) Param(name string, rows, cols int, init Init) *ad.Expr {
	return b.param(name, rows, cols, init, Other, 0)
}

func (b *Build) param(name string, rows, cols int, init Init, role Role, of int) *ad.Expr {
	full := b.join(name)
	if b.common.taken[full] && !b.shares {
		panic(fmt.Sprintf("nn: two layers of scope %q have the parameter %s: give each a Scope of its own, or let the second Share the weights of the first", b.scope, name))
	}
	leaf := b.params.param(full, rows, cols, init, role, of)
	b.common.taken[full] = true
	return leaf
}

// Share returns a Build of the same scope whose layers, and those in scopes of it,
// have the weights of the layers of the same names that were applied before. So
// a network is applied to several inputs:
//
//	y, z := net.Apply(b, x), net.Apply(b.Share(), x2)
func (b *Build) Share() *Build {
	child := *b
	child.shares = true
	return &child
}

// Apply is m.Apply(b, x), which it panics instead of when m is nil or returns nil or
// more than 2²⁴ columns.
// A failure in it is an error of this layer for Try.
func (b *Build) Apply(m Module, x *ad.Expr) *ad.Expr {
	if isNil(m) {
		panic(fmt.Sprintf("nn: the module of scope %q is nil", b.scope))
	}
	returned := false
	defer func() {
		if !returned && b.common.broken == "" {
			b.common.broken = fmt.Sprintf("%T of %s", m, shape(x))
			if b.scope != "" {
				b.common.broken = fmt.Sprintf("layer %q, ", b.scope) + b.common.broken
			}
		}
	}()
	y := m.Apply(b, x)
	if y == nil {
		panic(fmt.Sprintf("nn: %T returns nil", m))
	}
	if y.Cols() > mostColumns/max(1, y.Groups()) {
		panic(fmt.Sprintf("nn: %T gives %s, want at most %d columns", m, shape(y), mostColumns))
	}
	returned = true
	return y
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
// scopes have handed out before. A network has them where Train is set only: a trained one
// has the same output for the same row, and Try refuses another.
func (b *Build) Random(cols int) *ad.Expr {
	slot := b.common.slots
	b.common.slots++
	if !b.Train {
		b.common.loose = append(b.common.loose, b.scope)
	}
	return ad.Random(cols, slot)
}

// Sequential applies modules one after the other, module i in scope "i".
type Sequential []Module

// Apply implements Module.
func (s Sequential) Apply(b *Build, x *ad.Expr) *ad.Expr {
	for i, m := range s {
		x = b.Scope(strconv.Itoa(i)).Apply(m, x)
	}
	return x
}

// Validate implements Validator.
func (s Sequential) Validate() error { return partsError("Sequential", s) }

func partsError(of string, parts []Module) error {
	errs := make([]error, len(parts))
	for i, m := range parts {
		errs[i] = partError(fmt.Sprintf("%s[%d]", of, i), m)
	}
	return errors.Join(errs...)
}

var _ Module = Sequential(nil)

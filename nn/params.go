package nn

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Params is the list of a network's parameters, all of which lie in one flat
// vector θ: parameter i is a row-major matrix at its offset. The vector itself
// belongs to the caller and may be float32 or float64; gradients with respect
// to Leaves, written one after the other, have the same layout.
//
// The zero value is an empty list. Parameters are added by Build.Param and the like, from
// one goroutine at a time; a list that no longer grows is safe for concurrent
// use.
type Params struct {
	entries []Entry
	leaves  []*ad.Expr
	index   map[string]int
	length  int
	oneUnit bool
}

// Entry describes one parameter.
type Entry struct {
	Name       string
	Rows, Cols int
	Offset     int // of its first number in the flat vector
	Init       Init
	Role       Role
	Of         int // of a Bias: the index of its Weight among the entries
}

// Len returns the number of weights: the length of the flat vector.
func (p *Params) Len() int { return p.length }

// OneUnit reports whether a layer that was applied has the same weights for all
// positions of an axis, as Conv and the networks of patches have (UNet, Mixer,
// Transformer): columns of one unit suit it, pixels or samples of a signal, and not those
// of a table.
func (p *Params) OneUnit() bool { return p.oneUnit }

// Entries returns the parameters in the order of their offsets. The slice may
// not be changed.
func (p *Params) Entries() []Entry { return p.entries }

// Leaves returns the parameters as expressions, in the order of Entries. The
// slice may not be changed.
func (p *Params) Leaves() []*ad.Expr { return p.leaves }

// Init fills theta with initial weights, parameter after parameter in the
// order of Entries, with random numbers from src. It panics when theta does not
// have length Len.
func (p *Params) Init(theta []float64, src rand.Source) {
	p.mustHaveLength("Init: theta", len(theta))
	rng := rand.New(src)
	for _, e := range p.entries {
		n := e.Rows * e.Cols
		e.Init.Fill(theta[e.Offset:e.Offset+n:e.Offset+n], e.Rows, e.Cols, rng)
	}
}

// View returns the part of the flat vector v that belongs to the named
// parameter, and its shape. v may be the weights, a gradient, or an optimiser's
// state. View panics when v does not have length Len or the name is unknown.
func View[T ad.Float](p *Params, v []T, name string) (part []T, rows, cols int) {
	p.mustHaveLength("View: v", len(v))
	i, ok := p.index[name]
	if !ok {
		panic("nn: no parameter " + name)
	}
	e := p.entries[i]
	end := e.Offset + e.Rows*e.Cols
	return v[e.Offset:end:end], e.Rows, e.Cols
}

// mostWeights is how many weights a network may have, 1 GB in float32 and several times
// that in training: more comes from a mistake in a width, and is refused before it asks
// for memory.
const mostWeights = 1 << 28

// param returns the leaf of the named parameter, which it adds at first.
func (p *Params) param(name string, rows, cols int, init Init, role Role, of int) *ad.Expr {
	if i, ok := p.index[name]; ok {
		if e := p.entries[i]; e.Rows != rows || e.Cols != cols {
			panic(fmt.Sprintf("nn: parameter %s is %d×%d, now wanted as %d×%d", name, e.Rows, e.Cols, rows, cols))
		}
		return p.leaves[i]
	}
	if rows <= 0 || cols <= 0 {
		panic(fmt.Sprintf("nn: parameter %s has impossible size %d×%d", name, rows, cols))
	}
	if cols > (mostWeights-p.length)/rows {
		panic(fmt.Sprintf("nn: parameter %s is %d×%d, beside %d weights before it, want at most %d in all", name, rows, cols, p.length, mostWeights))
	}
	if init == nil {
		panic("nn: parameter " + name + " has no Init")
	}
	if err := Validate(init); err != nil {
		panic("nn: parameter " + name + ": " + strings.TrimPrefix(err.Error(), "nn: "))
	}
	if p.index == nil {
		p.index = make(map[string]int)
	}
	leaf := ad.Param(name, rows, cols, p.length)
	p.index[name] = len(p.entries)
	p.entries = append(p.entries, Entry{Name: name, Rows: rows, Cols: cols, Offset: p.length, Init: init, Role: role, Of: of})
	p.leaves = append(p.leaves, leaf)
	p.length += rows * cols
	return leaf
}

func (p *Params) mustHaveLength(what string, n int) {
	if n != p.length {
		panic(fmt.Sprintf("nn: %s has length %d, want %d", what, n, p.length))
	}
}

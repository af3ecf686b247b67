package optim

import (
	"errors"
	"fmt"
	"path"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// GroupDecay gives an Optimizer a weight decay that differs between parameters:
// with λ of the first group whose pattern matches the parameter's name, none if
// there is no such group, it makes
//
//	θ ← θ(1−ηλ)
//
// ahead of the step. As in the optimisers' own fields the decay is decoupled
// from their moments (Loshchilov & Hutter 2019). Weights decay and biases do
// not with Groups{{"*weight", 0.01}}.
//
// It has to be told the parameters before the first step: see Binder.
type GroupDecay[T ad.Float] struct {
	Optimizer Optimizer[T]
	Groups    []Group

	bound  bool
	length int // of θ
	spans  []span
	rate   float64
}

// Group is the weight decay of the parameters that match a pattern of package
// path, in which * stands for any run of characters.
type Group struct {
	Names       string
	WeightDecay float64 // λ on [0, 100]
}

// span is a stretch of θ that decays.
type span struct {
	from, to int
	decay    float64
}

// Binder is implemented by optimisers that have to know which parameter an
// element of θ belongs to. Bind is called before step 0 and again when the
// parameters change; it returns an error that wraps ErrRange when a setting does
// not fit them.
type Binder interface {
	Bind(p *nn.Params) error
}

// Bind calls o.Bind(p) when o is a Binder.
func Bind(o any, p *nn.Params) error {
	if b, ok := o.(Binder); ok {
		return b.Bind(p)
	}
	return nil
}

// Bind implements Binder. A group that decides for no parameter is an error: its
// pattern will be a mistake.
func (d *GroupDecay[T]) Bind(p *nn.Params) error {
	used := make([]bool, len(d.Groups))
	d.bound, d.length, d.spans = true, p.Len(), nil
	for _, e := range p.Entries() {
		for i, g := range d.Groups {
			ok, err := path.Match(g.Names, e.Name)
			if err != nil {
				return g.error(i)
			}
			if ok {
				used[i] = true
				d.add(span{e.Offset, e.Offset + e.Rows*e.Cols, g.WeightDecay})
				break
			}
		}
	}
	for i, ok := range used {
		if !ok {
			return fmt.Errorf("optim: GroupDecay.Groups[%d].Names: is %q, which decides for no parameter: %w", i, d.Groups[i].Names, nn.ErrRange)
		}
	}
	return Bind(d.Optimizer, p)
}

// add appends a span, to the last one when it continues that.
func (d *GroupDecay[T]) add(s span) {
	if s.decay == 0 {
		return
	}
	if k := len(d.spans) - 1; k >= 0 && d.spans[k].to == s.from && d.spans[k].decay == s.decay {
		d.spans[k].to = s.to
		return
	}
	d.spans = append(d.spans, s)
}

// Begin implements Optimizer. It panics before Bind.
func (d *GroupDecay[T]) Begin(n, step int, rate float64) (share bool) {
	if !d.bound {
		panic("optim: GroupDecay: Bind has not been called")
	}
	mustHaveLength("GroupDecay: theta", n, d.length)
	d.rate = rate
	return d.Optimizer.Begin(n, step, rate)
}

// Update implements Optimizer.
func (d *GroupDecay[T]) Update(theta, grad []T, from int) {
	d.shrink(theta, from)
	d.Optimizer.Update(theta, grad, from)
}

// shrink decays the elements of θ from at on.
func (d *GroupDecay[T]) shrink(theta []T, at int) {
	for _, s := range d.spans {
		if from, to := max(s.from-at, 0), min(s.to-at, len(theta)); from < to {
			kernel.Scale(theta[from:to], theta[from:to], keep[T](d.rate, s.decay))
		}
	}
}

// Cuts implements Blockwise: those of the inner one, none when that is not Blockwise.
func (d *GroupDecay[T]) Cuts() []int { return cutsOf(d.Optimizer) }

// State implements Optimizer: the state of the inner one.
func (d *GroupDecay[T]) State() [][]T { return d.Optimizer.State() }

// Validate implements Validator.
func (d *GroupDecay[T]) Validate() error {
	errs := []error{rangeError(d.Optimizer != nil, "GroupDecay.Optimizer", d.Optimizer, "an Optimizer"), nn.Validate(d.Optimizer)}
	for i, g := range d.Groups {
		if _, err := path.Match(g.Names, ""); err != nil {
			errs = append(errs, g.error(i))
		}
		errs = append(errs, decayError(fmt.Sprintf("GroupDecay.Groups[%d].WeightDecay", i), g.WeightDecay))
	}
	return errors.Join(errs...)
}

// error names a pattern that is not one.
func (g Group) error(i int) error {
	return rangeError(false, fmt.Sprintf("GroupDecay.Groups[%d].Names", i), g.Names, "a pattern of package path")
}

var (
	_ Optimizer[float32] = (*GroupDecay[float32])(nil)
	_ nn.Validator       = (*GroupDecay[float32])(nil)
	_ Binder             = (*GroupDecay[float32])(nil)
	_ Blockwise          = (*GroupDecay[float32])(nil)
)

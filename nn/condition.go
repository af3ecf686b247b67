package nn

import (
	"errors"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Conditioning says how the embedding e of the time and the conditions enters a
// layer.
type Conditioning int

const (
	// FiLM scales and shifts, z ← z ⊙ (1 + e G) + e B (Perez et al. 2018).
	FiLM Conditioning = iota
	// Additive shifts, z ← z + e C.
	Additive
)

// Condition tells a layer the time and the conditions: as Conditioning says, with
//
//	e = (Time(b.Time), Cond(b.Cond))
//
// of which a part is missing when the Build has none. Without either it is the
// identity. The parameters are "scale" and "shift" (FiLM) or "condition"
// (Additive), all initially zero, so that a network starts out unconditional.
//
// Layers that shall share their embedding take it from an Embedded around them.
type Condition struct {
	Conditioning Conditioning
	Time         Module // embedding of the time; nil means TimeFourier
	Cond         Module // embedding of the conditions; nil means as they are
}

// Apply implements Module.
func (c Condition) Apply(b *Build, x *ad.Expr) *ad.Expr {
	return c.Conditioning.tell(b, x, embed(b, c.Time, c.Cond))
}

// tell returns z that is told e, z itself when there is none.
func (c Conditioning) tell(b *Build, z, e *ad.Expr) *ad.Expr {
	if e == nil {
		return z
	}
	switch c {
	case FiLM:
		return film(b, z, e)
	case Additive:
		return ad.Add(z, ad.MatMul(e, b.Weight("condition", e.Cols(), z.Cols(), Zeros{})))
	}
	panic(unknownConditioning(c))
}

// Embedded computes e = (Time(b.Time), Cond(b.Cond)) once and applies Body, in
// scope "body", with e as its only condition.
type Embedded struct {
	Body Module
	Time Module // embedding of the time; nil means TimeFourier
	Cond Module // embedding of the conditions; nil means as they are
}

// Apply implements Module.
func (m Embedded) Apply(b *Build, x *ad.Expr) *ad.Expr {
	inner := b.Scope("body")
	inner.Time, inner.Cond = nil, embed(b, m.Time, m.Cond)
	return inner.Apply(m.Body, x)
}

// embed returns e = (Time(b.Time), Cond(b.Cond)), nil when there is nothing to
// depend on. The embeddings, in scopes "time" and "cond", are not conditioned
// themselves.
func embed(b *Build, time, cond Module) *ad.Expr {
	if time == nil {
		time = TimeFourier{}
	}
	var parts []*ad.Expr
	add := func(m Module, name string, x *ad.Expr) {
		switch {
		case x == nil:
		case m == nil:
			parts = append(parts, x)
		default:
			s := b.Scope(name)
			s.Time, s.Cond = nil, nil
			parts = append(parts, s.Apply(m, x))
		}
	}
	add(time, "time", b.Time)
	add(cond, "cond", b.Cond)
	if parts == nil {
		return nil
	}
	return ad.Concat(parts...)
}

// film returns z ⊙ (1 + e G) + e B.
func film(b *Build, z, e *ad.Expr) *ad.Expr {
	scale := ad.MatMul(e, b.Weight("scale", e.Cols(), z.Cols(), Zeros{}))
	shift := ad.MatMul(e, b.Weight("shift", e.Cols(), z.Cols(), Zeros{}))
	return ad.Add(ad.Mul(z, ad.Shift(scale, 1)), shift)
}

func unknownConditioning(c Conditioning) string {
	return "nn: unknown Conditioning " + strconv.Itoa(int(c))
}

func conditioningError(field string, c Conditioning) error {
	return rangeError(c == FiLM || c == Additive, field, c, "FiLM or Additive")
}

// Validate implements Validator.
func (c Condition) Validate() error {
	return errors.Join(
		conditioningError("Condition.Conditioning", c.Conditioning),
		optionalError("Condition.Time", c.Time),
		optionalError("Condition.Cond", c.Cond),
	)
}

// Validate implements Validator.
func (m Embedded) Validate() error {
	return errors.Join(
		partError("Embedded.Body", m.Body),
		optionalError("Embedded.Time", m.Time),
		optionalError("Embedded.Cond", m.Cond),
	)
}

var (
	_ Module    = Condition{}
	_ Module    = Embedded{}
	_ Validator = Condition{}
	_ Validator = Embedded{}
)

package optim

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn"
)

// StepDecay multiplies the rate by Factor after every Every steps:
//
//	η_s = Peak · Factor^⌊s/Every⌋.
type StepDecay struct {
	Peak   float64
	Factor float64 // on (0, 1]; zero means 0.1
	Every  int
}

// At implements Rate.
func (d StepDecay) At(step int) float64 {
	return d.Peak * math.Pow(cmp.Or(d.Factor, 0.1), float64(step/d.Every))
}

// Validate implements Validator.
func (d StepDecay) Validate() error {
	return errors.Join(
		positiveError("StepDecay.Peak", d.Peak),
		factorError("StepDecay.Factor", cmp.Or(d.Factor, 0.1)),
		stepsError("StepDecay.Every", d.Every),
	)
}

// Milestones multiplies the rate by Factor at each of the given steps, which
// increase:
//
//	η_s = Peak · Factor^#{i : Steps_i ≤ s}.
type Milestones struct {
	Peak   float64
	Factor float64 // on (0, 1]; zero means 0.1
	Steps  []int
}

// At implements Rate.
func (m Milestones) At(step int) float64 {
	passed, here := slices.BinarySearch(m.Steps, step)
	if here {
		passed++
	}
	return m.Peak * math.Pow(cmp.Or(m.Factor, 0.1), float64(passed))
}

// Validate implements Validator.
func (m Milestones) Validate() error {
	increasing := true
	for i, s := range m.Steps {
		increasing = increasing && s >= 0 && (i == 0 || s > m.Steps[i-1])
	}
	return errors.Join(
		positiveError("Milestones.Peak", m.Peak),
		factorError("Milestones.Factor", cmp.Or(m.Factor, 0.1)),
		rangeError(increasing, "Milestones.Steps", m.Steps, "increasing numbers ≥ 0"),
	)
}

// Exponential multiplies the rate by Factor after every step:
//
//	η_s = Peak · Factorˢ.
type Exponential struct {
	Peak   float64
	Factor float64 // on (0, 1]
}

// At implements Rate.
func (e Exponential) At(step int) float64 { return e.Peak * math.Pow(e.Factor, float64(step)) }

// Validate implements Validator.
func (e Exponential) Validate() error {
	return errors.Join(positiveError("Exponential.Peak", e.Peak), factorError("Exponential.Factor", e.Factor))
}

// Polynomial goes from one rate to another and stays there:
//
//	η_s = To + (From−To)(1 − min(s/Steps, 1))^Power.
//
// With the default power it is a line, up or down.
type Polynomial struct {
	From, To float64
	Steps    int
	Power    float64 // positive; zero means 1
}

// At implements Rate.
func (p Polynomial) At(step int) float64 {
	rest := 1 - min(float64(step)/float64(p.Steps), 1)
	return p.To + (p.From-p.To)*math.Pow(rest, cmp.Or(p.Power, 1))
}

// Validate implements Validator.
func (p Polynomial) Validate() error {
	return errors.Join(
		rangeError(p.From >= 0 && !math.IsInf(p.From, 1), "Polynomial.From", p.From, "a number ≥ 0"),
		rangeError(p.To >= 0 && !math.IsInf(p.To, 1), "Polynomial.To", p.To, "a number ≥ 0"),
		stepsError("Polynomial.Steps", p.Steps),
		positiveError("Polynomial.Power", cmp.Or(p.Power, 1)),
	)
}

// InversePower falls as a power of the steps, by default as the inverse square
// root, and not below Floor:
//
//	η_s = max(Floor, Peak (1 + s/Steps)^−Power).
//
// It needs no length of the run. WarmUp{Steps: w, Then: InversePower{Peak: p,
// Steps: w}} is the rate p·min((s+1)/w, √(w/s)) of Vaswani et al. 2017.
type InversePower struct {
	Peak, Floor float64
	Steps       float64 // until the rate has fallen by 2^Power
	Power       float64 // positive; zero means ½
}

// At implements Rate.
func (p InversePower) At(step int) float64 {
	return max(p.Floor, p.Peak*math.Pow(1+float64(step)/p.Steps, -cmp.Or(p.Power, 0.5)))
}

// Validate implements Validator.
func (p InversePower) Validate() error {
	return errors.Join(
		positiveError("InversePower.Peak", p.Peak),
		rangeError(p.Floor >= 0 && p.Floor <= p.Peak, "InversePower.Floor", p.Floor, "a number on [0, Peak]"),
		positiveError("InversePower.Steps", p.Steps),
		positiveError("InversePower.Power", cmp.Or(p.Power, 0.5)),
	)
}

var (
	_ Rate         = StepDecay{}
	_ Rate         = Milestones{}
	_ Rate         = Exponential{}
	_ Rate         = Polynomial{}
	_ Rate         = InversePower{}
	_ nn.Validator = StepDecay{}
	_ nn.Validator = Milestones{}
	_ nn.Validator = Exponential{}
	_ nn.Validator = Polynomial{}
	_ nn.Validator = InversePower{}
)

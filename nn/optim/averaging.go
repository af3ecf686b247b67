package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
)

// Averaging says how an EMA forgets: Beta returns β on [0, 1) of each step,
// counted from 0.
type Averaging interface {
	Beta(step int) float64
}

// HalfLife forgets half of what it knew in Steps steps, fewer at the start of a
// run (Karras et al. 2022):
//
//	β = 2^(−1/h),   h = min(Steps, RampUp·s) at step s.
type HalfLife struct {
	Steps  float64 // positive
	RampUp float64 // half-life per step done; zero means 0.05
	Plain  bool    // h = Steps throughout
}

// Beta implements Averaging.
func (h HalfLife) Beta(step int) float64 {
	life := h.Steps
	if !h.Plain {
		life = min(life, cmp.Or(h.RampUp, 0.05)*float64(step))
	}
	return math.Exp2(-1 / life) // 0 at a life of 0
}

// Validate implements Validator.
func (h HalfLife) Validate() error {
	return errors.Join(
		positiveError("HalfLife.Steps", h.Steps),
		rangeError(h.RampUp >= 0 && !math.IsInf(h.RampUp, 1), "HalfLife.RampUp", h.RampUp, "a positive number, or 0 for the default"),
	)
}

// PowerFunction weighs step s of a run of n by (s/n)^γ, so that the average is
// over the same share of a run however long it has become (Karras et al. 2024):
//
//	β = (1 − 1/n)^(γ+1) at update n = 1, 2, …
//
// The first update forgets the initial weights. Width is the standard deviation
// of the weights in units of the run, √(γ+1)/((γ+2)√(γ+3)), and determines γ.
type PowerFunction struct {
	Width float64 // on (0, 1/√12]; zero means 0.1
}

// Beta implements Averaging.
func (p PowerFunction) Beta(step int) float64 {
	return math.Pow(1-1/(float64(step)+1), p.Exponent()+1)
}

// Exponent returns γ ≥ 0. With s = 1/Width² it is the largest root of
// γ³ + 7γ² + (16−s)γ + 12 − s, which is convex from there to √s > γ on, so that
// Newton's steps fall until they are rounding.
func (p PowerFunction) Exponent() float64 {
	width := cmp.Or(p.Width, 0.1)
	s := 1 / (width * width)
	for γ := 1 / width; ; {
		next := γ - (((γ+7)*γ+16-s)*γ+12-s)/((3*γ+14)*γ+16-s)
		if !(next < γ) {
			return max(γ, 0)
		}
		γ = next
	}
}

// Validate implements Validator.
func (p PowerFunction) Validate() error {
	most := 1 / math.Sqrt(12)
	return rangeError(p.Width >= 0 && p.Width <= most, "PowerFunction.Width", p.Width, "a number on (0, 1/√12], or 0 for the default")
}

// PowerRamp lets β rise to Max along a power of the steps s, as some diffusion
// codes do:
//
//	β = max(Min, min(Max, 1 − (1 + max(s−Start, 0)/Steps)^−Power)).
type PowerRamp struct {
	Min   float64 // on [0, 1)
	Max   float64 // on (0, 1]; zero means 0.9999
	Steps float64 // zero means 1
	Power float64 // zero means ⅔
	Start int     // the step up to which the average is the last weights, if Min is 0
}

// Beta implements Averaging.
func (p PowerRamp) Beta(step int) float64 {
	s := float64(max(step-p.Start, 0)) / cmp.Or(p.Steps, 1)
	return max(p.Min, min(cmp.Or(p.Max, 0.9999), 1-math.Pow(1+s, -cmp.Or(p.Power, 2./3))))
}

// Validate implements Validator.
func (p PowerRamp) Validate() error {
	most := cmp.Or(p.Max, 0.9999)
	return errors.Join(
		factorError("PowerRamp.Max", most),
		rangeError(p.Min >= 0 && p.Min < 1 && p.Min <= most, "PowerRamp.Min", p.Min, "a number on [0, Max], below 1"),
		positiveError("PowerRamp.Steps", cmp.Or(p.Steps, 1)),
		positiveError("PowerRamp.Power", cmp.Or(p.Power, 2./3)),
	)
}

var (
	_ Averaging    = HalfLife{}
	_ Averaging    = PowerFunction{}
	_ Averaging    = PowerRamp{}
	_ nn.Validator = HalfLife{}
	_ nn.Validator = PowerFunction{}
	_ nn.Validator = PowerRamp{}
)

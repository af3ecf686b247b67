package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/gradlogp/gradlogp/nn"
)

// CosineRestarts falls along half cosines, each of which starts at Peak again
// and is Growth times as long as the one before (SGDR, Loshchilov & Hutter
// 2017):
//
//	η_s = Floor + ½(Peak−Floor)(1 + cos(π u/U)) at step u of a cycle of U.
type CosineRestarts struct {
	Peak, Floor float64
	Steps       int // of the first cycle
	Growth      int // zero means 1
}

// At implements Rate.
func (c CosineRestarts) At(step int) float64 {
	length, growth := c.Steps, cmp.Or(c.Growth, 1)
	if growth == 1 {
		step %= length
	}
	for step >= length {
		step -= length
		if length > math.MaxInt/growth {
			length = math.MaxInt // longer than any run
		} else {
			length *= growth
		}
	}
	return Cosine{Peak: c.Peak, Floor: c.Floor, Steps: length}.At(step)
}

// Validate implements Validator.
func (c CosineRestarts) Validate() error {
	return errors.Join(
		positiveError("CosineRestarts.Peak", c.Peak),
		rangeError(c.Floor >= 0 && c.Floor <= c.Peak, "CosineRestarts.Floor", c.Floor, "a number on [0, Peak]"),
		stepsError("CosineRestarts.Steps", c.Steps),
		rangeError(c.Growth >= 0, "CosineRestarts.Growth", c.Growth, "a positive number, or 0 for the default"),
	)
}

// OneCycle climbs from Peak/Divide to Peak, and falls to Peak/(Divide·FinalDivide)
// at step Steps−1 (Smith & Topin 2019), along half cosines or lines. With p =
// Climb·Steps − 1 the phases end at the steps
//
//	p: Peak,   Steps−1: the end                     or, with ThreePhases,
//	p: Peak,   2p: Peak/Divide,   Steps−1: the end.
//
// After the end the rate stays.
type OneCycle struct {
	Peak        float64
	Steps       int
	Climb       float64 // share of the steps, on (0, 1); zero means 0.3
	Divide      float64 // zero means 25
	FinalDivide float64 // zero means 10⁴
	Linear      bool    // lines instead of half cosines
	ThreePhases bool    // falls to the first rate in as many steps as it climbed
}

// At implements Rate.
func (c OneCycle) At(step int) float64 {
	start := c.Peak / cmp.Or(c.Divide, 25)
	return c.along(step, start, c.Peak, start/cmp.Or(c.FinalDivide, 1e4))
}

// Momentum returns the momentum that goes with the rate: high where the rate is
// low and low where it peaks. It is for those who write the training loop
// themselves and set SGD.Momentum or Adam.Beta1 before each step; usual limits
// are 0.85 and 0.95.
func (c OneCycle) Momentum(step int, low, high float64) float64 {
	return c.along(step, high, low, high)
}

// along returns the value at a step of a curve that turns at the ends of the
// phases.
func (c OneCycle) along(step int, start, peak, end float64) float64 {
	from, value := 0.0, start
	last := float64(c.Steps - 1)
	turn := cmp.Or(c.Climb, 0.3)*float64(c.Steps) - 1
	phases := [...]struct{ until, value float64 }{{turn, peak}, {2 * turn, start}, {last, end}}
	s := min(float64(step), last)
	for i, p := range phases {
		if i == 1 && !c.ThreePhases {
			continue
		}
		if s <= p.until {
			at := (s - from) / (p.until - from)
			if !c.Linear {
				at = (1 - math.Cos(math.Pi*at)) / 2
			}
			return value + (p.value-value)*at
		}
		from, value = p.until, p.value
	}
	return value
}

// Validate implements Validator.
func (c OneCycle) Validate() error {
	climb := cmp.Or(c.Climb, 0.3)
	most := 1.0
	if c.ThreePhases {
		most = 0.5
	}
	return errors.Join(
		positiveError("OneCycle.Peak", c.Peak),
		stepsError("OneCycle.Steps", c.Steps),
		rangeError(climb*float64(c.Steps) > 1 && climb < most, "OneCycle.Climb", c.Climb, "more than a step and less than the run, half of it with ThreePhases"),
		rangeError(c.Divide == 0 || c.Divide >= 1 && !math.IsInf(c.Divide, 1), "OneCycle.Divide", c.Divide, "a number ≥ 1, or 0 for the default"),
		rangeError(c.FinalDivide == 0 || c.FinalDivide >= 1 && !math.IsInf(c.FinalDivide, 1), "OneCycle.FinalDivide", c.FinalDivide, "a number ≥ 1, or 0 for the default"),
	)
}

// SlowStart approaches the rate Then from below, with a memory of the start that
// fades by Factor a step:
//
//	η_s = (1 − Factor^{s+1}) Then_s.
type SlowStart struct {
	Factor float64 // on (0, 1); zero means 0.99
	Then   Rate
}

// At implements Rate.
func (w SlowStart) At(step int) float64 {
	return w.Then.At(step) * (1 - math.Pow(cmp.Or(w.Factor, 0.99), float64(step)+1))
}

// Validate implements Validator.
func (w SlowStart) Validate() error {
	return errors.Join(
		fractionError("SlowStart.Factor", w.Factor),
		rangeError(w.Then != nil, "SlowStart.Then", w.Then, "a Rate"),
		nn.Validate(w.Then),
	)
}

var (
	_ Rate         = CosineRestarts{}
	_ Rate         = OneCycle{}
	_ Rate         = SlowStart{}
	_ nn.Validator = CosineRestarts{}
	_ nn.Validator = OneCycle{}
	_ nn.Validator = SlowStart{}
)

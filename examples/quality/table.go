package main

import (
	"fmt"
	"math"
)

// The budgets the targets are for.
const (
	standardSteps = 20000
	quarterSteps  = 5000
)

// target is what a gap and a bound may be, in nats.
type target struct{ gap, bound float64 }

// noTarget is met by everything.
var noTarget = target{math.Inf(1), math.Inf(1)}

// targets are those of the standard and of the quarter budget.
var targets = map[string][2]target{
	"ring":         {{.003, .0006}, {.006, .0015}},
	"moons":        {{.0025, .0007}, {.004, .0015}},
	"swissroll":    {{.003, .0009}, {.004, .00175}},
	"checkerboard": {{.012, .009}, {.0125, .013}},
	"pinwheel25":   {{.004, .002}, {.0065, .004}},
	"spirals":      {{.005, .002}, {.0125, .004}},
	"pinwheel":     {{.008, .005}, {.0125, .009}},
}

// targetOf returns the target of a number of steps.
func targetOf(name string, steps int) target {
	both, known := targets[name]
	switch {
	case known && steps >= standardSteps:
		return both[0]
	case known && steps >= quarterSteps:
		return both[1]
	}
	return noTarget
}

// verdict is what is measured of a model.
type verdict struct {
	bound       float64 // score.KLBound
	gap, gapErr float64 // mean of log p − log p_model on the same points, and its standard error
	off         float64
	c2st        float64
	modeTV      float64 // NaN without modes
	sw2         float64
	excess      float64
	seconds     float64
}

const header = "toy           seed  KL bound  target   KL gap           target   off     C2ST   mode TV  SW2     excess   seconds"

// line is a line of the table.
func (v verdict) line(name string, seed uint64, want target) string {
	gap := fmt.Sprintf("%.4f ± %.4f", v.gap, v.gapErr)
	tv := fmt.Sprintf("%.4f", v.modeTV)
	if math.IsNaN(v.modeTV) {
		tv = "-"
	}
	return fmt.Sprintf("%-12s  %-4d  %.5f%s  %-6s   %-15s%s %-6s   %.4f  %.4f %-7s  %.4f  %.5f  %.1f", name, seed,
		v.bound, mark(v.bound, want.bound), show(want.bound), gap, mark(v.gap, want.gap), show(want.gap),
		v.off, v.c2st, tv, v.sw2, v.excess, v.seconds)
}

// missed counts the targets that are missed.
func (v verdict) missed(want target) int {
	n := 0
	for _, m := range []string{mark(v.bound, want.bound), mark(v.gap, want.gap)} {
		if m == "!" {
			n++
		}
	}
	return n
}

// mark shows whether a target is missed; NaN misses every one.
func mark(got, most float64) string {
	if got <= most || math.IsInf(most, 1) {
		return " "
	}
	return "!"
}

func show(most float64) string {
	if math.IsInf(most, 1) {
		return "-"
	}
	return fmt.Sprintf("%.4g", most)
}

package inference

import (
	"fmt"
	"math"
)

// keptTrend is the trend of a parameter.
type keptTrend struct {
	Deviation, Mid, Unit, Offset, Level float64
	Inside                              bool         // p is explained
	Weights                             []float64    // null for none
	Scatter                             *keptScatter `json:",omitempty"`
}

// keptScatter is how far a parameter scatters about its trend.
type keptScatter struct {
	Low, High float64
	Slopes    []float64
}

func keptTrendsOf(trends []*trend) (k []keptTrend) {
	for _, t := range trends {
		one := keptTrend{Inside: t.inside, Deviation: t.deviation, Mid: t.mid, Unit: t.unit, Offset: t.offset, Level: t.level, Weights: t.weights}
		if t.slopes != nil {
			one.Scatter = &keptScatter{t.low, t.high, t.slopes}
		}
		k = append(k, one)
	}
	return k
}

// trends returns those of d parameters and so many columns.
func (k *kept) trends(axes []axis, columns int) (trends []*trend, err error) {
	if len(k.Trends) != len(axes) {
		return nil, fmt.Errorf("has %d Trends, want %d", len(k.Trends), len(axes))
	}
	for j, of := range k.Trends {
		t := &trend{
			center: k.Center[j], deviation: of.Deviation, inside: of.Inside,
			mid: of.Mid, unit: of.Unit, offset: of.Offset, weights: of.Weights, level: of.Level,
		}
		const most = 300 // of logarithms, so that nothing overflows
		c := of.Scatter
		if c != nil {
			t.low, t.high, t.slopes = c.Low, c.High, c.Slopes
		}
		switch {
		case t.weights != nil && len(t.weights) != columns || c != nil && len(c.Slopes) != columns:
			return nil, fmt.Errorf("parameter %d has %d Weights and %d Slopes, want %d", j, len(t.weights), len(t.slopes), columns)
		case !(t.deviation > 0 && t.unit > 0) || !finite(1/t.deviation) || !finite(1/t.unit):
			return nil, fmt.Errorf("parameter %d has Deviation %v and Unit %v", j, t.deviation, t.unit)
		case t.inside && (axes[j].straight || !finite(axes[j].high-axes[j].low)):
			return nil, fmt.Errorf("parameter %d has Inside and the bounds %v and %v", j, axes[j].low, axes[j].high)
		case !(t.low <= t.high && t.low > -most && t.high < most && math.Abs(t.level) < most):
			return nil, fmt.Errorf("parameter %d scatters from %v to %v, Level %v", j, t.low, t.high, t.level)
		}
		trends = append(trends, t)
	}
	return trends, nil
}

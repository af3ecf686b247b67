package inference

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// trend is what z(x) tells of one parameter: where its coordinate u lies, and how far it
// scatters about that. A regression says v ± δ of the standardised u, or of the p of a parameter
// between two bounds,
//
//	v = offset + weights·z,   log δ = level + slopes·z, within low and high,
//
// from which follows as for a normal parameter of mean 0 and variance 1 that is measured so
//
//	m = v/(1 + δ²),   s² = δ²/(1 + δ²).
//
// Without slopes it is m = v.
type trend struct {
	center, deviation float64 // of u
	inside            bool    // p is explained
	mid, unit         float64 // mean and deviation of what is explained
	offset            float64
	weights           []float64 // nil for none
	level             float64
	slopes            []float64 // nil for none
	low, high         float64
}

// at returns where (u − center)/deviation lies for the z of an observation, and in what unit
// what is left is measured.
func (t *trend) at(z []float64) (m, s float64) {
	l := t.level
	if t.weights != nil {
		m = t.offset + floats.Dot(t.weights, z)
	}
	if t.slopes != nil {
		var gain float64
		gain, l = measured(max(t.low, min(t.high, t.level+floats.Dot(t.slopes, z))))
		m *= gain
	}
	return t.bent(m, l)
}

// measured returns m/v and log s for log δ.
func measured(l float64) (gain, logS float64) {
	return 1 / (1 + math.Exp(2*l)), -math.Log1p(math.Exp(-2*l)) / 2
}

// bent returns m and s of u for those of what is explained. Those of p, which lie within 0 and
// 1, are first moved so far from both as s says.
func (t *trend) bent(m, logS float64) (at, s float64) {
	switch {
	case t.inside:
		s = t.unit * math.Exp(logS)
		edge := min(s, 0.5)
		p := max(edge, min(1-edge, t.mid+t.unit*m))
		a := axis{high: 1}
		u := a.formula(p, 1-p)
		log, _ := a.logSlope(u)
		return (u - t.center) / t.deviation, s * math.Exp(log) / t.deviation
	case t.slopes == nil:
		return m, 1
	}
	return m, math.Exp(logS)
}

// fitted is a trend with what it says of the rows that it was fitted to, each by the trend in all
// others.
type fitted struct {
	trend
	of   []float64 // what is explained, standardised
	left []float64 // of it
	logs []float64 // log s; nil where it is level
	u    []float64
}

// size returns the geometric mean of what is left.
func (t *fitted) size() float64 {
	sum := 0.0
	for _, v := range t.left {
		sum += math.Log(max(math.Abs(v), leastRest)) / float64(len(t.left))
	}
	return math.Exp(sum)
}

// rest returns what is left of the standardised u, in units of s.
func (t *fitted) rest() []float64 {
	rest := make([]float64, len(t.u))
	for i, v := range t.u {
		l := t.level
		if t.logs != nil {
			l = t.logs[i]
		}
		if !t.inside {
			_, s := t.bent(0, l)
			rest[i] = t.left[i] / s
			continue
		}
		m, s := t.bent(t.of[i]-t.left[i], l)
		rest[i] = ((v-t.center)/t.deviation - m) / s
	}
	return rest
}

// furthest returns a bound of |u − center| by the trend: z is cut.
func (t *trend) furthest() float64 {
	if t.inside {
		return 0
	}
	return t.deviation * (math.Abs(t.offset) + cut*floats.Norm(t.weights, 1))
}

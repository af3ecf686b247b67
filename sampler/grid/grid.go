package grid

import (
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// DefaultPoints is the number of points of the grid that a sampler's Settings mean when
// they give none. With the final denoise it is also the number of evaluations of a
// predictor that needs one a step.
const DefaultPoints = 40

// Default returns Karras(p, 10, 0.01, 7, n): in coordinates where the
// data's variance is 1, noise levels outside this range are wasted steps. A process
// with no level inside it has its whole span instead. For data under a condition,
// which are narrower and not around 0, see Conditional.
func Default(p sde.SDE, n int) []float64 {
	return between(p, 10, 0.01, n)
}

// Conditional returns Karras(p, 80, 0.002, 7, n), or as much of that as the span
// has: the grid of samples under a condition. These may be a hundred times narrower
// than the data as a whole, and a final denoise at ς makes the deviation s of a
// narrow law s/√(1 + ς²/s²); and they may lie in several modes far from 0, whose
// weights a start at 10 mistakes.
//
// Measured with exact scores, sampler.Default and 40 points: the deviation of
// samples of N(m, s²), in units of s, and the Wasserstein-1 distance between samples of
// ½N(0, 0.1²) + ½N(2.5, 1) and their law,
//
//	ς             s = .17   .05     .0173   .01     W₁
//	10 → .01      1.003     .986    .870    .710    .0078
//	10 → .002     1.005     1.005   .999    .987    .0076
//	30 → .002     1.001     1.001   .996    .983    .0009
//	80 → .002     1.001     1.001   .996    .984    .0010
//
// by as many evaluations, and the same for all processes that have these levels. A
// mode of deviation .5 comes out as wide as it is with sampler.Default and DPMpp3MSDE, and
// .014 wider with DPMpp2MSDE, .004 at 80 points, with which a far mode of weight .004 loses
// a fifth and a tenth of it.
//
// VE{} begins at .01 and has .87 and .70; it wants a lower SigmaMin. For laws of
// s < .01 take Karras with a lower end.
func Conditional(p sde.SDE, n int) []float64 {
	return between(p, 80, 0.002, n)
}

// between is Karras with ρ = 7, over the whole span when the process has no level
// between the two.
func between(p sde.SDE, high, low float64, n int) []float64 {
	start, end := p.Span()
	if ratio(p, start) >= high || ratio(p, end) <= low {
		high, low = ratio(p, end), ratio(p, start)
	}
	return Karras(p, high, low, 7, n)
}

// UniformTime returns n equally spaced times from one time down to another.
func UniformTime(from, to float64, n int) []float64 {
	return spaced(n, from, to, func(w float64) float64 { return from + w*(to-from) })
}

// UniformLogSNR returns n times from one time down to another that are equally spaced
// in λ = log(α/σ).
func UniformLogSNR(p sde.SDE, from, to float64, n int) []float64 {
	a, b := sde.LogSNR(p, from), sde.LogSNR(p, to)
	return spaced(n, from, to, func(w float64) float64 { return sde.TimeAt(p, a+w*(b-a)) })
}

// Quadratic returns n times from one time down to another that are equally
// spaced in √t: the quadratic choice of DDIM (Song, Meng & Ermon 2021).
func Quadratic(from, to float64, n int) []float64 {
	a, b := math.Sqrt(from), math.Sqrt(to)
	return spaced(n, from, to, func(w float64) float64 { return (a + w*(b-a)) * (a + w*(b-a)) })
}

// spaced returns at(i/(n−1)) for i = 0 … n−1 with the ends set exactly. For
// n < 1 the result is empty but not nil, which would stand for the default.
func spaced(n int, from, to float64, at func(w float64) float64) []float64 {
	times := make([]float64, max(n, 0))
	for i := range times {
		switch i {
		case 0:
			times[i] = from
		case n - 1:
			times[i] = to
		default:
			times[i] = at(float64(i) / float64(n-1))
		}
	}
	return times
}

// StartAt returns the part of a grid that starts at t: t and the points below, but
// for one that is t to a relative 1e-9. A step so short would be all rounding. From a
// t that is no later than the last point there is nowhere to go, and t comes alone:
// for small edits take a grid that ends lower.
func StartAt(times []float64, t float64) []float64 {
	part := []float64{t}
	for _, u := range times {
		if u < t*(1-1e-9) {
			part = append(part, u)
		}
	}
	return part
}

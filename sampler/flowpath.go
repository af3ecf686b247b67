package sampler

import (
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
)

// leg is a part of the way between the start of the span and its end, on which
// τ runs from 0 to legLength.
type leg struct {
	from, to float64 // times
	lowest   bool    // of several: next to nothing may happen below the first breakpoint
}

// legLength makes steps in τ about what they are in λ.
const legLength = 8

// legs returns the way from the start to the end. It has a stop where the
// score's derivative in time jumps: a step across would err by an order more than
// its error estimate knows.
func (f *flow) legs() []leg {
	var all []leg
	from := f.begin
	for _, t := range slices.Sorted(slices.Values(f.Breakpoints)) {
		if t > from && t < f.end {
			if t > math.Nextafter(from, t) { // a score that jumps has two neighbouring times, with nothing between
				all = append(all, leg{from, t, len(all) == 0})
			}
			from = t
		}
	}
	return append(all, leg{from, f.end, false})
}

// path is the way of one row along a leg. It is even in u, with
//
//	σ/α = √S sinh u,   λ = log(α/σ),   dλ/du = −coth u.
//
// A normal of variance S, in units in which α² + σ² is 1, has the variance
// α²S + σ² on its way, which goes as cosh² u. Hence nothing singular is near the
// path, while in λ there is a pole at −½ log S ± ½πi, and as long as σ is small
// against √S and little happens, a step is one in σ rather than in λ. Beyond
// √S the two are the same.
type path struct {
	local float64 // √S; 0 when it is not known yet
	first float64 // u at τ = 0
	rate  float64 // du/dτ
}

// level is what the flow knows of a point of a path.
type level struct {
	t     float64
	scale float64 // r = √(α²+σ²)
	rate  float64 // σ̂² dλ/dτ, with σ̂ = σ/r
}

// path returns the way along a leg of a row whose data vary by S about it.
func (f *flow) path(l leg, local float64) path {
	first := math.Asinh(f.noise(l.from) / local)
	return path{local, first, (math.Asinh(f.noise(l.to)/local) - first) / legLength}
}

// noise returns σ/α.
func (f *flow) noise(t float64) float64 {
	alpha, sigma := f.Kernel(t)
	return sigma / alpha
}

// at returns the level at τ. Its time is kept in the leg.
func (f *flow) at(l leg, p path, tau float64) level {
	sinh := math.Sinh(p.first + tau*p.rate)
	var t float64
	switch tau {
	case 0:
		t = l.from
	case legLength:
		t = l.to
	default:
		t = max(l.from, min(l.to, sde.TimeAt(f.SDE, -math.Log(p.local*sinh))))
	}
	alpha, sigma := f.Kernel(t)
	r := math.Hypot(alpha, sigma)
	coth := math.Sqrt(1+sinh*sinh) / sinh
	return level{t, r, -p.rate * coth * (sigma / r) * (sigma / r)}
}

// deviation returns the √S of a row of d numbers at the start, from ∇·ŝ there: for
// a normal that is −d/(α²S + σ²). Where the density is not log-concave its size
// still is that of what is near. Data have a variance of about 1.
func (f *flow) deviation(d int, divergence float64) float64 {
	least := f.noise(f.begin)
	s := float64(d)/math.Abs(divergence) - least*least
	if !(s < 1) { // nor a number
		s = 1
	}
	return max(math.Sqrt(max(s, 0)), least)
}

package inference

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Truncated is a prior that is cut to where a posterior has mass,
//
//	p(θ) [Low ≤ θ ≤ High],
//
// not normalised. As only the ends of the prior are cut, what is learned from it is the
// posterior of the prior itself, wherever that lies within the box (truncated proposals,
// Deistler et al. 2022, who cut by the density; a box needs no density). Draws are made by
// slice sampling along one parameter after the other, Sweeps times, from one of Starts.
type Truncated struct {
	Prior     Prior
	Low, High []float64
	Starts    *mat.Dense // rows within the box where the prior has mass
	Sweeps    int        // 0 means 8
}

// Dim returns the number of parameters.
func (t *Truncated) Dim() int { return t.Prior.Dim() }

// Bounds returns those of the Prior: the coordinates of parameters stay what they are.
func (t *Truncated) Bounds() (low, high []float64) { return t.Prior.Bounds() }

// LogProb returns that of the Prior within the box and −Inf outside. It is not normalised.
// It panics when theta has not Dim places.
func (t *Truncated) LogProb(theta []float64) float64 {
	mustHave("Truncated.LogProb", theta, len(t.Low))
	for j, v := range theta {
		if !(v >= t.Low[j] && v <= t.High[j]) {
			return math.Inf(-1)
		}
	}
	return t.Prior.LogProb(theta)
}

// Sample draws parameters into theta. For each of them a level is drawn under the density,
// and points of the box, which shrinks to those refused, until one has as much (Neal 2003):
// a prior of independent parameters forgets the start in one sweep.
func (t *Truncated) Sample(theta []float64, rng *rand.Rand) {
	n, d := t.Starts.Dims()
	mustHave("Truncated.Sample", theta, d)
	copy(theta, t.Starts.RawRowView(rng.IntN(n)))
	here := t.LogProb(theta)
	for range cmp.Or(t.Sweeps, 8) {
		for j := range theta {
			level := here + math.Log(1-rng.Float64())
			low, high, old := t.Low[j], t.High[j], theta[j]
			for {
				theta[j] = low + (high-low)*rng.Float64()
				if here = t.LogProb(theta); here >= level {
					break
				}
				if theta[j] < old {
					low = theta[j]
				} else {
					high = theta[j]
				}
				if !(high-low > 1e-12*(t.High[j]-t.Low[j])) { // rounding has left nothing
					theta[j] = old
					here = t.LogProb(theta)
					break
				}
			}
		}
	}
}

var _ Prior = (*Truncated)(nil)

// Validate returns an error wrapping ErrRange without a Prior, ErrShape for a Low, High or
// Starts of other parameters, and ErrRange where a start is not in the box.
func (t *Truncated) Validate() error {
	if t == nil || t.Prior == nil {
		return fmt.Errorf("Truncated: Prior: is nil, want one: %w", ErrRange)
	}
	d := t.Prior.Dim()
	if len(t.Low) != d || len(t.High) != d {
		return fmt.Errorf("Truncated: Low has %d numbers, High %d, want %d, the parameters of the Prior: %w", len(t.Low), len(t.High), d, ErrShape)
	}
	if t.Starts == nil || t.Starts.IsEmpty() || t.Starts.RawMatrix().Cols != d {
		return fmt.Errorf("Truncated: Starts: want at least one row of %d parameters: %w", d, ErrShape)
	}
	for i := range t.Starts.RawMatrix().Rows {
		for j, v := range t.Starts.RawRowView(i) {
			if !(v >= t.Low[j] && v <= t.High[j]) {
				return fmt.Errorf("Truncated: Starts: row %d, parameter %d: is %v, want from %v to %v: %w", i, j, v, t.Low[j], t.High[j], ErrRange)
			}
		}
	}
	return nil
}

// truncate returns the prior cut to the box that holds draws of the posterior, as far as
// parameters were simulated, with a tenth of its width more on either side, within the
// bounds; nil when the prior has no mass at any of them. It moves draws into the box.
func truncate(p Prior, draws, simulated *mat.Dense) *Truncated {
	low, high := p.Bounds()
	t := &Truncated{Prior: p, Low: slices.Clone(low), High: slices.Clone(high)}
	n, d := draws.Dims()
	for j := range d {
		of := mat.Col(nil, j, simulated)
		first, last := slices.Min(of), slices.Max(of)
		column := mat.Col(make([]float64, n), j, draws)
		for i, v := range column {
			column[i] = max(first, min(last, v))
		}
		draws.SetCol(j, column)
		least, most := slices.Min(column), slices.Max(column)
		width := most - least
		if width == 0 { // all of them beyond what was simulated
			width = last - first
		}
		t.Low[j] = max(low[j], least-0.1*width)
		t.High[j] = min(high[j], most+0.1*width)
	}
	kept := 0
	for i := range n {
		if !math.IsInf(p.LogProb(draws.RawRowView(i)), -1) {
			copy(draws.RawRowView(kept), draws.RawRowView(i))
			kept++
		}
	}
	if kept == 0 {
		return nil
	}
	t.Starts = draws.Slice(0, kept, 0, d).(*mat.Dense)
	return t
}

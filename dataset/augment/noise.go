package augment

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Noise adds white Gaussian noise whose deviation is the parameter a, uniform on [0, Most]:
//
//	y = x + a z,  z ~ N(0, I).
type Noise struct{ Most float64 }

// Check implements Op.
func (n Noise) Check(g Grid) (Grid, int, error) {
	return g, 1, positive("Noise: Most", n.Most)
}

// Draw implements Op.
func (n Noise) Draw(a []float64, _ Grid, rng *rand.Rand) { a[0] = n.Most * rng.Float64() }

// Apply implements Op.
func (n Noise) Apply(dst, x, a []float64, _ Grid, rng *rand.Rand) {
	for i, v := range x {
		dst[i] = v + float64(a[0]*rng.NormFloat64())
	}
}

// Gain makes a signal louder or softer by the parameter a in decibels, uniform on
// [−Most, Most]:
//
//	y = 10^{a/20} x.
type Gain struct{ Most float64 }

// mostGain keeps 10^{a/20} well within what float64 and float32 count.
const mostGain = 200

// Check implements Op.
func (n Gain) Check(g Grid) (Grid, int, error) {
	if n.Most > mostGain {
		return g, 1, fmt.Errorf("Gain: Most: is %v, want at most %d decibels: %w", n.Most, mostGain, ErrRange)
	}
	return g, 1, positive("Gain: Most", n.Most)
}

// Draw implements Op.
func (n Gain) Draw(a []float64, _ Grid, rng *rand.Rand) { a[0] = n.Most * (2*rng.Float64() - 1) }

// Apply implements Op.
func (n Gain) Apply(dst, x, a []float64, _ Grid, _ *rand.Rand) {
	k := math.Pow(10, a[0]/20)
	for i, v := range x {
		dst[i] = k * v
	}
}

// Jitter adds noise that is uniform on ±Width to every number, always: it has no
// parameters, because it belongs to the data. With half of the step between shades (see
// images.Format) or a little less it makes numbers of them, of which the density is finite;
// less leaves room for what a network gets wrong, before a sample snaps to another shade.
type Jitter struct{ Width float64 }

// Check implements Op.
func (j Jitter) Check(g Grid) (Grid, int, error) { return g, 0, positive("Jitter: Width", j.Width) }

// Draw implements Op.
func (j Jitter) Draw([]float64, Grid, *rand.Rand) {}

// Apply implements Op.
func (j Jitter) Apply(dst, x, _ []float64, _ Grid, rng *rand.Rand) {
	for i, v := range x {
		dst[i] = v + float64(j.Width*(2*rng.Float64()-1))
	}
}

// positive returns an error for what is not positive and finite.
func positive(field string, v float64) error {
	if !(v > 0) || math.IsInf(v, 1) {
		return fmt.Errorf("%s: is %v, want a positive number: %w", field, v, ErrRange)
	}
	return nil
}

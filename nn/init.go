package nn

import (
	"math"
	"math/rand/v2"
)

// Init draws the initial values of a parameter. Fill writes the row-major
// rows×cols matrix dst; for a layer's weights rows is the number of inputs
// (fan-in) and cols the number of outputs (fan-out).
type Init interface {
	Fill(dst []float64, rows, cols int, rng *rand.Rand)
}

// He draws weights from N(0, 2/fan-in), which keeps the size of a signal that
// passes through rectifier-like activations (He et al. 2015).
type He struct{}

// Fill implements Init.
func (He) Fill(dst []float64, rows, _ int, rng *rand.Rand) {
	normal(dst, math.Sqrt(2/float64(rows)), rng)
}

// LeCun draws weights from N(0, 1/fan-in), which keeps the size of a signal
// that passes no activation, as at a network's output (LeCun et al. 1998).
type LeCun struct{}

// Fill implements Init.
func (LeCun) Fill(dst []float64, rows, _ int, rng *rand.Rand) {
	normal(dst, math.Sqrt(1/float64(rows)), rng)
}

// Xavier draws weights from N(0, 2/(fan-in + fan-out)), the normal form of
// Glorot & Bengio 2010.
type Xavier struct{}

// Fill implements Init.
func (Xavier) Fill(dst []float64, rows, cols int, rng *rand.Rand) {
	normal(dst, math.Sqrt(2/(float64(rows)+float64(cols))), rng)
}

// Normal draws weights from N(0, Std²), Std on [0, 10⁶].
type Normal struct{ Std float64 }

// Fill implements Init.
func (n Normal) Fill(dst []float64, _, _ int, rng *rand.Rand) { normal(dst, n.Std, rng) }

// Validate implements Validator.
func (n Normal) Validate() error {
	return rangeError(n.Std >= 0 && n.Std <= most, "Normal.Std", n.Std, "a number ≥ 0, up to 10⁶")
}

// Zeros sets weights to zero.
type Zeros struct{}

// Fill implements Init.
func (Zeros) Fill(dst []float64, _, _ int, _ *rand.Rand) { clear(dst) }

// Ones sets weights to one.
type Ones struct{}

// Fill implements Init.
func (Ones) Fill(dst []float64, _, _ int, _ *rand.Rand) {
	for i := range dst {
		dst[i] = 1
	}
}

// None says that there is no such parameter, where a layer's documentation names
// it; elsewhere it is Zeros.
type None struct{}

// Fill implements Init.
func (None) Fill(dst []float64, _, _ int, _ *rand.Rand) { clear(dst) }

func normal(dst []float64, std float64, rng *rand.Rand) {
	for i := range dst {
		dst[i] = std * rng.NormFloat64()
	}
}

var (
	_ Init = He{}
	_ Init = LeCun{}
	_ Init = Xavier{}
	_ Init = Normal{}
	_ Init = Zeros{}
	_ Init = Ones{}
	_ Init = None{}
)

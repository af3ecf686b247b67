package nn

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Fourier gives a network x together with waves of x on every axis,
//
//	x_j,  sin(w_k x_j),  cos(w_k x_j),   w_k geometric from Low to High,
//
// d + 2dN columns for d: first x, then the sines axis by axis, then the
// cosines. Without them an MLP is slow to learn fine structure in few
// dimensions (Tancik et al. 2020); in many dimensions they do not help. x
// should have about unit variance.
//
// Gated waves know how much noise x has. When b.Time is c = ¼ ln σ and x is
// (x₀ + σz)/√(1+σ²), as for the network of a score.Model, the mean of a wave over the
// normal noise z is the wave of x₀/√(1+σ²) times
//
//	g_k = exp(−½ w_k² s²),   s² = σ²/(1+σ²) = 1/(1 + e^−8c).
//
// The waves are multiplied by these g_k, or e⁻³⁰ where they are less. A wave that the noise has washed out is then
// silent, and High can be higher. When b.Time has as many columns as x, each axis has
// gates of its own. When b.Time is nil, as inside an Embedded, they are 1. They do not
// suit a b.Time that means something else, as with score.Velocity.
type Fourier struct {
	N         int     // frequencies, up to 2¹⁶; zero means 16
	Low, High float64 // radians per unit of x, up to 2²⁴; zero means 1 and 8
	Gated     bool    // multiply the waves by g_k
}

// Apply implements Module. It panics when Validate returns an error, and when Gated and
// b.Time has neither one column nor those of x.
func (f Fourier) Apply(b *Build, x *ad.Expr) *ad.Expr {
	if err := f.Validate(); err != nil {
		panic(err.Error())
	}
	w := frequencies(cmp.Or(f.N, 16), cmp.Or(f.Low, 1), cmp.Or(f.High, 8))
	features := waves(x, w)
	if f.Gated && b.Time != nil {
		g := gates(b.Time, x, w)
		features = []*ad.Expr{ad.Mul(g, features[0]), ad.Mul(g, features[1])}
	}
	return ad.Concat(append([]*ad.Expr{x}, features...)...)
}

// silence is where a gate is as good as closed, 1e-13: smaller ones would be the numbers
// that processors are slow with.
const silence = 30

// gates returns the factors of the waves of x, ordered as these are.
func gates(time, x *ad.Expr, w []float64) *ad.Expr {
	d := x.Cols()
	if time.Cols() != 1 && time.Cols() != d || time.Groups() > 1 {
		panic(fmt.Sprintf("nn: Fourier: b.Time is %s, want one column or %d", shape(time), d))
	}
	rates := make([]float64, len(w))
	for k, w := range w {
		rates[k] = -0.5 * w * w
	}
	share, gates := ad.Sigmoid(ad.Scale(8, time)), make([]*ad.Expr, d)
	for j := range gates {
		own := share
		if time.Cols() == d {
			own = ad.Slice(share, j, j+1)
		}
		rate := ad.ReLU(ad.Shift(ad.Mul(own, ad.Row(rates)), silence))
		gates[j] = ad.Exp(ad.Shift(rate, -silence))
	}
	return ad.Concat(gates...)
}

// TimeFourier embeds the time as waves alone,
//
//	e = (sin(f_k c), cos(f_k c)),   f_k geometric from Low to High,
//
// 2N columns. The frequencies of the zero value suit c = ¼ ln σ, the time of
// the EDM preconditioning: at the highest one radian is a factor e^½ in σ.
type TimeFourier struct {
	N         int     // frequencies, up to 2¹⁶; zero means 4
	Low, High float64 // radians per unit of time, up to 2²⁴; zero means 0.5 and 8
}

// Apply implements Module. It panics when Validate returns an error.
func (f TimeFourier) Apply(_ *Build, t *ad.Expr) *ad.Expr {
	if err := f.Validate(); err != nil {
		panic(err.Error())
	}
	return ad.Concat(waves(t, frequencies(cmp.Or(f.N, 4), cmp.Or(f.Low, 0.5), cmp.Or(f.High, 8)))...)
}

// Validate implements Validator.
func (f Fourier) Validate() error { return wavesError("Fourier", f.N, f.Low, f.High, 1, 8) }

// Validate implements Validator.
func (f TimeFourier) Validate() error { return wavesError("TimeFourier", f.N, f.Low, f.High, 0.5, 8) }

// highest is the frequency beyond which the phase of an x of 1 has, in float32, no
// fraction of a radian left.
const highest = 1 << 24

// wavesError checks waves whose defaults are from low to high.
func wavesError(of string, n int, low, high, defaultLow, defaultHigh float64) error {
	from, to := cmp.Or(low, defaultLow), cmp.Or(high, defaultHigh)
	return errors.Join(
		rangeError(n >= 0 && n <= mostWaves, of+".N", n, "a positive number up to 2¹⁶, or 0 for the default"),
		rangeError(from >= least && from <= highest, of+".Low", low, "a positive number on [2⁻¹²⁶, 2²⁴], or 0 for the default"),
		rangeError(to >= from && to <= highest, of+".High", high, fmt.Sprintf("a number ≥ Low = %v, or 0 for the default, and at most 2²⁴", from)),
	)
}

// mostWaves is how many phases there may be.
const mostWaves = 1 << 16

// frequencies returns n numbers, geometric from low to high.
func frequencies(n int, low, high float64) []float64 {
	w := make([]float64, n)
	for k := range w {
		w[k] = low * math.Pow(high/low, float64(k)/float64(max(n-1, 1)))
	}
	return w
}

// waves returns the sines and the cosines of the products x_j w_k, ordered by
// j and then k.
func waves(x *ad.Expr, w []float64) []*ad.Expr {
	if len(w) > mostWaves/x.Cols() {
		panic(fmt.Sprintf("nn: Fourier features of %d columns at %d frequencies, want at most %d waves", x.Cols(), len(w), mostWaves))
	}
	phases := make([]*ad.Expr, x.Cols())
	for j := range phases {
		phases[j] = ad.Mul(ad.Slice(x, j, j+1), ad.Row(w))
	}
	phase := ad.Concat(phases...)
	return []*ad.Expr{ad.Sin(phase), ad.Cos(phase)}
}

var (
	_ Module    = Fourier{}
	_ Module    = TimeFourier{}
	_ Validator = Fourier{}
	_ Validator = TimeFourier{}
)

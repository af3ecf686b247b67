// Package sdetest checks that a noising process keeps the promises of an
// sde.SDE, on which the rest of the library relies:
//
//	func TestMyProcess(t *testing.T) {
//		if err := sdetest.Check(MyProcess{}); err != nil {
//			t.Fatal(err)
//		}
//	}
//
// Each check looks at some hundred times and returns an error that names the
// first at which the process is wrong, with what was found and what was
// expected. The times of a check are fixed, so are its results.
package sdetest

import (
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sde"
)

// Check runs every check of this package on p and joins their errors; it stops
// at sde.Validate when that fails.
func Check(p sde.SDE) error {
	if err := sde.Validate(p); err != nil {
		return err
	}
	return errors.Join(Finite(p), Decreasing(p), Start(p), Rates(p), RoundTrip(p), Compose(p))
}

// times returns times of the span in increasing order, its ends included: half
// of them crowd towards the start. None but the ends is a round number, so that
// they miss the times at which a process of pieces changes.
func times(p sde.SDE) []float64 {
	const n = 60
	start, end := p.Span()
	width := end - start
	all := []float64{start}
	for i := range n {
		all = append(all, start+width*1e-6*math.Pow(0.005/1e-6, (float64(i)+1/math.Pi)/n))
	}
	for i := range n {
		all = append(all, start+width*(0.005+0.995*(float64(i)+1/math.E)/n))
	}
	return append(all, end)
}

// Finite checks that α, σ and their rates are finite on the span, that α and σ
// are positive and that g² is not negative.
func Finite(p sde.SDE) error {
	for _, t := range times(p) {
		alpha, sigma := p.Kernel(t)
		if !(alpha > 0 && sigma > 0 && finite(alpha, sigma)) {
			return fmt.Errorf("sdetest: kernel of %T at t = %v is α = %v, σ = %v, want both positive and finite", p, t, alpha, sigma)
		}
		f, g2 := p.Rates(t)
		if !(g2 >= 0 && finite(f, g2)) {
			return fmt.Errorf("sdetest: rates of %T at t = %v are f = %v, g² = %v, want both finite and g² >= 0", p, t, f, g2)
		}
	}
	return nil
}

// Decreasing checks that the signal-to-noise ratio α/σ decreases on the span.
func Decreasing(p sde.SDE) error {
	return decreasing(p, times(p))
}

func decreasing(p sde.SDE, times []float64) error {
	for i, t := range times[1:] {
		before, after := sde.LogSNR(p, times[i]), sde.LogSNR(p, t)
		if !(after < before) {
			return fmt.Errorf("sdetest: log(α/σ) of %T is %v at t = %v and %v at t = %v, want it to decrease", p, before, times[i], after, t)
		}
	}
	return nil
}

// Start checks that the kernel is right below the start of the span, where a
// sampler may put its last point: down to t = 0, which may have σ = 0, α and σ
// are finite, α > 0, σ ≥ 0 and α/σ decreases, and above t = 0 the rates are the
// derivatives as they are in the span.
func Start(p sde.SDE) error {
	start, _ := p.Span()
	if start == 0 {
		return nil
	}
	const n = 40
	below := []float64{0}
	for i := range n {
		below = append(below, start*math.Pow(1e-3, (float64(n-i)-1/math.Pi)/n))
	}
	for _, t := range below {
		alpha, sigma := p.Kernel(t)
		if !(alpha > 0 && sigma >= 0 && finite(alpha, sigma)) {
			return fmt.Errorf("sdetest: kernel of %T below the start at t = %v is α = %v, σ = %v, want them finite, α > 0 and σ >= 0", p, t, alpha, sigma)
		}
	}
	if err := decreasing(p, append(below, start)); err != nil {
		return err
	}
	for _, t := range below[1:] {
		if err := rates(p, t, t); err != nil {
			return err
		}
	}
	return nil
}

// Rates checks that f = d log α/dt and g² = dσ²/dt − 2fσ² inside the span to
// 1e-7 relative, as far as rounding lets the kernel's derivatives be known. The
// rates of a process of pieces may jump.
func Rates(p sde.SDE) error {
	start, end := p.Span()
	for _, t := range times(p) {
		if start < t && t < end {
			// Below the start the kernel is right down to 0.
			if err := rates(p, t, min(t, end-t)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rates compares the rates at time t with the derivatives of a kernel that is
// right for the distance room around it.
func rates(p sde.SDE, t, room float64) error {
	const relative, rounding = 1e-7, 2e-15
	f, g2 := p.Rates(t)
	_, sigma := p.Kernel(t)
	logAlpha := func(t float64) float64 { alpha, _ := p.Kernel(t); return math.Log(alpha) }
	logSigma := func(t float64) float64 { _, sigma := p.Kernel(t); return math.Log(sigma) }

	floor := rounding * math.Max(1, math.Abs(logAlpha(t))) / room
	if want := slope(logAlpha, t, room, f); !(math.Abs(f-want) <= relative*math.Abs(f)+floor) {
		return fmt.Errorf("sdetest: f of %T at t = %v is %v, want d log α/dt = %v", p, t, f, want)
	}
	// The equation over 2σ², which is as good at any size of σ.
	rate := g2 / (2 * sigma * sigma)
	floor += rounding * math.Max(1, math.Abs(logSigma(t))) / room
	if want := slope(logSigma, t, room, rate+f) - f; !(math.Abs(rate-want) <= relative*rate+floor) {
		return fmt.Errorf("sdetest: g² of %T at t = %v is %v, want dσ²/dt − 2fσ² = %v", p, t, g2, 2*sigma*sigma*want)
	}
	return nil
}

// slope returns the derivative of y at t. It takes central differences of order
// 6 with smaller and smaller steps, since nobody knows how far the next corner
// is, and returns the one that is nearest to what is claimed.
func slope(y func(float64) float64, t, room, claimed float64) float64 {
	nearest := math.Inf(1)
	for h := room / 4; h > room*1e-6; h /= 2 {
		h := (t + h) - t // what is added to t in fact
		d := (45*(y(t+h)-y(t-h)) - 9*(y(t+2*h)-y(t-2*h)) + (y(t+3*h) - y(t-3*h))) / (60 * h)
		if math.Abs(d-claimed) < math.Abs(nearest-claimed) {
			nearest = d
		}
	}
	return nearest
}

// RoundTrip checks that sde.TimeAt inverts sde.LogSNR, both by the process's own
// TimeAt, if it is sde.Invertible, and by solving for the time: to 1e-12 of
// times and ratios, or 1e-12 where they are below 1, and as far as a rounding of
// the one lets the other be known. The ends of the span have to come back as such,
// see sde.InSpan.
func RoundTrip(p sde.SDE) error {
	const tolerance, rounding = 1e-12, 1e-15
	inverses := []sde.SDE{p}
	if _, ok := p.(sde.Invertible); ok {
		inverses = append(inverses, struct{ sde.SDE }{p})
	}
	for _, t := range times(p) {
		logSNR := sde.LogSNR(p, t)
		_, sigma := p.Kernel(t)
		_, g2 := p.Rates(t)
		rate := g2 / (2 * sigma * sigma) // −dλ/dt
		sizeT, sizeL := math.Max(1, t), math.Max(1, math.Abs(logSNR))
		for _, inverse := range inverses {
			got := sde.TimeAt(inverse, logSNR)
			if !(math.Abs(got-t) <= tolerance*sizeT+rounding*sizeL/rate) {
				return fmt.Errorf("sdetest: TimeAt of %T is %v for the log(α/σ) = %v of t = %v, want that time to 1e-12", p, got, logSNR, t)
			}
			if _, ok := sde.InSpan(p, got); !ok {
				return fmt.Errorf("sdetest: TimeAt of %T is %v for the log(α/σ) = %v of t = %v, want a time in the span", p, got, logSNR, t)
			}
			if again := sde.LogSNR(p, got); !(math.Abs(again-logSNR) <= tolerance*sizeL+rounding*t*rate) {
				return fmt.Errorf("sdetest: log(α/σ) of %T at TimeAt(%v) = %v is %v, want it back to 1e-12", p, logSNR, got, again)
			}
		}
	}
	return nil
}

// Compose checks that no transition has a negative variance, and that two in a
// row are the one over both, to 1e-13 of its factor and of the variance σ² that
// the kernel has there.
func Compose(p sde.SDE) error {
	const tolerance = 1e-13
	all := times(p)
	for i := 0; i+2 < len(all); i++ {
		r, u, t := all[i], all[i+1], all[i+2]
		a1, q1 := sde.Transition(p, r, u)
		a2, q2 := sde.Transition(p, u, t)
		a, q := sde.Transition(p, r, t)
		_, sigma := p.Kernel(t)
		variance := tolerance * sigma * sigma
		switch {
		case !(min(q1, q2) >= -variance):
			return fmt.Errorf("sdetest: variances of %T from t = %v by %v to %v are %v and %v, want none negative", p, r, u, t, q1, q2)
		case !(math.Abs(a1*a2-a) <= tolerance*a && math.Abs(a2*a2*q1+q2-q) <= variance):
			return fmt.Errorf("sdetest: transitions of %T from t = %v by %v to %v give a = %v, q = %v, want %v, %v", p, r, u, t, a1*a2, a2*a2*q1+q2, a, q)
		}
	}
	return nil
}

func finite(x, y float64) bool { return x-x == 0 && y-y == 0 }

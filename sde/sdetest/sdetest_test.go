package sdetest_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/sdetest"
	"github.com/stretchr/testify/require"
)

// shifted is a process of a user: the variance-preserving process whose
// log(α²/σ²) is that of Cosine plus a constant (Hoogeboom, Heek and Salimans
// 2023, for larger images).
type shifted struct{ by float64 }

func (p shifted) Kernel(t float64) (alpha, sigma float64) {
	tan := math.Tan(math.Pi/2*t) * math.Exp(-0.5*p.by)
	return 1 / math.Hypot(1, tan), tan / math.Hypot(1, tan)
}

func (p shifted) Rates(t float64) (f, g2 float64) {
	_, sigma := p.Kernel(t)
	sin, cos := math.Sincos(math.Pi / 2 * t)
	g2 = sigma * sigma * math.Pi / (sin * cos) // −2σ²dλ/dt
	return -g2 / 2, g2
}

func (p shifted) Span() (start, end float64) { return 1e-3, 0.99 }

func TestProcessOfTheUserPasses(t *testing.T) {
	require.NoError(t, sdetest.Check(shifted{by: -2 * math.Log(4)}))
	require.NoError(t, sdetest.Check(sde.Schedule{
		Alpha: func(t float64) (value, derivative float64) { return math.Exp(-t * t), -2 * t * math.Exp(-t*t) },
		Sigma: func(t float64) (value, derivative float64) { return t, 1 },
		Start: 0.01, End: 2,
	}))
	require.NoError(t, sdetest.Check(sde.Schedule{ // flat at the start, steep at the end
		Alpha: func(t float64) (value, derivative float64) { return 1 - t, -1 },
		Sigma: func(t float64) (value, derivative float64) { return 1 + t*t/4, t / 2 },
		Start: 0, End: 1 - 1e-7,
	}))
	require.NoError(t, sdetest.Check(sde.Schedule{
		Alpha: func(t float64) (value, derivative float64) { return math.Cos(t), -math.Sin(t) },
		Sigma: func(t float64) (value, derivative float64) { return 0.1 + t*t, 2 * t },
		Start: 0, End: 1.5,
	}))
}

// faulty is shifted with one thing wrong.
type faulty struct {
	shifted
	kernel, rates func(t, x, y float64) (float64, float64)
}

func (p faulty) Kernel(t float64) (alpha, sigma float64) {
	alpha, sigma = p.shifted.Kernel(t)
	if p.kernel != nil {
		return p.kernel(t, alpha, sigma)
	}
	return alpha, sigma
}

func (p faulty) Rates(t float64) (f, g2 float64) {
	f, g2 = p.shifted.Rates(t)
	if p.rates != nil {
		return p.rates(t, f, g2)
	}
	return f, g2
}

// restless answers each call with a little more noise.
type restless struct {
	shifted
	calls int
}

func (p *restless) Kernel(t float64) (alpha, sigma float64) {
	p.calls++
	alpha, sigma = p.shifted.Kernel(t)
	return alpha, sigma * (1 + 1e-11*float64(p.calls))
}

type wrongInverse struct{ shifted }

func (wrongInverse) TimeAt(logSNR float64) float64 {
	return sde.TimeAt(shifted{}, logSNR) * (1 + 1e-11)
}

// below is beyond the start of the span by 5e-13, more than sde.InSpan allows there.
type below struct{ sde.VP }

func (b below) TimeAt(logSNR float64) float64 { return b.VP.TimeAt(logSNR) - 5e-13 }

// Each fault is small or in one place, and is reported by the check that is
// meant for it, with the time.
func TestFaultsAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		check func(sde.SDE) error
		p     sde.SDE
		want  string
	}{
		"f by 3e-7": {
			sdetest.Rates,
			faulty{rates: func(t, f, g2 float64) (float64, float64) { return f * (1 + 3e-7), g2 }},
			"f of sdetest_test.faulty at t = 0.001",
		},
		"g² by 3e-7": {
			sdetest.Rates,
			faulty{rates: func(t, f, g2 float64) (float64, float64) { return f, g2 * (1 - 3e-7) }},
			"want dσ²/dt − 2fσ² = ",
		},
		"rates at the end only": {
			sdetest.Rates,
			faulty{rates: func(t, f, g2 float64) (float64, float64) { return f * (1 + math.Pow(t, 400)), g2 }},
			"f of",
		},
		"σ² without its square root": {
			sdetest.Rates,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return alpha, sigma * sigma }},
			"g² of",
		},
		"cancellation": {
			sdetest.Start,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return alpha, math.Sqrt(1 - alpha*alpha) }},
			"at t = ",
		},
		"negative g²": {
			sdetest.Finite,
			faulty{rates: func(t, f, g2 float64) (float64, float64) { return f, g2 - 1e-2 }},
			"want both finite and g² >= 0",
		},
		"NaN inside": {
			sdetest.Finite,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) {
				if 0.4 < t && t < 0.45 {
					return math.NaN(), sigma
				}
				return alpha, sigma
			}},
			"at t = 0.4",
		},
		"a bump": {
			sdetest.Decreasing,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return alpha * (1 + 0.1*math.Sin(60*t)), sigma }},
			"want it to decrease",
		},
		"NaN at 0": {
			sdetest.Start,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return alpha, sigma * t / t }},
			"below the start at t = 0 is",
		},
		"clamped below the start": {
			sdetest.Start,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return shifted{}.Kernel(max(t, 1e-3)) }},
			"want it to decrease",
		},
		"an inverse off by 1e-11": {
			sdetest.RoundTrip,
			wrongInverse{},
			"TimeAt(6.456",
		},
		"an end of the span that is beyond it": {
			sdetest.RoundTrip,
			below{},
			"want a time in the span",
		},
		"a variance that falls": {
			sdetest.Compose,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return 1, 2 - t }},
			"want none negative",
		},
		"σ² that overflows": {
			sdetest.Compose,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return alpha, sigma * 1e160 }},
			"transitions of sdetest_test.faulty from t = 0.001 by",
		},
		"a kernel that changes from call to call": {
			sdetest.Compose,
			&restless{},
			"transitions of *sdetest_test.restless",
		},
		"σ in float32": {
			sdetest.Rates,
			faulty{kernel: func(t, alpha, sigma float64) (float64, float64) { return alpha, float64(float32(sigma)) }},
			"g² of",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.check(c.p)
			require.ErrorContains(t, err, c.want)
			require.Error(t, sdetest.Check(c.p))
		})
	}
}

func TestCheckStopsAtSettings(t *testing.T) {
	require.ErrorIs(t, sdetest.Check(sde.VP{BetaMin: -1}), sde.ErrRange)
	require.ErrorIs(t, sdetest.Check(nil), sde.ErrRange)
	require.ErrorIs(t, sdetest.Check(new(sde.Discrete)), sde.ErrRange)
}

func ExampleCheck() {
	ramp := sde.Schedule{ // a derivative is wrong
		Alpha: func(t float64) (value, derivative float64) { return 1 - t*t, -t },
		Sigma: func(t float64) (value, derivative float64) { return t, 1 },
		Start: 0.01, End: 0.99,
	}
	err := sdetest.Check(ramp)
	fmt.Println(err != nil, errors.Is(err, sde.ErrRange))
	// Output: true false
}

package sde_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/sdetest"
	"github.com/stretchr/testify/require"
)

// processes are the defaults and some others.
var processes = []sde.SDE{
	sde.VP{}, sde.VP{BetaMin: 0.2, BetaMax: 5}, sde.VP{BetaMax: 6}, sde.VP{BetaMin: 1e-3, BetaMax: 40},
	sde.SubVP{}, sde.SubVP{BetaMin: 0.2, BetaMax: 5},
	sde.VE{}, sde.VE{SigmaMin: 0.1, SigmaMax: 20}, sde.VE{SigmaMax: 1000},
	sde.EDM{}, sde.EDM{SigmaMin: 0.01, SigmaMax: 5},
	sde.Cosine{}, sde.Cosine{Offset: 0.008}, sde.Cosine{Offset: 0.3},
	sde.Linear{}, sde.Linear{SigmaMin: 1e-4}, sde.Linear{SigmaMin: 0.1},
	parabola,
	discrete(sde.VP{}.Discrete(1000)), discrete(sde.VP{BetaMax: 6}.Discrete(10)),
	discrete(sde.VE{}.Discrete(1000)), discrete(sde.VE{}.Discrete(12)),
	discrete(sde.Cosine{Offset: 0.008}.Discrete(1000)), discrete(sde.Cosine{}.Discrete(25)),
}

// parabola is a process of a user's own functions.
var parabola = sde.Schedule{
	Alpha: func(t float64) (value, derivative float64) { return 1 - t*t, -2 * t },
	Sigma: func(t float64) (value, derivative float64) { return t, 1 },
	Start: 1e-4, End: 0.99,
}

func discrete(d *sde.Discrete, err error) *sde.Discrete {
	if err != nil {
		panic(err)
	}
	return d
}

var (
	_ sde.Validator  = sde.VP{}
	_ sde.Validator  = sde.SubVP{}
	_ sde.Validator  = sde.VE{}
	_ sde.Validator  = sde.EDM{}
	_ sde.Validator  = sde.Cosine{}
	_ sde.Validator  = sde.Linear{}
	_ sde.Validator  = sde.Schedule{}
	_ sde.Validator  = (*sde.Discrete)(nil)
	_ sde.Invertible = sde.VP{}
	_ sde.Invertible = sde.SubVP{}
	_ sde.Invertible = sde.VE{}
	_ sde.Invertible = sde.EDM{}
	_ sde.Invertible = sde.Cosine{}
	_ sde.Invertible = sde.Linear{}
	_ sde.Invertible = (*sde.Discrete)(nil)
)

// forEach runs f for every process and the times of its span.
func forEach(t *testing.T, f func(t *testing.T, p sde.SDE, times []float64)) {
	for i, p := range processes {
		t.Run(fmt.Sprintf("%d %T", i, p), func(t *testing.T) {
			start, end := p.Span()
			const n = 50
			var times []float64
			for i := range n + 1 {
				times = append(times, start*math.Pow(end/start, float64(i)/n))
			}
			times[n] = end
			for i := range n {
				times = append(times, start+(end-start)*(float64(i)+0.5)/n)
			}
			f(t, p, times)
		})
	}
}

// Checks sde (2).
func TestProcessesKeepTheirPromises(t *testing.T) {
	forEach(t, func(t *testing.T, p sde.SDE, _ []float64) {
		require.NoError(t, sdetest.Check(p))
	})
}

func TestKernelStartsFromData(t *testing.T) {
	for _, c := range []struct {
		process sde.SDE
		sigma   float64
	}{
		{sde.VP{}, 0}, {sde.SubVP{}, 0}, {sde.EDM{}, 0}, {sde.VE{SigmaMin: 0.3}, 0.3},
		{sde.Cosine{}, 0}, {sde.Cosine{Offset: 0.008}, 0}, {sde.Linear{}, 0}, {sde.Linear{SigmaMin: 0.1}, 0.1},
		{discrete(sde.VP{}.Discrete(1000)), 0}, {discrete(sde.VE{}.Discrete(10)), 0},
	} {
		alpha, sigma := c.process.Kernel(0)
		require.Equal(t, 1.0, alpha)
		require.Equal(t, c.sigma, sigma)
	}
}

func TestVariancePreservingProcessesDo(t *testing.T) {
	for _, p := range []sde.SDE{sde.VP{}, sde.Cosine{}, sde.Cosine{Offset: 0.008}} {
		for i := range 2001 {
			alpha, sigma := p.Kernel(float64(i) / 2000)
			require.InDelta(t, 1, alpha*alpha+sigma*sigma, 1e-15)
		}
	}
}

func TestTimeAtBeyondTheSpan(t *testing.T) {
	for _, p := range []sde.SDE{
		sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Cosine{Offset: 0.008}, sde.Linear{},
		discrete(sde.VP{}.Discrete(50)), discrete(sde.VE{}.Discrete(50)),
	} {
		start, end := p.Span()
		above, below := sde.LogSNR(p, start)+1, sde.LogSNR(p, end)-1
		require.InDelta(t, above, sde.LogSNR(p, sde.TimeAt(p, above)), 1e-12)
		require.InDelta(t, below, sde.LogSNR(p, sde.TimeAt(p, below)), 1e-12)
		require.Equal(t, start, sde.TimeAt(plain{p}, above))
		require.Equal(t, end, sde.TimeAt(plain{p}, below))
	}
	for _, p := range []sde.SDE{
		sde.VP{}, sde.SubVP{}, sde.EDM{}, sde.Cosine{}, sde.Cosine{Offset: 0.008}, sde.Linear{},
		discrete(sde.VP{}.Discrete(50)), discrete(sde.VE{}.Discrete(50)),
	} {
		require.Zero(t, sde.TimeAt(p, math.Inf(1)), "%T", p)
	}
	for _, p := range []sde.SDE{sde.Cosine{}, sde.Cosine{Offset: 0.008}, sde.Linear{}, sde.Linear{SigmaMin: 0.1}} {
		require.InDelta(t, 1, sde.TimeAt(p, math.Inf(-1)), 1e-15, "%T", p)
	}
}

// cosine is a process of a user, with nothing but what an SDE must have.
type cosine struct{}

func (cosine) Kernel(t float64) (alpha, sigma float64) {
	sin, cos := math.Sincos(math.Pi * t / 2)
	return cos, sin
}

func (cosine) Rates(t float64) (f, g2 float64) {
	tan := math.Tan(math.Pi * t / 2)
	return -math.Pi / 2 * tan, math.Pi * tan
}

func (cosine) Span() (start, end float64) { return 0, 0.99 }

func TestTimeAtWorksForAProcessOfTheUser(t *testing.T) {
	for _, at := range []float64{1e-9, 1e-6, 1e-3, 0.1, 0.5, 0.9, 0.99} {
		require.InEpsilon(t, at, sde.TimeAt(cosine{}, sde.LogSNR(cosine{}, at)), 1e-12)
	}
}

// halved claims rates that make Newton's method overshoot for ever.
type halved struct{ cosine }

func (p halved) Rates(t float64) (f, g2 float64) {
	f, g2 = p.cosine.Rates(t)
	return f, g2 / 2
}

func TestTimeAtEndsWhateverTheRates(t *testing.T) {
	require.InEpsilon(t, 0.3, sde.TimeAt(halved{}, sde.LogSNR(cosine{}, 0.3)), 1e-12)
}

// plain hides everything but the three methods of an SDE.
type plain struct{ sde.SDE }

// Checks sde (4).
func TestTransitionsCompose(t *testing.T) {
	forEach(t, func(t *testing.T, p sde.SDE, times []float64) {
		for i := range 48 {
			r, u, v := times[i], times[i+1], times[i+2]
			a1, q1 := sde.Transition(p, r, u)
			a2, q2 := sde.Transition(p, u, v)
			a, q := sde.Transition(p, r, v)
			require.InEpsilon(t, a, a1*a2, 1e-13)
			require.InEpsilon(t, q, a2*a2*q1+q2, 1e-13)

			alphaR, sigmaR := p.Kernel(r)
			alphaV, sigmaV := p.Kernel(v)
			require.InEpsilon(t, alphaV, a*alphaR, 1e-13)
			require.InEpsilon(t, sigmaV*sigmaV, a*a*sigmaR*sigmaR+q, 1e-13)
		}
	})
}

type badKernel struct {
	cosine
	start, end, alpha float64
}

func (p badKernel) Span() (start, end float64) { return p.start, p.end }

func (p badKernel) Kernel(t float64) (alpha, sigma float64) {
	_, sigma = p.cosine.Kernel(t)
	return p.alpha, sigma
}

type falling struct{ cosine }

func (falling) Span() (start, end float64) { return 0.1, 0.9 }

func (falling) Kernel(t float64) (alpha, sigma float64) { return 1, 1 - t }

func TestValidateNamesTheFieldAndTheValue(t *testing.T) {
	for want, p := range map[string]sde.SDE{
		"the process is nil":                      nil,
		"VP.BetaMin: is -1,":                      sde.VP{BetaMin: -1},
		"VP.BetaMax: is NaN,":                     sde.VP{BetaMax: math.NaN()},
		"VP.BetaMin = 25 is not below VP.BetaMax": sde.VP{BetaMin: 25},
		"VP.BetaMin = 3 is not below":             sde.VP{BetaMin: 3, BetaMax: 3},
		"SubVP.BetaMin: is -1,":                   sde.SubVP{BetaMin: -1},
		"VE.SigmaMin: is -0.1,":                   sde.VE{SigmaMin: -0.1},
		"VE.SigmaMax: is +Inf,":                   sde.VE{SigmaMax: math.Inf(1)},
		"VE.SigmaMin = 2 is not below":            sde.VE{SigmaMin: 2, SigmaMax: 1},
		"EDM.SigmaMin: is NaN,":                   sde.EDM{SigmaMin: math.NaN()},
		"EDM.SigmaMax: is -80,":                   sde.EDM{SigmaMax: -80},
		"EDM.SigmaMin = 100 is not below":         sde.EDM{SigmaMin: 100},
		"Cosine.Offset: is -0.1,":                 sde.Cosine{Offset: -0.1},
		"Cosine.Offset: is NaN,":                  sde.Cosine{Offset: math.NaN()},
		"Linear.SigmaMin: is 1, want 0 <=":        sde.Linear{SigmaMin: 1},
		"Linear.SigmaMin: is NaN,":                sde.Linear{SigmaMin: math.NaN()},
		"Linear.SigmaMin: is -0.5,":               sde.Linear{SigmaMin: -0.5},
		"a function of Schedule is nil":           sde.Schedule{Alpha: parabola.Alpha, End: 1},
		"Schedule.Start = 0.5, Schedule.End = 0.": sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, Start: 0.5, End: 0.1},
		"Schedule.Start = NaN,":                   sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, Start: math.NaN(), End: 1},
		"Schedule.End = +Inf,":                    sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, End: math.Inf(1)},
		"σ = 0 at t = 0, want both positive":      sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, End: 0.5},
		"α = 0, σ = 1 at t = 1,":                  sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, Start: 0.1, End: 1},
		"α/σ decreasing":                          sde.Schedule{Alpha: parabola.Sigma, Sigma: parabola.Alpha, Start: 0.1, End: 0.9},
		"span of sde_test.badKernel is [-1, 1]":   badKernel{start: -1, end: 1, alpha: 1},
		"is [0.5, 0.5]":                           badKernel{start: 0.5, end: 0.5, alpha: 1},
		"is [NaN, 1]":                             badKernel{start: math.NaN(), end: 1, alpha: 1},
		"is [0.1, +Inf]":                          badKernel{start: 0.1, end: math.Inf(1), alpha: 1},
		"at t = 0.1 is α = -1":                    badKernel{start: 0.1, end: 0.9, alpha: -1},
		"at t = 0.1 is α = NaN":                   badKernel{start: 0.1, end: 0.9, alpha: math.NaN()},
		"at t = 0 is α = 1, σ = 0":                cosine{},
		"want it to decrease":                     falling{},
	} {
		err := sde.Validate(p)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
}

func ExampleTimeAt() {
	t := sde.TimeAt(sde.VP{}, 0) // where signal and noise are equally strong
	alpha, sigma := sde.VP{}.Kernel(t)
	fmt.Printf("t %.4f, α %.4f, σ %.4f\n", t, alpha, sigma)
	// Output: t 0.2590, α 0.7071, σ 0.7071
}

func ExampleValidate() {
	fmt.Println(sde.Validate(sde.VE{SigmaMin: 2, SigmaMax: 1}))
	// Output: sde: VE.SigmaMin = 2 is not below VE.SigmaMax = 1: out of range
}

// Flow matching along straight means with the variance preserved, σ² = 1 − α².
func ExampleSchedule() {
	p := sde.Schedule{
		Alpha: func(t float64) (value, derivative float64) { return 1 - t, -1 },
		Sigma: func(t float64) (value, derivative float64) {
			sigma := math.Sqrt(t * (2 - t)) // 1 − α² without cancellation
			return sigma, (1 - t) / sigma
		},
		Start: 1e-3, End: 0.999,
	}
	f, g2 := p.Rates(0.5)
	fmt.Println(sde.Validate(p), sdetest.Check(p))
	fmt.Printf("f %.1f, g² %.1f, as much noise as signal at %.3f\n", f, g2, sde.TimeAt(p, 0))
	// Output:
	// <nil> <nil>
	// f -2.0, g² 4.0, as much noise as signal at 0.293
}

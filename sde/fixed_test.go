package sde_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/gradlogp/gradlogp/sde/sdetest"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// This file keeps what once went wrong, a test for each fault.

// A time that had come from the noise level of an end of the span was an ulp
// beyond it, and refused or taken for one at which the score is not known.
func TestAnEndOfTheSpanFoundFromItsNoiseLevelIsInTheSpan(t *testing.T) {
	for i, p := range append(processes,
		sde.EDM{SigmaMin: 0.01}, sde.EDM{SigmaMax: 10}, sde.EDM{SigmaMin: 20, SigmaMax: 100}, sde.EDM{SigmaMin: 1e-9},
		sde.VE{SigmaMax: 10}, sde.VE{SigmaMin: 1e-9}, sde.Linear{SigmaMin: 0.01},
		discrete(sde.VE{SigmaMin: 0.01, SigmaMax: 10}.Discrete(10)), discrete(sde.VE{SigmaMin: 0.01, SigmaMax: 10}.Discrete(1000)),
		discrete(sde.NewAlphaBar([]float64{0.999, 0.99, 0.5, 0.01, 1e-9})),
	) {
		t.Run(fmt.Sprintf("%d %T", i, p), func(t *testing.T) {
			start, end := p.Span()
			for _, at := range []float64{start, end} {
				alpha, sigma := p.Kernel(at)
				ratio := sigma / alpha
				for _, logSNR := range []float64{sde.LogSNR(p, at), -math.Log(ratio), 7 * math.Log(math.Pow(ratio, -1./7))} {
					for _, q := range []sde.SDE{p, plain{p}} {
						found, ok := sde.InSpan(q, sde.TimeAt(q, logSNR))
						require.True(t, ok)
						require.InEpsilon(t, sde.LogSNR(p, at)+100, sde.LogSNR(p, found)+100, 1e-13)
						found, ok = sde.TimeInSpan(q, logSNR)
						require.True(t, ok)
						require.True(t, start <= found && found <= end)
						require.InEpsilon(t, sde.LogSNR(p, at)+100, sde.LogSNR(p, found)+100, 1e-13)
					}
				}
				for _, off := range []float64{-2e-16, -1e-16, 1e-16, 2e-16} {
					found, ok := sde.InSpan(p, at*(1+off))
					require.True(t, ok)
					require.True(t, start <= found && found <= end)
				}
			}
			for _, beyond := range []float64{start * (1 - 1e-6), end * (1 + 1e-6), -1, math.Inf(1), math.NaN()} {
				found, ok := sde.InSpan(p, beyond)
				require.False(t, ok)
				require.Equal(t, math.Float64bits(beyond), math.Float64bits(found))
			}
			for _, w := range []float64{1e-9, 0.3, 1 - 1e-9} {
				inside := start + w*(end-start)
				found, ok := sde.InSpan(p, inside)
				require.True(t, ok)
				require.Equal(t, inside, found)
			}
			high, low := sde.LogSNR(p, start), sde.LogSNR(p, end)
			for logSNR, nearer := range map[float64]float64{high + 1e-6: start, low - 1e-6: end, math.Inf(1): start, math.Inf(-1): end} {
				found, ok := sde.TimeInSpan(p, logSNR)
				require.False(t, ok)
				require.Equal(t, nearer, found)
			}
			found, ok := sde.TimeInSpan(p, math.NaN())
			require.True(t, !ok && math.IsNaN(found))
		})
	}
}

// Settings such as Cosine{Offset: 1e300} passed Validate and gave NaN kernels.
// Whatever a field holds, it is refused by its name or works.
func TestEveryFieldOfAProcessIsRefusedByNameOrWorks(t *testing.T) {
	works := 0
	for _, zero := range []sde.SDE{
		sde.VP{}, sde.SubVP{}, sde.VE{}, sde.EDM{}, sde.Cosine{}, sde.Linear{},
		sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, Start: 1e-4, End: 0.99},
	} {
		kind := reflect.TypeOf(zero)
		for i := range kind.NumField() {
			if kind.Field(i).Type.Kind() != reflect.Float64 {
				continue
			}
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 1e300, 5e-324, 1e-300, 1e-140, 1e5, 1e8, 1e17, 1e140, math.MaxFloat64} {
				changed := reflect.New(kind).Elem()
				changed.Set(reflect.ValueOf(zero))
				changed.Field(i).SetFloat(v)
				p := changed.Interface().(sde.SDE)
				field := kind.Name() + "." + kind.Field(i).Name
				t.Run(fmt.Sprintf("%s=%g", field, v), func(t *testing.T) {
					if err := sde.Validate(p); err != nil {
						require.ErrorIs(t, err, sde.ErrRange)
						require.ErrorContains(t, err, field)
						return
					}
					works++
					require.NoError(t, sdetest.Finite(p))
					require.NoError(t, sdetest.Decreasing(p))
					require.NoError(t, sdetest.RoundTrip(p))
					for _, u := range []float64{0, 1e-9} {
						alpha, sigma := p.Kernel(u)
						require.True(t, alpha > 0 && sigma >= 0 && alpha+sigma < math.Inf(1), "α = %v, σ = %v at t = %v", alpha, sigma, u)
					}
				})
			}
		}
	}
	require.Greater(t, works, 10)
}

// Two small fields at once gave a kernel without noise, named by no field.
func TestFieldsThatFailTogetherAreNamedTogether(t *testing.T) {
	for want, p := range map[string]sde.SDE{
		"VP.BetaMin = 5e-324, VP.BetaMax = 1e-323":          sde.VP{BetaMin: 5e-324, BetaMax: 1e-323},
		"VP.BetaMin = 4000, VP.BetaMax = 5000":              sde.VP{BetaMin: 4000, BetaMax: 5000},
		"SubVP.BetaMin = 4000, SubVP.BetaMax = 5000":        sde.SubVP{BetaMin: 4000, BetaMax: 5000},
		"VE.SigmaMin = 1, VE.SigmaMax = 1.0000000000000002": sde.VE{SigmaMin: 1, SigmaMax: 1 + 0x1p-52},
		"Schedule.Start = 5e-324, Schedule.End = 1e-323":    sde.Schedule{Alpha: parabola.Alpha, Sigma: parabola.Sigma, Start: 5e-324, End: 1e-323},
	} {
		err := sde.Validate(p)
		require.ErrorIs(t, err, sde.ErrRange, want)
		require.ErrorContains(t, err, want)
	}
}

// Tables passed whose products underflow, and levels closer than rounding sent
// TimeAt out of its step.
func TestEveryTableIsRefusedByNameOrWorks(t *testing.T) {
	many := func(v float64, n int) []float64 {
		all := make([]float64, n)
		for i := range all {
			all[i] = v
		}
		return all
	}
	for want, make := range map[string]func() (*sde.Discrete, error){
		"betas[0] = 5e-324":     func() (*sde.Discrete, error) { return sde.NewDDPM([]float64{5e-324, 0.5}) },
		"betas[3] = 0.999999":   func() (*sde.Discrete, error) { return sde.NewDDPM(many(1-0x1p-53, 100)) },
		"alphaBars[1]: is 5e-3": func() (*sde.Discrete, error) { return sde.NewAlphaBar([]float64{0.5, 5e-324}) },
		"sigmas[1]: is 1e+200":  func() (*sde.Discrete, error) { return sde.NewNCSN([]float64{0.5, 1e200}) },
		"sigmas[0]: is 1e-200":  func() (*sde.Discrete, error) { return sde.NewNCSN([]float64{1e-200, 1}) },
	} {
		if want[:8] == "betas[3]" {
			want = "betas["
		}
		_, err := make()
		require.ErrorIs(t, err, sde.ErrRange, want)
		require.ErrorContains(t, err, want)
	}
	for i, make := range []func() (*sde.Discrete, error){
		func() (*sde.Discrete, error) { return sde.NewDDPM([]float64{0.1, 1e-300, 0.1, 1e-17, 0.1}) },
		func() (*sde.Discrete, error) { return sde.NewNCSN([]float64{1, 1 + 0x1p-52, 1 + 0x1p-51, 2}) },
	} {
		p, err := make()
		require.NoError(t, err)
		for k := range 50 {
			at := 1 + float64(k)/50*float64(p.Len()-1)
			found := sde.TimeAt(p, sde.LogSNR(p, at))
			require.InDelta(t, sde.LogSNR(p, at), sde.LogSNR(p, found), 1e-12, "table %d at %v, found %v", i, at, found)
			require.True(t, found > 0.5 && found < float64(p.Len())+0.5, "table %d at %v, found %v", i, at, found)
		}
	}
}

// Below exp(−709) σ/α overflows, and with it went the time.
func TestTimeAtIsRightForAnyRatio(t *testing.T) {
	b0, b1 := 0.1, 20.0
	for _, logSNR := range []float64{-300, -699, -701, -709, -711, -800, -1e4} {
		for _, p := range []sde.SDE{sde.VP{}, sde.SubVP{}} {
			// α² = e^{−B} with σ = 1: B = −2λ.
			at := sde.TimeAt(p, logSNR)
			require.InEpsilon(t, -2*logSNR, at*(b0+0.5*at*(b1-b0)), 1e-12)
		}
		d := discrete(sde.VP{}.Discrete(100))
		a, _ := d.Step(99)
		end, _ := d.Kernel(100)
		require.InEpsilon(t, 100+(logSNR-math.Log(end))/math.Log(a), sde.TimeAt(d, logSNR), 1e-12)
	}
	for _, p := range processes {
		require.True(t, math.IsNaN(sde.TimeAt(p, math.NaN())), "%T", p)
		require.True(t, math.IsNaN(sde.TimeAt(plain{p}, math.NaN())), "%T, solved", p)
	}
	require.True(t, math.IsNaN(discrete(sde.VP{}.Discrete(100)).Level(math.NaN())))
}

// Covariances that are none passed where the noise hid it, and NoiseFor never
// looked; the time of KL could be NaN.
func TestPriorRefusesWhatIsNoCovarianceAndNoTime(t *testing.T) {
	two := []float64{0, 0}
	for want, cov := range map[string]mat.Symmetric{
		"Moments.Cov is not positive semi-definite": mat.NewSymDense(3, []float64{1, -0.9, -0.9, -0.9, 1, -0.9, -0.9, -0.9, 1}),
		"Moments.Cov[1][0] = 5":                     mat.NewSymDense(2, []float64{1, 5, 5, 1}),
		"Moments.Cov[1][0] = 1e-08":                 mat.NewSymDense(2, []float64{1e-20, 1e-8, 1e-8, 1e-20}),
		"Moments.Cov[1][0] = 0.1":                   mat.NewSymDense(2, []float64{0, 0.1, 0.1, 1}),
		"Moments.Cov[1][0] = NaN":                   mat.NewSymDense(2, []float64{1, math.NaN(), math.NaN(), 1}),
		"Moments.Cov[1][0] = -Inf":                  mat.NewSymDense(2, []float64{1, math.Inf(-1), math.Inf(-1), 1}),
		"Moments.Cov is nil":                        (*mat.SymDense)(nil),
	} {
		mean := two
		if s, ok := cov.(*mat.SymDense); ok && s != nil {
			mean = make([]float64, s.SymmetricDim())
		}
		data := sde.Moments{Mean: mean, Cov: cov}
		_, _, err := sde.Prior{}.KL(sde.EDM{}, 80, data)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
		_, err = sde.Prior{}.NoiseFor(0.1, data)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
	for _, c := range []mat.Symmetric{ // rounding, scales and empty columns are no fault
		mat.NewSymDense(2, []float64{1, 1 + 1e-13, 1 + 1e-13, 1}),
		mat.NewSymDense(2, []float64{1e-28, 1, 1, 1e28}),
		mat.NewSymDense(2, []float64{0, 0, 0, 1}),
	} {
		_, _, err := sde.Prior{}.KL(sde.EDM{}, 80, sde.Moments{Mean: two, Cov: c})
		require.NoError(t, err)
		_, err = sde.Prior{}.NoiseFor(0.1, sde.Moments{Mean: two, Cov: c})
		require.NoError(t, err)
	}
	data := sde.Moments{Mean: two, Cov: mat.NewDiagDense(2, []float64{1, 1})}
	for _, at := range []float64{math.NaN(), math.Inf(1), -1, 0} {
		_, _, err := sde.Prior{}.KL(sde.EDM{}, at, data)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, fmt.Sprintf("t = %v", at))
	}
	_, _, err := sde.Prior{}.KL(nil, 1, data)
	require.ErrorContains(t, err, "the process is nil")
}

// NaN times gave rows of NaN and no word.
func TestPerturbNamesATimeThatIsNone(t *testing.T) {
	x := mat.NewDense(3, 2, []float64{1, 2, 3, 4, 5, 6})
	for _, at := range []float64{math.NaN(), math.Inf(1), -0.5} {
		err := sde.Perturb(x, x, sde.VP{}, []float64{0.1, at, 0.2}, noise.White{}, noise.Draw{})
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, fmt.Sprintf("t[1]: is %v", at))
	}
	require.Equal(t, []float64{1, 2, 3, 4, 5, 6}, x.RawMatrix().Data)
	require.ErrorContains(t, sde.Perturb(x, x, sde.VP{}, []float64{0.1}, nil, noise.Draw{}), "the noise source is nil")
	require.ErrorContains(t, sde.Perturb(x, x, nil, []float64{0.1}, noise.White{}, noise.Draw{}), "the process is nil")
	_, err := sde.Simulate(x, (*sde.Discrete)(nil), []float64{1}, noise.White{}, noise.Draw{})
	require.ErrorContains(t, err, "the process is a nil *sde.Discrete")
	_, err = sde.Simulate(x, sde.VP{}, []float64{1}, nil, noise.Draw{})
	require.ErrorContains(t, err, "the noise source is nil")
}

// A nil pointer is not the nil interface, and panicked.
func TestANilPointerIsNamed(t *testing.T) {
	for want, p := range map[string]sde.SDE{
		"the process is nil, want":           nil,
		"the process is a nil *sde.Discrete": (*sde.Discrete)(nil),
		"the process is a nil *sde.VP":       (*sde.VP)(nil),
	} {
		err := sde.Validate(p)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
}

// panicsAbout requires f to panic with a text that starts with this one.
func panicsAbout(t *testing.T, text string, f func(), args ...any) {
	t.Helper()
	defer func() {
		t.Helper()
		said, _ := recover().(string)
		require.True(t, strings.HasPrefix(said, text), "%q, want %q %v", said, text, args)
	}()
	f()
}

// A wrong shape panicked with "dimension mismatch" and no more.
func TestShapePanicsNameTheArgumentAndBothShapes(t *testing.T) {
	a, b := mat.NewDense(3, 2, nil), mat.NewDense(2, 2, nil)
	at, three := []float64{0.5}, make([]float64, 3)
	m := mixture(t)
	exact := sde.Analytic(sde.VP{}, m.Diffuse)
	score := exact.(sde.Divergencer)
	guided, err := sde.Guide(sde.Problem{SDE: sde.VP{}, Score: exact}, sde.Problem{SDE: sde.VP{}, Score: exact}, 2)
	require.NoError(t, err)
	derivatives, ok := sde.As[sde.Divergencer](guided.Score)
	require.True(t, ok)
	logp, ok := exact.(sde.LogProber)
	require.True(t, ok)
	for want, f := range map[string]func(){
		"Score: dst is 2×2, want 3×2, the shape of x":                                 func() { score.Score(b, a, at) },
		"Score: t has length 2, want 1 or 3, one time or one a row of x":              func() { score.Score(a, a, three[:2]) },
		"Divergence: div has length 2, want 3, one entry a row of x":                  func() { score.Divergence(a, three[:2], a, at) },
		"JVP: jv is 2×2, want 3×2, the shape of x":                                    func() { score.JVP(a, b, a, a, at) },
		"JVP: v is 2×2, want 3×2, the shape of x":                                     func() { derivatives.JVP(a, a, a, b, at) },
		"Divergence: dst is 2×2, want 3×2":                                            func() { derivatives.Divergence(b, three, a, at) },
		"LogProb: dst has length 1, want 3, one entry a row of x":                     func() { logp.LogProb(three[:1], a, at) },
		"Convert: src is 2×2, want 3×2, the shape of x":                               func() { sde.Convert(a, a, b, sde.VP{}, 0.5, sde.Score, sde.Noise) },
		"Perturb: dst is 2×2, want 3×2, the shape of x0":                              func() { _ = sde.Perturb(b, a, sde.VP{}, at, noise.White{}, noise.Draw{}) },
		"Reverse.Drift: dst is 2×2, want 3×2":                                         func() { sde.Reverse{SDE: sde.VP{}, Scorer: score}.Drift(b, a, 0.5) },
		"Discrete.Reverse: score is 2×2, want 3×2":                                    func() { discrete(sde.VP{}.Discrete(100)).Reverse(a, a, b, 3, 1) },
		"MomentsOf: x has 1 rows, want 2 or more":                                     func() { sde.MomentsOf(mat.NewDense(1, 2, nil)) },
		"Frame.ToModel: dst is 2×2, want 3×2":                                         func() { sde.Frame{}.ToModel(b, a) },
		"Frame.ToData: the Frame has 1 shifts and 0 scales, want 2, the columns of y": func() { sde.Frame{Shift: at}.ToData(a, a) },
		"Prior: the data have 1 means and 2 columns of covariance":                    func() { _, _ = sde.Prior{}.NoiseFor(1, sde.Moments{Mean: at, Cov: mat.NewSymDense(2, nil)}) },
	} {
		panicsAbout(t, "sde: dimension mismatch: "+want, f)
	}
}

// The index of NaN was whatever the machine makes of it, that of 2 none.
func TestIndexPanicsBeyondItsTimes(t *testing.T) {
	d := discrete(sde.VP{}.Discrete(100))
	for _, at := range []float64{math.NaN(), -0.1, 1.1, math.Inf(1)} {
		panicsAbout(t, fmt.Sprintf("sde: Discrete.Index: t = %v, want a time in [0, 1]", at), func() { d.Index(at) })
	}
	require.Equal(t, 99, d.Index(1))
}

// Guided scores share scratch, Brownian paths nothing: rows evaluated at once, in
// batches of several sizes, are what they are alone. For the race detector.
func TestGuidedScoresAndPathsMayBeUsedAtOnce(t *testing.T) {
	exact := sde.Problem{SDE: sde.VP{}, Score: sde.Analytic(sde.VP{}, mixture(t).Diffuse)}
	guided, err := sde.Guide(exact, exact, 1.7)
	require.NoError(t, err)
	derivatives, ok := sde.As[sde.Divergencer](guided.Score)
	require.True(t, ok)
	x, paths := mat.NewDense(40, 2, nil), noise.Brownian{Seed: 2}
	at := noise.Draw{T: 0.7, U: 0.3}
	paths.Normal(x, at)
	want, div := mat.NewDense(40, 2, nil), make([]float64, 40)
	derivatives.Divergence(want, div, x, []float64{0.4})
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			for i := range 60 {
				lo, n := (7*i+k)%30, 1+(i+k)%10
				rows, drawn := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
				part := at
				part.Row = lo
				paths.Normal(drawn, part)
				divs := make([]float64, n)
				derivatives.Divergence(rows, divs, drawn, []float64{0.4})
				guided.Score.Score(drawn, x.Slice(lo, lo+n, 0, 2).(*mat.Dense), []float64{0.4})
				for r := range n {
					if rows.At(r, 0) != want.At(lo+r, 0) || drawn.At(r, 1) != want.At(lo+r, 1) || divs[r] != div[lo+r] {
						t.Errorf("row %d differs", lo+r)
					}
				}
			}
		})
	}
	wg.Wait()
}

// Nil arguments panicked in the runtime's words.
func TestAnalyticNamesWhatIsNil(t *testing.T) {
	m := mixture(t)
	panicsAbout(t, "sde: the process is nil", func() { sde.Analytic(nil, m.Diffuse) })
	panicsAbout(t, "sde: the process is a nil *sde.Discrete", func() { sde.Analytic((*sde.Discrete)(nil), m.Diffuse) })
	panicsAbout(t, "sde: Analytic: at is nil", func() { sde.Analytic[sde.Density](sde.VP{}, nil) })
}

// The search began at infinity and never ended.
func TestNoNoiseIsEnoughForSomeTolerances(t *testing.T) {
	for _, c := range []struct{ tolerance, mean, variance float64 }{{5e-324, 0, 1}, {1e-308, 100, 1}, {1, 1e160, 1}, {1, 0, 1.7e308}} {
		data := sde.Moments{Mean: []float64{c.mean}, Cov: mat.NewSymDense(1, []float64{c.variance})}
		ratio, err := sde.Prior{}.NoiseFor(c.tolerance, data)
		if err == nil {
			require.False(t, math.IsInf(ratio, 0) || math.IsNaN(ratio))
		} else {
			require.ErrorIs(t, err, sde.ErrRange)
		}
	}
}

// No signal is at the end of time, where VP and SubVP gave NaN.
func TestNoSignalIsAtTheEndOfTime(t *testing.T) {
	for _, p := range []sde.Invertible{sde.VP{}, sde.SubVP{}, sde.EDM{}, sde.VE{}, sde.Cosine{}, sde.Linear{}} {
		require.False(t, math.IsNaN(p.TimeAt(math.Inf(-1))), "%T", p)
		require.False(t, math.IsNaN(p.TimeAt(math.Inf(1))), "%T", p)
	}
}

package sde_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Checks sde (6).
func TestDiscreteIsTheChainOfItsSteps(t *testing.T) {
	betas := []float64{1e-4, 0.2, 0.01, 0.5, 0.999}
	d := discrete(sde.NewDDPM(betas))
	require.Equal(t, len(betas), d.Len())
	alphaBar := 1.0
	for i, beta := range betas {
		a, q := d.Step(i)
		require.InDelta(t, math.Sqrt(1-beta), a, 1e-15)
		require.Equal(t, beta, q)
		// The step is the transition of the continuous process.
		across, variance := sde.Transition(d, float64(i), float64(i+1))
		require.InEpsilon(t, a, across, 1e-13)
		require.InEpsilon(t, q, variance, 1e-13)

		alphaBar *= 1 - beta
		alpha, sigma := d.Kernel(float64(i + 1))
		require.InEpsilon(t, math.Sqrt(alphaBar), alpha, 1e-14)
		require.InEpsilon(t, math.Sqrt(1-alphaBar), sigma, 1e-12)
	}

	sigmas := []float64{0.01, 0.1, 0.3, 7}
	n := discrete(sde.NewNCSN(sigmas))
	last := 0.0
	for i, want := range sigmas {
		a, q := n.Step(i)
		require.Equal(t, 1.0, a)
		require.InEpsilon(t, want*want-last*last, q, 1e-13)
		alpha, sigma := n.Kernel(float64(i + 1))
		require.Equal(t, 1.0, alpha)
		require.InEpsilon(t, want, sigma, 1e-14)
		last = want
	}
}

func TestAlphaBarIsTheTableOfItsBetas(t *testing.T) {
	want := discrete(sde.VP{}.Discrete(200))
	alphaBars := make([]float64, want.Len())
	for i := range alphaBars {
		alpha, _ := want.Kernel(float64(i + 1))
		alphaBars[i] = alpha * alpha
	}
	got := discrete(sde.NewAlphaBar(alphaBars))
	for i := range alphaBars {
		_, beta := got.Step(i)
		_, wantBeta := want.Step(i)
		require.InEpsilon(t, wantBeta, beta, 1e-11)
		require.InEpsilon(t, sde.LogSNR(want, float64(i)+0.7), sde.LogSNR(got, float64(i)+0.7), 1e-11)
	}
}

// The error of a table of N steps against the process it stands for falls as
// 1/N.
func TestTablesTendToTheirProcesses(t *testing.T) {
	for _, c := range []struct {
		process sde.SDE
		table   func(n int) (*sde.Discrete, error)
	}{
		{sde.VP{}, sde.VP{}.Discrete},
		{sde.VE{}, sde.VE{}.Discrete},
	} {
		distance := func(n int) (largest float64) {
			d := discrete(c.table(n))
			for w := 0.05; w < 1; w += 0.05 {
				largest = max(largest, math.Abs(sde.LogSNR(c.process, w)-sde.LogSNR(d, w*float64(n))))
			}
			return largest
		}
		order := math.Log2(distance(1000) / distance(2000))
		require.InDelta(t, 1, order, 0.05, "%T", c.process)
	}
	// The cosine table is made of exact transitions but for the last.
	p := sde.Cosine{Offset: 0.008}
	d := discrete(p.Discrete(50))
	for i := 1; i < 50; i++ {
		require.InEpsilon(t, sde.LogSNR(p, float64(i)/50), sde.LogSNR(d, float64(i)), 1e-11)
	}
	_, last := d.Step(49)
	require.Equal(t, 0.999, last)
}

func TestIndexFloors(t *testing.T) {
	d := discrete(sde.VP{}.Discrete(41))
	for time, want := range map[float64]int{0: 0, 0.0249: 0, 0.0251: 1, 0.5: 20, 0.9999: 39, 1: 40} {
		require.Equal(t, want, d.Index(time), "%v", time)
	}
}

func TestTablesAnswerBeyondTheirTimes(t *testing.T) {
	d := discrete(sde.NewDDPM([]float64{0.1, 0.3}))
	alpha, _ := d.Kernel(3) // the last step goes on
	require.InEpsilon(t, math.Sqrt(0.9*0.7*0.7), alpha, 1e-14)
	alpha, sigma := d.Kernel(math.NaN())
	require.True(t, math.IsNaN(alpha) && math.IsNaN(sigma))
}

func TestLevelIsLinearInLogSNR(t *testing.T) {
	d := discrete(sde.VP{}.Discrete(100))
	for i := range 100 {
		require.InDelta(t, float64(i), d.Level(sde.LogSNR(d, float64(i+1))), 1e-9)
	}
	between := 0.25*sde.LogSNR(d, 11) + 0.75*sde.LogSNR(d, 12)
	require.InDelta(t, 10.75, d.Level(between), 1e-9)
	require.Equal(t, 0.0, d.Level(50))
	require.Equal(t, 99.0, d.Level(-50))
}

func TestReverseStepIsTheForwardStepMirrored(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	d := discrete(sde.VP{}.Discrete(30))
	x, score := random(rng, 4, 3), random(rng, 4, 3)
	a, q := d.Step(17)
	for lambda, half := range map[float64]float64{0: 0.5, 1: 1, 0.5: 0.625} {
		dst := mat.NewDense(4, 3, nil)
		deviation := d.Reverse(dst, x, score, 17, lambda)
		require.InDelta(t, lambda*math.Sqrt(q), deviation, 1e-16)
		for i := range 4 {
			for j := range 3 {
				require.InDelta(t, x.At(i, j)-((a-1)*x.At(i, j)-half*q*score.At(i, j)), dst.At(i, j), 1e-15)
			}
		}
	}
	panicsAbout(t, "sde: dimension mismatch: ", func() {
		d.Reverse(mat.NewDense(3, 3, nil), x, score, 0, 1)
	})
}

// What is trained for a table's levels is sampled by any method on any grid, of
// whole times (the steps of the table) or others. For Gaussian data the flow is
// known: it keeps the standard score of every point.
func TestTablesAreSampledWithAnyPredictor(t *testing.T) {
	const mean, deviation = 0.7, 0.5
	for _, d := range []*sde.Discrete{
		discrete(sde.VP{}.Discrete(1000)), discrete(sde.Cosine{Offset: 0.008}.Discrete(1000)), discrete(sde.VE{}.Discrete(1000)),
	} {
		law := func(alpha, sigma float64) distuv.Normal {
			return distuv.Normal{Mu: alpha * mean, Sigma: math.Hypot(alpha*deviation, sigma)}
		}
		score := sde.Analytic(d, func(alpha, sigma float64) sde.Density {
			p := law(alpha, sigma)
			cov := mat.NewSymDense(1, []float64{p.Sigma * p.Sigma})
			return normal(t, []float64{p.Mu}, cov)
		})
		for _, times := range [][]float64{grid.UniformTime(900, 1, 900), grid.UniformLogSNR(d, 900, 1, 600)} {
			for name, c := range map[string]struct {
				method    sampler.Predictor
				tolerance float64
			}{
				"Euler": {sampler.Euler{}, 0.025}, "DDIM": {sampler.DDIM{}, 0.01}, // order 1
				"Heun": {sampler.Heun{}, 3e-4}, "DPM++ 2M": {sampler.DPMpp2M{}, 3e-4}, // order 2
			} {
				x, want := mat.NewDense(5, 1, nil), mat.NewDense(5, 1, nil)
				from, to := law(d.Kernel(times[0])), law(d.Kernel(1))
				for i := range 5 {
					z := float64(i) - 2
					x.Set(i, 0, from.Mu+z*from.Sigma)
					want.Set(i, 0, to.Mu+z*to.Sigma)
				}
				err := sampler.Continue(context.Background(), x, sde.Problem{SDE: d, Score: score}, c.method,
					&sampler.Settings{Grid: times, Final: sampler.FinalState})
				require.NoError(t, err)
				require.True(t, mat.EqualApprox(want, x, c.tolerance), "%s, %d points: want %v, got %v", name, len(times), want, x)
			}
		}
	}
}

func TestTablesAreValidated(t *testing.T) {
	with := func(d *sde.Discrete, err error) error {
		require.Nil(t, d)
		return err
	}
	for want, err := range map[string]error{
		"n = 20 steps for VP.BetaMax = 20, want at least 21": with(sde.VP{}.Discrete(20)),
		"n = 1 steps for VP.BetaMax = 0.9, want at least 2":  with(sde.VP{BetaMax: 0.9}.Discrete(1)),
		"VP.BetaMin: is -1,":                                          with(sde.VP{BetaMin: -1}.Discrete(100)),
		"n = 1 steps, want at least 2":                                with(sde.VE{}.Discrete(1)),
		"VE.SigmaMin: is NaN,":                                        with(sde.VE{SigmaMin: math.NaN()}.Discrete(100)),
		"n = 0 steps, want at least 2":                                with(sde.Cosine{}.Discrete(0)),
		"Cosine.Offset: is -1,":                                       with(sde.Cosine{Offset: -1}.Discrete(9)),
		"betas has 0 entries, want at least 2":                        with(sde.NewDDPM(nil)),
		"betas[1]: is 1, want a number between 0 and 1":               with(sde.NewDDPM([]float64{0.1, 1})),
		"betas[0]: is NaN,":                                           with(sde.NewDDPM([]float64{math.NaN(), 1})),
		"betas[0]: is 0,":                                             with(sde.NewDDPM([]float64{0, 0.5})),
		"alphaBars has 1 entries, want at least 2":                    with(sde.NewAlphaBar([]float64{0.5})),
		"alphaBars[0]: is 1,":                                         with(sde.NewAlphaBar([]float64{1, 0.5})),
		"alphaBars[2] = 0.5 is not below alphaBars[1] = 0.5":          with(sde.NewAlphaBar([]float64{0.9, 0.5, 0.5})),
		"sigmas has 1 entries":                                        with(sde.NewNCSN([]float64{1})),
		"sigmas[1]: is +Inf, want a number between 1e-150 and 1e+150": with(sde.NewNCSN([]float64{1, math.Inf(1)})),
		"sigmas[1] = 1 is not above sigmas[0] = 2":                    with(sde.NewNCSN([]float64{2, 1})),
		"Discrete has no steps, want on":                              sde.Validate(new(sde.Discrete)),
	} {
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
}

// A denoising diffusion model of a thousand levels, sampled as any process.
func ExampleNewDDPM() {
	betas := make([]float64, 1000)
	for i := range betas {
		betas[i] = 1e-4 + (0.02-1e-4)*float64(i)/999
	}
	p, err := sde.NewDDPM(betas)
	if err != nil {
		panic(err)
	}
	start, end := p.Span()
	alpha, sigma := p.Kernel(500)
	fmt.Printf("times %v to %v, at 500 α %.4f, σ %.4f\n", start, end, alpha, sigma)
	t := sde.TimeAt(p, 0)
	fmt.Printf("as much noise as signal at %.2f, level %.2f\n", t, p.Level(0))
	// Output:
	// times 1 to 1000, at 500 α 0.2803, σ 0.9599
	// as much noise as signal at 259.09, level 258.09
}

package samplertest_test

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/samplertest"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// predictor makes a Predictor of a function.
type predictor func(*sampler.Step) error

func (f predictor) Predict(s *sampler.Step) error { return f(s) }

// forgetful remembers, in itself, how often it was used.
type forgetful struct{ Used atomic.Int64 }

func (f *forgetful) Predict(s *sampler.Step) error {
	f.Used.Add(1)
	return sampler.DDIM{}.Predict(s)
}

// A check that nothing fails proves nothing.
func TestInvariantsCatchWhatViolatesThem(t *testing.T) {
	ddim := sampler.DDIM{}.Predict
	for says, pred := range map[string]sampler.Predictor{
		"Mean is not set in row": predictor(func(s *sampler.Step) error {
			mean := mat.DenseCopyOf(s.Mean)
			defer s.Mean.Copy(mean)
			return ddim(s)
		}),
		"has moved and X has not": predictor(func(s *sampler.Step) error {
			x := mat.DenseCopyOf(s.X)
			defer s.X.Copy(x)
			return ddim(s)
		}),
		"the predictor is nil": nil,
		"in a batch of 150": predictor(func(s *sampler.Step) error {
			err := ddim(s)
			s.X.Set(0, 0, s.X.At(0, 0)+1e-9*mat.Sum(s.X))
			return err
		}),
		"NaN in row 4 changed row 0": predictor(func(s *sampler.Step) error {
			err := ddim(s)
			n, _ := s.X.Dims()
			for i := range n {
				if math.IsNaN(s.X.At(i, 0)) {
					s.X.Set(0, 0, 0)
				}
			}
			return err
		}),
		"on a grid that ends at": predictor(func(s *sampler.Step) error {
			err := ddim(s)
			if err == nil {
				err = s.Score(s.Scratch(0), s.X, s.U)
			}
			return err
		}),
		"expected the context's error": predictor(func(s *sampler.Step) error {
			if err := (sampler.Heun{}).Predict(s); err != nil {
				return errors.New("something went wrong")
			}
			return nil
		}),
		"changed by its use": new(forgetful),
		"another matrix": predictor(func(s *sampler.Step) error {
			err := ddim(s)
			s.X, s.Mean = s.Mean, s.X
			return err
		}),
		"row 0 is": predictor(func(s *sampler.Step) error { // noise by place in the chunk
			err := ddim(s)
			z := s.Scratch(0)
			noise.White{}.Normal(z, noise.Draw{Step: s.K, Purpose: noise.Predict})
			z.Scale(0.1, z)
			s.X.Add(s.X, z)
			n, _ := s.X.Dims()
			s.X.Set(0, 0, s.X.At(0, 0)+float64(n))
			return err
		}),
	} {
		require.ErrorContains(t, samplertest.Invariants(pred), says, says)
	}
	require.NoError(t, samplertest.Invariants(predictor(ddim)))
	_, err := samplertest.Verify(samplertest.Claim{})
	require.ErrorContains(t, err, "Claim.Predictor is nil")
}

func TestFalseClaimsAreNamed(t *testing.T) {
	for says, c := range map[string]samplertest.Claim{
		"distribution of order":              {Predictor: sampler.DDIM{}, Evaluations: 1, Order: 2},
		"paths of order":                     {Predictor: sampler.Heun{}, Evaluations: 2, Order: 1},
		"2 evaluations a step, 1 claimed":    {Predictor: sampler.Heun{}, Evaluations: 1, Order: 2},
		"0 normals a step, stochastic true":  {Predictor: sampler.Heun{}, Evaluations: 2, Order: 2, Stochastic: true},
		"1 normals a step, stochastic false": {Predictor: sampler.EulerMaruyama{}, Evaluations: 1},
		"paths on one noise of order":        {Predictor: sampler.EulerMaruyama{}, Evaluations: 1, Order: 1, Strong: 2, Stochastic: true},
		// Each step is off by as much, however short.
		"distribution of order [-": {Order: 1, Predictor: predictor(func(s *sampler.Step) error {
			err := sampler.DDIM{}.Predict(s)
			s.X.Scale(1.001, s.X)
			return err
		})},
	} {
		_, err := samplertest.Verify(c)
		require.ErrorContains(t, err, says)
	}
	_, err := samplertest.Measure(samplertest.Claim{Predictor: sampler.Heun{}, Order: 2, Start: -1})
	require.ErrorContains(t, err, "Start: is -1")
}

func TestImpulseIsExactWhereTheAnswerIsKnown(t *testing.T) {
	// One step of Euler–Maruyama by hand, x' = x + hg²s + g√h z with s = −x/σ²
	// for x₀ = 0.
	p := sde.EDM{}
	zero := sde.Problem{SDE: p, Score: sde.Analytic(p, func(_, sigma float64) sde.Density { return centred(sigma) })}
	start := sde.Moments{Mean: []float64{1, 2}, Cov: mat.NewSymDense(2, []float64{2, 1, 1, 3})}
	got, err := samplertest.Impulse(zero, sampler.EulerMaruyama{}, sampler.Settings{Grid: []float64{2, 1.5}, Final: sampler.FinalState}, 2, &start)
	require.NoError(t, err)
	const h, g2 = 0.5, 4.
	m := 1 - h*g2/4
	require.InDeltaSlice(t, []float64{m, 2 * m}, got.Mean, 1e-14)
	for i := range 2 {
		for j := range 2 {
			want := m * m * start.Cov.At(i, j)
			if i == j {
				want += g2 * h
			}
			require.InDelta(t, want, got.Cov.At(i, j), 1e-14)
		}
	}
	_, err = samplertest.Impulse(zero, sampler.DDIM{Eta: 2}, sampler.Settings{}, 2, nil)
	require.ErrorIs(t, err, sampler.ErrRange)
}

// centred is the score of N(0, σ²).
type centred float64

func (c centred) ScoreInput(dst, x []float64) []float64 {
	for j, v := range x {
		dst[j] = -v / float64(c*c)
	}
	return dst
}

func TestDistanceIsTheWassersteinDistance(t *testing.T) {
	a := sde.Moments{Mean: []float64{1, 2}, Cov: mat.NewSymDense(2, []float64{4, 0, 0, 9})}
	b := sde.Moments{Mean: []float64{1, 5}, Cov: mat.NewSymDense(2, []float64{1, 0, 0, 25})}
	require.InDelta(t, math.Sqrt(9+1+4), samplertest.Distance(a, b), 1e-13) // commuting: (√a − √b)²
	require.InDelta(t, 0, samplertest.Distance(a, a), 1e-14)
	c := sde.Moments{Mean: a.Mean, Cov: mat.NewSymDense(2, []float64{4, 1e-9, 1e-9, 9})}
	// The optimal map I + E has AE + EA = C − A, so E₁₂ = δ/13, and the distance
	// is √tr(EAE) = √(13) δ/13: seven digits of it in spite of cancellation.
	require.InEpsilon(t, 1e-9/13*math.Sqrt(13), samplertest.Distance(a, c), 1e-6)
}

func TestFlowConvergesWithOrderFour(t *testing.T) {
	// On x₀ = 0 the flow scales by σ.
	p := sde.VE{}
	zero := sde.Problem{SDE: p, Score: sde.Analytic(p, func(_, sigma float64) sde.Density { return centred(sigma) })}
	x := mat.NewDense(1, 2, []float64{3, -4})
	_, from := p.Kernel(0.9)
	_, to := p.Kernel(0.4)
	var off [2]float64
	for i, n := range []int{20, 40} {
		off[i] = math.Abs(samplertest.Flow(zero, x, 0.9, 0.4, n).At(0, 0) - 3*to/from)
	}
	require.InDelta(t, 4, math.Log2(off[0]/off[1]), 0.2)
	require.Equal(t, []float64{3, -4}, x.RawRowView(0))
}

func ExampleVerify() {
	// A user's own method: DDIM with a slip, σ_t where σ_u belongs.
	slip := predictor(func(s *sampler.Step) error {
		if err := s.X0(s.Mean, s.X, s.T); err != nil {
			return err
		}
		at, st := s.Kernel(s.T)
		au, su := s.Kernel(s.U)
		n, d := s.X.Dims()
		for i := range n {
			for j := range d {
				x, denoised := s.X.At(i, j), s.Mean.At(i, j)
				s.Mean.Set(i, j, au*denoised+0.999*su*(x-at*denoised)/st)
			}
		}
		s.Finish()
		return nil
	})
	report, err := samplertest.Verify(samplertest.Claim{Predictor: slip, Evaluations: 1, Order: 1})
	fmt.Println("wrong:", err != nil)
	fmt.Println("more steps, more error:", report.Weak[0] < 0 && report.Weak[1] < 0)
	// Output:
	// wrong: true
	// more steps, more error: true
}

func ExampleInvariants() {
	fmt.Println(samplertest.Invariants(sampler.Heun{}))
	// Output:
	// <nil>
}

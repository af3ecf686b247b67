package sampler_test

import (
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/stretchr/testify/require"
)

// predictor and corrector make methods of functions.
type predictor func(*sampler.Step) error

func (f predictor) Predict(s *sampler.Step) error { return f(s) }

type corrector func(*sampler.Step) error

func (f corrector) Correct(s *sampler.Step) error { return f(s) }

// blend sets dst = a x + b y for the two-column states of these tests.
func blend(s *sampler.Step, a, b float64) {
	n, d := s.X.Dims()
	for i := range n {
		for j := range d {
			s.Mean.Set(i, j, a*s.X.At(i, j)+b*s.Mean.At(i, j))
		}
	}
}

// slip is Euler–Maruyama with one slip of the pen each.
type slip struct {
	noiseAtU, noRoot, halfScore, scoreAtU, ratesAtU, driftWithoutX, driftTwice bool
}

func (m slip) Predict(s *sampler.Step) error {
	h := s.T - s.U
	at := s.T
	if m.scoreAtU {
		at = s.U
	}
	if err := s.Score(s.Mean, s.X, at); err != nil {
		return err
	}
	f, g2 := s.Rates(s.T)
	if m.ratesAtU {
		f, g2 = s.Rates(s.U)
	}
	c := g2 * h
	if m.halfScore {
		c /= 2
	}
	switch {
	case m.driftWithoutX:
		blend(s, 1, c)
		n, d := s.X.Dims()
		for i := range n {
			for j := range d {
				s.Mean.Set(i, j, s.Mean.At(i, j)-f*h)
			}
		}
	case m.driftTwice:
		blend(s, 1-f*h*h, c)
	default:
		blend(s, 1-f*h, c)
	}
	v := g2 * h
	if m.noiseAtU {
		_, g2 = s.Rates(s.U)
		v = g2 * h
	}
	if !m.noRoot {
		v = math.Sqrt(v)
	}
	s.AddNoise(v, 0)
	return nil
}

func ddimWithSigmaOfT(s *sampler.Step) error {
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	au, _ := s.Kernel(s.U)
	blend(s, au/at, au*st*st/at-st*st) // + σ_t ε̂ where σ_u ε̂ belongs
	s.Finish()
	return nil
}

// heunReusing averages the first slope with itself when reuse is set.
func heunReusing(reuse bool) predictor {
	return func(s *sampler.Step) error {
		at, st := s.Kernel(s.T)
		au, su := s.Kernel(s.U)
		first, second := s.Scratch(0), s.Scratch(1)
		if err := s.Score(first, s.X, s.T); err != nil {
			return err
		}
		h := su/au - st/at
		s.Mean.Copy(first)
		blend(s, au/at, -au*h*st)
		if err := s.Score(second, s.Mean, s.U); err != nil {
			return err
		}
		if reuse {
			second.Copy(first)
			su = st
		}
		first.Scale(-st, first)
		second.Scale(-su, second)
		s.Mean.Add(first, second)
		blend(s, au/at, au*h/2)
		s.Finish()
		return nil
	}
}

// twoStep is 2M with the ratio of the steps inverted when asked.
func twoStep(inverted bool) predictor {
	lambda := func(s *sampler.Step, t float64) float64 {
		alpha, sigma := s.Kernel(t)
		return math.Log(alpha / sigma)
	}
	return func(s *sampler.Step) error {
		now := s.Push(2)
		if err := s.X0(now, s.X, s.T); err != nil {
			return err
		}
		_, st := s.Kernel(s.T)
		au, su := s.Kernel(s.U)
		h := lambda(s, s.U) - lambda(s, s.T)
		s.Mean.Copy(now)
		if prev, t, ok := s.History(1); ok {
			r := (lambda(s, s.T) - lambda(s, t)) / h
			if inverted {
				r = 1 / r
			}
			other := s.Scratch(0)
			other.Scale(-1/(2*r), prev)
			s.Mean.Scale(1+1/(2*r), s.Mean)
			s.Mean.Add(s.Mean, other)
		}
		blend(s, su/st, -au*math.Expm1(-h))
		s.Finish()
		return nil
	}
}

// langevinRoot is the analytic step with the noise √(c e) z, sized for the
// time that at chooses.
func langevinRoot(c float64, at func(*sampler.Step) float64) corrector {
	return func(s *sampler.Step) error {
		_, sigma := s.Kernel(at(s))
		e := 2 * 0.16 * 0.16 * sigma * sigma
		if err := s.Score(s.Mean, s.X, s.At); err != nil {
			return err
		}
		blend(s, 1, e)
		s.AddNoise(math.Sqrt(c*e), 0)
		return nil
	}
}

// A test that no slip of the pen can fail proves nothing: each mutant must be
// told from the method, and the same code without the slip must not be.
func TestMutantsAreCaught(t *testing.T) {
	t.Parallel()
	p := processes(61)[0]
	prior, start := priorOf(p.g, p.times[0])
	follow := func(step func(a, b at, h float64) affine) moments {
		return expected(p.g, p.times, start, step, 0, nil)
	}
	em, ddim, heun, twoM := follow(recurEuler(1)), follow(recurDDIM(0)), follow(recurHeun), expected2M(p.g, p.times, start)
	pc := expected(p.g, p.times, start, recurEuler(1), 1, func(t float64) float64 {
		_, sigma := p.g.Kernel(t)
		return 2 * 0.16 * 0.16 * sigma * sigma
	})
	u := func(s *sampler.Step) float64 { return s.At }
	for _, m := range []struct {
		name      string
		pred      sampler.Predictor
		corrector sampler.Corrector
		want      moments
		faithful  bool
	}{
		{"Euler–Maruyama", slip{}, nil, em, true},
		{"noise scaled at the wrong time", slip{noiseAtU: true}, nil, em, false},
		{"missing square root", slip{noRoot: true}, nil, em, false},
		{"half score", slip{halfScore: true}, nil, em, false},
		{"score at the wrong time", slip{scoreAtU: true}, nil, em, false},
		{"β at the wrong time", slip{ratesAtU: true}, nil, em, false},
		{"drift f dt for f x dt", slip{driftWithoutX: true}, nil, em, false},
		{"drift f x dt²", slip{driftTwice: true}, nil, em, false},
		{"DDIM with σ_t", predictor(ddimWithSigmaOfT), nil, ddim, false},
		{"Heun", heunReusing(false), nil, heun, true},
		{"Heun reusing its slope", heunReusing(true), nil, heun, false},
		{"2M", twoStep(false), nil, twoM, true},
		{"2M with the ratio inverted", twoStep(true), nil, twoM, false},
		{"Langevin", sampler.EulerMaruyama{}, langevinRoot(2, u), pc, true},
		{"Langevin with √e", sampler.EulerMaruyama{}, langevinRoot(1, u), pc, false},
		{"Langevin with σ_t", sampler.EulerMaruyama{}, langevinRoot(2, func(s *sampler.Step) float64 { return s.T }), pc, false},
	} {
		t.Run(m.name, func(t *testing.T) {
			s := sampler.Settings{Grid: p.times, Prior: prior, Final: sampler.FinalState, Corrector: m.corrector}
			correct := 0
			if m.corrector != nil {
				correct = 1
			}
			off := measured(t, p.g, m.pred, s, 1, correct).relative(m.want)
			if m.faithful {
				require.Less(t, off, 1e-11)
			} else {
				require.Greater(t, off, 1e-5)
			}
			t.Logf("relative error %.2g", off)
		})
	}
}

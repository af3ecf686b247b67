package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// ownDDIM is DDIM as a user would write it.
type ownDDIM struct{ eta float64 }

func (p ownDDIM) Predict(s *sampler.Step) error {
	if err := s.Score(s.Mean, s.X, s.T); err != nil {
		return err
	}
	at, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	a := at / au
	std := p.eta * math.Sqrt(max(0, st*st-a*a*su*su)) * su / st
	rest := math.Sqrt(max(0, su*su-std*std))
	s.Combine(s.Mean, 1/a, s.X, st*(st/a-rest), s.Mean)
	s.AddNoise(std, 0)
	return nil
}

// ownHeun is Heun.
type ownHeun struct{ sampler.Churn }

func (p ownHeun) Predict(s *sampler.Step) error {
	return p.Raise(s, func(s *sampler.Step) error {
		if s.BelowSpan() {
			return ownDDIM{}.Predict(s)
		}
		at, st := s.Kernel(s.T)
		au, su := s.Kernel(s.U)
		a, h := au/at, su-au*st/at
		slope, euler, next := s.Scratch(0), s.Mean, s.Scratch(1)
		if err := s.Score(slope, s.X, s.T); err != nil {
			return err
		}
		s.Combine(euler, a, s.X, -h*st, slope)
		if err := s.Score(next, euler, s.U); err != nil {
			return err
		}
		s.Combine(slope, -0.5*h*st, slope, -0.5*h*su, next)
		s.Combine(s.Mean, a, s.X, 1, slope)
		s.Finish()
		return nil
	})
}

// own2M is DPMpp2M.
type own2M struct{}

func (own2M) Predict(s *sampler.Step) error {
	_, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	if su == 0 {
		return ownDDIM{}.Predict(s)
	}
	now := s.Push(2)
	if err := s.X0(now, s.X, s.T); err != nil {
		return err
	}
	h := sde.LogSNR(s, s.U) - sde.LogSNR(s, s.T)
	c := -au * math.Expm1(-h)
	prev, t, ok := s.History(1)
	if !ok {
		s.Combine(s.Mean, su/st, s.X, c, now)
		s.Finish()
		return nil
	}
	w := 0.5 * h / (sde.LogSNR(s, s.T) - sde.LogSNR(s, t))
	s.Combine(s.Mean, 1+w, now, -w, prev)
	s.Combine(s.Mean, su/st, s.X, c, s.Mean)
	s.Finish()
	return nil
}

// What the predictors of the library are made of, a user has: written from the
// outside they give the same bits.
func TestPredictorsOfOnesOwnGiveTheSameBits(t *testing.T) {
	t.Parallel()
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.Cosine{}} {
		g := standard(p)
		for _, c := range []struct{ library, own sampler.Predictor }{
			{sampler.DDIM{}, ownDDIM{}},
			{sampler.DDIM{Eta: 0.7}, ownDDIM{0.7}},
			{sampler.Heun{}, ownHeun{}},
			{sampler.Heun{Churn: sampler.Churn{SChurn: 5, STmax: 4, SNoise: 1.01}}, ownHeun{sampler.Churn{SChurn: 5, STmax: 4, SNoise: 1.01}}},
			{sampler.DPMpp2M{}, own2M{}},
		} {
			for _, times := range [][]float64{nil, append(grid.Default(p, 9), 0)} {
				s := &sampler.Settings{Grid: times, Seed: 3, Corrector: sampler.Langevin{}}
				want, got := mat.NewDense(70, 2, nil), mat.NewDense(70, 2, nil)
				require.NoError(t, sampler.Sample(context.Background(), want, g.problem(), c.library, s))
				require.NoError(t, sampler.Sample(context.Background(), got, g.problem(), c.own, s))
				sameBits(t, want, got, "%T on %T", c.own, p)
			}
		}
	}
}

// The quantities of a Step are those of package sde.
func TestQuantitiesOfAStepAreThoseOfTheScore(t *testing.T) {
	t.Parallel()
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.Cosine{}, sde.Linear{}} {
		g := standard(p)
		looks := predictor(func(s *sampler.Step) error {
			var score, got, want mat.Dense
			score.CloneFrom(s.X)
			got.CloneFrom(s.X)
			want.CloneFrom(s.X)
			require.NoError(t, s.Score(&score, s.X, s.T))
			alpha, sigma := s.Kernel(s.T)
			f, g2 := s.Rates(s.T)
			for _, q := range []struct {
				of           func(dst, x *mat.Dense, t float64) error
				onX, onScore float64
			}{
				{s.X0, 1 / alpha, sigma * sigma / alpha}, {s.Epsilon, 0, -sigma}, {s.Velocity, f, -0.5 * g2},
			} {
				require.NoError(t, q.of(&got, s.X, s.T))
				s.Combine(&want, q.onX, s.X, q.onScore, &score)
				require.InDeltaSlice(t, want.RawMatrix().Data, got.RawMatrix().Data, 1e-12)
			}
			s.Mean.Copy(s.X)
			return nil
		})
		require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(5, 2, nil), g.problem(), looks, nil))
	}
}

// many draws noise in as many slots, of which the last one counts.
type many int

func (m many) Predict(s *sampler.Step) error {
	if err := (ownDDIM{}).Predict(s); err != nil {
		return err
	}
	s.Mean.Copy(s.X)
	for slot := range int(m) {
		s.Normal(s.X, slot)
	}
	return nil
}

// manySaid says so.
type manySaid struct{ many }

func (m manySaid) Draws() int { return int(m.many) }

// addresses counts the draws from every address.
type addresses map[noise.Draw]int

func (a addresses) Normal(dst *mat.Dense, at noise.Draw) {
	a[at]++
	noise.White{}.Normal(dst, at)
}

// What Gibbs and Replace draw after a predictor of one's own is never what that has drawn.
func TestPredictorsOfOnesOwnMayDrawAsOftenAsTheySay(t *testing.T) {
	t.Parallel()
	law, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, nil), []*mat.SymDense{mat.NewSymDense(2, []float64{1, .9, .9, 1})}, nil)
	require.NoError(t, err)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	run := func(back sampler.Predictor) {
		drawn := addresses{}
		s := &sampler.Settings{Grid: grid.Conditional(sde.EDM{}, 3), Noise: drawn, Workers: 1, Corrector: sampler.Gibbs{Back: back, Steps: 2}}
		require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(2, 2, nil), p, back, s))
		for at, n := range drawn {
			require.Equal(t, 1, n, at)
		}
	}
	replace := func(back sampler.Predictor) sampler.Replace {
		return sampler.Replace{Observation: seen(1), Back: back}
	}
	for _, back := range []sampler.Predictor{many(15), manySaid{40}, replace(many(15)), replace(manySaid{40})} {
		run(back)
	}
	require.PanicsWithValue(t, "sampler: Step.Normal: slot is 15, of an update inside of another that has 15 slots, want a predictor that says as a Drawer how many it needs", func() {
		run(replace(many(16)))
	})
	require.Panics(t, func() { run(many(17)) })
}

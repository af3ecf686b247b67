package sampler

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

var (
	_ Predictor = Steered{}
	_ Coupler   = Steered{}
)

// Reward is a function r(x₀) of clean rows, in the coordinates of the data, by whose
// exponential a distribution is tilted. A posterior.Likelihood in the zero sde.Frame is
// one, which makes the posterior of it.
//
// It is −Inf, or NaN where it is not defined, of rows that are impossible: these have no
// weight in the end. A row that is denoised half-way may be one, and what becomes of
// it need not: it then counts as the worst of its observation's particles that are not, so
// that a hard constraint weighs only in the end. A reward that falls off outside of the set
// steers towards it. +Inf is an error.
type Reward interface {
	// LogProb writes r of the rows of x0, all those of a run in their order, into dst.
	LogProb(dst []float64, x0 *mat.Dense)
}

// Steered is the predictor of Feynman–Kac steering (Singhal et al. 2025): Twisted for any
// reward, without guidance. Particles are moved by DPMpp2MSDE of the Problem, and weighed
// by what the tempered reward of the denoised row D gains,
//
//	w ← w ψ_u(x_u)/ψ_t(x_t),   log ψ_t(x) = λ_t r(D(x, t))/T,   λ_t = 1/(1 + (σ/(αW))²),   (41)
//
// with the temperature T and the Width W; at the end log ψ is r(x₀)/T. Without a Width W
//
//	log ψ_t(x) = m/(1 + d),
//
// of the mean m and the standard deviation d that r/T has in 16 fixed rows about D, where
// D is known to ±σ/√(α² + σ²): as wide as what is not known yet, in units of the reward. As
// their number grows particles follow the distribution of density p(x₀) exp(r(x₀)/T)/Z, at
// the rate n^−½, whatever W is, and for the steps of the grid; Trace.LogEvidence estimates
// log Z. No derivative is needed, but more particles than with guidance. On a mixture of three
// normals observed in one direction with noise τ, 40 estimates of Z by 256 particles in 50
// steps had, with the likelihood for the reward, this mean ± standard deviation:
//
//	τ                 0.03          0.1           0.5
//	W = 0             1.01 ± .29    .93 ± .18     .99 ± .06    times the exact one
//	W = 2τ            .90 ± 1.04    .94 ± .54     .99 ± .06
//	W = τ             .96 ± .35     .96 ± .20     .99 ± .06
//	W = τ/2           .96 ± .26     .97 ± .21     .99 ± .05
//	λ_t = 1           .00 ± .00     .02 ± .03     .99 ± .05
//	λ_t = 0           1.07 ± .67    .96 ± .33     .98 ± .06
//
// (go test ./sampler -run - -bench Evidence -benchtime 1x; λ_t = 1 by a huge Width, and 0 until
// the end by one of next to nothing).
//
// Of the paper's potentials these are the differences. Those of the maximum and of the sum
// have the same limit, but only because the last weights take back what they have
// exaggerated: there are none here. Everything else is as for Twisted.
type Steered struct {
	// Reward is r.
	Reward Reward
	// Temperature is T, by which rewards are divided; 0 means 1.
	Temperature float64
	// Width is W, how far apart, in the coordinates of the process, rows have to be for
	// r/T to differ by about 1: the noise τ of a likelihood, for example. 0 means that it
	// is found from the rewards themselves, of 17 rows for each particle and step in place of one.
	Width float64
	Particles
}

// Validate returns an error wrapping ErrRange or ErrUnset that names an impossible field.
func (p Steered) Validate() error {
	if unset(p.Reward) {
		return fmt.Errorf("Steered.Reward: is nil, want a function of clean rows: %w", ErrUnset)
	}
	return cmp.Or(nonNegative("Steered", "Temperature", p.Temperature), nonNegative("Steered", "Width", p.Width), p.validate("Steered"))
}

// Predict implements Predictor. It returns errors wrapping ErrRange for an impossible field,
// a likelihood of other rows or columns than the run's, and a state that something else has
// changed, and ErrNonFinite for a reward of +Inf.
func (p Steered) Predict(s *Step) error {
	w, ok := s.solver.(*swarm)
	if !ok {
		err := p.Validate()
		if err != nil {
			return err
		}
		r, err := rewardOf(s, p.Reward)
		if err != nil {
			return err
		}
		if w, err = p.begin(s, steering{r, cmp.Or(p.Temperature, 1), p.Width}); err != nil {
			return fmt.Errorf("Steered: %w", err)
		}
		s.solver = w
	}
	if err := w.cross(s); err != nil {
		return fmt.Errorf("Steered: %w", err)
	}
	return nil
}

// rewardOf returns the reward of the rows of a Step, which are some of a run's.
func rewardOf(s *Step, r Reward) (Reward, error) {
	l, ok := r.(*posterior.Likelihood)
	if !ok {
		return r, nil
	}
	l, err := likelihoodOf(s, l)
	if err != nil {
		return nil, fmt.Errorf("Steered.Reward: %w", err)
	}
	return l, nil
}

// steering is the tempered reward as a twisting function.
type steering struct {
	r                  Reward
	temperature, width float64
}

// compare looks at the rewards alone when the scores of all rows are alike.
func (ψ steering) compare(s *Step, w *swarm, x *mat.Dense) (bool, error) {
	if s.alike {
		return true, ψ.likelihood(s, w, x)
	}
	return true, ψ.at(s, w, x, s.T)
}

// start knows of none: rows are drawn from the prior.
func (ψ steering) start(*Step, *swarm, []float64) error { return nil }

func (ψ steering) at(s *Step, w *swarm, x *mat.Dense, t float64) error {
	if err := s.Score(w.score, x, t); err != nil {
		return err
	}
	alpha, sigma := s.Kernel(t)
	x0 := s.Scratch(1)
	s.Combine(x0, 1/alpha, x, sigma*sigma/alpha, w.score)
	if ψ.width > 0 {
		level := sigma / (alpha * ψ.width)
		return ψ.reward(s, w.log, x0, ψ.temperature*(1+level*level))
	}
	return ψ.about(s, w.log, x0, sigma/math.Hypot(alpha, sigma))
}

// about writes the tempered rewards of what is known of clean rows to ±r only: the mean m
// and the standard deviation d of r/T, over some rows about each, make log ψ = m/(1 + d).
// Rows about one that are impossible, and about one that is, do not count.
func (ψ steering) about(s *Step, log []float64, x0 *mat.Dense, r float64) error {
	n, d := x0.Dims()
	z := mat.NewDense(around, d, nil)
	noise.White{}.Normal(z, noise.Draw{})
	near, value := s.Scratch(2), make([]float64, n)
	count, mean, square := make([]float64, n), make([]float64, n), make([]float64, n)
	if err := ψ.reward(s, log, x0, ψ.temperature); err != nil {
		return err
	}
	for k := range 2 * around {
		for i := range n {
			for j, v := range x0.RawRowView(i) {
				near.Set(i, j, v+float64(1-k%2*2)*r*z.At(k/2, j))
			}
		}
		if err := ψ.reward(s, value, near, ψ.temperature); err != nil {
			return err
		}
		for i, v := range value {
			if v-v == 0 {
				count[i]++
				off := v - mean[i]
				mean[i] += off / count[i]
				square[i] += off * (v - mean[i])
			}
		}
	}
	for i, c := range count {
		if log[i]-log[i] == 0 && c > 0 {
			log[i] = mean[i] / (1 + math.Sqrt(square[i]/c))
		}
	}
	return nil
}

// around is the number of rows about a denoised one, by two, at which a reward is looked at.
const around = 8

func (ψ steering) likelihood(s *Step, w *swarm, x0 *mat.Dense) error {
	return ψ.reward(s, w.log, x0, ψ.temperature)
}

// reward writes the rewards of clean rows, divided by a number, into log.
func (ψ steering) reward(s *Step, log []float64, x0 *mat.Dense, divisor float64) error {
	data := s.Scratch(3)
	s.Data(data, x0)
	ψ.r.LogProb(log, data)
	for i := range log {
		if math.IsInf(log[i], 1) && !s.bad[i] {
			return fmt.Errorf("Reward: row %d: is +Inf, want a number, or −Inf of an impossible row: %w", s.Row0+i, ErrNonFinite)
		}
		log[i] /= divisor
	}
	return nil
}

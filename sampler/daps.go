package sampler

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

var (
	_ Predictor = DAPS{}
	_ Drawer    = DAPS{}
)

// DAPS is the predictor of decoupled annealing posterior sampling (Zhang et al. 2024).
// Each step draws clean rows given the state and an observation y, and noises them anew:
//
//	x₀ ~ N(x̂₀, r² I) p(y | x₀),   x_u = α_u x₀ + σ_u z,   r² = σ²v/(α²v + σ²) at t,      (40)
//
// where x̂₀ is what the state becomes in a few steps of DDIM, for one the denoised D. So
// no derivative of the score is needed, errors of early steps are forgotten, and the
// observation may be anything that its Operator can be. The Problem is that of the prior;
// one that is a posterior already is taken for the prior too, so that an observation given
// to both counts twice.
// Rows are independent, and may have observations of their own. The draw is of rows where
// the Operator and its derivative are finite, also when x̂₀ is none; where it finds none in
// the last step a row is given up with ErrNonFinite.
//
// The draw of x₀ is made by Langevin steps in the metric of the linearised distribution,
// with acceptance (posterior.Near), where the paper takes plain ones: for a linear
// observation one is exact, whatever the noise. Then, with one step of DDIM, the whole
// method is exact for normal data of variance v, however few steps the grid has. The
// published form, five steps of DDIM and r = σ/α (a huge Variance), is not: of
// normal data of deviation .8, observed with noise .5 in one direction of two, the
// standard deviation of the second column was, in 50 steps,
//
//	FlowSteps     1      5      10
//	r by v        .76    .90    .98     exact: .775
//	r = σ/α       .82    .99    1.09
//
// because x̂₀ has the spread of the data already, to which the draw adds r². Of modes far
// apart, between which x₀ given x_t is not normal, either is an approximation; Twisted
// is not. Nor are correlated columns of x₀ independent given x_t, as they are taken to be: of 4 columns of
// correlation .7, with the square of one observed as 1.5 ± .2, the root mean squares of the others
// were .98, .95 and .89 for 1.11, 1.11 and 1.05.
//
// The last step adds no noise: its clean rows are what is drawn. The final denoise moves them
// by the square of the last σ times the score, next to nothing; Settings.Final: FinalState
// returns them, times α of the last time. On normal columns of correlation .7 deviations are
// right to some per cent in one that is observed to ±.007, too.
type DAPS struct {
	// Observation is y, in the coordinates of the data. Its noise has to be positive
	// definite.
	Observation posterior.Observation
	// FlowSteps is the number of evaluations for x̂₀; 0 means 1.
	FlowSteps int
	// Variance is v, of the data near a row in the coordinates of the process; 0 means
	// 1, that of standardised data.
	Variance float64
	// Steps is the number of Langevin steps, and Rate how far each goes, the c of
	// posterior.Near.Move; 0 means one of 1 for a linear Operator, 20 of 0.4 for any other.
	Steps int
	Rate  float64
}

// Validate returns an error that names an impossible field, wrapping ErrRange or what
// posterior.Observation.Validate says.
func (p DAPS) Validate() error {
	if _, err := posterior.NewLikelihood(p.Observation, sde.Frame{}); err != nil {
		return fmt.Errorf("DAPS.Observation: %w", err)
	}
	return cmp.Or(
		nonNegative("DAPS", "Variance", p.Variance), nonNegative("DAPS", "FlowSteps", p.FlowSteps), nonNegative("DAPS", "Steps", p.Steps), within("DAPS", "Rate", p.Rate, 0, 1),
	)
}

// Predict implements Predictor. It returns errors wrapping ErrRange for an observation of
// other rows or columns than the run has, and for a Problem that has observations itself.
func (p DAPS) Predict(s *Step) error {
	l, ok := s.solver.(*posterior.Likelihood)
	if !ok {
		err := p.Validate()
		if err != nil {
			return err
		}
		if l, err = p.likelihood(s); err != nil {
			return err
		}
		s.solver = l
	}
	steps, rate := p.moves()
	mean, z := s.Scratch(0), s.Scratch(1)
	if err := p.clean(s, mean); err != nil {
		return err
	}
	v, ς := cmp.Or(p.Variance, 1), ratio(s.SDE, s.T)
	near := l.Near(mean, ς/math.Sqrt(1+ς*ς/v))
	n, _ := s.X.Dims()
	_, m := l.Dims()
	e := mat.NewDense(n, m, nil)
	for i := range steps {
		s.Normal(z, 1+3*i)
		s.Normal(e, 2+3*i)
		near.Move(z, e, uniforms(s, 3+3*i), rate)
	}
	alpha, sigma := s.Kernel(s.U)
	s.Combine(s.Mean, alpha, near.U, 0, near.U)
	if s.K+1 == s.N {
		p.giveUp(s, near)
		s.Finish()
		return nil
	}
	s.AddNoise(sigma, 0)
	return nil
}

// giveUp fails the rows of which the last clean one cannot be.
func (p DAPS) giveUp(s *Step, near *posterior.Near) {
	n, _ := s.X.Dims()
	logP := make([]float64, n)
	near.LogProb(logP)
	for i, v := range logP {
		if v-v != 0 && !s.Failed(i) {
			s.Fail(i, s.U, fmt.Errorf("the observation, or its derivative, is not defined near the denoised row: %w", ErrNonFinite))
		}
	}
}

// moves returns Steps and Rate with their defaults.
func (p DAPS) moves() (steps int, rate float64) {
	if _, linear := p.Observation.Operator.(posterior.Linear); linear {
		return cmp.Or(p.Steps, 1), cmp.Or(p.Rate, 1)
	}
	return cmp.Or(p.Steps, 20), cmp.Or(p.Rate, 0.4)
}

// Draws implements Drawer.
func (p DAPS) Draws() int {
	steps, _ := p.moves()
	return 1 + 3*steps
}

// likelihood returns that of the rows of a Step.
func (p DAPS) likelihood(s *Step) (*posterior.Likelihood, error) {
	if s.problem.Observed != nil {
		return nil, fmt.Errorf("DAPS with a Problem that has observations, want all of them in DAPS.Observation: %w", ErrRange)
	}
	l, err := posterior.NewLikelihood(p.Observation, s.problem.Frame)
	if err != nil {
		return nil, err
	}
	if l, err = likelihoodOf(s, l); err != nil {
		return nil, fmt.Errorf("DAPS.Observation: %w", err)
	}
	return l, nil
}

// likelihoodOf returns that of the rows of a Step, which are some of a run's.
func likelihoodOf(s *Step, l *posterior.Likelihood) (*posterior.Likelihood, error) {
	n, d := s.X.Dims()
	in, _ := l.Dims()
	switch {
	case in != d:
		return nil, fmt.Errorf("its Operator takes %d columns, the run has %d: %w", in, d, ErrRange)
	case l.Rows() == 0:
		return l, nil
	case l.Rows() != s.total:
		return nil, fmt.Errorf("its Y has %d rows, the run %d, want one for all rows, or as many: %w", l.Rows(), s.total, ErrRange)
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = s.Row0 + i
	}
	return l.Select(rows), nil
}

// clean writes x̂₀ into x: steps of DDIM of equal size in log(α/σ), the last one to σ = 0.
func (p DAPS) clean(s *Step, x *mat.Dense) error {
	start, _ := s.Span()
	score := s.Scratch(2)
	steps, t := cmp.Or(p.FlowSteps, 1), s.T
	high, low := sde.LogSNR(s.SDE, start), sde.LogSNR(s.SDE, s.T)
	x.Copy(s.X)
	for k := range steps {
		if err := s.Score(score, x, t); err != nil {
			return err
		}
		at, st := s.Kernel(t)
		au, su := 1.0, 0.0
		if k+1 < steps {
			t = max(start, timeAt(s.SDE, low+(high-low)*float64(k+1)/float64(steps)))
			au, su = s.Kernel(t)
		}
		s.Combine(x, au/at, x, st*(au*st/at-su), score) // α_u D + σ_u ε̂
	}
	return nil
}

package sampler

import (
	"cmp"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

var _ Corrector = MALA{}

// MALA is the Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996)
// for p_t: the step of Langevin proposes,
//
//	x' = x + e s(x) + √(2e) z,   e = 2 r² σ²,                                            (45)
//
// and each row takes it with probability min(1, p(x')q(x|x')/(p(x)q(x'|x))),
// where q(y|x) = N(y; x + e s(x), 2e I). So p_t is left exactly as it is at any
// step, which matters only for how fast rows move: a step at which 57 % are
// accepted is best in high dimension.
//
// It needs the density: the Problem's Score has to be an sde.LogProber, as
// sde.Analytic's is. Steps + 1 evaluations of the score.
type MALA struct {
	// SNR is r; 0 means 0.5.
	SNR float64
	// Steps is the number of proposals; 0 means 1.
	Steps int
	// Acceptance, when set, counts them.
	Acceptance *Acceptance
}

// Validate returns an error wrapping ErrRange that names an impossible field.
func (c MALA) Validate() error {
	return cmp.Or(nonNegative("MALA", "SNR", c.SNR), nonNegative("MALA", "Steps", c.Steps))
}

// Acceptance counts the proposals of a MALA. The zero value is ready to use,
// also by any number of runs at once.
type Acceptance struct{ proposed, accepted atomic.Int64 }

// Rate returns the fraction of proposals that were accepted, NaN of none.
func (a *Acceptance) Rate() float64 {
	return float64(a.accepted.Load()) / float64(a.proposed.Load())
}

// Correct implements Corrector. It returns an error wrapping ErrUnset when the
// score is not an sde.LogProber. A row whose
// density or score is not finite is given up.
func (c MALA) Correct(s *Step) error {
	if err := c.Validate(); err != nil {
		return err
	}
	c.SNR = cmp.Or(c.SNR, 0.5)
	c.Steps = cmp.Or(c.Steps, 1)
	density, ok := sde.As[sde.LogProber](s.scorer)
	if !ok {
		return fmt.Errorf("MALA with a Problem.Score of type %T, want an sde.LogProber: %w", s.scorer, ErrUnset)
	}
	_, sigma := s.Kernel(s.At)
	e := 2 * c.SNR * c.SNR * sigma * sigma
	score, next, y := s.Scratch(0), s.Scratch(1), s.Scratch(2)
	n, _ := s.X.Dims()
	normals := s.column(0)
	u, logp, logq := values(normals), values(s.column(1)), values(s.column(2))
	if err := s.Score(score, s.X, s.At); err != nil {
		return err
	}
	s.time[0] = s.At
	density.LogProb(logp, s.X, s.time[:])
	for r := range n {
		// It would never move, and not be noticed.
		if v := logp[r] + largest(score.RawRowView(r)); math.IsNaN(v) || math.IsInf(v, 1) {
			s.Fail(r, s.At, fmt.Errorf("its log-density and score come to %g: %w", v, ErrNonFinite))
		}
	}
	for i := range c.Steps {
		s.Normal(y, 2*i)
		s.Normal(normals, 2*i+1)
		s.Combine(s.Mean, 1, s.X, e, score)
		s.Combine(y, 1, s.Mean, math.Sqrt(2*e), y)
		if err := s.Score(next, y, s.At); err != nil {
			return err
		}
		density.LogProb(logq, y, s.time[:])
		accepted := 0
		for r := range n {
			here, there := s.X.RawRowView(r), y.RawRowView(r)
			gain := logq[r] - logp[r] + (apart(there, here, score.RawRowView(r), e)-apart(here, there, next.RawRowView(r), e))/(4*e)
			// Φ(z) is uniform. Where p is not known, nothing is accepted.
			if math.Log(0.5*math.Erfc(-u[r]/math.Sqrt2)) < gain {
				copy(here, there)
				copy(score.RawRowView(r), next.RawRowView(r))
				logp[r] = logq[r]
				accepted++
			} else {
				copy(s.Mean.RawRowView(r), here)
			}
		}
		if c.Acceptance != nil {
			c.Acceptance.proposed.Add(int64(n))
			c.Acceptance.accepted.Add(int64(accepted))
		}
	}
	return nil
}

func values(column *mat.Dense) []float64 { return column.RawMatrix().Data }

// apart returns |y − x − e s|².
func apart(y, x, s []float64, e float64) float64 {
	sum := 0.0
	for j, v := range y {
		d := v - x[j] - e*s[j]
		sum += d * d
	}
	return sum
}

package sampler

import (
	"cmp"
	"context"
	"iter"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// Steps is Sample seen from inside: it yields the Step at the grid's first
// time and after every step, and fills x with what Sample returns, to the bit,
// once the last has been looked at. A loop left early by break leaves x as it
// was; ranging again starts again. All rows form one Step.
//
//	for s, err := range sampler.Steps(ctx, x, p, pred, nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(s.Point(), s.At, s.X.At(0, 0))
//	}
//
// The loop's body may look at the Step, which is valid until the next one, with
// Point, At, X, Denoised and Data, but not change it. An error comes last and
// with a nil Step; it is the one that Sample returns.
func Steps(ctx context.Context, x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) iter.Seq2[*Step, error] {
	r, err := newRun(x, p, pred, s)
	if err == nil {
		r.start = r.drawPrior
	}
	return r.all(ctx, x, err)
}

// StepsFrom is to Continue what Steps is to Sample: it starts from the given x.
func StepsFrom(ctx context.Context, x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) iter.Seq2[*Step, error] {
	r, err := newRun(x, p, pred, s)
	if err == nil {
		r.start = r.given(x)
	}
	return r.all(ctx, x, err)
}

// all runs all rows as one chunk before the eyes of the caller.
func (r *run) all(ctx context.Context, x *mat.Dense, err error) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		if err = cmp.Or(err, needContext(ctx)); err != nil {
			yield(nil, err)
			return
		}
		n, d := x.Dims()
		state := mat.NewDense(n, d, nil)
		s := r.newStep(ctx, state, 0, n)
		for s, err := range r.points(s) {
			if !yield(s, err) || err != nil {
				return
			}
		}
		if err := r.deliver(x, state, s.failures); err != nil {
			yield(nil, err)
		}
	}
}

// Point returns the index in the grid of the point at which the state is: 0 at
// the start, K+1 after step K.
func (s *Step) Point() int {
	if s.At == s.U {
		return s.K + 1
	}
	return s.K
}

// Data writes the state, or another matrix in model coordinates such as
// Denoised's, into dst in the data's coordinates.
func (s *Step) Data(dst, y *mat.Dense) { s.problem.Frame.ToData(dst, y) }

// Denoised returns D(x, t) = E[x₀ | x_t = x] of the state at the time At, in
// model coordinates; the matrix may be read until the next Step. Where the
// score is not known, at σ = 0 or below the span, it is the state over α.
//
// It costs one evaluation, which the step that follows does not make again
// when it begins with the score of the same state, as do all deterministic
// predictors here and the final denoise.
func (s *Step) Denoised() (*mat.Dense, error) {
	l := &s.ahead
	if l.d == nil {
		l.x, l.s, l.d = s.like(), s.like(), s.like()
	}
	switch {
	case l.holds(s.X, s.At):
	case blind(s.SDE, s.At):
		alpha, _ := s.Kernel(s.At)
		combine(l.d, 1/alpha, s.X, 0, s.X)
	default:
		l.known = false
		if err := s.Score(l.s, s.X, s.At); err != nil {
			return nil, err
		}
		l.x.Copy(s.X)
		l.t, l.known = s.At, true
		sde.Convert(l.d, s.X, l.s, s.SDE, s.At, sde.Score, sde.Denoised)
	}
	return l.d, nil
}

// lookahead holds a score that Denoised has evaluated before the step that
// needs it, and the denoiser made of it.
type lookahead struct {
	x, s, d *mat.Dense
	t       float64
	known   bool
}

func (l *lookahead) holds(x *mat.Dense, t float64) bool {
	return l.known && t == l.t && mat.Equal(x, l.x)
}

// serve copies the score into dst if it is that of x at t. Only the first
// evaluation after a look can be, and no other pays for the comparison.
func (l *lookahead) serve(dst, x *mat.Dense, t float64) bool {
	same := l.holds(x, t)
	l.known = false
	if same {
		dst.Copy(l.s)
	}
	return same
}

package sampler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

var (
	// ErrRange marks a setting with an impossible value. It is package sde's.
	ErrRange = sde.ErrRange
	// ErrUnset marks an argument or a field that may not be left nil or empty.
	ErrUnset = errors.New("not set")
	// ErrNonFinite marks a row whose state became NaN or infinite.
	ErrNonFinite = errors.New("not finite")
	// ErrDiverged marks a row that left every plausible scale of the process.
	ErrDiverged = errors.New("diverged")
	// ErrStepUnderflow marks a row whose adaptive step became too small to
	// change the time.
	ErrStepUnderflow = errors.New("step underflow")
	// ErrLimit marks a row that used up the evaluations it was given.
	ErrLimit = errors.New("evaluation limit reached")
	// ErrDepleted marks a row whose particles all have lost their weight.
	ErrDepleted = errors.New("no particles left")
	// ErrCollapsed marks a row whose particles nearly all descend from one or two. Unlike
	// other rows that are named in RowErrors it is returned, for what it is worth.
	ErrCollapsed = errors.New("particles collapsed")
)

// Predictor carries the state from time T to the earlier time U of a Step.
// One value serves any number of Steps at once: what it must remember between
// steps lives in the Step. When it has a method Validate() error, that is called
// before a run.
type Predictor interface {
	Predict(*Step) error
}

// Corrector improves the state at the time At of a Step, leaving that time
// unchanged, so that its distribution comes closer to p_At. When it has a method
// Validate() error, that is called before a run.
type Corrector interface {
	Correct(*Step) error
}

// Coupler is implemented by a Predictor or Corrector whose update of one row
// may depend on the others. When it does, all rows form one Step, whose evaluations
// of the score the workers share.
type Coupler interface {
	CouplesRows() bool
}

// Drawer is implemented by a Predictor that uses more than 15 slots of Step.Normal in a step.
// Draws returns how many at most: Gibbs and Replace, whose Back it may be, draw after them.
type Drawer interface {
	Draws() int
}

// Observer watches a run. Observe is called with k = 0 for the start and then
// after every step, k counting the points of the grid; x is the state at time
// t in model coordinates, valid during the call only and not to be changed.
// The final denoise is not observed: it is the result. An error stops the run.
type Observer interface {
	Observe(k int, t float64, x mat.Matrix) error
}

// Settings are the choices of a run. The zero value, or a nil pointer, is
// ready to use. Settings are never written to.
type Settings struct {
	// Grid holds the times visited, decreasing; n points make n−1 steps.
	// Every point but the last lies in the span of the process, see sde.InSpan.
	// The last may be any time ≥ 0: below the span (σ = 0 included) the score is
	// not evaluated there. Nil means grid.DefaultPoints points of grid.Default, or, of
	// a Problem that is Conditional, of grid.Conditional.
	Grid []float64
	// Corrector, when set, runs after every step of the predictor, at its
	// new time; with CorrectorFirst before it, at its old time, as
	// score_sde's code does, so that the last state is never corrected.
	Corrector      Corrector
	CorrectorFirst bool
	// Final is what is returned; the zero value is FinalDenoised.
	Final Final
	// Prior is where Sample starts, in the coordinates of the process; the zero
	// value means the Problem's. Continue does not use it.
	Prior sde.Prior
	// Noise serves the random numbers. Nil means noise.White with Seed.
	Noise noise.Source
	Seed  uint64
	// FirstRow is the index, in the whole run, of the first row of x. It
	// lets one run be split over calls: row i depends on the seed and on its
	// index in the whole run only.
	FirstRow int
	// TotalRows is the number of rows of the whole run, which a score with a
	// condition for every row has to have; 0 means that x holds the last.
	TotalRows int
	// Workers bounds the goroutines used; 0 means GOMAXPROCS. The result has
	// the same bits for any number.
	Workers int
	// Observer, when set, makes all rows advance together: the workers share each
	// evaluation of the score, and do not share the rows' ways.
	Observer Observer
}

// Final is what becomes of the last state of a run.
type Final uint8

const (
	// FinalDenoised is E[x₀|x_t] at the grid's last time, for one more
	// evaluation; where that time lies below the span, it is FinalState.
	FinalDenoised Final = iota
	// FinalState is the state at the grid's last time.
	FinalState
	// FinalMean is the last update without its noise (score_sde calls this
	// "denoise").
	FinalMean
)

// Sample draws one sample into each row of x. It starts from s.Prior at the
// grid's first time and carries the state along the grid with pred.
//
// A row whose state stops being finite, or diverges, does not spoil the
// others: it is returned as NaNs, every other row is returned whole, and the
// error is a RowErrors that names the row, step and time. Rows that it names with
// ErrCollapsed are returned as they are. After any other
// error, among them the context's, x is unchanged. The context is honoured
// within one evaluation of the score.
//
// Where the Problem has observations, the known cells of a row are what they are
// known to be, to the bit, and those left out are NaN.
func Sample(ctx context.Context, x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) error {
	r, err := newRun(x, p, pred, s)
	if err != nil {
		return err
	}
	r.start = r.drawPrior
	return r.do(ctx, x)
}

// Continue is Sample started from the given x, taken as the state at the
// grid's first time. A row that is not finite at the start is reported as one
// that failed at step 0; what it holds in cells that are not drawn, see
// sde.Problem.Observed, does not matter.
func Continue(ctx context.Context, x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) error {
	r, err := newRun(x, p, pred, s)
	if err != nil {
		return err
	}
	r.start = r.given(x)
	return r.do(ctx, x)
}

// given starts a run from the rows of x.
func (r *run) given(x *mat.Dense) func(*Step) error {
	_, d := x.Dims()
	return func(s *Step) error {
		n, _ := s.X.Dims()
		lo := s.Row0 - r.FirstRow
		r.Frame.ToModel(s.X, x.Slice(lo, lo+n, 0, d).(*mat.Dense))
		alpha, _ := r.Kernel(s.T)
		for i := range n {
			r.settle(s.X.RawRowView(i), s.Row0+i, alpha)
		}
		return nil
	}
}

// newRun checks the arguments and fills in the defaults.
func newRun(x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) (*run, error) {
	r, err := newRunOf("Settings", x, p, pred, s)
	if err != nil {
		return nil, err
	}
	if r.Grid == nil {
		levels := grid.Default
		if p.Conditional {
			levels = grid.Conditional
		}
		r.Grid = levels(p.SDE, grid.DefaultPoints)
	}
	r.Grid, err = onSpan(p.SDE, r.Grid)
	return r, err
}

// newRunOf is newRun for Settings that the caller knows by another name, and for
// runs that do not follow their Grid.
func newRunOf(name string, x *mat.Dense, p sde.Problem, pred Predictor, s *Settings) (*run, error) {
	switch {
	case x == nil || x.IsEmpty():
		return nil, fmt.Errorf("sampler: x: has no rows, want one row per sample: %w", ErrUnset)
	case unset(p.SDE):
		return nil, fmt.Errorf("sampler: Problem.SDE: is nil, want a process: %w", ErrUnset)
	case unset(p.Score):
		return nil, fmt.Errorf("sampler: Problem.Score: is nil, want a scorer: %w", ErrUnset)
	case unset(pred):
		return nil, fmt.Errorf("sampler: pred: is nil, want a predictor: %w", ErrUnset)
	}
	r := &run{Problem: p, pred: pred}
	if s != nil {
		r.Settings = *s
	}
	for _, f := range []struct {
		field string
		value any
	}{{"Corrector", r.Corrector}, {"Noise", r.Noise}, {"Observer", r.Observer}} {
		if f.value != nil && unset(f.value) {
			return nil, fmt.Errorf("sampler: %s.%s: is a nil %T, want nil or one that is set: %w", name, f.field, f.value, ErrUnset)
		}
	}
	if err := cmp.Or(validate("sampler: ", pred), validate("sampler: ", r.Corrector), validate("sampler: "+name+".Noise: ", r.Noise)); err != nil {
		return nil, err
	}
	if r.Workers < 0 {
		return nil, fmt.Errorf("sampler: %s.Workers: is %d, want 0 or more: %w", name, r.Workers, ErrRange)
	}
	if r.FirstRow < 0 {
		return nil, fmt.Errorf("sampler: %s.FirstRow: is %d, want 0 or more: %w", name, r.FirstRow, ErrRange)
	}
	n, d := x.Dims()
	if r.FirstRow > math.MaxInt-n {
		return nil, fmt.Errorf("sampler: %s.FirstRow: is %d, want at most %d with %d rows: %w", name, r.FirstRow, math.MaxInt-n, n, ErrRange)
	}
	r.TotalRows = cmp.Or(r.TotalRows, r.FirstRow+n)
	if r.TotalRows < r.FirstRow+n {
		return nil, fmt.Errorf("sampler: %s.TotalRows: is %d with rows from %d to %d, want at least %d, or 0 for that: %w",
			name, r.TotalRows, r.FirstRow, r.FirstRow+n-1, r.FirstRow+n, ErrRange)
	}
	if err := p.Validate(r.TotalRows, d); err != nil {
		return nil, fmt.Errorf("sampler: %w", err)
	}
	if r.Final > FinalMean {
		return nil, fmt.Errorf("sampler: %s.Final: is %d, want one of the constants: %w", name, r.Final, ErrRange)
	}
	if r.Noise == nil {
		r.Noise = noise.White{Seed: r.Seed}
	}
	return r, r.checkPrior(name, d)
}

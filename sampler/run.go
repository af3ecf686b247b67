package sampler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// run is one call of Sample or Continue with its defaults filled in.
type run struct {
	sde.Problem
	Settings
	pred  Predictor
	start func(*Step) error // sets the state at the grid's first time
}

// do runs all chunks and writes the result to x.
func (r *run) do(ctx context.Context, x *mat.Dense) error {
	n, d := x.Dims()
	state := mat.NewDense(n, d, nil)
	failed, err := r.chunks(ctx, state)
	if err != nil {
		return err
	}
	return r.deliver(x, state, failed)
}

// deliver writes the last state to x, and NaNs to the rows that failed, unless all that is
// to be said is that their particles are few.
func (r *run) deliver(x, state *mat.Dense, failed RowErrors) error {
	r.Frame.ToData(x, state)
	r.show(x)
	if len(failed) == 0 {
		return nil
	}
	failed.sort()
	for _, e := range failed {
		if errors.Is(e.Err, ErrCollapsed) {
			continue
		}
		fill(x.RawRowView(e.Row-r.FirstRow), math.NaN())
	}
	return failed
}

// together reports whether something looks at the rows together.
func (r *run) together() bool {
	return r.Observer != nil || couples(r.pred) || couples(r.Corrector)
}

func couples(v any) bool {
	c, ok := v.(Coupler)
	return ok && c.CouplesRows()
}

// workers returns how many goroutines there may be.
func (r *run) workers() int { return cmp.Or(r.Workers, runtime.GOMAXPROCS(0)) }

// chunks carries the state along the grid, chunk by chunk. Workers take the
// chunks in order; the first error or panic stops them all.
func (r *run) chunks(ctx context.Context, state *mat.Dense) (RowErrors, error) {
	if err := needContext(ctx); err != nil {
		return nil, err
	}
	n, d := state.Dims()
	workers, c := r.workers(), cut{n, 1}
	if !r.together() {
		c = cutOf(n, d, workers, leastChunk)
	}
	inner, stop := context.WithCancel(ctx)
	defer stop()
	results := make([]outcome, c.parts)
	c.each(workers, func(i int) {
		o, ok := &results[i], false
		defer func() {
			if !ok {
				stop()
			}
		}()
		lo, hi := c.part(i)
		o.failed, o.err = r.chunk(inner, state, lo, hi)
		ok = o.err == nil
	})
	return merge(results, ctx.Err() != nil)
}

// outcome is what became of a chunk.
type outcome struct {
	failed RowErrors
	err    error
}

// merge returns the first error that is not merely the echo of another
// chunk's, and all failed rows.
func merge(results []outcome, cancelled bool) (RowErrors, error) {
	var failed RowErrors
	var err error
	for _, o := range results {
		if o.err != nil && (err == nil || !cancelled && errors.Is(err, context.Canceled)) {
			err = o.err
		}
		failed = append(failed, o.failed...)
	}
	return failed, err
}

// chunk carries the rows from lo up to hi of the state along the whole grid.
func (r *run) chunk(ctx context.Context, state *mat.Dense, lo, hi int) (RowErrors, error) {
	s := r.newStep(ctx, state, lo, hi)
	for _, err := range r.points(s) {
		if err != nil {
			return nil, err
		}
	}
	return s.failures, nil
}

// newStep returns the Step of the rows from lo up to hi of the state.
func (r *run) newStep(ctx context.Context, state *mat.Dense, lo, hi int) *Step {
	_, d := state.Dims()
	s := &Step{
		SDE: r.SDE, Ctx: ctx, problem: &r.Problem, scorer: r.Score, total: r.TotalRows, Noise: r.Noise, Row0: r.FirstRow + lo,
		X: state.Slice(lo, hi, 0, d).(*mat.Dense), Mean: mat.NewDense(hi-lo, d, nil),
		N: len(r.Grid) - 1, T: r.Grid[0], U: r.Grid[1], At: r.Grid[0],
	}
	rows := make([]int, hi-lo)
	for i := range rows {
		rows[i] = s.Row0 + i
	}
	s.alike, s.scorer = r.Rows == 0, r.Select(rows)
	if n, _ := state.Dims(); hi-lo == n {
		s.share(r.workers())
	}
	return s
}

// points is the sampling loop. It starts the state, carries it along the grid,
// and yields the Step at every point it reaches; then it makes the result of
// the last state. An error is the last thing yielded.
func (r *run) points(s *Step) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		if err := s.Ctx.Err(); err != nil {
			yield(nil, s.failed(err))
			return
		}
		if err := r.start(s); err != nil {
			yield(nil, s.failed(err))
			return
		}
		s.watch(r.Grid[len(r.Grid)-1])
		if !r.reached(s, yield) {
			return
		}
		for k := range s.N {
			s.K, s.T, s.U = k, r.Grid[k], r.Grid[k+1]
			if err := r.step(s); err != nil {
				yield(nil, s.failed(err))
				return
			}
			if !r.reached(s, yield) {
				return
			}
		}
		if err := r.finish(s); err != nil {
			yield(nil, s.failed(err))
			return
		}
		s.look()
	}
}

// reached shows the state at a point of the grid to all who look.
func (r *run) reached(s *Step, yield func(*Step, error) bool) bool {
	s.look()
	if err := r.observe(s); err != nil {
		yield(nil, err)
		return false
	}
	return yield(s, nil)
}

// step crosses one interval.
func (r *run) step(s *Step) error {
	if err := s.Ctx.Err(); err != nil {
		return err // methods that need no score do not look
	}
	s.At = s.T
	if r.CorrectorFirst {
		if err := r.correct(s); err != nil {
			return err
		}
	}
	s.purpose = noise.Predict
	if err := r.pred.Predict(s); err != nil {
		return err
	}
	s.At = s.U
	if !r.CorrectorFirst {
		return r.correct(s)
	}
	return nil
}

func (r *run) correct(s *Step) error {
	if r.Corrector == nil || blind(s.SDE, s.At) {
		return nil
	}
	s.purpose = noise.Correct
	return r.Corrector.Correct(s)
}

// finish turns the last state into the result.
func (r *run) finish(s *Step) error {
	switch {
	case r.Final == FinalMean:
		s.X.Copy(s.Mean)
	case r.Final == FinalDenoised && !s.BelowSpan():
		if err := s.X0(s.Mean, s.X, s.U); err != nil {
			return err
		}
		s.X.Copy(s.Mean)
	}
	return nil
}

func (r *run) observe(s *Step) error {
	if r.Observer == nil {
		return nil
	}
	k := s.Point()
	if err := r.Observer.Observe(k, s.At, s.X); err != nil {
		return fmt.Errorf("sampler: observer at point %d, t = %g: %w", k, s.At, err)
	}
	return nil
}

package samplertest

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// Invariants checks that a predictor
//
//   - sets X and Mean in every step, without leaving NaNs behind,
//   - gives a row the same bits alone, in any batch and among any workers,
//     unless it is a Coupler,
//   - keeps to itself a row that is not finite,
//   - is not changed by its use, and may be used by several goroutines,
//   - never evaluates the score at σ = 0, and crosses an interval that ends
//     there,
//   - returns the error of a score that may not be evaluated any more.
//
// The error names everything that was violated.
func Invariants(pred sampler.Predictor) error {
	if pred == nil {
		return errors.New("samplertest: the predictor is nil, want one to check")
	}
	before := fmt.Sprintf("%+v", pred)
	var errs []error
	for _, check := range []func(sampler.Predictor) error{bits, poison, ends, stops} {
		if err := check(pred); err != nil {
			errs = append(errs, fmt.Errorf("samplertest: %T%+v: %w", pred, pred, err))
		}
	}
	if after := fmt.Sprintf("%+v", pred); after != before {
		errs = append(errs, fmt.Errorf("samplertest: %T: changed by its use, from %s to %s", pred, before, after))
	}
	return errors.Join(errs...)
}

// watched fills Mean with NaN before each step and looks at it afterwards.
type watched struct{ sampler.Predictor }

func (w watched) Predict(s *sampler.Step) error {
	n, d := s.X.Dims()
	for i := range n {
		for j := range d {
			s.Mean.Set(i, j, math.NaN())
		}
	}
	x, mean, old := s.X, s.Mean, mat.DenseCopyOf(s.X)
	err := w.Predictor.Predict(s)
	if err != nil {
		return err
	}
	if s.X != x || s.Mean != mean {
		return errors.New("another matrix was put in the place of X or Mean")
	}
	for i := range n {
		for j := range d {
			if v := s.Mean.At(i, j); math.IsNaN(v) && !math.IsNaN(s.X.At(i, j)) {
				return fmt.Errorf("the Mean is not set in row %d, column %d of step %d", i, j, s.K)
			}
		}
	}
	if mat.Equal(s.X, old) && !mat.Equal(s.X, s.Mean) {
		return fmt.Errorf("the Mean of step %d has moved and X has not, see Step.Finish and Step.AddNoise", s.K)
	}
	return nil
}

func couples(pred sampler.Predictor) bool {
	c, ok := pred.(sampler.Coupler)
	return ok && c.CouplesRows()
}

// bits compares the rows of one run with those of others.
func bits(pred sampler.Predictor) error {
	const rows = 150
	ctx := context.Background()
	p := modes{sde.EDM{}}.problem()
	s := sampler.Settings{Grid: grid.Default(p, 7), Workers: 1, Final: sampler.FinalState}
	all := mat.NewDense(rows, 2, nil)
	if err := sampler.Sample(ctx, all, p, watched{pred}, &s); err != nil {
		return err
	}
	if !finite(all) {
		return errors.New("the result is not finite")
	}
	if couples(pred) {
		return nil
	}
	for _, c := range []struct{ first, rows, workers int }{
		{0, rows, 3}, {0, 64, 1}, {64, rows - 64, 2}, {0, 1, 1}, {77, 1, 1}, {100, 7, 1},
	} {
		x := mat.NewDense(c.rows, 2, nil)
		s.FirstRow, s.Workers = c.first, c.workers
		if err := sampler.Sample(ctx, x, p, pred, &s); err != nil {
			return err
		}
		for i := range c.rows {
			for j := range 2 {
				want, got := all.At(c.first+i, j), x.At(i, j)
				if math.Float64bits(want) != math.Float64bits(got) {
					return fmt.Errorf("row %d is %v in a batch of %d and %v in one of %d rows from %d by %d workers",
						c.first+i, want, rows, got, c.rows, c.first, c.workers)
				}
			}
		}
	}
	return nil
}

// poison makes one row NaN and looks at the others.
func poison(pred sampler.Predictor) error {
	if couples(pred) {
		return nil
	}
	p := modes{sde.VP{}}.problem()
	s := &sampler.Settings{Grid: grid.Default(p, 7), Final: sampler.FinalState}
	want, x := normals(9), normals(9)
	if err := sampler.Continue(context.Background(), want, p, pred, s); err != nil {
		return err
	}
	x.Set(4, 1, math.NaN())
	err := sampler.Continue(context.Background(), x, p, pred, s)
	var failed sampler.RowErrors
	if !errors.As(err, &failed) || len(failed) != 1 || failed[0].Row != 4 {
		return fmt.Errorf("with NaN in row 4 the run ended with %v, expected that row's error", err)
	}
	for i := range 9 {
		if i != 4 && (x.At(i, 0) != want.At(i, 0) || x.At(i, 1) != want.At(i, 1)) {
			return fmt.Errorf("NaN in row 4 changed row %d", i)
		}
	}
	return nil
}

// ends runs down to σ = 0.
func ends(pred sampler.Predictor) error {
	p := modes{sde.EDM{}}.problem()
	start, _ := p.Span()
	lowest := math.Inf(1)
	score := scorer(func(dst, x *mat.Dense, t []float64) {
		for _, u := range t {
			lowest = min(lowest, u)
		}
		p.Score.Score(dst, x, t)
	})
	x := mat.NewDense(20, 2, nil)
	s := &sampler.Settings{Grid: append(grid.Default(p, 7), 0), Workers: 1}
	if err := sampler.Sample(context.Background(), x, sde.Problem{SDE: p.SDE, Score: score}, pred, s); err != nil {
		return fmt.Errorf("on a grid that ends at σ = 0: %w", err)
	}
	switch {
	case !(lowest >= start):
		return fmt.Errorf("evaluated the score at t = %g, below the span, on a grid that ends at 0", lowest)
	case !finite(x):
		return errors.New("the result is not finite on a grid that ends at σ = 0")
	}
	return nil
}

// stops cancels the run during its fifth evaluation.
func stops(pred sampler.Predictor) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := modes{sde.VP{}}.problem()
	calls := 0
	score := scorer(func(dst, x *mat.Dense, t []float64) {
		if calls++; calls == 5 {
			cancel()
		}
		p.Score.Score(dst, x, t)
	})
	x := mat.NewDense(3, 2, nil)
	s := &sampler.Settings{Grid: grid.Default(p, 20), Workers: 1, Final: sampler.FinalState}
	err := sampler.Sample(ctx, x, sde.Problem{SDE: p.SDE, Score: score}, pred, s)
	if calls >= 5 && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("a cancelled run ended with %v, expected the context's error", err)
	}
	return nil
}

// scorer makes a Scorer of a function.
type scorer func(dst, x *mat.Dense, t []float64)

func (f scorer) Score(dst, x *mat.Dense, t []float64) { f(dst, x, t) }

func finite(x *mat.Dense) bool {
	n, d := x.Dims()
	for i := range n {
		for j := range d {
			if v := x.At(i, j); math.IsNaN(v - v) {
				return false
			}
		}
	}
	return true
}

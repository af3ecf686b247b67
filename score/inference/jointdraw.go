package inference

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// Sample draws into rows of parameters and observations what is NaN there, given what is a
// number; what is +Inf is left out, integrated out of the rest, and comes out as NaN. So
//
//	theta NaN, x known       draws from the posterior
//	theta known, x NaN       simulates
//	both NaN                 draws pairs
//
// It panics when the shapes do not match. Errors are those of sampler.Sample, those of
// parameters outside their bounds, and one wrapping ErrNonFinite for −Inf; after an error
// other than sampler.RowErrors nothing is changed. What is outside of what was learned from
// is answered all the same, by an extrapolation: ask Outside.
func (j *Joint) Sample(ctx context.Context, theta, x *mat.Dense, s *SampleSettings) error {
	values, err := j.values("Sample", theta, x)
	if err != nil {
		return err
	}
	if err := j.toFree(values); err != nil {
		return fmt.Errorf("inference: Joint.Sample: %w", err)
	}
	j.nearest(values)
	var c SampleSettings
	if s != nil {
		c = *s
	}
	n, _ := theta.Dims()
	known, err := ofRun(values, c.FirstRow)
	if err != nil {
		return fmt.Errorf("inference: Joint.Sample: %w", err)
	}
	c.TotalRows = 0 // what is known of later rows is not asked for
	problem := j.model.Observe(score.Observed{Values: known}).Problem()
	if c.Predictor == nil {
		c.Predictor = sampler.Default(problem.SDE)
	}
	draws := mat.DenseCopyOf(values)
	err = sampler.Sample(ctx, draws, problem, c.Predictor, &c.Settings)
	if _, some := err.(sampler.RowErrors); err != nil && !some {
		return err
	}
	d := len(j.axes)
	for i := range n {
		row := draws.RawRowView(i)
		for k, a := range j.axes {
			if known := theta.At(i, k); !finite(known) { // what is known stays as it is
				theta.Set(i, k, a.fromFree(row[k]))
			}
		}
		for k, t := range j.tails {
			if !finite(x.At(i, k)) {
				x.Set(i, k, t.out(row[d+k]))
			}
		}
	}
	return err
}

// ofRun returns values as the last rows of a run, of which first are others. Nothing is asked of
// those, so that they may be empty.
func ofRun(values *mat.Dense, first int) (*mat.Dense, error) {
	const most = 1 << 28 // numbers of a matrix
	n, d := values.Dims()
	switch {
	case first <= 0: // Sample refuses what is negative
		return values, nil
	case first > most/d-n:
		return nil, fmt.Errorf("SampleSettings.FirstRow: is %d, want at most %d with %d rows of %d columns: %w", first, max(0, most/d-n), n, d, ErrRange)
	}
	all := mat.NewDense(first+n, d, nil)
	for i := range first {
		for j := range d {
			all.Set(i, j, math.NaN())
		}
	}
	all.Slice(first, first+n, 0, d).(*mat.Dense).Copy(values)
	return all, nil
}

// LogProb writes into dst the log-densities, in nats, of the numbers of theta and x for which
// given is NaN, given those for which it is a number, which has to be the same one, with
// those left out for which it is +Inf. given has a row for each of theta, or one for all, with
// columns first for the parameters and then for x. Errors and panics are those of Sample and
// sampler.LogProb, and one wrapping ErrRange for a given that is another number.
func (j *Joint) LogProb(ctx context.Context, dst []float64, theta, x, given *mat.Dense, s *sampler.FlowSettings) (*sampler.FlowResult, error) {
	all, err := j.values("LogProb", theta, x)
	if err != nil {
		return nil, err
	}
	n, d := all.Dims()
	if r, c := given.Dims(); r != 1 && r != n || c != d {
		panic(fmt.Sprintf("%s: Joint.LogProb: given is %d×%d, want 1 or %d rows of %d columns", badShape, r, c, n, d))
	}
	seen := mat.DenseCopyOf(given)
	slope := make([]float64, n)
	for i := range n {
		at := min(i, seen.RawMatrix().Rows-1)
		known := seen.RawRowView(at)
		for k, v := range known {
			if !math.IsNaN(v) && !math.IsInf(v, 1) && v != all.At(i, k) {
				return nil, fmt.Errorf("inference: Joint.LogProb: given: row %d, column %d: is %v, want %v, which theta and x have in row %d, or NaN or +Inf: %w", at, k, v, all.At(i, k), i, ErrRange)
			}
		}
		for k, a := range j.axes {
			if math.IsNaN(known[k]) && a.holds(all.At(i, k)) {
				log, _ := a.logSlope(a.toFree(all.At(i, k)))
				slope[i] += log
			}
		}
		for k, t := range j.tails {
			if math.IsNaN(known[len(j.axes)+k]) {
				log, _ := t.logSlope(t.in(x.At(i, k)))
				slope[i] += log
			}
		}
	}
	if err := j.toFree(all); err != nil {
		return nil, fmt.Errorf("inference: Joint.LogProb: theta: %w", err)
	}
	if err := j.toFree(seen); err != nil {
		return nil, fmt.Errorf("inference: Joint.LogProb: given: %w", err)
	}
	j.nearest(seen)
	result, err := sampler.LogProb(ctx, dst, all, j.model.Observe(score.Observed{Values: seen}).Problem(), s)
	if result != nil {
		for i := range dst {
			dst[i] += slope[i]
		}
	}
	return result, err
}

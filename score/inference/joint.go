package inference

import (
	"context"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// Joint is p(θ, x), learned with a noise level for every column (score.Config.ColumnLevels):
// it answers for any parameters and columns of x given any others. So it is the posterior,
// the simulator's emulator p(x | θ), the prior, and the posterior given a part of x.
// It learns more than a Posterior does, and each of these less well in as many steps. It
// is safe for concurrent use.
type Joint struct {
	// Warnings are those of training, and name parameters that lie exactly at a bound.
	Warnings []string
	// Result is that of training, nil for a Joint from a file.
	Result *score.Result

	model     *score.Model
	axes      []axis
	columns   int
	tails     []*tails  // of x
	low, high []float64 // of the parameters and columns of x that were learned from
}

// FitJoint learns the joint distribution from pairs, as Fit takes them. Of the Settings,
// Embed and Plain have no meaning here, and steps and network are those of score.Recommend: a
// token for each parameter and column of x, which takes minutes where Fit takes seconds. A
// Recorder or Logger of Settings.Training tells how far it is. A Joint that has been trained for
// too few steps answers too widely, and nothing warns of it: compare with more.
// The parameters have coordinates without bounds; x has its own, scaled by score.Fit. A NaN
// in x is a value that is missing. Errors are those of Fit.
func FitJoint(ctx context.Context, p Prior, theta, x *mat.Dense, settings *Settings) (*Joint, error) {
	var s Settings
	if settings != nil {
		s = *settings
	}
	j, err := fitJoint(ctx, p, theta, x, &s)
	if err != nil {
		err = fmt.Errorf("inference: FitJoint: %w", err)
	}
	return j, err
}

func fitJoint(ctx context.Context, p Prior, theta, x *mat.Dense, s *Settings) (*Joint, error) {
	if theta == nil || theta.IsEmpty() || x == nil || x.IsEmpty() {
		return nil, fmt.Errorf("theta and x: want at least one row and column of each: %w", ErrShape)
	}
	n, d := theta.Dims()
	rows, k := x.Dims()
	if rows != n {
		return nil, fmt.Errorf("x: has %d rows, want %d, as many as theta: %w", rows, n, ErrShape)
	}
	if n < 2 {
		return nil, fmt.Errorf("theta: has %d rows, want at least 2: %w", n, ErrShape)
	}
	low, high, err := boundsOf(p, d)
	if err != nil {
		return nil, err
	}
	if err := tooWide("theta", theta); err != nil {
		return nil, err
	}
	if err := tooWide("x", x); err != nil {
		return nil, err
	}
	j := &Joint{columns: k, tails: make([]*tails, k)}
	for i := range d {
		j.axes = append(j.axes, axis{low: low[i], high: high[i]})
	}
	measureAll(j.axes, theta)
	free, all := mat.NewDense(n, d, nil), mat.NewDense(n, d+k, nil)
	if err := (&coordinates{axes: j.axes}).free(free, theta); err != nil {
		return nil, err
	}
	all.Augment(theta, x)
	j.low, j.high = ranges(all)
	near, column := mat.DenseCopyOf(x), make([]float64, n)
	for c := range k {
		j.tails[c], _ = tailsOf(mat.Col(column, c, x))
		for i, v := range column {
			near.Set(i, c, j.tails[c].in(v))
		}
	}
	all.Augment(free, near)
	data, err := score.Incomplete(all, nil)
	if err != nil {
		return nil, err
	}
	if j.model, err = score.New(d+k, &score.Config{Net: s.Net, ColumnLevels: true, Seed: s.Seed}); err != nil {
		return nil, err
	}
	for k, v := range j.low {
		if v > j.high[k] {
			return nil, fmt.Errorf("x: column %d: has no number, want at least one: %w", k-d, ErrRange)
		}
	}
	if err := j.keep(); err != nil {
		return nil, err
	}
	training := s.Training
	if training.Seed == 0 {
		training.Seed = s.Seed
	}
	if training.Workers == 0 {
		training.Workers = s.Workers
	}
	if j.Result, err = score.Fit(ctx, j.model, data, &training); j.Result == nil {
		return nil, err
	}
	j.Warnings = append(fewForJoint(n), atBounds(j.axes, theta)...)
	j.Warnings = append(append(j.Warnings, wildTheta(j.axes, theta)...), wildX(x)...)
	for _, text := range j.Result.Warnings {
		j.Warnings = append(j.Warnings, j.words(text))
	}
	return j, err
}

// words returns a warning of score.Fit with the names that columns have here.
func (j *Joint) words(text string) string {
	var column int
	if _, err := fmt.Sscanf(text, "column %d:", &column); err != nil {
		return text
	}
	_, rest, _ := strings.Cut(text, ":")
	return j.name(column) + ":" + rest
}

// name returns what a column of the model is called.
func (j *Joint) name(column int) string {
	if column >= len(j.axes) {
		return fmt.Sprintf("column %d of x", column-len(j.axes))
	}
	return fmt.Sprintf("parameter %d", column)
}

// Model returns the network, whose columns are the parameters in coordinates without bounds
// and those of x.
func (j *Joint) Model() *score.Model { return j.model }

// Dims returns the numbers of parameters and of columns of an observation.
func (j *Joint) Dims() (parameters, columns int) { return len(j.axes), j.columns }

// Outside returns warnings that name the parameters and columns of x with numbers outside of
// what was learned from, where answers are extrapolations. It panics when the shapes do not
// match.
func (j *Joint) Outside(theta, x *mat.Dense) (warnings []string) {
	all := j.together("Outside", theta, x)
	n, _ := all.Dims()
	for k, low := range j.low {
		for i := range n {
			if v := all.At(i, k); v < low || v > j.high[k] && !math.IsInf(v, 1) {
				of := apartIn(v, low, j.high[k])
				warnings = append(warnings, fmt.Sprintf("%s: row %d is %s, the simulations lie from %s to %s: answers are extrapolations", j.name(k), i, of[0], of[1], of[2]))
				break
			}
		}
	}
	return warnings
}

// ranges returns the least and the largest number of each column, but for NaN.
func ranges(x *mat.Dense) (low, high []float64) {
	n, d := x.Dims()
	low, high = make([]float64, d), make([]float64, d)
	for j := range d {
		low[j], high[j] = math.Inf(1), math.Inf(-1)
		for i := range n {
			if v := x.At(i, j); !math.IsNaN(v) {
				low[j], high[j] = min(low[j], v), max(high[j], v)
			}
		}
	}
	return low, high
}

// together returns parameters and observations side by side.
func (j *Joint) together(verb string, theta, x *mat.Dense) *mat.Dense {
	n, d := theta.Dims()
	m, k := x.Dims()
	if n != m || d != len(j.axes) || k != j.columns {
		panic(fmt.Sprintf("%s: Joint.%s: theta is %d×%d, x %d×%d, want as many rows of %d and %d columns", badShape, verb, n, d, m, k, len(j.axes), j.columns))
	}
	var all mat.Dense
	all.Augment(theta, x)
	return &all
}

// values returns parameters and observations side by side, of which none is −Inf.
func (j *Joint) values(verb string, theta, x *mat.Dense) (*mat.Dense, error) {
	all := j.together(verb, theta, x)
	for _, of := range []struct {
		name string
		m    *mat.Dense
	}{{"theta", theta}, {"x", x}} {
		n, k := of.m.Dims()
		for i := range n {
			for c := range k {
				if math.IsInf(of.m.At(i, c), -1) {
					return nil, fmt.Errorf("inference: Joint.%s: %s: row %d, column %d: is −Inf, want a number, NaN or +Inf: %w", verb, of.name, i, c, ErrNonFinite)
				}
			}
		}
	}
	return all, nil
}

// toFree maps what is a number to coordinates without bounds, and without tails.
func (j *Joint) toFree(values *mat.Dense) error {
	n, _ := values.Dims()
	for i := range n {
		row := values.RawRowView(i)
		for k, a := range j.axes {
			if !finite(row[k]) {
				continue
			}
			if !a.holds(row[k]) {
				return fmt.Errorf("row %d, parameter %d: is %v, outside the prior's bounds %v and %v: %w", i, k, row[k], a.low, a.high, ErrRange)
			}
			row[k] = a.toFree(row[k])
		}
		for k, t := range j.tails {
			if v := &row[len(j.axes)+k]; finite(*v) {
				*v = t.in(*v)
			}
		}
	}
	return nil
}

// nearest moves known parameters, in coordinates without bounds, that are nearer to a bound than
// any that was learned from to where the bound itself is.
func (j *Joint) nearest(values *mat.Dense) {
	n, _ := values.Dims()
	for k, a := range j.axes {
		low, high := a.reach()
		for i := range n {
			if v := values.At(i, k); finite(v) {
				values.Set(i, k, max(low, min(high, v)))
			}
		}
	}
}

package sampler

import (
	"context"
	"fmt"
	"slices"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// Step is one interval of the grid for one group of rows, and everything
// needed to cross it. All matrices have one row a sample, in model
// coordinates, and are contiguous.
type Step struct {
	sde.SDE
	Ctx context.Context
	// X is the state. Mean is the last update without its noise; every
	// Predictor and Corrector sets both.
	X, Mean *mat.Dense
	// T and U < T are the ends of the interval. At is where the state is:
	// T for a predictor, U for a corrector after it.
	T, U, At float64
	// K counts the steps from 0, N is their number.
	K, N int
	// Row0 is the index of X's first row in the whole run.
	Row0  int
	Noise noise.Source

	problem *sde.Problem
	scorer  sde.Scorer // of X's rows
	alike   bool       // so that it is that of any rows
	total   int        // rows of the whole run
	from    *start     // what the rows were drawn from, nil: they were given
	some    subset
	crew    crew
	time    [1]float64
	evals   int
	ahead   lookahead
	purpose noise.Purpose
	scratch []*mat.Dense
	columns []*mat.Dense
	inner   *Step
	slot0   int
	slots   int // that an update inside of another has, 0: any number
	past    []record
	solver  any // what an adaptive method keeps between steps
	watched
}

// record is one remembered quantity and its time.
type record struct {
	q *mat.Dense
	t float64
}

// Score evaluates the score of the rows of x at time t into dst. It returns
// an error when the run has been cancelled.
func (s *Step) Score(dst, x *mat.Dense, t float64) error {
	if s.ahead.serve(dst, x, t) {
		return nil
	}
	s.time[0] = t
	return s.ScoreRows(dst, x, s.time[:])
}

// ScoreRows is Score with a time for each row. x has the rows of X: for some of
// them see ScoreSome.
func (s *Step) ScoreRows(dst, x *mat.Dense, t []float64) error {
	if err := s.Ctx.Err(); err != nil {
		return err
	}
	s.evals++
	s.evaluate(s.scorer, s.crew.every, dst, x, t)
	return nil
}

// ScoreSome is ScoreRows for those rows of X whose indices are given, a row of x
// for each. A method that leaves rows out has to say which it means, because a
// scorer may have a condition for every row.
func (s *Step) ScoreSome(dst, x *mat.Dense, t []float64, rows []int) error {
	if err := s.Ctx.Err(); err != nil {
		return err
	}
	s.evals++
	s.evaluate(s.scorerOf(rows), rows, dst, x, t)
	return nil
}

// scorerOf returns the scorer of rows of X with the given indices.
func (s *Step) scorerOf(rows []int) sde.Scorer {
	if n, _ := s.X.Dims(); s.alike || len(rows) == n {
		return s.scorer
	}
	return s.some.of(s.problem, rows, s.Row0)
}

// subset remembers the scorer of some rows.
type subset struct {
	rows   []int
	scorer sde.Scorer
}

// of returns the scorer of rows counted from the first one.
func (c *subset) of(all *sde.Problem, rows []int, first int) sde.Scorer {
	if c.scorer == nil || !slices.Equal(c.rows, rows) {
		c.rows = append(c.rows[:0], rows...)
		whole := make([]int, len(rows))
		for i, r := range rows {
			whole[i] = first + r
		}
		c.scorer = all.Select(whole)
	}
	return c.scorer
}

// X0 evaluates D(x, t) = E[x₀|x_t=x] = (x + σ²s)/α of the rows of x at time t
// into dst (Tweedie), for one evaluation of the score.
func (s *Step) X0(dst, x *mat.Dense, t float64) error { return s.quantity(dst, x, t, sde.Denoised) }

// Epsilon evaluates ε̂(x, t) = −σs of the rows of x at time t into dst, for one
// evaluation of the score.
func (s *Step) Epsilon(dst, x *mat.Dense, t float64) error { return s.quantity(dst, x, t, sde.Noise) }

// Velocity evaluates v(x, t) = f x − ½g²s, the drift of the probability flow, of
// the rows of x at time t into dst, for one evaluation of the score.
func (s *Step) Velocity(dst, x *mat.Dense, t float64) error {
	return s.quantity(dst, x, t, sde.Velocity)
}

func (s *Step) quantity(dst, x *mat.Dense, t float64, q sde.Quantity) error {
	if err := s.Score(dst, x, t); err != nil {
		return err
	}
	sde.Convert(dst, x, dst, s.SDE, t, sde.Score, q)
	return nil
}

// Evaluations returns how often the score has been evaluated in this run.
func (s *Step) Evaluations() int { return s.evals }

// Normal fills dst with the standard normals of the given slot. Slots number
// the draws of one Predict or Correct call from 0; predictors and correctors
// have streams of their own. A predictor of a user's own that is the Back of Gibbs or
// Replace has the slots 0 to 14; others panic within Gibbs.
func (s *Step) Normal(dst *mat.Dense, slot int) {
	wantFrom(0, "Normal: slot", slot)
	if s.slots > 0 && slot >= s.slots {
		panic(fmt.Sprintf("sampler: Step.Normal: slot is %d, of an update inside of another that has %d slots, want a predictor that says as a Drawer how many it needs", slot, s.slots))
	}
	s.Noise.Normal(dst, noise.Draw{Row: s.Row0, Step: s.K, Slot: s.slot0 + slot, Purpose: s.purpose, T: s.T, U: s.U})
}

// Finish ends an update without noise: X becomes Mean.
func (s *Step) Finish() { s.X.Copy(s.Mean) }

// AddNoise ends an update: X becomes Mean + std z with the normals z of the slot.
// Nothing is drawn when std is 0.
func (s *Step) AddNoise(std float64, slot int) {
	if std == 0 {
		s.Finish()
		return
	}
	s.Normal(s.X, slot)
	combine(s.X, 1, s.Mean, std, s.X)
}

// Scratch returns the i-th matrix of the shape of X whose contents last until
// the end of the current Predict or Correct call.
func (s *Step) Scratch(i int) *mat.Dense {
	wantFrom(0, "Scratch: i", i)
	for len(s.scratch) <= i {
		s.scratch = append(s.scratch, s.like())
	}
	return s.scratch[i]
}

// column is Scratch with one column.
func (s *Step) column(i int) *mat.Dense {
	for len(s.columns) <= i {
		n, _ := s.X.Dims()
		s.columns = append(s.columns, mat.NewDense(n, 1, nil))
	}
	return s.columns[i]
}

// Push returns a matrix, to be filled by the caller, that is kept as the
// newest of the last depth quantities of a multistep method, at time T.
// Earlier ones are found with History. A method always gives the same depth.
func (s *Step) Push(depth int) *mat.Dense {
	wantFrom(1, "Push: depth", depth)
	if len(s.past) < depth {
		s.past = append(s.past, record{q: s.like()})
	}
	newest := s.past[len(s.past)-1]
	copy(s.past[1:], s.past)
	s.past[0] = record{q: newest.q, t: s.T}
	return newest.q
}

// History returns what was pushed i calls before the newest, and its time;
// ok is false when there is no such thing yet.
func (s *Step) History(i int) (q *mat.Dense, t float64, ok bool) {
	wantFrom(0, "History: i", i)
	if i >= len(s.past) {
		return nil, 0, false
	}
	return s.past[i].q, s.past[i].t, true
}

// wantFrom panics when the argument of a method of Step is less than least.
func wantFrom(least int, argument string, v int) {
	if v < least {
		panic(fmt.Sprintf("sampler: Step.%s is %d, want %d or more", argument, v, least))
	}
}

// BelowSpan reports whether the score may not be evaluated at the time U: true
// only for a last grid point below the span, σ = 0 included.
func (s *Step) BelowSpan() bool { return blind(s.SDE, s.U) }

func blind(p sde.SDE, t float64) bool {
	start, _ := p.Span()
	t, _ = sde.InSpan(p, t)
	_, sigma := p.Kernel(t)
	return t < start || sigma == 0
}

// timeAt is sde.TimeAt for a time to be at: an end of the span when it means that.
func timeAt(p sde.SDE, logSNR float64) float64 {
	t, _ := sde.InSpan(p, sde.TimeAt(p, logSNR))
	return t
}

// ratio returns ς = σ/α.
func ratio(p sde.SDE, t float64) float64 {
	alpha, sigma := p.Kernel(t)
	return sigma / alpha
}

func (s *Step) like() *mat.Dense {
	n, d := s.X.Dims()
	return mat.NewDense(n, d, nil)
}

func (s *Step) failed(err error) error {
	return fmt.Errorf("sampler: step %d of %d, from t = %g to %g: %w", s.K+1, s.N, s.T, s.U, err)
}

// Combine sets dst = a x + b y. The three have one shape and may be the same
// matrix.
func (*Step) Combine(dst *mat.Dense, a float64, x *mat.Dense, b float64, y *mat.Dense) {
	combine(dst, a, x, b, y)
}

func combine(dst *mat.Dense, a float64, x *mat.Dense, b float64, y *mat.Dense) {
	n, _ := alike("x", x, dst)
	alike("y", y, dst)
	for i := range n {
		out, xi, yi := dst.RawRowView(i), x.RawRowView(i), y.RawRowView(i)
		for j := range out {
			out[j] = a*xi[j] + b*yi[j]
		}
	}
}

// alike returns the shape of dst, and panics when that of another matrix differs.
func alike(name string, m, dst *mat.Dense) (rows, cols int) {
	rows, cols = dst.Dims()
	if r, c := m.Dims(); r != rows || c != cols {
		panic(fmt.Sprintf("sampler: dimension mismatch: %s is %d×%d, want %d×%d, the shape of dst", name, r, c, rows, cols))
	}
	return rows, cols
}

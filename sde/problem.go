package sde

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Problem is all that a run has to know: a noising process, the score of its
// marginals, and what the score's numbers mean. A score.Model, its conditional
// views and Guide make Problems; for an exact score SDE and Score are enough.
//
// What a Problem says stays true when its Score is wrapped, in a counter for
// example, by any type with the one method of Scorer.
type Problem struct {
	SDE
	Score Scorer
	// Frame maps the data x to the coordinates y in which the process runs and
	// in which scores, divergences and priors are meant. The zero value is y = x.
	Frame Frame
	// Prior is where samples start unless a run's settings name another.
	Prior Prior
	// Conditional says that the data meant are some of those that the Prior
	// describes, rows of one class for example, whose mean it does not know. A
	// run whose Prior has no mean of its own then takes
	//
	//	D(0, T) = (σ²/α) s(0, T) ≈ E[x₀]
	//
	// for it, at the highest time T of the run, for one evaluation more, and one that
	// names no grid takes that of narrow laws far from 0 (grid.Conditional).
	Conditional bool
	// Rows is how many rows of a run the Score has something of its own for, a
	// condition each; 0 means that all rows are alike, whatever their number.
	Rows int
	// Observed says what is known of the rows of a run, in the coordinates of the
	// data: one row for all, or one for each, in which case Rows is their number. A
	// finite number is the value of that cell, which comes out of a run as it is; NaN is
	// a cell to draw; +Inf is one that is left out, integrated out of what is drawn,
	// which comes out as NaN. Nil means that all cells are drawn.
	//
	// The Score is then that of the drawn cells given the known ones, with those left
	// out integrated out. Its other cells have only to keep the state where the
	// process would have it: they are
	//
	//	(αk − x)/σ²  where the value k, in y, is known,  −x/(α² + σ²)  where it is left out,
	//
	// and do not count in derivatives: JVP writes 0 there, Divergence sums over
	// the drawn cells. What x holds in them changes nothing in the drawn cells.
	Observed *mat.Dense
	// Breakpoints are the times at which the score's derivative in time jumps. A
	// solver of high order ends a step there.
	Breakpoints []float64
	// UnitRoundoff is the relative size of the score's rounding errors, 2⁻²⁴ in
	// float32; 0 means 2⁻⁵³, that of float64.
	UnitRoundoff float64
	// Origin knows what the Score means, whatever is wrapped round it: a Problem
	// that says otherwise is refused. Views and Guide set it; without it a Score
	// that is an Origin is asked.
	Origin Origin
}

// Origin knows the Problem that a score was made for, as it is at present: a model
// that is trained may get another frame.
type Origin interface{ Problem() Problem }

// now returns the Problem as its origin says it is at present.
func (p Problem) now() Problem {
	if p.Origin != nil {
		return p.Origin.Problem()
	}
	if o, ok := As[Origin](p.Score); ok {
		return o.Problem()
	}
	return p
}

// Unwrap returns the process, so that As finds what it is capable of.
func (p Problem) Unwrap() SDE { return p.SDE }

// Roundoff returns the relative size of the score's rounding errors.
func (p Problem) Roundoff() float64 { return orDefault(p.UnitRoundoff, 0x1p-53) }

// Validate checks the Problem for a run of n rows of d columns. Errors wrap
// ErrRange: a process or score that is missing or fails Validate, a frame or prior
// of other columns or impossible numbers, a score of fewer or more rows than the
// run has, observations of other rows or columns or with a −Inf, and a score that was
// made for another process, frame or observations than the Problem's.
func (p Problem) Validate(n, d int) error {
	if missing(p.SDE) {
		return fmt.Errorf("Problem.SDE: is nil, want a process: %w", ErrRange)
	}
	if missing(p.Score) {
		return fmt.Errorf("Problem.Score: is nil, want a score: %w", ErrRange)
	}
	if err := Validate(p.SDE); err != nil {
		return fmt.Errorf("Problem.SDE: %w", err)
	}
	if err := p.Frame.validate(d); err != nil {
		return err
	}
	if err := p.Prior.Validate(d); err != nil {
		return fmt.Errorf("Problem.%w", err)
	}
	switch {
	case p.Rows < 0:
		return fmt.Errorf("Problem.Rows: is %d, want 0 or more: %w", p.Rows, ErrRange)
	case p.Rows > 0 && p.Rows != n:
		return fmt.Errorf("the run has %d rows, the score conditions for %d: want a condition for every row, or one for all: %w", n, p.Rows, ErrRange)
	case !(p.UnitRoundoff >= 0 && p.UnitRoundoff < 1):
		return fmt.Errorf("Problem.UnitRoundoff: is %v, want a number from 0 to 1: %w", p.UnitRoundoff, ErrRange)
	}
	if err := p.validObserved(d); err != nil {
		return err
	}
	for i, t := range p.Breakpoints {
		if math.IsNaN(t) {
			return fmt.Errorf("Problem.Breakpoints[%d]: is NaN, want a time: %w", i, ErrRange)
		}
	}
	if p.Origin != nil {
		if err := p.serves(p.Origin.Problem()); err != nil {
			return err
		}
	}
	if o, ok := As[Origin](p.Score); ok {
		return p.serves(o.Problem())
	}
	return nil
}

// serves returns an error when p says something else of its score than the Problem
// q that the score belongs to, or less.
func (p Problem) serves(q Problem) error {
	const what = "its score was made for"
	switch {
	case q.Conditional && !p.Conditional:
		return fmt.Errorf("Problem.Conditional: is false, %s true: %w", what, ErrRange)
	case p.Roundoff() < q.Roundoff():
		return fmt.Errorf("Problem.UnitRoundoff: is %.2g, %s %.2g: %w", p.Roundoff(), what, q.Roundoff(), ErrRange)
	}
	for _, t := range q.Breakpoints {
		if !slices.Contains(p.Breakpoints, t) {
			return fmt.Errorf("Problem.Breakpoints: are %v, %s %v: %w", p.Breakpoints, what, q.Breakpoints, ErrRange)
		}
	}
	return p.matches(q, what)
}

// matches returns an error when the meaning of the score in p is not that of q.
func (p Problem) matches(q Problem, what string) error {
	if t, differ := otherKernel(p.SDE, q.SDE); differ {
		a, s := p.Kernel(t)
		b, u := q.Kernel(t)
		return fmt.Errorf("Problem.SDE: is %s, %s %s: at t = %.4g they have α = %.6g, σ = %.6g and α = %.6g, σ = %.6g: %w", brief(p.SDE), what, brief(q.SDE), t, a, s, b, u, ErrRange)
	}
	start, end := p.Span()
	_, first := InSpan(q.SDE, start)
	_, last := InSpan(q.SDE, end)
	if !first || !last {
		from, to := q.Span()
		return fmt.Errorf("Problem.SDE: spans the times from %v to %v, %s those from %v to %v: %w", start, end, what, from, to, ErrRange)
	}
	if !p.Frame.equal(q.Frame) {
		return fmt.Errorf("Problem.Frame: is %s, %s %s%s: %w", brief(p.Frame), what, brief(q.Frame), p.Frame.unlike(q.Frame), ErrRange)
	}
	if p.Rows != q.Rows {
		return fmt.Errorf("Problem.Rows: is %d, %s %d: %w", p.Rows, what, q.Rows, ErrRange)
	}
	return p.sameObserved(q, what)
}

// brief returns type and value, cut where a table would fill the screen.
func brief(v any) string {
	const most = 120
	text := []rune(fmt.Sprintf("%T%+v", v, v))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return string(text)
}

// otherKernel returns a time at which the kernels of two processes differ by
// more than rounding, if there is one.
func otherKernel(p, q SDE) (t float64, differ bool) {
	start, end := q.Span()
	from, to := LogSNR(q, start), LogSNR(q, end)
	for k := range 9 {
		t := max(start, min(end, TimeAt(q, from+(to-from)*float64(k)/8)))
		a, s := p.Kernel(t)
		b, u := q.Kernel(t)
		if !close(a, b) || !close(s, u) {
			return t, true
		}
	}
	return 0, false
}

func close(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b)) }

// Selector is implemented by a Scorer whose rows differ by more than x and t, as
// when each has a condition of its own; Problem.Rows says how many it knows.
// Select returns the Scorer for the rows with these indices in the whole run, in
// this order. A sampler that evaluates some of the rows only, or in chunks, asks
// for theirs; the slice is not kept.
type Selector interface {
	Select(rows []int) Scorer
}

// Select returns the score of the rows with these indices in the whole run, in
// this order. It is that of a Selector where there is one. A Score that differs
// by row and is none is evaluated for all rows of the run to learn about some:
// the same numbers, at the price of the others.
func (p Problem) Select(rows []int) Scorer {
	if p.Rows == 0 {
		return p.Score
	}
	if s, ok := As[Selector](p.Score); ok {
		return s.Select(rows)
	}
	return placed{p.Score, slices.Clone(rows), p.Rows}
}

// placed is the score of some rows of one that knows all.
type placed struct {
	all  Scorer
	rows []int
	n    int
}

// Score puts the rows where they belong, zeros into all others.
func (p placed) Score(dst, x *mat.Dense, t []float64) {
	rows, cols := alike("Score", "dst", dst, "x", x)
	someTimes("Score", t, rows)
	if rows != len(p.rows) {
		mismatch("Score", "x", fmt.Sprintf("has %d rows", rows), fmt.Sprintf("%d, the rows that were selected", len(p.rows)))
	}
	all, scores := mat.NewDense(p.n, cols, nil), mat.NewDense(p.n, cols, nil)
	times := t
	if len(t) > 1 {
		times = make([]float64, p.n)
		for i := range times {
			times[i] = t[0]
		}
	}
	for i, r := range p.rows {
		all.SetRow(r, x.RawRowView(i))
		if len(t) > 1 {
			times[r] = t[i]
		}
	}
	p.all.Score(scores, all, times)
	for i, r := range p.rows {
		dst.SetRow(i, scores.RawRowView(r))
	}
}

package sampler

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// rowSteps carries the rows of a matrix over an interval in steps of their own,
// later or earlier, for a method that says how a step is tried and judged. The
// rows on their way try their steps together; those that have arrived leave
// them, so that no row pays for another's stiffness, and all is what it would
// be for a row alone.
type rowSteps struct {
	tries int     // evaluations a try costs
	limit int     // evaluations a row may have
	most  float64 // the longest step
	fail  func(i int, t float64, cause error)

	h     []float64 // by row: the step to try next, 0 when nothing is known
	evals []int     // by row
	count []int     // by row: tries

	// The rows on their way, in order: indices, times, steps being tried, and
	// whether the last try was rejected.
	rows   []int
	t, try []float64
	again  []bool
	// y is the state, beside the one other matrix that a method carries from
	// step to step; more are those it only works in.
	y, carried *mat.Dense
	more       []*mat.Dense
}

// newRowSteps returns the steps of n rows of m columns with a number of
// matrices to work in.
func newRowSteps(n, m, more, tries, limit int) rowSteps {
	c := rowSteps{
		tries: tries, limit: limit, most: math.Inf(1),
		h: make([]float64, n), evals: make([]int, n), count: make([]int, n),
		rows: make([]int, n), t: make([]float64, n), try: make([]float64, n), again: make([]bool, n),
		y: mat.NewDense(n, m, nil), carried: mat.NewDense(n, m, nil),
	}
	for range more {
		c.more = append(c.more, mat.NewDense(n, m, nil))
	}
	return c
}

// depart takes the rows of y on their way, but for those to skip.
func (c *rowSteps) depart(y *mat.Dense, from float64, skip []bool) {
	c.resize(len(c.h))
	n := 0
	for i := range c.h {
		if !skip[i] {
			c.rows[n], c.t[n], c.again[n] = i, from, false
			copy(c.y.RawRowView(n), y.RawRowView(i))
			n++
		}
	}
	c.resize(n)
}

// resize gives all matrices n rows.
func (c *rowSteps) resize(n int) {
	c.rows = c.rows[:n]
	shorten(c.y, n)
	shorten(c.carried, n)
	for _, m := range c.more {
		shorten(m, n)
	}
}

// shorten gives m its first n rows, up to as many as it was made with.
func shorten(m *mat.Dense, n int) {
	raw := m.RawMatrix()
	raw.Rows, raw.Data = n, raw.Data[:n*raw.Stride]
	m.SetRawMatrix(raw)
}

// charge counts one evaluation for the rows on their way.
func (c *rowSteps) charge() {
	for _, i := range c.rows {
		c.evals[i]++
	}
}

// aim sets the step that every row tries next, clipped to the end. Rows that
// have arrived there are written to y; they and those that cannot go on leave.
// It reports whether any row is left.
func (c *rowSteps) aim(y *mat.Dense, to float64) bool {
	n := 0
	for i, row := range c.rows {
		t, h, left := c.t[i], c.h[row], math.Abs(to-c.t[i])
		state, carried := c.y.RawRowView(i), c.carried.RawRowView(i)
		rounding := math.Abs(math.Nextafter(t, to) - t)
		switch size := largest(carried); {
		case t == to:
			copy(y.RawRowView(row), state)
			continue
		case math.IsNaN(size) || math.IsInf(size, 1):
			c.fail(row, t, fmt.Errorf("the slope is %g: %w", size, ErrNonFinite))
			continue
		case !(h >= min(10*rounding, left)):
			c.fail(row, t, fmt.Errorf("a step of %.3g asked for, want at least %.3g: %w", h, 10*rounding, ErrStepUnderflow))
			continue
		case c.evals[row]+c.tries > c.limit:
			c.fail(row, t, fmt.Errorf("%d evaluations of at most %d made: %w", c.evals[row], c.limit, ErrLimit))
			continue
		}
		c.count[row]++
		c.rows[n], c.t[n], c.again[n] = row, t, c.again[i]
		c.try[n] = math.Copysign(min(h, left, c.most), to-t)
		copy(c.y.RawRowView(n), state)
		copy(c.carried.RawRowView(n), carried)
		n++
	}
	c.resize(n)
	return n > 0
}

// accept makes next the state of row i and factor times its step the next.
func (c *rowSteps) accept(i int, next []float64, factor, to float64) {
	row, h := c.rows[i], math.Abs(c.try[i])
	if c.again[i] {
		factor = min(factor, 1)
	}
	wished := h * factor
	if h < c.h[row] { // clipped, it says little
		wished = max(wished, c.h[row])
	}
	if h < math.Abs(to-c.t[i]) {
		c.t[i] += c.try[i]
	} else {
		c.t[i] = to
	}
	c.h[row], c.again[i] = wished, false
	copy(c.y.RawRowView(i), next)
}

// reject leaves row i where it is and makes factor times its step the next, a
// fifth when the factor is less or not a number.
func (c *rowSteps) reject(i int, factor float64) {
	if !(factor > 0.2) {
		factor = 0.2
	}
	c.h[c.rows[i]], c.again[i] = math.Abs(c.try[i])*factor, true
}

package sde

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ObservedRow returns what is known of row i of the whole run, see
// Problem.Observed: a slice that is not to be changed, nil when all cells are drawn.
func (p Problem) ObservedRow(i int) []float64 {
	if p.Observed == nil {
		return nil
	}
	if p.Observed.RawMatrix().Rows == 1 {
		i = 0
	}
	return p.Observed.RawRowView(i)
}

// validObserved checks the observations of a run of d columns.
func (p Problem) validObserved(d int) error {
	if p.Observed == nil {
		return nil
	}
	n, k := p.Observed.Dims()
	switch {
	case n == 0 || k != d:
		return fmt.Errorf("the run has %d columns, Problem.Observed is %d×%d, want as many columns: %w", d, n, k, ErrRange)
	case n > 1 && n != p.Rows:
		return fmt.Errorf("Problem.Observed: has %d rows, Problem.Rows is %d, want one row for all, or as many: %w", n, p.Rows, ErrRange)
	}
	for i := range n {
		for j, v := range p.Observed.RawRowView(i) {
			if math.IsInf(v, -1) {
				return fmt.Errorf("Problem.Observed: row %d, column %d: is −Inf, want a finite number, NaN to draw it, or +Inf to leave it out: %w", i, j, ErrRange)
			}
		}
	}
	return nil
}

// sameObserved returns an error when p and q know different things.
func (p Problem) sameObserved(q Problem, what string) error {
	a, b := p.Observed, q.Observed
	if a == b {
		return nil
	}
	if a == nil || b == nil {
		return fmt.Errorf("Problem.Observed: is %s, %s %s: %w", size(a), what, size(b), ErrRange)
	}
	n, d := a.Dims()
	if m, e := b.Dims(); m != n || e != d {
		return fmt.Errorf("Problem.Observed: is %s, %s %s: %w", size(a), what, size(b), ErrRange)
	}
	for i := range n {
		other := b.RawRowView(i)
		for j, v := range a.RawRowView(i) {
			if w := other[j]; v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
				return fmt.Errorf("Problem.Observed: row %d, column %d: is %v, %s %v: %w", i, j, v, what, w, ErrRange)
			}
		}
	}
	return nil
}

func size(m *mat.Dense) string {
	if m == nil {
		return "nil"
	}
	n, d := m.Dims()
	return fmt.Sprintf("%d×%d", n, d)
}

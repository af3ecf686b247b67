package sde

import (
	"fmt"
	"slices"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// pair is two Problems of which a third is made.
type pair struct {
	first, second Problem
	conditional   bool // even when neither is
	idle          *idle
}

// newPair checks that two Problems, which the errors of a verb call by name, belong to
// the same process, frame and rows.
func newPair(verb, firstName string, first Problem, secondName string, second Problem) (pair, error) {
	for _, q := range []struct {
		name string
		Problem
	}{{firstName, first}, {secondName, second}} {
		if missing(q.SDE) || missing(q.Score) {
			return pair{}, fmt.Errorf("sde: %s: the %s Problem is without a process or a score: %w", verb, q.name, ErrRange)
		}
		if err := Validate(q.SDE); err != nil {
			return pair{}, fmt.Errorf("sde: %s: the %s Problem: %w", verb, q.name, err)
		}
	}
	same := second
	if second.Rows == 0 || first.Rows == 0 { // one condition is for all rows
		same.Rows = first.Rows
	}
	if err := first.matches(same, "that of the "+secondName+" score"); err != nil {
		return pair{}, fmt.Errorf("sde: %s: %w", verb, err)
	}
	return pair{first: first, second: second, idle: new(idle)}, nil
}

// joined returns the first Problem as it is at present, with what the two have
// together. Its score is for the caller to set.
func (q pair) joined() Problem {
	c, u := q.first.now(), q.second.now()
	p := c
	if c.Frame.equal(q.first.Frame) {
		p.Frame = u.Frame // which is another if only that model has been trained since
	}
	p.Rows, p.Conditional = max(c.Rows, u.Rows), c.Conditional || u.Conditional || q.conditional
	p.UnitRoundoff = max(c.UnitRoundoff, u.UnitRoundoff)
	p.Breakpoints = sorted(append(slices.Clone(c.Breakpoints), u.Breakpoints...))
	return p
}

// sorted sorts times and drops repetitions.
func sorted(t []float64) []float64 {
	slices.Sort(t)
	return slices.Compact(t)
}

// selected returns the pair of the scores of some rows.
func (q pair) selected(rows []int) pair {
	q.first.Score, q.second.Score = q.first.Select(rows), q.second.Select(rows)
	return q
}

// both returns a capability of the two scores, if they have it.
func both[T any](q pair) (first, second T, ok bool) {
	a, one := As[T](q.first.Score)
	b, two := As[T](q.second.Score)
	return a, b, one && two
}

// scratch is room for the values of the second score.
type scratch struct {
	score, derivative mat.Dense
	div               []float64
}

// idle holds scratch that nobody uses. A sync.Pool may forget what it is given.
type idle struct {
	mu   sync.Mutex
	free []*scratch
}

func (p *idle) get() *scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := len(p.free) - 1
	if k < 0 {
		return new(scratch)
	}
	s := p.free[k]
	p.free = p.free[:k]
	return s
}

func (p *idle) put(s *scratch) {
	p.mu.Lock()
	p.free = append(p.free, s)
	p.mu.Unlock()
}

// take returns scratch of n×d numbers.
func (p *idle) take(n, d int) *scratch {
	s := p.get()
	for _, m := range []*mat.Dense{&s.score, &s.derivative} {
		if r, c := m.Dims(); r != n || c != d {
			*m = *mat.NewDense(n, d, nil)
		}
	}
	if cap(s.div) < n {
		s.div = make([]float64, n)
	}
	s.div = s.div[:n]
	return s
}

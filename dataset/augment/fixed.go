package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/dataset/rows"
)

// Set is the rows of another set, changed once and for all: row i by what the seed and i
// say, the same at every call. It is a rows.Set and a score.RowSet, of which Fit knows how
// many rows there are. Conditions are as those of Data.
type Set struct {
	set   rows.Set
	chain *chain
	seed  uint64
	own   int
}

// Fixed returns the rows of a set, which lie on a grid, changed by the ops one after the
// other. It returns the errors of New.
func Fixed(set rows.Set, seed uint64, g Grid, ops ...Op) (*Set, error) {
	c, err := newChain(g, ops)
	if err != nil {
		return nil, fmt.Errorf("augment: Fixed: %w", err)
	}
	d, own := set.Dims()
	if d != c.in() {
		return nil, fmt.Errorf("augment: Fixed: set: has rows of %d columns, want %d, the numbers of the grid: %w", d, c.in(), ErrShape)
	}
	return &Set{set, c, seed, own}, nil
}

// Len returns the number of rows.
func (s *Set) Len() int { return s.set.Len() }

// Dims returns the number of columns of a row after the ops, and of its condition.
func (s *Set) Dims() (d, cond int) { return s.chain.out(), s.chain.parameters + s.own }

// Row writes row i into x and the parameters and its own condition into cond. It returns
// ErrRange for a row that there is not, and what the set returns.
func (s *Set) Row(i int, x, cond []float64) error {
	if n := s.Len(); i < 0 || i >= n {
		return fmt.Errorf("augment: Row: %d, want one of 0, …, %d: %w", i, n-1, ErrRange)
	}
	p := s.chain.parameters
	room := make([]float64, s.chain.in()+2*s.chain.widest)
	from, room := room[:s.chain.in()], room[s.chain.in():]
	if err := s.set.Row(i, from, cond[p:]); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(s.seed, uint64(i)))
	s.chain.draw(cond[:p], rng)
	s.chain.apply(x, from, cond[:p], room, rng)
	return nil
}

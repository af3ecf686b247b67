package rows

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Part returns the rows of a set that index names, in this order. The slice is not
// copied. It panics when index names a row that there is not.
func Part(set Set, index []int) Set {
	for i, k := range index {
		if k < 0 || k >= set.Len() {
			panic(fmt.Sprintf("rows: Part: index[%d] is %d, want one of 0, …, %d", i, k, set.Len()-1))
		}
	}
	return part{set, index}
}

type part struct {
	Set
	index []int
}

func (p part) Len() int { return len(p.index) }

func (p part) Row(i int, x, cond []float64) error {
	if err := check(i, len(p.index)); err != nil {
		return err
	}
	return p.Set.Row(p.index[i], x, cond)
}

// Split returns random disjoint parts of these sizes, and after them the rest. The same
// seed gives the same parts, which keep the numbers of their rows: 8 bytes a row. It returns ErrShape when a part or the rest would be empty.
func Split(set Set, seed uint64, sizes ...int) ([]Set, error) {
	left := set.Len()
	for i, n := range sizes {
		if n < 1 || n >= left {
			return nil, fmt.Errorf("rows: Split: sizes[%d]: is %d of %d rows that are left, want at least one, and one left after it: %w", i, n, left, ErrShape)
		}
		left -= n
	}
	order := rand.New(rand.NewPCG(seed, 1)).Perm(set.Len())
	var parts []Set
	for _, n := range sizes {
		parts, order = append(parts, part{set, order[:n:n]}), order[n:]
	}
	return append(parts, part{set, order}), nil
}

// Read reads a set into memory. cond is nil when there are no conditions. It returns
// ErrShape for a set without rows, and what the set returns, with the row.
func Read(set Set) (x, cond *mat.Dense, err error) {
	n := set.Len()
	d, k := set.Dims()
	if n < 1 || d < 1 {
		return nil, nil, fmt.Errorf("rows: Read: set: has %d rows of %d columns, want at least one of each: %w", n, d, ErrShape)
	}
	x = mat.NewDense(n, d, nil)
	if k > 0 {
		cond = mat.NewDense(n, k, nil)
	}
	for i := range n {
		var c []float64
		if k > 0 {
			c = cond.RawRowView(i)
		}
		if err := set.Row(i, x.RawRowView(i), c); err != nil {
			return nil, nil, fmt.Errorf("rows: Read: row %d: %w", i, err)
		}
	}
	return x, cond, nil
}

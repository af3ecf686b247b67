package table

// chunks is a list that grows without moving what it has, so that at no time are
// there two copies of it.
type chunks[T any] struct {
	full [][]T
	last []T
	n    int
}

const (
	firstChunk = 64
	mostChunk  = 1 << 15
)

func (c *chunks[T]) add(v T) {
	if len(c.last) == cap(c.last) {
		size := firstChunk
		if c.last != nil {
			c.full = append(c.full, c.last)
			size = min(2*cap(c.last), mostChunk)
		}
		c.last = make([]T, 0, size)
	}
	c.last = append(c.last, v)
	c.n++
}

// drain hands over all cells in order, and lets go of each chunk after it.
func (c *chunks[T]) drain(f func(cells []T)) {
	for i, chunk := range c.full {
		f(chunk)
		c.full[i] = nil
	}
	f(c.last)
	*c = chunks[T]{}
}

// column returns the cells as one list. The chunks are gone afterwards.
func (c *chunks[T]) column(cell func(T) float64) []float64 {
	all := make([]float64, 0, c.n)
	c.drain(func(cells []T) {
		for _, v := range cells {
			all = append(all, cell(v))
		}
	})
	return all
}

func same(v float64) float64 { return v }

package smooth

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// Rows are rows of d columns, each of one of some groups, in an order in which those
// near a point lie side by side.
type Rows struct {
	d, groups int
	most, n   int // rows: room for them, and how many there are
	grid      grid
	cell      []int32   // of each row, among those of all groups
	place     []int32   // of each row
	start     []int32   // for each group the places of the first rows of cells, and the end
	refs      []float32 // blocks of rows, as kernel.GaussianSums takes them
	idle      pool.Free[*scratch]
}

// scratch is the storage of a mean.
type scratch struct {
	at, sums []float32
}

const block = kernel.GaussianBlock

// MostRows is the number of rows that there may be.
const MostRows = 1 << 24

// New returns room for up to n rows of d columns in a number of groups, 1 where rows
// have none. It panics when there is less than one of these, and for more than MostRows
// rows, 2¹⁶ groups or an int of bytes.
func New(n, d, groups int) *Rows {
	if n < 1 || n > MostRows || d < 1 || groups < 1 || groups > 1<<16 || d > math.MaxInt/4/(n+block*groups) {
		panic(fmt.Sprintf("smooth: New: %d rows of %d columns in %d groups", n, d, groups))
	}
	r := &Rows{d: d, groups: groups, most: n, grid: newGrid(n, d, groups), cell: make([]int32, n), place: make([]int32, n)}
	r.start = make([]int32, groups*(r.grid.cells()+1))
	r.refs = make([]float32, (n+block*groups)/block*block*d)
	return r
}

// far is where rows are that do not exist, and values that are missing: their weight is
// 0.
const far = 1e18

// Load replaces the rows by those of x, of d numbers each. group has the group 0, 1, … of
// each row, or is nil where there is one. A NaN is a value that is missing: the row has
// no weight where σ is finite in its column. It panics for more rows than there is room
// for, for a length that is no multiple of d, and for other than len(x)/d groups.
func (r *Rows) Load(x []float64, group []int) {
	n := len(x) / r.d
	if n > r.most || n*r.d != len(x) || group != nil && len(group) != n || group == nil && r.groups > 1 {
		panic(fmt.Sprintf("smooth: Load: %d numbers and %d groups, want up to %d rows of %d columns", len(x), len(group), r.most, r.d))
	}
	r.n = n
	r.grid.lay(x, r.d)
	clear(r.start)
	lines := r.grid.cells() + 1
	for j := range n {
		c := r.grid.cell(x[j*r.d:][:r.d])
		if group != nil {
			c += group[j] * lines
		}
		r.cell[j] = int32(c)
		r.start[c]++
	}
	end := int32(0)
	for g := range r.groups {
		for c, rows := range r.start[g*lines:][:lines] {
			end += rows
			r.start[g*lines+c] = end
		}
		for ; end%block > 0; end++ { // a group begins with a block of its own
			r.put(int(end), nil)
		}
	}
	// Every start is the end of its cell as yet.
	for j := n - 1; j >= 0; j-- {
		c := r.cell[j]
		r.start[c]--
		r.place[j] = r.start[c]
		r.put(int(r.start[c]), x[j*r.d:][:r.d])
	}
}

// put writes a row to its place; nil is one that does not exist.
func (r *Rows) put(at int, row []float64) {
	to := r.refs[uint(at)/block*block*uint(r.d)+uint(at)%block:]
	if row == nil {
		for k := range r.d {
			to[k*block] = far
		}
	}
	for k, v := range row {
		if v != v {
			v = far
		}
		to[k*block] = float32(v)
	}
}

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
	start     []int32   // the place of the first row of each cell, and of the end
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
// have none. It panics when there is less than one of these, for more than MostRows
// rows and 2²⁸ numbers, and for more groups than 2¹⁶.
func New(n, d, groups int) *Rows {
	if n < 1 || n > MostRows || d < 1 || d > 1<<28/n || groups < 1 || groups > 1<<16 {
		panic(fmt.Sprintf("smooth: New: %d rows of %d columns in %d groups", n, d, groups))
	}
	r := &Rows{d: d, groups: groups, most: n, grid: newGrid(n, d, groups), cell: make([]int32, n), place: make([]int32, n)}
	r.start = make([]int32, groups*r.grid.cells()+1)
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
	cells := r.grid.cells()
	clear(r.start)
	for j := range n {
		c := r.grid.cell(x[j*r.d:][:r.d])
		if group != nil {
			c += group[j] * cells
		}
		r.cell[j] = int32(c)
		r.start[c]++
	}
	end := int32(0)
	for c := range r.start {
		if c%cells == 0 { // a group begins with a block of its own
			next := (end + block - 1) / block * block
			r.clear(end, next)
			end = next
		}
		r.start[c], end = end, end+r.start[c]
	}
	for j := range n {
		at := r.start[r.cell[j]]
		r.start[r.cell[j]]++
		r.place[j] = at
		r.put(at, x[j*r.d:][:r.d])
	}
	// Every start has moved to its end, which is where the next begins.
	for c := len(r.start) - 1; c > 0; c-- {
		r.start[c] = r.start[c-1]
		if c%cells == 0 {
			r.start[c] = (r.start[c] + block - 1) / block * block
		}
	}
	r.start[0] = 0
}

// put writes a row to its place.
func (r *Rows) put(at int32, row []float64) {
	to := r.refs[int(at)/block*block*r.d+int(at)%block:]
	for k, v := range row {
		if math.IsNaN(v) {
			v = far
		}
		to[k*block] = float32(v)
	}
}

// clear fills the places that no row has.
func (r *Rows) clear(from, to int32) {
	for at := from; at < to; at++ {
		row := r.refs[int(at)/block*block*r.d+int(at)%block:]
		for k := range r.d {
			row[k*block] = far
		}
	}
}

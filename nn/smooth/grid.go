package smooth

import "math"

// mostAxes is the number of columns whose cells a grid has.
const mostAxes = 2

// grid is where rows lie: side cells in each of a few columns, and as many for each
// group. Cells at the ends reach to infinity.
type grid struct {
	axes []axis
	side int
}

// axis is a column cut into cells.
type axis struct {
	column         int
	origin, perOne float64 // cells in a unit of length
}

// newGrid returns a grid of about two rows a cell.
func newGrid(n, d, groups int) grid {
	g := grid{axes: make([]axis, min(d, mostAxes))}
	cells := float64(n) / float64(2*groups)
	g.side = max(1, int(math.Pow(cells, 1/float64(len(g.axes)))))
	return g
}

// cells returns the number of cells of a group.
func (g *grid) cells() int {
	n := 1
	for range g.axes {
		n *= g.side
	}
	return n
}

// lay lays the grid over the columns of the greatest deviations of some rows, three
// deviations to both sides of the mean.
func (g *grid) lay(x []float64, d int) {
	const looked, reach = 256, 3
	n := min(len(x)/d, looked)
	var deviation [mostAxes]float64
	for i := range deviation {
		deviation[i] = -1
	}
	for k := range d {
		mean, s := moments(x[k:], n, d)
		for i := range g.axes {
			if s > deviation[i] {
				copy(deviation[i+1:], deviation[i:])
				copy(g.axes[i+1:], g.axes[i:])
				deviation[i] = s
				g.axes[i] = axis{k, mean - reach*s, float64(g.side) / (2 * reach * s)}
				break
			}
		}
	}
}

// moments returns mean and deviation of n numbers, d apart, without those that are NaN.
func moments(x []float64, n, d int) (mean, deviation float64) {
	count, square := 0.0, 0.0
	for i := range n {
		if v := x[i*d]; !math.IsNaN(v) {
			count++
			step := v - mean
			mean += step / count
			square += step * (v - mean)
		}
	}
	return mean, math.Sqrt(square / max(count, 1))
}

// of returns the cell of a number among side.
func (a *axis) of(v float64, side int) int {
	switch c := (v - a.origin) * a.perOne; {
	case c >= float64(side):
		return side - 1
	case c >= 1:
		return int(c)
	}
	return 0 // also of what is not a number, as where there is no deviation
}

// cell returns the cell of a row.
func (g *grid) cell(row []float64) int {
	c := 0
	for i := range g.axes {
		a := &g.axes[i]
		c = c*g.side + a.of(row[a.column], g.side)
	}
	return c
}

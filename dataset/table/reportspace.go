package table

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// space puts rows where distances mean something, whatever the units: a number by
// its rank among those of the rows trained on, with variance 1, and a level as a
// corner of a simplex with edges √2, the root mean square distance of two ranks.
type space struct {
	axes []axis
	dim  int
}

// axis is a column of a table in a space.
type axis struct {
	sorted []float64 // of numbers and ordered levels
	corner []int     // of levels: the commonest have one each, others the last
	gone   bool      // whether cells are missing, in a coordinate of their own
	at     int       // of its first coordinate
}

// corners bounds the coordinates of a column.
const corners = 24

func newSpace(fields []Field, train *mat.Dense, others []*mat.Dense) *space {
	s := &space{}
	for j, f := range fields {
		a := axis{at: s.dim}
		cells := mat.Col(nil, j, train)
		there := slices.DeleteFunc(slices.Clone(cells), math.IsNaN)
		a.gone = len(there) < len(cells)
		for _, x := range others {
			a.gone = a.gone || slices.ContainsFunc(mat.Col(nil, j, x), math.IsNaN)
		}
		slices.Sort(there)
		if f.Kind.Discrete() && f.Kind != Ordered {
			a.corner, s.dim = commonest(there, len(f.Levels))
			s.dim += a.at
		} else {
			a.sorted = there
			s.dim++
		}
		if a.gone {
			s.dim++
		}
		s.axes = append(s.axes, a)
	}
	return s
}

// commonest returns a corner for each level, and their number.
func commonest(levels []float64, n int) (corner []int, used int) {
	count, order := make([]int, n), make([]int, n)
	for _, v := range levels {
		count[int(v)]++
	}
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	corner = make([]int, n)
	for rank, k := range order {
		corner[k] = min(rank, corners-1)
	}
	return corner, min(n, corners)
}

// embed returns the rows of x in the space.
func (s *space) embed(x *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	y := mat.NewDense(n, s.dim, nil)
	for i := range n {
		row, to := x.RawRowView(i), y.RawRowView(i)
		for j, a := range s.axes {
			v, c := row[j], to[a.at:]
			switch {
			case v != v && a.sorted != nil:
				c[1] = 1
			case v != v && a.corner != nil:
				c[min(len(a.corner), corners)] = 1
			case v != v: // never there in the rows trained on
				c[1] = 1
			case a.corner != nil:
				c[a.corner[int(v)]] = 1
			case len(a.sorted) > 0:
				below, _ := slices.BinarySearch(a.sorted, v)
				upTo, _ := slices.BinarySearch(a.sorted, math.Nextafter(v, math.Inf(1)))
				c[0] = math.Sqrt(12) * (float64(below+upTo)/float64(2*len(a.sorted)) - 0.5)
			}
		}
	}
	return y
}

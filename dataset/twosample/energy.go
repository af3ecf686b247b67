package twosample

import (
	"fmt"
	"iter"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Energy returns the squared energy distance
//
//	2 mean‖x_i − y_j‖ − mean‖x_i − x_j‖ − mean‖y_i − y_j‖
//
// of the rows of x and y. The means run over all pairs, a row with itself
// included, so the distance is never negative up to rounding (V-statistic). The
// work is quadratic in the number of rows. Energy returns NaN when a value is not
// finite. It panics when the columns differ or a sample is empty.
func Energy(x, y *mat.Dense) float64 {
	n, m, d := dims("Energy", "x", "y", x, y)
	if !finite(x, y) {
		return math.NaN()
	}
	a, b := columns(x), columns(y)
	within := func(rows float64, c []float64) float64 {
		return 2 * pairs(c, c, d, true) / (rows * rows)
	}
	across := pairs(a, b, d, false) / (float64(n) * float64(m))
	return 2*across - within(float64(n), a) - within(float64(m), b)
}

// EnergyTest is the permutation test of Energy: a fraction of the time of
// PermutationTest. The work is quadratic in the rows and linear in the
// permutations.
func EnergyTest(x, y *mat.Dense, permutations int, seed uint64) Test {
	dims("EnergyTest", "x", "y", x, y)
	checkPermutations("EnergyTest", permutations)
	if !finite(x, y) {
		return newTest(math.NaN(), nil, 0)
	}
	a, b, exponent := pointsOf(x, y)
	n, m := float64(a.n), float64(b.n)
	distance := func(sq []float64) {
		for i, q := range sq {
			sq[i] = math.Sqrt(q)
		}
	}
	return testOf(pairSums(a, b, distance, permutations, seed), func(s sums) float64 {
		return math.Ldexp(2*(s.across/(n*m)-s.x/(n*n)-s.y/(m*m)), exponent)
	})
}

// pairs returns Σ‖a_i − b_j‖ over all pairs of points, or over j < i when a and
// b are the same points. Points are stored by columns. The sum is taken point by
// point, so its rounding error grows with the number of points, not of pairs.
func pairs(a, b []float64, d int, same bool) float64 {
	n, m := len(a)/d, len(b)/d
	of := make([]float64, n)
	share(n, func(indices iter.Seq[int]) {
		sq := make([]float64, m)
		for i := range indices {
			row := sq
			if same {
				row = sq[:i]
			}
			clear(row)
			for k := range d {
				ai, col := a[k*n+i], b[k*m:][:len(row)]
				for j, bj := range col {
					row[j] += (ai - bj) * (ai - bj)
				}
			}
			for _, q := range row {
				of[i] += math.Sqrt(q)
			}
		}
	})
	var total float64
	for _, sum := range of {
		total += sum
	}
	return total
}

// columns returns the values of x column by column.
func columns(x *mat.Dense) []float64 {
	n, d := x.Dims()
	c := make([]float64, n*d)
	for k := range d {
		mat.Col(c[k*n:(k+1)*n], k, x)
	}
	return c
}

// dims returns the numbers of rows and the common number of columns of the
// arguments a and b of a verb.
func dims(verb, a, b string, x, y *mat.Dense) (n, m, d int) {
	n, d = x.Dims()
	m, c := y.Dims()
	if n == 0 || m == 0 {
		panic(fmt.Sprintf("twosample: %s: %s is %d×%d and %s is %d×%d, want at least one row", verb, a, n, d, b, m, c))
	}
	if c != d {
		panic(fmt.Sprintf("twosample: %s: %s is %d×%d and %s is %d×%d, want equal numbers of columns", verb, a, n, d, b, m, c))
	}
	return n, m, d
}

// finite reports whether all values are.
func finite(of ...*mat.Dense) bool {
	for _, x := range of {
		n, _ := x.Dims()
		for i := range n {
			if !finiteValues(x.RawRowView(i)) {
				return false
			}
		}
	}
	return true
}

func finiteValues(values []float64) bool {
	for _, v := range values {
		if v-v != 0 { // NaN for NaN and infinities
			return false
		}
	}
	return true
}

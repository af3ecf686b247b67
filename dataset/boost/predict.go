package boost

import (
	"fmt"
	"math"
	"runtime"

	"gonum.org/v1/gonum/mat"
)

// Predict writes the predictions for the rows of x to dst. It panics when dst has
// not a value for each row, or x not the columns of the fit.
func (m *Regressor) Predict(dst []float64, x *mat.Dense) {
	n := m.sum.check("Predict", x)
	if len(dst) != n {
		panic(fmt.Sprintf("boost: Predict: dst has %d values for %d rows", len(dst), n))
	}
	chunks(n, runtime.GOMAXPROCS(0), func(_, lo, hi int) { m.sum.chunk(dst[lo:hi], x, lo, hi) })
}

// Classes returns the number of classes.
func (m *Classifier) Classes() int { return m.classes }

// Probabilities writes the probabilities of the classes, one a column, for the rows
// of x to dst. It panics when dst has not the rows of x and a column for each class,
// or x not the columns of the fit.
func (m *Classifier) Probabilities(dst, x *mat.Dense) {
	n := m.sum.check("Probabilities", x)
	if r, c := dst.Dims(); r != n || c != m.classes {
		panic(fmt.Sprintf("boost: Probabilities: dst is %d×%d, want %d×%d", r, c, n, m.classes))
	}
	outputs := len(m.sum.base)
	workers := runtime.GOMAXPROCS(0)
	chunks(n, workers, func(_, lo, hi int) {
		f := make([]float64, (hi-lo)*outputs)
		m.sum.chunk(f, x, lo, hi)
		for i := lo; i < hi; i++ {
			row := dst.RawRowView(i)
			clear(row)
			out := f[(i-lo)*outputs:][:outputs]
			switch outputs {
			case 0:
				row[m.present[0]] = 1
			case 1:
				row[m.present[0]], row[m.present[1]] = sigmoid(-out[0]), sigmoid(out[0])
			default:
				softmax(out)
				for k, p := range out {
					row[m.present[k]] = p
				}
			}
		}
	})
}

// check panics when x has not the columns of the fit, and returns its rows.
func (e *ensemble) check(verb string, x *mat.Dense) int {
	n, d := x.Dims()
	if d != e.columns {
		panic(fmt.Sprintf("boost: %s: x is %d×%d, want %d columns", verb, n, d, e.columns))
	}
	return n
}

// sigmoid returns 1/(1 + e^(−v)).
func sigmoid(v float64) float64 {
	return 1 / (1 + math.Exp(-v))
}

// softmax replaces p by e^p / Σ e^p.
func softmax(p []float64) {
	top := math.Inf(-1)
	for _, v := range p {
		top = max(top, v)
	}
	var sum float64
	for k, v := range p {
		p[k] = math.Exp(v - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

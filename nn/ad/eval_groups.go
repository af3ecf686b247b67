package ad

import (
	"math"
	"slices"
)

// evalSoftmax computes the softmax v of rows of x.
func evalSoftmax(v, x []float64, cols int) {
	for at := 0; at < len(v); at += cols {
		row, most, sum := x[at:at+cols], slices.Max(x[at:at+cols]), 0.0
		for j, w := range row {
			if w -= most; !(w < -44) {
				v[at+j] = math.Exp(w)
			}
			sum += v[at+j]
		}
		for j := range row {
			v[at+j] /= sum
		}
	}
}

// evalInverseRMS returns the factor of the norm of a row.
func evalInverseRMS(x []float64, eps float64) float64 {
	sum := math.Sqrt(eps * float64(len(x)))
	for _, v := range x {
		sum = math.Hypot(sum, v)
	}
	return math.Sqrt(float64(len(x))) / sum
}

// evalTable computes e = Gather(x, t) or Scatter(x, t) of n samples.
func evalTable(v, x []float64, e *Expr, n int) {
	t := e.table
	for sample := range n {
		cells := func(v []float64, length int) []float64 { return v[sample*length:][:length] }
		for at, cell := range t.from {
			for k := range t.size {
				from, to := int(cell)*t.size+k, at*t.size+k
				switch {
				case cell < 0: // v holds zeros
				case e.op == opGather:
					cells(v, t.result())[to] = cells(x, t.source())[from]
				default:
					cells(v, t.source())[from] += cells(x, t.result())[to]
				}
			}
		}
	}
}

// evalRowProduct computes the products e of the parts of n samples.
func evalRowProduct(v, a, b []float64, e *Expr, n int) {
	rowsA, rowsB := e.args[0].Groups()/e.index, e.args[1].Groups()/e.index
	colsA, colsB := e.args[0].cols, e.args[1].cols
	rows := e.Groups() / e.index
	for part := range n * e.index {
		a, b, v := a[part*rowsA*colsA:], b[part*rowsB*colsB:], v[part*rows*e.cols:]
		for i := range rows {
			for j := range e.cols {
				s := 0.0
				switch e.op {
				case opRowMatMul:
					for k := range colsA {
						s += a[i*colsA+k] * b[k*colsB+j]
					}
				case opRowMatMulT:
					for k := range colsA {
						s += a[i*colsA+k] * b[j*colsB+k]
					}
				case opRowMatTMul:
					for k := range rowsA {
						s += a[k*colsA+i] * b[k*colsB+j]
					}
				}
				v[i*e.cols+j] = s
			}
		}
	}
}

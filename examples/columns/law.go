package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
)

// columns is the number of columns of the law.
const columns = 4

// newLaw returns the equal mixture of two normals in four columns, of unit variances
// and opposite correlations: what a column is given others changes from one region
// to the next.
func newLaw(src rand.Source) *dataset.Mixture {
	m, err := pattern{}.both(newComponents(), src)
	if err != nil {
		panic(err) // constants
	}
	return m
}

// component is one of the normals.
type component struct {
	mean [columns]float64
	cov  *mat.SymDense
}

func newComponents() []component {
	cov := func(c12, c13, c14, c23, c24, c34 float64) *mat.SymDense {
		return mat.NewSymDense(columns, []float64{1, c12, c13, c14, c12, 1, c23, c24, c13, c23, 1, c34, c14, c24, c34, 1})
	}
	return []component{
		{[columns]float64{-1, 0, 2, 1}, cov(.5, .8, .2, .3, .6, .1)},
		{[columns]float64{1, 0, -2, -1}, cov(-.5, -.8, .2, .3, -.6, .1)},
	}
}

// pattern says which columns are drawn; the others are known, or left out.
type pattern [columns]byte

const (
	drawn   = '?'
	known   = '+'
	leftOut = '-'
)

// subsets returns the fifteen patterns in which at least one column is drawn and the
// others are known, the one in which all are drawn first.
func subsets() []pattern {
	var all []pattern
	for bits := range 1<<columns - 1 {
		p := pattern{}
		for j := range p {
			p[j] = drawn
			if bits>>j&1 == 1 {
				p[j] = known
			}
		}
		all = append(all, p)
	}
	return all
}

// withLeftOut returns all patterns in which at least one column is drawn and at least
// one left out.
func withLeftOut() []pattern {
	var all []pattern
	for code := range 81 {
		p, some, out := pattern{}, false, false
		for j := range p {
			p[j] = [...]byte{drawn, known, leftOut}[code%3]
			code /= 3
			some, out = some || p[j] == drawn, out || p[j] == leftOut
		}
		if some && out {
			all = append(all, p)
		}
	}
	return all
}

func (p pattern) String() string { return string(p[:]) }

// of returns the columns that are drawn.
func (p pattern) of() (columns []int) {
	for j, c := range p {
		if c == drawn {
			columns = append(columns, j)
		}
	}
	return columns
}

// observe writes what is known of a row into dst.
func (p pattern) observe(dst, row []float64) {
	for j, c := range p {
		switch c {
		case drawn:
			dst[j] = math.NaN()
		case leftOut:
			dst[j] = math.Inf(1)
		default:
			dst[j] = row[j]
		}
	}
}

// observed returns what is known of all rows.
func (p pattern) observed(rows *mat.Dense) *mat.Dense {
	n, d := rows.Dims()
	x := mat.NewDense(n, d, nil)
	for i := range n {
		p.observe(x.RawRowView(i), rows.RawRowView(i))
	}
	return x
}

// given returns the law of the drawn columns given an observation.
func given(law *dataset.Mixture, observation []float64, src rand.Source) (*dataset.Mixture, error) {
	g, err := law.Given(observation, src)
	if err != nil {
		return nil, fmt.Errorf("given %v: %w", observation, err)
	}
	return g, nil
}

package export

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// curve is a function of the time as polynomials between knots,
//
//	f(t) = Σ_k c_k u^k,   u = (t − centre)·rate on [−1, 1],
//
// for an engine that knows neither processes nor float64. Knots, centres and rates are
// numbers of float32, as the engine's times are.
type curve struct {
	knots  []float64 // of the pieces, in order, one more than there are
	pieces []piece
	width  int   // of the functions that differ
	from   []int // which of them each number of f is
	fits   int   // that were tried
}

// function is what a curve is made of: its numbers at a time, and the sizes of the terms
// they are sums of, whose rounding no polynomial follows.
type function func(t float64) (values, terms []float64)

type piece struct {
	centre, rate float64
	c            [][]float64 // by power
}

const (
	degree     = 7
	mostPieces = 2048
	// accuracy of a piece, relative to the least the function is on it; a little less than
	// that of float32.
	accuracy = 4e-8
	// variation is by how much a function may vary on a piece, for sums of terms of one
	// size.
	variation = 4
)

// newCurve returns f on [start, end]. Its derivatives may jump at the breaks only.
func newCurve(f function, start, end float64, breaks []float64) (*curve, error) {
	c := &curve{}
	knots := []float64{up(start), down(end)}
	for _, b := range breaks {
		if b = float64(float32(b)); b > knots[0] && b < knots[1] {
			knots = append(knots, b)
		}
	}
	slices.Sort(knots)
	knots = slices.Compact(knots)
	c.group(f, knots[0], knots[len(knots)-1])
	distinct := func(t float64) (values, terms []float64) {
		all, sizes := f(t)
		values, terms = make([]float64, c.width), make([]float64, c.width)
		for i, k := range c.from {
			values[k], terms[k] = all[i], sizes[i]
		}
		return values, terms
	}
	for i := range len(knots) - 1 {
		if err := c.add(distinct, knots[i], knots[i+1]); err != nil {
			return nil, err
		}
	}
	c.knots = append(c.knots, knots[len(knots)-1])
	return c, nil
}

// up and down return the next number of float32.
func up(t float64) float64 {
	if f := float32(t); float64(f) >= t {
		return float64(f)
	}
	return float64(math.Nextafter32(float32(t), float32(math.Inf(1))))
}

func down(t float64) float64 { return -up(-t) }

// group finds the numbers of f that are the same at all times.
func (c *curve) group(f function, start, end float64) {
	const looks = 65
	var rows [][]float64
	for i := range looks {
		t := start + (end-start)*float64(i)/(looks-1)
		if start > 0 {
			t = start * math.Pow(end/start, float64(i)/(looks-1))
		}
		row, _ := f(min(max(t, start), end))
		rows = append(rows, row)
	}
	known := make(map[string]int)
	for j := range rows[0] {
		var key []byte
		for _, r := range rows {
			key = strconv.AppendUint(append(key, ' '), math.Float64bits(r[j]), 36)
		}
		if _, ok := known[string(key)]; !ok {
			known[string(key)] = c.width
			c.width++
		}
		c.from = append(c.from, known[string(key)])
	}
}

// add appends the pieces of f from one time to another.
func (c *curve) add(f function, from, to float64) error {
	p, ok := fitted(f, from, to)
	c.fits++
	middle := from + (to-from)/2
	if from > 0 && to > variation*from {
		middle = math.Sqrt(from * to)
	}
	middle = float64(float32(middle))
	switch {
	case ok || !(from < middle && middle < to):
		c.knots, c.pieces = append(c.knots, from), append(c.pieces, p)
		return nil
	case c.fits > 2*mostPieces:
		return fmt.Errorf("the process is too rough near t = %.6g: its coefficients would take more than %d polynomials; a sampler on a fixed grid can be exported: %w", from, mostPieces, ErrUnsupported)
	}
	if err := c.add(f, from, middle); err != nil {
		return err
	}
	return c.add(f, middle, to)
}

// fitted returns the polynomial through f at Chebyshev's points, and whether it is f.
func fitted(f function, from, to float64) (piece, bool) {
	p := piece{centre: float64(float32(from + (to-from)/2))}
	p.rate = float64(float32((1 - 0x1p-20) / max(to-p.centre, p.centre-from)))
	clamped := func(u float64) float64 { return min(max(p.centre+u/p.rate, from), to) }
	const n = degree + 1
	var values, terms [n][]float64
	for i := range values {
		values[i], terms[i] = f(clamped(math.Cos(math.Pi * (float64(i) + 0.5) / n)))
	}
	width := len(values[0])
	cheb := make([][]float64, n)
	for k := range cheb {
		cheb[k] = make([]float64, width)
		for i, v := range values {
			w := 2. / n * math.Cos(math.Pi*float64(k)*(float64(i)+0.5)/n)
			if k == 0 {
				w = 1. / n
			}
			for j, x := range v {
				cheb[k][j] += w * x
			}
		}
	}
	p.c = powers(cheb)
	return p, p.is(f, scales(values[:], terms[:]), from, to)
}

// scale is what a function is on a piece: the least and the most, and the size of its
// terms.
type scale struct{ least, most, term float64 }

func scales(values, terms [][]float64) []scale {
	all := make([]scale, len(values[0]))
	for j := range all {
		s := scale{least: math.Inf(1), most: math.Inf(-1)}
		for i, v := range values {
			s.least, s.most, s.term = min(s.least, v[j]), max(s.most, v[j]), max(s.term, terms[i][j])
		}
		all[j] = s
	}
	return all
}

// tolerance is how near a polynomial has to be.
func (s scale) tolerance() float64 {
	const rounding = 1e-14
	return max(accuracy*max(math.Abs(s.least), math.Abs(s.most)), rounding*s.term)
}

// varies reports whether the function varies by too much.
func (s scale) varies() bool {
	return s.most-s.least > s.tolerance() && (s.least > 0 && s.most > variation*s.least || s.most < 0 && s.least < variation*s.most)
}

// powers returns Σ a_k T_k as coefficients of powers, by T_{k+1} = 2u T_k − T_{k−1}.
func powers(a [][]float64) [][]float64 {
	n, width := len(a), len(a[0])
	c := make([][]float64, n)
	for k := range c {
		c[k] = make([]float64, width)
	}
	last, t := make([]float64, n), make([]float64, n)
	t[0] = 1
	for k := range n {
		for i, x := range t {
			for j := range width {
				c[i][j] += x * a[k][j]
			}
		}
		next := make([]float64, n)
		for i := range n {
			if i > 0 {
				next[i] = 2 * t[i-1]
			}
			if k == 0 {
				next[i] /= 2 // T_1 = u
			}
			next[i] -= last[i]
		}
		last, t = t, next
	}
	return c
}

// is reports whether the polynomial is f between the points, too.
func (p piece) is(f function, scales []scale, from, to float64) bool {
	if slices.ContainsFunc(scales, scale.varies) {
		return false
	}
	const looks = 19
	for i := range looks + 1 {
		t := from + (to-from)*float64(i)/looks
		u := (t - p.centre) * p.rate
		want, _ := f(t)
		for j, want := range want {
			got := 0.0
			for k := len(p.c) - 1; k >= 0; k-- {
				got = got*u + p.c[k][j]
			}
			if !(math.Abs(got-want) <= scales[j].tolerance()) {
				return false
			}
		}
	}
	return true
}

// express returns f of a column of times, as a row of numbers for each. Times beyond the
// ends are at them.
func (c *curve) express(b *builder, t *ad.Expr) *ad.Expr {
	columns := 2 + (degree+1)*c.width
	table := make([]float64, 0, len(c.pieces)*columns)
	for _, p := range c.pieces {
		table = append(table, p.centre, p.rate)
		for k := degree; k >= 0; k-- {
			table = append(table, p.c[k]...)
		}
	}
	row := b.constant("time.polynomials", len(c.pieces), columns, table)
	if n := len(c.pieces); n > 1 {
		inner := b.constant("time.knots", 1, n-1, c.knots[1:n])
		which := ad.SumCols(ad.Step(ad.Sub(t, inner)))
		row = ad.MatMul(ad.OneHot(which, n), row)
	}
	u := ad.Mul(ad.Sub(t, ad.Slice(row, 0, 1)), ad.Slice(row, 1, 2))
	u = ad.Shift(ad.Sub(ad.ReLU(ad.Shift(u, 1)), ad.ReLU(ad.Shift(u, -1))), -1)
	power := func(i int) *ad.Expr { return ad.Slice(row, 2+i*c.width, 2+(i+1)*c.width) }
	f := power(0)
	for i := 1; i <= degree; i++ {
		f = ad.Add(ad.Mul(f, u), power(i))
	}
	if c.width == len(c.from) {
		return f
	}
	return ad.Gather(f, ad.NewTable([][]int{c.from}, c.width, 1))
}

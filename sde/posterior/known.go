package posterior

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// agree returns an error when numbers of y that have no noise are not what the cells that
// the Problem knows make them. Of an h that is not linear only rows without a cell to draw
// can be judged.
func (g *guided) agree() error {
	if g.seen == nil || g.like.noise.definite {
		return nil
	}
	rows, _ := g.seen.Dims()
	var s *span
	for i := range max(rows, g.like.Rows()) {
		known := g.known(i)
		if s == nil || !s.of(known) {
			if s = g.like.spanOf(known); s == nil {
				continue
			}
		}
		if err := s.holds(g.like, known, i); err != nil {
			return err
		}
	}
	return nil
}

// span is which values y can have, up to a constant, when some cells are known.
type span struct {
	drawn  []bool     // by cell
	a      *mat.Dense // of a Linear operator, else nil
	size   []float64
	matrix *mat.SymDense // scaled by size
	factor *factor
}

// spanOf returns nil where nothing is to be said.
func (l *Likelihood) spanOf(known []float64) *span {
	in, out := l.Dims()
	s := &span{drawn: make([]bool, in)}
	free := 0
	for j, k := range known {
		if !finite(k) {
			s.drawn[j] = true
			free++
		}
	}
	a := mat.NewDense(out, in, nil)
	switch {
	case free == in || free > 0 && l.matrix == nil:
		return nil
	case free > 0:
		a.Copy(l.matrix)
		for k := range out {
			for j, is := range s.drawn {
				if !is {
					a.Set(k, j, 0)
				}
			}
		}
	}
	if linear, ok := l.op.(Linear); ok {
		s.a = linear.Matrix()
	}
	s.matrix, s.size = scaledSpread(a, l.noise)
	s.factor = factorise(s.matrix)
	return s
}

// of reports whether the span is that of rows of which other values of the same cells
// are known.
func (s *span) of(known []float64) bool {
	for j, k := range known {
		if s.drawn[j] == finite(k) {
			return false
		}
	}
	return true
}

// agreement is how far apart, relative to their size, values are that rounding has parted.
const agreement = 1e-9

// holds returns an error when what is observed of row i is not in the span.
func (s *span) holds(l *Likelihood, known []float64, i int) error {
	in, out := l.Dims()
	u, h := mat.NewDense(1, in, nil), mat.NewDense(1, out, nil)
	for j, k := range known {
		if !s.drawn[j] {
			u.Set(0, j, l.model(j, k))
		}
	}
	x := l.data(u)
	l.op.Apply(h, x)
	r, w := make([]float64, out), make([]float64, out)
	for k, y := range l.row(i) {
		r[k] = (y - h.At(0, k)) / s.size[k]
	}
	s.factor.solve(w, r)
	for k, scale := range s.factor.scale {
		if scale > 0 {
			continue
		}
		off, y := r[k], l.row(i)[k]
		for m, v := range w {
			off -= s.matrix.At(k, m) * v
		}
		off *= s.size[k]
		size, of, weights := math.Abs(y)+math.Abs(h.At(0, k)), "", 0
		if s.a != nil {
			size = math.Abs(y)
			for j, a := range s.a.RawRowView(k) {
				size += math.Abs(a * x.At(0, j))
				if a != 0 && !s.drawn[j] {
					of = fmt.Sprintf("column %d, which is known to be %v, in Problem.Observed makes it", j, x.At(0, j))
				}
				if a != 0 {
					weights++
				}
			}
		}
		switch {
		case s.a != nil && of == "":
			of = "the numbers before it make it"
		case weights != 1:
			of = "what is known in Problem.Observed makes it"
		}
		if !(math.Abs(off) <= agreement*size) {
			return fmt.Errorf("Observation.Y: row %d, column %d: is %v without noise, %s %.12g: want the same, or noise: %w", i, k, y, of, y-off, ErrRange)
		}
	}
	return nil
}

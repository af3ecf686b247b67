package boost

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Regressor predicts a number. It is safe for concurrent use.
type Regressor struct{ sum ensemble }

// Classifier predicts the probabilities of classes. It is safe for concurrent use.
type Classifier struct {
	sum     ensemble
	present []int // the classes that had rows: one output each, one for two
	classes int
}

// Regression fits a Regressor to the rows of x and their targets y by least
// squares. It is Bin(x).Regression of all rows.
func Regression(x *mat.Dense, y []float64, s *Settings) (*Regressor, error) {
	return Bin(x).Regression(nil, y, s)
}

// Classification fits a Classifier to the rows of x and their classes y, which are
// 0 to classes − 1. It is Bin(x).Classification of all rows.
func Classification(x *mat.Dense, y []int, classes int, s *Settings) (*Classifier, error) {
	return Bin(x).Classification(nil, y, classes, s)
}

// Regression fits a Regressor by least squares to the rows with the given indices,
// all when rows is nil; an index that occurs k times counts k times. y has the
// targets of all rows of the bins; those that rows leaves out are not looked at.
//
// A target that is not finite is an error wrapping ErrNonFinite, a setting out of
// range one wrapping ErrRange. Regression panics when the length of y is not the
// number of rows, an index is out of range, or rows is empty but not nil.
func (b *Bins) Regression(rows []int, y []float64, s *Settings) (*Regressor, error) {
	const verb = "Regression"
	rows = b.check(verb, rows, len(y))
	c, err := s.withDefaults(verb)
	if err != nil {
		return nil, err
	}
	// In units of a power of two, of which no square overflows or vanishes, the
	// arithmetic is the same.
	var largest float64
	for _, r := range rows {
		if v := y[r]; v-v != 0 {
			return nil, fmt.Errorf("boost: %s: y: row %d is %v, want a number: %w", verb, r, v, ErrNonFinite)
		}
		largest = max(largest, math.Abs(y[r]))
	}
	_, exp := math.Frexp(largest)
	z := make([]float64, len(rows))
	var mean float64
	for i, r := range rows {
		z[i] = math.Ldexp(y[r], -exp)
		mean += (z[i] - z[0]) / float64(len(rows))
	}
	mean += z[0] // exactly, of equal targets
	m := &Regressor{b.fit(rows, c, []float64{mean}, func(f, g, _ [][]float64, lo, hi int) {
		for i := lo; i < hi; i++ {
			g[0][i] = f[0][i] - z[i]
		}
	}, true)}
	m.sum.scale(exp)
	return m, nil
}

// Classification fits a Classifier to the rows with the given indices, all when
// rows is nil; an index that occurs k times counts k times. y has the classes of
// all rows of the bins; those that rows leaves out are not looked at.
//
// A class without a row has probability 0. A class that is not among 0 to
// classes − 1 is an error wrapping ErrRange, as is a setting out of range.
// Classification panics when the length of y is not the number of rows, an index is
// out of range, or rows is empty but not nil.
func (b *Bins) Classification(rows []int, y []int, classes int, s *Settings) (*Classifier, error) {
	const verb = "Classification"
	rows = b.check(verb, rows, len(y))
	c, err := s.withDefaults(verb)
	if err != nil {
		return nil, err
	}
	if classes < 1 {
		return nil, fmt.Errorf("boost: %s: classes: is %d, want at least 1: %w", verb, classes, ErrRange)
	}
	counts := make([]int, classes)
	for _, r := range rows {
		if y[r] < 0 || y[r] >= classes {
			return nil, fmt.Errorf("boost: %s: y: row %d is %d, want 0 to %d: %w", verb, r, y[r], classes-1, ErrRange)
		}
		counts[y[r]]++
	}
	m := &Classifier{classes: classes}
	output := make([]int, classes)
	var base []float64
	for k, n := range counts {
		if n > 0 {
			output[k] = len(m.present)
			m.present = append(m.present, k)
			base = append(base, math.Log(float64(n)/float64(len(rows))))
		}
	}
	label := make([]int32, len(rows))
	for i, r := range rows {
		label[i] = int32(output[y[r]])
	}
	switch len(m.present) {
	case 1:
		m.sum = ensemble{columns: len(b.edges)}
	case 2:
		m.sum = b.fit(rows, c, []float64{base[1] - base[0]}, func(f, g, h [][]float64, lo, hi int) {
			for i := lo; i < hi; i++ {
				p := sigmoid(f[0][i])
				g[0][i] = p - float64(label[i])
				h[0][i] = p * (1 - p)
			}
		}, false)
	default:
		m.sum = b.fit(rows, c, base, func(f, g, h [][]float64, lo, hi int) {
			p := make([]float64, len(f))
			for i := lo; i < hi; i++ {
				for k := range f {
					p[k] = f[k][i]
				}
				softmax(p)
				for k, v := range p {
					g[k][i] = v
					h[k][i] = v * (1 - v)
				}
				g[label[i]][i] -= 1
			}
		}, false)
	}
	return m, nil
}

// check panics when the number of targets or the indices of rows are wrong, and
// returns all rows in place of nil.
func (b *Bins) check(verb string, rows []int, targets int) []int {
	if targets != b.rows {
		panic(fmt.Sprintf("boost: %s: y has %d values for %d rows", verb, targets, b.rows))
	}
	if rows == nil {
		rows = make([]int, b.rows)
		for i := range rows {
			rows[i] = i
		}
	}
	if len(rows) == 0 || len(rows) > math.MaxInt32 {
		panic(fmt.Sprintf("boost: %s: rows has %d indices, want 1 to %d", verb, len(rows), math.MaxInt32))
	}
	for i, r := range rows {
		if r < 0 || r >= b.rows {
			panic(fmt.Sprintf("boost: %s: rows[%d] is %d, want 0 to %d", verb, i, r, b.rows-1))
		}
	}
	return rows
}

// fit returns the ensemble that starts at base. derivatives sets those of the loss,
// for rows lo to hi and each output, at the values f; constant tells that the second
// ones are 1.
func (b *Bins) fit(rows []int, s Settings, base []float64, derivatives func(f, g, h [][]float64, lo, hi int), constant bool) ensemble {
	outputs := len(base)
	f, g, h := make([][]float64, outputs), make([][]float64, outputs), make([][]float64, outputs)
	for k := range outputs {
		f[k], g[k] = make([]float64, len(rows)), make([]float64, len(rows))
		if !constant {
			h[k] = make([]float64, len(rows))
		}
		for i := range f[k] {
			f[k][i] = base[k]
		}
	}
	part := b.part(rows)
	workers := s.Workers
	trees := min(outputs, workers) // that grow at a time
	s.Workers = max(1, workers/trees)
	growers := make([]*grower, trees)
	for i := range growers {
		growers[i] = newGrower(part, s)
	}
	e := ensemble{columns: len(b.edges), base: base}
	for range s.Trees {
		chunks(len(rows), workers, func(_, lo, hi int) { derivatives(f, g, h, lo, hi) })
		step := make([]tree, outputs)
		each(outputs, trees, func(worker, k int) { step[k] = growers[worker].grow(f[k], g[k], h[k]) })
		e.trees = append(e.trees, step)
	}
	return e
}

// part returns the bins of the rows.
func (b *Bins) part(rows []int) *Bins {
	p := &Bins{rows: len(rows), edges: b.edges, codes: make([][]uint8, len(b.codes))}
	for j, codes := range b.codes {
		p.codes[j] = make([]uint8, len(rows))
		for i, r := range rows {
			p.codes[j][i] = codes[r]
		}
	}
	return p
}

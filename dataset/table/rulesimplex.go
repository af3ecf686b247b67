package table

import (
	"cmp"
	"math"
	"slices"
)

// simplexStep codes D shares in D−1 isometric log-ratios (Egozcue et al. 2003),
//
//	z_k = √((D−k)/(D−k+1)) (ln x_k − mean of ln x_i over i > k),   k = 1, …, D−1.
//
// A share of 0 is put at random a little below the least that is none: shares less than
// Least times the largest of the row are 0.
type simplexStep struct {
	At    []int
	Steps []float64
	Total float64
	Least float64
}

// newSimplexStep returns nil when the rows have less than two shares above 0.
func newSimplexStep(r Simplex, fields []Field, at []int, rows *rowCells) ruleStep {
	s := &simplexStep{At: at, Total: r.total(), Least: .5}
	for _, j := range at {
		s.Steps = append(s.Steps, latticeOf(fields[j]))
	}
	for i := range rows.n {
		row := rows.row(i)
		most := s.largest(row)
		for _, j := range at {
			if row[j] > 0 {
				s.Least = min(s.Least, row[j]/most/2)
			}
		}
	}
	if !(s.Least > 1e-200) {
		return nil
	}
	return s
}

func (s *simplexStep) largest(row []float64) float64 {
	most := row[s.At[0]]
	for _, j := range s.At {
		most = max(most, row[j])
	}
	return most
}

func (s *simplexStep) forward(row []float64, u jitter) {
	most := s.largest(row)
	logs := make([]float64, len(s.At))
	for k, j := range s.At {
		x := row[j] / most
		if x < s.Least { // 0, or less than any row fitted had
			x = s.Least * math.Exp(-.5-u.uniform(uint64(k)))
		}
		logs[k] = math.Log(x)
	}
	d := len(logs)
	var sum float64
	for k := d - 1; k >= 0; k-- {
		if after := float64(d - 1 - k); after > 0 {
			row[s.At[k]] = math.Sqrt(after/(after+1)) * (logs[k] - sum/after)
		}
		sum += logs[k]
	}
	row[s.At[d-1]] = noCell
}

func (s *simplexStep) inverse(row []float64) {
	d := len(s.At)
	logs := make([]float64, d)
	var sum float64
	for k := d - 2; k >= 0; k-- {
		after := float64(d - 1 - k)
		logs[k] = row[s.At[k]]/math.Sqrt(after/(after+1)) + sum/after
		sum += logs[k]
	}
	most := slices.Max(logs)
	sum = 0
	for k, l := range logs {
		x := math.Exp(l - most)
		if !(x >= s.Least) {
			x = 0
		}
		logs[k] = x
		sum += x
	}
	for k, j := range s.At {
		row[j] = logs[k] / sum * s.Total
	}
	s.round(row, nil)
}

// round puts the free shares, all when that is nil, on their lattices so that the total
// stays: those of coarser lattices to the nearest point, and those of the finest, which
// take what is left, down, or up where the remainders are largest.
func (s *simplexStep) round(row []float64, free []bool) {
	fine := math.Inf(1)
	for k, j := range s.At {
		if free == nil || free[j] {
			fine = min(fine, s.Steps[k])
		}
	}
	left, sum := s.Total, 0.
	var finest, coarse []int
	for k, j := range s.At {
		switch {
		case free != nil && !free[j]:
			left -= row[j]
		case s.Steps[k] == fine:
			finest = append(finest, j)
			sum += row[j]
		default:
			coarse = append(coarse, k)
			row[j] = snap(row[j], s.Steps[k])
			left -= row[j]
		}
	}
	for _, k := range coarse {
		if j, step := s.At[k], s.Steps[k]; left < -1e-9*s.Total && row[j] > step/2 {
			row[j] = snap(row[j]-step, step)
			left += step
		}
	}
	if len(coarse) > 0 {
		for _, j := range finest {
			if sum > 0 {
				row[j] *= max(left, 0) / sum
			} else {
				row[j] = max(left, 0) / float64(len(finest))
			}
		}
	}
	if fine == 0 {
		return
	}
	remainder := make([]float64, len(finest))
	units := math.Round(left / fine)
	for k, j := range finest {
		whole := math.Floor(row[j]/fine + 1e-9)
		remainder[k] = row[j]/fine - whole
		units -= whole
		row[j] = whole * fine
	}
	by := indices(len(finest))
	slices.SortStableFunc(by, func(a, b int) int { return cmp.Compare(remainder[b], remainder[a]) })
	for n, k := range by {
		if float64(n) < units {
			row[finest[k]] += fine
		}
		row[finest[k]] = snap(row[finest[k]], fine)
	}
}

func (s *simplexStep) derived() map[int]derivedField {
	d := map[int]derivedField{}
	for k, j := range s.At[:len(s.At)-1] {
		d[j] = derivedField{bounds: line, of: slices.Concat(s.At[:k], s.At[k+1:])}
	}
	return d
}

func (s *simplexStep) drops() int { return s.At[len(s.At)-1] }

func (s *simplexStep) reads() []int { return s.At }

func (s *simplexStep) settle(row []float64, holes []bool, alone bool) {
	left, drawn, n := s.Total, 0., 0
	for _, j := range s.At {
		if holes[j] {
			drawn += row[j]
			n++
		} else {
			left -= row[j]
		}
	}
	if n == 0 || n == len(s.At) || alone && n > 1 || !(left >= -1e-9*s.Total) {
		return
	}
	left = max(left, 0)
	settled := slices.Clone(row)
	for _, j := range s.At {
		switch {
		case !holes[j]:
		case drawn > 0:
			settled[j] = row[j] * (left / drawn)
		default: // one that is not drawn, or zeros
			settled[j] = left / float64(n)
		}
	}
	s.round(settled, holes)
	for _, j := range s.At {
		if holes[j] {
			row[j] = settled[j]
		}
	}
}

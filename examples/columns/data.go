package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score"
)

// holes serves rows a share of whose cells is missing at random.
type holes struct {
	score.Data
	share float64
}

// Batch implements score.Data.
func (h holes) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	if err := h.Data.Batch(x, cond, step, row, rng); err != nil {
		return err
	}
	for i := range x.RawMatrix().Rows {
		for j := range columns {
			if rng.Float64() < h.share {
				x.Set(i, j, math.NaN())
			}
		}
	}
	return nil
}

// masks serves rows with conditions that say which columns are known, and their values:
// the usual way to make a conditional model of any columns. A quarter of the rows
// has none, the others subsets as score.Subsets draws them.
type masks struct{ score.Data }

// Dims implements score.Data.
func (masks) Dims() (d, cond int) { return columns, 2 * columns }

// Batch implements score.Data.
func (m masks) Batch(x, cond *mat.Dense, step, row int, rng *rand.Rand) error {
	if err := m.Data.Batch(x, nil, step, row, rng); err != nil {
		return err
	}
	observed := make([]float64, columns)
	for i := range x.RawMatrix().Rows {
		cells := make([]score.Cell, columns)
		score.Subsets{LeaveOut: score.None, OwnLevels: score.None, Whole: 0.25}.Pattern(cells, i, rng)
		for j, v := range x.RawRowView(i) {
			observed[j] = math.NaN()
			if cells[j] == score.KnownCell {
				observed[j] = v
			}
		}
		mask(cond.RawRowView(i), observed)
	}
	return nil
}

// mask writes the values and the mask of what is observed into dst.
func mask(dst, observed []float64) {
	for j, v := range observed {
		dst[j], dst[columns+j] = v, 1
		if math.IsNaN(v) {
			dst[j], dst[columns+j] = 0, 0
		}
	}
}

// masked returns the conditions of all rows.
func masked(observed *mat.Dense) *mat.Dense {
	n, _ := observed.Dims()
	cond := mat.NewDense(n, 2*columns, nil)
	for i := range n {
		mask(cond.RawRowView(i), observed.RawRowView(i))
	}
	return cond
}

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// jittered serves rows of rounded numbers, what they were rounded by made up at random
// anew each time they are served: rounded numbers have no density.
type jittered struct {
	rows  *mat.Dense
	steps []float64 // to which the columns are rounded
}

// Dims implements score.Data.
func (j jittered) Dims() (d, cond int) { return len(j.steps), 0 }

// Batch implements score.Data.
func (j jittered) Batch(x, _ *mat.Dense, _, _ int, rng *rand.Rand) error {
	n, _ := x.Dims()
	for i := range n {
		j.fill(x.RawRowView(i), rng.IntN(j.rows.RawMatrix().Rows), rng)
	}
	return nil
}

func (j jittered) fill(dst []float64, row int, rng *rand.Rand) {
	for k, v := range j.rows.RawRowView(row) {
		dst[k] = v + j.steps[k]*(rng.Float64()-0.5)
	}
}

// all returns each row once.
func (j jittered) all(rng *rand.Rand) *mat.Dense {
	x := mat.DenseCopyOf(j.rows)
	for i := range j.rows.RawMatrix().Rows {
		j.fill(x.RawRowView(i), i, rng)
	}
	return x
}

// storms are the numbers that every row of the table has.
var storms = []struct {
	column string
	step   float64
}{{"lat", 0.1}, {"long", 0.1}, {"wind", 5}, {"pressure", 1}}

// readStorms splits the rows into those to learn from, those to watch, and those to judge
// by: three, one and one of every five.
func readStorms(path string) (parts [3]jittered, err error) {
	t, err := table.ReadFile(path, nil)
	if err != nil {
		return parts, err
	}
	var columns [][]float64
	var steps []float64
	for _, s := range storms {
		k := t.Index(s.column)
		if k < 0 {
			return parts, fmt.Errorf("%s: has no column %q", path, s.column)
		}
		columns, steps = append(columns, t.Columns[k]), append(steps, s.step)
	}
	rng := rand.New(rand.NewPCG(0, 1))
	order := rng.Perm(t.Len())
	for k, share := range [][]int{order[:3*t.Len()/5], order[3*t.Len()/5 : 4*t.Len()/5], order[4*t.Len()/5:]} {
		slices.Sort(share)
		x := mat.NewDense(len(share), len(columns), nil)
		x.Apply(func(i, j int, _ float64) float64 { return columns[j][share[i]] }, x)
		parts[k] = jittered{x, steps}
	}
	return parts, nil
}

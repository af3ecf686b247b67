package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// independent draws each cell from its column.
func independent(_ context.Context, _ *job, train *table.Table, _ uint64) (drawer, error) {
	return func(_ context.Context, n int, seed uint64) (*table.Table, error) {
		rng := rand.New(rand.NewPCG(seed, 3))
		t := &table.Table{Fields: train.Fields}
		for _, c := range train.Columns {
			column := make([]float64, n)
			for i := range column {
				column[i] = c[rng.IntN(len(c))]
			}
			t.Columns = append(t.Columns, column)
		}
		return t, nil
	}, nil
}

// copula is the Gaussian copula: the normal scores of all columns have a normal
// distribution, and each column has the quantiles of the rows. Equal cells, of a
// category or missing ones, share an interval of the line, over which their ranks are
// drawn.
func copula(_ context.Context, _ *job, train *table.Table, seed uint64) (drawer, error) {
	n, d := train.Len(), len(train.Columns)
	rng := rand.New(rand.NewPCG(seed, 4))
	sorted := make([][]float64, d)
	scores := mat.NewDense(n, d, nil)
	for j, c := range train.Columns {
		order := rng.Perm(n) // ties stay in random order
		slices.SortStableFunc(order, func(a, b int) int { return compareCells(c[a], c[b]) })
		for r, i := range order {
			sorted[j] = append(sorted[j], c[i])
			scores.Set(i, j, distuv.UnitNormal.Quantile((float64(r)+.5)/float64(n)))
		}
	}
	var corr mat.SymDense
	stat.CorrelationMatrix(&corr, scores, nil)
	var chol mat.Cholesky
	for ridge := 1e-9; !chol.Factorize(&corr); ridge *= 10 {
		for j := range d {
			corr.SetSym(j, j, 1+ridge)
		}
	}
	var root mat.TriDense
	chol.LTo(&root)
	return func(_ context.Context, n int, seed uint64) (*table.Table, error) {
		rng := rand.New(rand.NewPCG(seed, 5))
		t := &table.Table{Fields: train.Fields, Columns: make([][]float64, d)}
		z := make([]float64, d)
		for range n {
			for j := range z {
				z[j] = rng.NormFloat64()
			}
			for j := range d {
				var y float64
				for k := range j + 1 {
					y += root.At(j, k) * z[k]
				}
				u := distuv.UnitNormal.CDF(y / math.Sqrt(corr.At(j, j)))
				at := min(int(u*float64(len(sorted[j]))), len(sorted[j])-1)
				t.Columns[j] = append(t.Columns[j], sorted[j][at])
			}
		}
		return t, nil
	}, nil
}

// compareCells orders cells, the missing ones last.
func compareCells(a, b float64) int {
	switch {
	case a < b || math.IsNaN(b) && !math.IsNaN(a):
		return -1
	case a > b || math.IsNaN(a) && !math.IsNaN(b):
		return 1
	}
	return 0
}

package table

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// levelOrder returns the levels of a column that rows have, in the order in which they
// stand on the line.
func levelOrder(rows *rowCells, fields []Field, j int, by LevelOrder) []int {
	count := make([]int, len(fields[j].Levels))
	for i := range rows.n {
		if v := rows.row(i)[j]; !math.IsNaN(v) {
			count[int(v)]++
		}
	}
	var levels []int
	for k, n := range count {
		if n > 0 {
			levels = append(levels, k)
		}
	}
	if fields[j].Kind != Category || by == Given || len(levels) < 3 {
		return levels
	}
	slices.SortStableFunc(levels, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	if by == Associated {
		if scores := associate(rows, fields, j, count); scores != nil {
			slices.SortStableFunc(levels, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
		}
	}
	return levels
}

const (
	// mostFeatures is the most columns that levels are compared by.
	mostFeatures = 64
	// mostLevels is the most levels of another column that have a feature each.
	mostLevels = 16
	// shrinkRows is the number of rows at which a level's mean counts half.
	shrinkRows = 10
)

// associate returns a score for every level of column j: the projection of the mean of
// its rows in the other columns, standardised, on the first principal direction of
// these means. It returns nil when there is nothing to compare by.
func associate(rows *rowCells, fields []Field, j int, count []int) []float64 {
	features := featuresOf(rows, fields, j)
	if len(features) == 0 {
		return nil
	}
	means := mat.NewDense(len(count), len(features), nil)
	n := make([]float64, len(count))
	for f, feature := range features {
		clear(n)
		for i := range rows.n {
			v, k := feature[i], rows.row(i)[j]
			if !math.IsNaN(v) && !math.IsNaN(k) {
				means.Set(int(k), f, means.At(int(k), f)+v)
				n[int(k)]++
			}
		}
		for k := range count {
			means.Set(k, f, means.At(k, f)/(n[k]+shrinkRows))
		}
	}
	weighted := mat.NewDense(len(count), len(features), nil)
	for k, c := range count {
		for f := range features {
			weighted.Set(k, f, means.At(k, f)*math.Sqrt(float64(c)))
		}
	}
	var gram mat.SymDense
	gram.SymOuterK(1, weighted.T())
	var eigen mat.EigenSym
	if !eigen.Factorize(&gram, true) {
		return nil
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	direction := mat.Col(nil, len(features)-1, &vectors)
	if largest := slices.MaxFunc(direction, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) }); largest < 0 {
		for f := range direction {
			direction[f] = -direction[f]
		}
	}
	var scores mat.VecDense
	scores.MulVec(means, mat.NewVecDense(len(direction), direction))
	return scores.RawVector().Data
}

// featuresOf returns the columns other than j as numbers of mean 0 and deviation 1: the
// ranks of numbers and ordered levels, and whether a level is the one, for those that
// are frequent. NaN is missing.
func featuresOf(rows *rowCells, fields []Field, j int) [][]float64 {
	var features [][]float64
	for k, f := range fields {
		if k == j || f.Kind == Identifier || len(features) >= mostFeatures {
			continue
		}
		if f.Kind != Category || len(f.Levels) < 3 {
			if v := standardRanks(rows, k); v != nil {
				features = append(features, v)
			}
			continue
		}
		levels := levelOrder(rows, fields, k, Frequent)
		for _, level := range levels[:min(len(levels), mostLevels, mostFeatures-len(features))] {
			v := make([]float64, rows.n)
			var share float64
			for i := range v {
				if rows.row(i)[k] == float64(level) {
					share += 1 / float64(rows.n)
				}
			}
			if share == 1 {
				continue
			}
			for i := range v {
				v[i] = -share / math.Sqrt(share*(1-share))
				if rows.row(i)[k] == float64(level) {
					v[i] = (1 - share) / math.Sqrt(share*(1-share))
				}
			}
			features = append(features, v)
		}
	}
	return features
}

// standardRanks returns the ranks of a column's cells with mean 0 and deviation 1, and
// nil when they are all the same.
func standardRanks(rows *rowCells, j int) []float64 {
	sorted := rows.present(j)
	if len(sorted) == 0 || sorted[0] == sorted[len(sorted)-1] {
		return nil
	}
	v := make([]float64, rows.n)
	var sum, squares float64
	for i := range v {
		x := rows.row(i)[j]
		if math.IsNaN(x) {
			v[i] = noCell
			continue
		}
		lo, _ := slices.BinarySearch(sorted, x)
		hi, _ := slices.BinarySearch(sorted, math.Nextafter(x, math.Inf(1)))
		v[i] = float64(lo+hi) / 2
		sum += v[i]
		squares += v[i] * v[i]
	}
	n := float64(len(sorted))
	mean := sum / n
	deviation := math.Sqrt(max(squares/n-mean*mean, 1e-12))
	for i := range v {
		v[i] = (v[i] - mean) / deviation
	}
	return v
}

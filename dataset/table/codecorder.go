package table

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// levelOrders gives the levels of columns their order on the line.
type levelOrders struct {
	rows     *rowCells
	some     *rowCells // those of rows that levels are compared by
	fields   []Field
	by       LevelOrder
	features [][][]float64 // of each column, see featuresOf; made when first needed
}

// of returns the levels of column j that rows have, in order.
func (o *levelOrders) of(j int) []int {
	count := o.rows.counts(j, len(o.fields[j].Levels))
	levels := frequent(count)
	switch {
	case o.fields[j].Kind != Category || o.by == Given || len(levels) < 3:
		slices.Sort(levels)
	case o.by == Associated:
		if scores := o.associate(j, count); scores != nil {
			slices.SortStableFunc(levels, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
		}
	}
	return levels
}

// counts returns the number of rows of each level of a column.
func (r *rowCells) counts(j, levels int) []int {
	count := make([]int, levels)
	for i := range r.n {
		if v := r.row(i)[j]; !math.IsNaN(v) {
			count[int(v)]++
		}
	}
	return count
}

// some returns about n rows at most, spread evenly.
func (r *rowCells) some(n int) *rowCells {
	stride := (r.n + n - 1) / n
	if stride <= 1 {
		return r
	}
	s := &rowCells{d: r.d}
	for i := 0; i < r.n; i += stride {
		s.data = append(s.data, r.row(i)...)
		s.n++
	}
	return s
}

// frequent returns the levels that have rows, those with the most first.
func frequent(count []int) []int {
	var levels []int
	for k, n := range count {
		if n > 0 {
			levels = append(levels, k)
		}
	}
	slices.SortStableFunc(levels, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	return levels
}

const (
	// orderRows is about the most rows that levels are compared by.
	orderRows = 1 << 16
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
func (o *levelOrders) associate(j int, count []int) []float64 {
	if o.features == nil {
		for k := range o.fields {
			o.features = append(o.features, featuresOf(o.some, o.fields, k))
		}
	}
	features := slices.Concat(slices.Concat(o.features[:j]...), slices.Concat(o.features[j+1:]...))
	features = features[:min(len(features), mostFeatures)]
	if len(features) == 0 {
		return nil
	}
	means := mat.NewDense(len(count), len(features), nil)
	n := make([]float64, len(count))
	for f, feature := range features {
		clear(n)
		for i, v := range feature {
			if k := o.some.row(i)[j]; !math.IsNaN(v) && !math.IsNaN(k) {
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
	if slices.MaxFunc(direction, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) }) < 0 {
		for f := range direction {
			direction[f] = -direction[f]
		}
	}
	var scores mat.VecDense
	scores.MulVec(means, mat.NewVecDense(len(direction), direction))
	return scores.RawVector().Data
}

// featuresOf returns column k as numbers of mean 0 and deviation 1: the ranks of numbers
// and ordered levels, and, for the frequent ones of a Category, which it is. NaN is
// missing.
func featuresOf(rows *rowCells, fields []Field, k int) [][]float64 {
	f := fields[k]
	if f.Kind == Identifier {
		return nil
	}
	if f.Kind != Category || len(f.Levels) < 3 {
		if v := standardRanks(rows, k); v != nil {
			return [][]float64{v}
		}
		return nil
	}
	var features [][]float64
	count := rows.counts(k, len(f.Levels))
	levels := frequent(count)
	for _, level := range levels[:min(len(levels), mostLevels)] {
		share := float64(count[level]) / float64(rows.n)
		if share == 1 {
			continue
		}
		deviation := math.Sqrt(share * (1 - share))
		v := make([]float64, rows.n)
		for i := range v {
			v[i] = -share / deviation
			if rows.row(i)[k] == float64(level) {
				v[i] = (1 - share) / deviation
			}
		}
		features = append(features, v)
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

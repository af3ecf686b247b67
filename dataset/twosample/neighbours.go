package twosample

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/spatial/kdtree"
	"gonum.org/v1/gonum/stat/combin"
)

// C2STNeighbours returns the accuracy of a classifier two-sample test whose
// classifier is the nearest neighbours: the fraction of the pooled rows whose
// sample is that of the majority of their k nearest other rows (leave-one-out), in
// the Euclidean distance. Two samples of one distribution have 0.5 up to chance,
// samples that do not overlap have 1. For samples of different sizes it tends to
// the share of the larger one instead of 0.5. In many dimensions C2ST sees more.
//
// When rows tie for the last places among the k, each choice of them is as
// likely as another, and the row counts with its probability of a right
// majority. So the order of the rows does not matter, and equal rows, as in
// rounded data, are no evidence.
//
// The neighbours are found in a k-d tree of the distinct rows, which is fast in
// few dimensions. C2STNeighbours returns NaN when a value is not finite. It panics
// when the columns differ, a sample is empty, or k is not odd or not below the
// number of rows.
func C2STNeighbours(x, y *mat.Dense, k int) float64 {
	n, m, _ := dims("C2STNeighbours", "x", "y", x, y)
	if k < 1 || k%2 == 0 || k >= n+m {
		panic(fmt.Sprintf("twosample: C2STNeighbours: k is %d, want odd and from 1 to %d, one less than the rows", k, n+m-1))
	}
	if !finite(x, y) {
		return math.NaN()
	}
	pool := distinct(x, y)
	tree := kdtree.New(pool.clone(), false)
	var right float64
	for _, q := range pool {
		for sample, count := range q.count {
			if count > 0 {
				near := nearest{k: k, self: q, sample: sample}
				tree.NearestSet(&near, q)
				right += float64(count) * near.majority()
			}
		}
	}
	return right / float64(n+m)
}

// member is a distinct row of the pooled samples, with its number of copies in
// each.
type member struct {
	at    kdtree.Point
	count [2]int
}

func (p *member) Compare(c kdtree.Comparable, d kdtree.Dim) float64 {
	return p.at[d] - c.(*member).at[d]
}
func (p *member) Dims() int                            { return len(p.at) }
func (p *member) Distance(c kdtree.Comparable) float64 { return p.at.Distance(c.(*member).at) }

// distinct returns the distinct rows of both samples. Columns of one value are
// left out, as the tree could not split along them, and all values are scaled
// by a power of two, so that squares do not overflow.
func distinct(x, y *mat.Dense) members {
	columns, exponent := varying(x, y)
	var pool members
	for sample, a := range []*mat.Dense{x, y} {
		n, _ := a.Dims()
		for i := range n {
			q := &member{at: make(kdtree.Point, len(columns))}
			for j, c := range columns {
				q.at[j] = math.Ldexp(a.At(i, c), -exponent)
			}
			q.count[sample] = 1
			pool = append(pool, q)
		}
	}
	slices.SortFunc(pool, func(p, q *member) int { return slices.Compare(p.at, q.at) })
	last := 0
	for _, q := range pool[1:] {
		if p := pool[last]; slices.Compare(p.at, q.at) == 0 {
			p.count[0] += q.count[0]
			p.count[1] += q.count[1]
			continue
		}
		last++
		pool[last] = q
	}
	return pool[:last+1]
}

// varying returns the columns with more than one value, or the first when there
// is none, and the binary exponent of the largest magnitude.
func varying(x, y *mat.Dense) (columns []int, exponent int) {
	_, d := x.Dims()
	var top float64
	for j := range d {
		least, most := math.Inf(1), math.Inf(-1)
		for _, a := range []*mat.Dense{x, y} {
			n, _ := a.Dims()
			for i := range n {
				least, most = min(least, a.At(i, j)), max(most, a.At(i, j))
			}
		}
		if least < most {
			columns = append(columns, j)
			top = max(top, -least, most)
		}
	}
	if columns == nil {
		return []int{0}, 0
	}
	_, exponent = math.Frexp(top)
	return columns, exponent
}

// members is what the tree is made of. Its pivots are medians in an order that
// has no ties, whatever the values: the tree is balanced.
type members []*member

func (p members) Index(i int) kdtree.Comparable         { return p[i] }
func (p members) Len() int                              { return len(p) }
func (p members) Slice(start, end int) kdtree.Interface { return p[start:end] }
func (p members) clone() members                        { return slices.Clone(p) }
func (p members) Pivot(d kdtree.Dim) int {
	slices.SortFunc(p, func(a, b *member) int {
		switch {
		case a.at[d] < b.at[d]:
			return -1
		case a.at[d] > b.at[d]:
			return 1
		}
		return slices.Compare(a.at, b.at)
	})
	return len(p) / 2
}

// nearest keeps the k nearest rows of one that is not counted, and those that
// tie with the last of them.
type nearest struct {
	kdtree.NKeeper // empty: what the tree asks of a heap
	k              int
	self           *member
	sample         int // of the row
	levels         []level
	total          int
}

// level is the number of rows of each sample at one distance.
type level struct {
	dist  float64
	count [2]int
}

// Max returns the distance beyond which nothing is kept.
func (s *nearest) Max() kdtree.ComparableDist {
	if s.total < s.k {
		return kdtree.ComparableDist{Dist: math.Inf(1)}
	}
	return kdtree.ComparableDist{Dist: s.levels[len(s.levels)-1].dist}
}

// Keep adds the copies of a member.
func (s *nearest) Keep(c kdtree.ComparableDist) {
	m := c.Comparable.(*member)
	count := m.count
	if m == s.self {
		count[s.sample]--
	}
	if count == [2]int{} || c.Dist > s.Max().Dist {
		return
	}
	i := len(s.levels)
	for i > 0 && s.levels[i-1].dist > c.Dist {
		i--
	}
	if i > 0 && s.levels[i-1].dist == c.Dist {
		s.levels[i-1].count[0] += count[0]
		s.levels[i-1].count[1] += count[1]
	} else {
		s.levels = slices.Insert(s.levels, i, level{c.Dist, count})
	}
	s.total += count[0] + count[1]
	for {
		last := s.levels[len(s.levels)-1].count
		if s.total-last[0]-last[1] < s.k {
			return
		}
		s.total -= last[0] + last[1]
		s.levels = s.levels[:len(s.levels)-1]
	}
}

// majority returns the probability that most of the k nearest are of the row's
// sample. Those of the last level that are among the k are drawn without
// replacement, which is the hypergeometric distribution.
func (s *nearest) majority() float64 {
	sure, drawn := 0, s.k
	last := s.levels[len(s.levels)-1].count
	for _, l := range s.levels[:len(s.levels)-1] {
		sure += l.count[s.sample]
		drawn -= l.count[0] + l.count[1]
	}
	same, other := last[s.sample], last[1-s.sample]
	least, most := max(0, drawn-other), min(drawn, same)
	need := s.k/2 + 1 - sure
	switch {
	case least >= need:
		return 1
	case most < need:
		return 0
	}
	var p float64
	logChoose := func(n, k int) float64 { return combin.LogGeneralizedBinomial(float64(n), float64(k)) }
	for h := need; h <= most; h++ {
		p += math.Exp(logChoose(same, h) + logChoose(other, drawn-h) - logChoose(same+other, drawn))
	}
	return p
}

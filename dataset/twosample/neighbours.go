package twosample

import (
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/spatial/kdtree"
)

// C2ST returns the accuracy of a classifier two-sample test (Lopez-Paz &
// Oquab 2017): the fraction of the pooled rows whose sample is that of the
// majority of their k nearest other rows (leave-one-out), in the Euclidean
// distance. Two samples of one law have 0.5 up to chance, samples that do not
// overlap have 1. For samples of different sizes it tends to the share of the
// larger one instead of 0.5.
//
// The neighbours are found in a k-d tree, which is fast in few dimensions. It
// panics when the columns differ, a sample is empty, or k is not odd or not
// below the number of rows.
func C2ST(x, y *mat.Dense, k int) float64 {
	n, m, _ := dims(x, y)
	if k < 1 || k%2 == 0 || k >= n+m {
		panic(badNeighbours)
	}
	pool := make(pooled, 0, n+m)
	for i := range n {
		pool = append(pool, &member{x.RawRowView(i), 0})
	}
	for i := range m {
		pool = append(pool, &member{y.RawRowView(i), 1})
	}
	tree := kdtree.New(append(pooled(nil), pool...), false)
	right := 0
	for _, q := range pool {
		near := others{kdtree.NewNKeeper(k), q}
		tree.NearestSet(near, q)
		same := 0
		for _, c := range near.Heap {
			if c.Comparable.(*member).sample == q.sample {
				same++
			}
		}
		if 2*same > k {
			right++
		}
	}
	return float64(right) / float64(n+m)
}

const badNeighbours = "twosample: number of neighbours"

// member is a row of the pooled sample.
type member struct {
	at     kdtree.Point
	sample int
}

func (p *member) Compare(c kdtree.Comparable, d kdtree.Dim) float64 {
	return p.at[d] - c.(*member).at[d]
}
func (p *member) Dims() int                            { return len(p.at) }
func (p *member) Distance(c kdtree.Comparable) float64 { return p.at.Distance(c.(*member).at) }

// others keeps the nearest members but the one asked for.
type others struct {
	*kdtree.NKeeper
	self *member
}

func (o others) Keep(c kdtree.ComparableDist) {
	if c.Comparable != kdtree.Comparable(o.self) {
		o.NKeeper.Keep(c)
	}
}

// pooled is what the tree is made of. Its pivots do not depend on chance.
type pooled []*member

func (p pooled) Index(i int) kdtree.Comparable         { return p[i] }
func (p pooled) Len() int                              { return len(p) }
func (p pooled) Slice(start, end int) kdtree.Interface { return p[start:end] }
func (p pooled) Pivot(d kdtree.Dim) int {
	q := along{p, d}
	return kdtree.Partition(q, kdtree.MedianOfMedians(q))
}

// along is the order of members along one coordinate.
type along struct {
	pooled
	d kdtree.Dim
}

func (a along) Less(i, j int) bool { return a.pooled[i].at[a.d] < a.pooled[j].at[a.d] }
func (a along) Swap(i, j int)      { a.pooled[i], a.pooled[j] = a.pooled[j], a.pooled[i] }
func (a along) Slice(start, end int) kdtree.SortSlicer {
	return along{a.pooled[start:end], a.d}
}

package twosample

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Nearest returns the Euclidean distances of each row of x from its k nearest rows
// of y, nearest first, as a row of k numbers. The work is the product of the
// numbers of rows. Distances are NaN when a value is not finite. Nearest panics
// when the columns differ, a sample is empty, or k is not from 1 to the rows of y.
func Nearest(x, y *mat.Dense, k int) *mat.Dense {
	n, m, _ := dims("Nearest", "x", "y", x, y)
	if k < 1 || k > m {
		panic(fmt.Sprintf("twosample: Nearest: k is %d, want 1 to %d, the rows of y", k, m))
	}
	dist := mat.NewDense(n, k, nil)
	if !finite(x, y) {
		dist.Apply(func(int, int, float64) float64 { return math.NaN() }, dist)
		return dist
	}
	a, b, exponent := pointsOf(x, y)
	share(n, func(indices iter.Seq[int]) {
		sq, near := make([]float64, m), make([]float64, 0, k+1)
		for i := range indices {
			a.squares(sq, i, b)
			near = smallest(near[:0], sq, k)
			for j, q := range near {
				dist.Set(i, j, math.Ldexp(math.Sqrt(q), exponent))
			}
		}
	})
	return dist
}

// Membership is how well attacks tell the rows that a model was trained on from
// others of the same distribution, from generated rows: the area under the curve of
// a score that should be higher for members. ½ is chance, 1 that every member is
// known.
type Membership struct {
	// Distance scores a row by its distance from the nearest generated row.
	Distance Estimate
	// Density scores a row by the density of generated rows round it, in comparison
	// with that of rows which were not trained on.
	Density Estimate
}

// Strongest returns the larger of the two. For a model that has kept nothing the
// larger is above ½, by about half of an error.
func (m Membership) Strongest() Estimate {
	if m.Density.Value > m.Distance.Value {
		return m.Density
	}
	return m.Distance
}

// NewMembership attacks rows a model was trained on, members, among others that it
// was not, which should be of the same distribution, by what it has generated. The
// distance is that of the closest record; rows in thin places are far from
// everything, which the density attack corrects for ("Membership Inference Attacks
// against Synthetic Data through Overfitting Detection", arXiv:2302.12580): its score
// is the logarithm of
//
//	p_generated(x) / p_others(x)
//
// with densities (1/r)^d from the distances r of the fifth nearest rows. The
// distance finds rows that come close to copies, the densities what is learned too
// well of their neighbourhood. The others are cut into halves: rows of one are scored
// with the density of the other, and so are two halves of the members. Distances are
// Euclidean: columns should have comparable scales. A low AUC is no proof, as a better
// attack may exist.
//
// The order of rows does not matter but for what the halves are, which are drawn
// always alike. The work is the number of rows attacked times that of generated ones. Estimates
// are NaN when a value is not finite, Density also with fewer than two rows of a
// kind. NewMembership panics when the columns differ or a matrix is empty.
func NewMembership(members, others, generated *mat.Dense) Membership {
	n, m, d := dims("NewMembership", "members", "others", members, others)
	_, g, _ := dims("NewMembership", "members", "generated", members, generated)
	members, others = mixedUp(members), mixedUp(others) // rows of a file may be sorted
	k := min(5, max(1, m/2), g)
	in, out := Nearest(members, generated, k), Nearest(others, generated, k)
	closest := func(r *mat.Dense) []float64 {
		s := mat.Col(nil, 0, r)
		for i, v := range s {
			s[i] = -v
		}
		return s
	}
	result := Membership{AUC(closest(in), closest(out)), Estimate{math.NaN(), math.NaN()}}
	if n < 2 || m < 2 {
		return result
	}
	// ratios scores the rows from … to of x by the others from a to b.
	ratios := func(x, r *mat.Dense, from, to, a, b int) []float64 {
		rest := Nearest(x.Slice(from, to, 0, d).(*mat.Dense), others.Slice(a, b, 0, d).(*mat.Dense), k)
		s := make([]float64, to-from)
		for i := range s {
			// Where rows are equal to both kinds, nothing is known.
			const tiny = 0x1p-500
			s[i] = math.Log((rest.At(i, k-1) + tiny) / (r.At(from+i, k-1) + tiny))
		}
		return s
	}
	result.Density = AUC(
		append(ratios(members, in, 0, n/2, m/2, m), ratios(members, in, n/2, n, 0, m/2)...),
		append(ratios(others, out, 0, m/2, m/2, m), ratios(others, out, m/2, m, 0, m/2)...),
	)
	return result
}

// mixedUp returns the rows of x in a random order, always the same one.
func mixedUp(x *mat.Dense) *mat.Dense {
	n, d := x.Dims()
	y := mat.NewDense(n, d, nil)
	for i, j := range rand.New(rand.NewPCG(0, 0)).Perm(n) {
		y.SetRow(i, x.RawRowView(j))
	}
	return y
}

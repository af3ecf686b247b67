package table

import (
	"encoding/binary"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// Bounds of the work of an attack in 64 coordinates. In more there are fewer rows.
const (
	attackedRows = 1000
	releasedRows = 20000
)

// attackSize returns how many rows of a kind are attacked, with how many generated ones.
func (s *space) attackSize() (attacked, released int) {
	fewer := math.Sqrt(64 / float64(max(64, s.dim)))
	return max(200, int(attackedRows*fewer)), max(2000, int(releasedRows*fewer))
}

// copies counts the rows that are equal to one trained on.
func (r *reporter) copies() {
	var key []byte
	text := func(row []float64) []byte {
		key = key[:0]
		for _, v := range row {
			if v != v {
				v = math.NaN() // one of many
			}
			key = binary.LittleEndian.AppendUint64(key, math.Float64bits(v+0)) // −0 is 0
		}
		return key
	}
	known := map[string]bool{}
	for i := range r.report.Train {
		known[string(text(r.train.RawRowView(i)))] = true
	}
	for i, x := range r.others {
		n, _ := x.Dims()
		var equal float64
		for k := range n {
			if known[string(text(x.RawRowView(k)))] {
				equal++
			}
		}
		r.report.Scores[i].Copies = proportion(equal, n)
	}
}

// privacy attacks the rows trained on with each kind of rows. Held-out rows are
// attacked with in halves: one is given away, the other has the rows not trained on.
func (r *reporter) privacy() {
	for i := range r.others {
		sc := &r.report.Scores[i]
		sc.Membership, sc.NearestTrain = twosample.Membership{Distance: none, Density: none}, none
	}
	if r.heldOut == nil {
		return
	}
	n, d := r.heldOut.Dims()
	if n < 4 {
		r.note("Fewer than 4 rows were held out: privacy has no measure.")
		return
	}
	attacked, release := r.space.attackSize()
	outside := some(r.heldOut, n, r.Seed)
	for i, x := range r.others {
		rest := outside
		if x == r.heldOut {
			x, rest = outside.Slice(0, n/2, 0, d).(*mat.Dense), outside.Slice(n/2, n, 0, d).(*mat.Dense)
		}
		members := r.space.embed(some(r.train, attacked, r.Seed))
		others := r.space.embed(some(rest, attacked, r.Seed))
		released := r.space.embed(some(x, release, r.Seed))
		r.report.Scores[i].Membership = twosample.NewMembership(members, others, released)
		equal := min(members.RawMatrix().Rows, others.RawMatrix().Rows)
		r.report.Scores[i].NearestTrain = nearer(some(released, 2*attacked, r.Seed), some(members, equal, r.Seed), some(others, equal, r.Seed))
	}
	if r.report.Train > attacked || r.report.Synthetic > release {
		r.note("Attacks are on %d rows trained on at most, with %d synthetic ones at most.", attacked, release)
	}
}

// nearer returns the share of the rows of x that are nearer to a row of a than to
// any of b, equal distances counting ½.
func nearer(x, a, b *mat.Dense) twosample.Estimate {
	to, from := twosample.Nearest(x, a, 1), twosample.Nearest(x, b, 1)
	n, _ := x.Dims()
	var sum float64
	for i := range n {
		switch u, v := to.At(i, 0), from.At(i, 0); {
		case u < v:
			sum++
		case u == v:
			sum += 0.5
		}
	}
	return proportion(sum, n)
}

package score

import (
	"fmt"
	"math"
	"math/bits"

	"gonum.org/v1/gonum/mat"
)

// warnRepeated tells of data that seem to be a finite set that Fit does not know
// of.
func (t *trainer) warnRepeated(x, cond *mat.Dense) {
	n := x.RawMatrix().Rows
	if _, known := t.batch.data.(rows); known || t.held != nil || t.s.Validation.Rows < 0 {
		return
	}
	seen := make(map[uint64]struct{}, n)
	for i := range n {
		h := hashRow(0, x.RawRowView(i))
		if cond != nil {
			h = hashRow(h, cond.RawRowView(i))
		}
		seen[h] = struct{}{}
	}
	if again := n - len(seen); again > n/20 {
		t.warn(fmt.Sprintf("%d of %d rows of the data are copies of others, as of a finite set, which a network may learn by heart: give Settings.Validation.Data rows that are held out, or take Rows or RowsOf without anything around them, which hold some out themselves", again, n))
	}
}

// hashRow goes on with a hash over the bits of numbers.
func hashRow(h uint64, row []float64) uint64 {
	for _, v := range row {
		h = bits.RotateLeft64((h^math.Float64bits(v))*0x9e3779b97f4a7c15, 29)
	}
	return h
}

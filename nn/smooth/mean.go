package smooth

import (
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Point is where to average.
type Point struct {
	// Y has a number for each column.
	Y []float64
	// Sigma are the deviations σ: one for each column, +Inf for those whose Y does not
	// matter, or one for all.
	Sigma []float64
	// Group is the group of the rows that count.
	Group int
	// Row is the number in Load of the row that Y came from, or −1.
	Row int
	// Shift is added to the logarithms of the weights, which are 1 at Y without it, so
	// that those that count lie between e⁻⁴⁴ and e⁴⁴: ½ Σ_k (y_k − r_k)²/σ_k² of the Row,
	// or of one that is near. It cancels otherwise.
	Shift float64
}

const (
	reach    = 4.5     // deviations
	sharpest = 1 << 15 // |y|/σ
)

// Mean writes the mean of the rows near a point into dst, of d numbers; where σ is +Inf
// and values are missing the number is of no use. It reports false, and leaves dst alone,
// when the Row is not among those that it takes, when no row is, and where σ is too small
// for float32: see the package's documentation. It panics for other numbers of columns
// than d and for a group or Row that there is not. Means may be asked for concurrently,
// but not beside Load.
func (r *Rows) Mean(dst []float64, p Point) bool {
	if len(dst) != r.d || len(p.Y) != r.d || len(p.Sigma) != 1 && len(p.Sigma) != r.d || p.Group < 0 || p.Group >= r.groups || p.Row >= r.n {
		panic(fmt.Sprintf("smooth: Mean: %d numbers at a point of %d with %d deviations, group %d and row %d, want %d columns, %d groups and %d rows",
			len(dst), len(p.Y), len(p.Sigma), p.Group, p.Row, r.d, r.groups, r.n))
	}
	s, ok := r.idle.Take()
	if !ok {
		s = &scratch{at: make([]float32, 2*r.d+1), sums: make([]float32, (r.d+1)*block)}
	}
	defer r.idle.Give(s)
	if !s.set(p) {
		return false
	}
	clear(s.sums)
	found := r.gather(s, p)
	weight := halved(s.sums[r.d*block:])
	if !found || weight == 0 {
		return false
	}
	for k := range dst {
		dst[k] = float64(halved(s.sums[k*block:])) / float64(weight)
	}
	return true
}

// sigma returns the deviation of a column.
func (p *Point) sigma(k int) float64 {
	if len(p.Sigma) == 1 {
		k = 0
	}
	return p.Sigma[k]
}

// set sets what the kernel takes and reports whether float32 is enough for it.
func (s *scratch) set(p Point) bool {
	d, any := len(p.Y), false
	for k, y := range p.Y {
		scale := math.Sqrt(math.Log2E/2) / p.sigma(k)
		if scale == 0 {
			y = 0
		}
		any = any || scale > 0
		s.at[k], s.at[d+k] = float32(scale), float32(y*scale)
		if !(math.Abs(y*scale) < sharpest) {
			return false
		}
	}
	s.at[2*d] = float32(p.Shift * math.Log2E)
	return any
}

// gather adds up the rows near a point, and reports whether the Row is one of them.
func (r *Rows) gather(s *scratch, p Point) (found bool) {
	g := &r.grid
	var low, high [mostAxes]int
	for i := range g.axes {
		a := &g.axes[i]
		if y, σ := p.Y[a.column], p.sigma(a.column); math.IsInf(σ, 1) {
			low[i], high[i] = 0, g.side-1
		} else {
			low[i], high[i] = a.of(y-reach*σ, g.side), a.of(y+reach*σ, g.side)
		}
	}
	at := int32(-1)
	if p.Row >= 0 {
		at = r.place[p.Row] / block
	}
	found = p.Row < 0
	run := func(first, last, done int32) int32 { // cells; returns the blocks done
		from, to := max(r.start[first]/block, done), (r.start[last+1]+block-1)/block
		if from >= to {
			return done
		}
		found = found || from <= at && at < to
		kernel.GaussianSums(s.sums, r.refs[int(from)*block*r.d:int(to)*block*r.d], s.at, r.d)
		return to
	}
	first := int32(p.Group * (g.cells() + 1))
	if len(g.axes) == 1 {
		run(first+int32(low[0]), first+int32(high[0]), 0)
		return found
	}
	done := int32(0)
	for i := low[0]; i <= high[0]; i++ {
		line := first + int32(i*g.side)
		done = run(line+int32(low[1]), line+int32(high[1]), done)
	}
	return found
}

// halved adds sixteen sums in halves.
func halved(s []float32) float32 {
	var sums [block]float32
	copy(sums[:], s)
	for half := block / 2; half > 0; half /= 2 {
		for i := range half {
			sums[i] += sums[half+i]
		}
	}
	return sums[0]
}

package score

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// Cell says what a column is in a row that a model with Config.ColumnLevels is trained
// on.
type Cell uint8

const (
	DrawnCell    Cell = iota // noised to the level of the row, and what the network has to find
	OwnLevelCell             // likewise, but to a level of its own
	KnownCell                // seen as it is
	LeftOutCell              // not seen
)

// Patterns chooses what the columns of training rows are. Missing values are
// LeftOutCells whatever it says. One that is an nn.Validator is checked by Fit.
type Patterns interface {
	// Pattern fills cells, all of which are DrawnCells at first, for row i of those in a batch
	// that differ. It may depend on i and on the numbers of rng only, and is not called
	// from several goroutines at once.
	Pattern(cells []Cell, i int, rng *rand.Rand)
}

// Subsets draws patterns in which any columns are drawn given any others: a share of the
// rows is drawn as a whole; in the others a number of columns, 1, …, d with the same
// probability, is drawn, which ones is random, and the rest is known. In a share of
// these each column that would be known is left out with probability ½; and in a
// share all that is not left out, known or drawn, has a level of its own: that is
// what observations with noise need, and the target of such rows can be averaged over
// the references, which that of rows with known columns cannot.
//
// The defaults were the best of those tried on a mixture in four columns: rows drawn as
// a whole are the hardest to learn.
type Subsets struct {
	Whole     float64 // share of the rows drawn as a whole, with one level; 0 means 0.5, None none
	LeaveOut  float64 // share of the others with columns left out; 0 means 0.5, None none
	OwnLevels float64 // share of the others whose columns have levels of their own; 0 means 0.5, None none
}

// share returns a share of which 0 means ½.
func share(v float64) float64 {
	switch v {
	case 0:
		return 0.5
	case None:
		return 0
	}
	return v
}

// Pattern implements Patterns.
func (s Subsets) Pattern(cells []Cell, i int, rng *rand.Rand) {
	// As even as can be: levels are stratified over i.
	if whole := share(s.Whole); math.Floor(float64(i+1)*whole) > math.Floor(float64(i)*whole) {
		return
	}
	// Selection sampling (Knuth 1997, algorithm S) of the drawn columns.
	drawn := 1 + rng.IntN(len(cells))
	for j := range cells {
		if rng.IntN(len(cells)-j) < drawn {
			drawn--
		} else {
			cells[j] = KnownCell
		}
	}
	if rng.Float64() < share(s.LeaveOut) {
		for j := range cells {
			if cells[j] == KnownCell && rng.Uint64()&1 == 1 {
				cells[j] = LeftOutCell
			}
		}
	}
	if rng.Float64() < share(s.OwnLevels) {
		for j := range cells {
			if cells[j] != LeftOutCell {
				cells[j] = OwnLevelCell
			}
		}
	}
}

// Validate returns an error wrapping ErrRange for what is not a share.
func (s Subsets) Validate() error {
	for _, f := range []struct {
		name string
		v    float64
	}{{"Subsets.Whole", s.Whole}, {"Subsets.LeaveOut", s.LeaveOut}, {"Subsets.OwnLevels", s.OwnLevels}} {
		if !(f.v >= 0 && f.v <= 1 || f.v == None) {
			return fmt.Errorf("%s: is %v, want a share on [0, 1], 0 for the default, or None: %w", f.name, f.v, ErrRange)
		}
	}
	return nil
}

// suitsLevels returns an error for an objective or a pattern that the model cannot be
// trained with.
func (s *Settings) suitsLevels(m *Model) error {
	if !m.levels {
		if s.Patterns != nil {
			return fmt.Errorf("score: Fit: Settings.Patterns: is %T, but the model has one noise level for all columns, see Config.ColumnLevels: %w", s.Patterns, ErrRange)
		}
		return nil
	}
	o := s.Objective
	if l, ok := o.(LogVariance); ok {
		o = l.inner()
	}
	if _, ok := o.(DSM); !ok {
		return fmt.Errorf("score: Fit: Settings.Objective: is %T, want DSM for a model with Config.ColumnLevels: %w", s.Objective, ErrRange)
	}
	if s.Patterns == nil {
		s.Patterns = Subsets{}
	}
	return nil
}

// Coefficients of a row in a training batch of a model with a level for every column,
// blocks of one leaf with a column for each of the data's; colIn up to colDenoiseF
// are those of other models.
const (
	blockWeight = colDenoiseF + 1
	blocks      = blockWeight + 1
)

// columnsOf returns the number of coefficients of a row.
func (b *batcher) columnsOf() int {
	if b.m.levels {
		return blocks * b.m.dim
	}
	if b.m.maps {
		return mapCols
	}
	return batchCols
}

// levelBatch is what a batcher needs for levels of columns.
type levelBatch struct {
	cells  []Cell    // of a row
	times  []float64 // likewise
	levels []float64 // σ/α
	own    instant   // of a column
	next   int       // reference row to try
	rng    *stream
	known  [coeffsPerTime]float64 // of columns that are known
	top    float64                // what the network is told of those left out
}

func newLevelBatch(m *Model) *levelBatch {
	d := m.dim
	return &levelBatch{cells: make([]Cell, d), times: make([]float64, d), levels: make([]float64, d), rng: newStream(), known: m.clean(0), top: m.highest()}
}

// pattern chooses cells and times of a distinct row.
func (b *batcher) pattern(i int) error {
	l := b.levels
	clear(l.cells)
	b.s.Patterns.Pattern(l.cells, i, l.rng.at(b.s.Seed, noise.Draw{Purpose: noise.Level, Step: b.step, Row: i, Slot: 2}))
	b.fit(i)
	own := false
	for j, v := range b.clean.RawRowView(i) {
		if math.IsNaN(v) {
			l.cells[j] = LeftOutCell
		}
		l.times[j] = b.times[i]
		own = own || l.cells[j] == OwnLevelCell
	}
	if !own {
		return nil
	}
	noise.Uniform(l.levels, b.s.Seed, noise.Draw{Purpose: noise.Level, Step: b.step, Row: i, Slot: 3})
	for j, u := range l.levels {
		if l.cells[j] != OwnLevelCell {
			continue
		}
		l.times[j] = b.s.Times.Quantile(b.m.process, u)
		if err := b.onSpan(l.times[j], u); err != nil {
			return err
		}
	}
	return nil
}

// poolOf is how many rows a batch with levels asks the data for, for each that it takes:
// among the others are some in the place of rows whose values are missing.
const poolOf = 4

// mostTries is how many rows are looked at for one that has all values that a pattern
// asks for.
const mostTries = 32

// fit puts a row that has all values that the pattern asks for at the place i, if a few
// tries find one among the reference rows that no place has had. Patterns would else
// be those of the missing values: rows as a whole are drawn from the complete ones, which
// are few.
func (b *batcher) fit(i int) {
	l := b.levels
	fits := func(row []float64) bool {
		for j, v := range row {
			if math.IsNaN(v) && l.cells[j] != LeftOutCell {
				return false
			}
		}
		return true
	}
	n := b.clean.RawMatrix().Rows - b.own
	if n == 0 || fits(b.clean.RawRowView(i)) {
		return
	}
	for range min(mostTries, n) {
		k := b.own + l.next%n
		l.next++
		if !fits(b.clean.RawRowView(k)) {
			continue
		}
		swapRows(b.clean, i, k)
		if b.cond != nil {
			swapRows(b.cond, i, k)
		}
		if b.group != nil {
			b.group[i], b.group[k] = b.group[k], b.group[i]
		}
		return
	}
}

func swapRows(x *mat.Dense, i, k int) {
	a, b := x.RawRowView(i), x.RawRowView(k)
	for j := range a {
		a[j], b[j] = b[j], a[j]
	}
}

// noisedByColumn is noised for a row that has a level for every column.
func (b *batcher) noisedByColumn(i int) error {
	if err := b.pattern(i); err != nil {
		return err
	}
	l, d := b.levels, b.m.dim
	x0, z := b.clean.RawRowView(i), b.z.RawRowView(i)
	coeffs := b.coeffs[i*blocks*d : (i+1)*blocks*d]
	set := func(j int, in, level, skip, out, weight float64) {
		for k, v := range [blocks]float64{in, level, skip, out, weight} {
			coeffs[k*d+j] = float32(v)
		}
	}
	square, free := 0.0, true // no column is known exactly
	at := &b.at[i]
	*at = newInstant(b.m.process, b.times[i])
	for j := range d {
		plus, minus := b.noisy.RawRowView(i), []float64(nil)
		if r := i + b.own; r < b.s.Batch {
			minus = b.noisy.RawRowView(r)
		}
		first, second := 0.0, 0.0
		switch l.cells[j] {
		case KnownCell:
			set(j, l.known[0], l.known[1], 0, 0, 0)
			first, second, free = x0[j], x0[j], false
		case LeftOutCell:
			set(j, 0, l.top, 0, 0, 0)
			l.levels[j] = math.Inf(1)
		default:
			p := at
			if t := l.times[j]; t != p.t {
				l.own = newInstant(b.m.process, t)
				p = &l.own
			}
			c := b.m.precond.Coeffs(p, p.t)
			set(j, c.In, c.Noise, c.Skip, c.Out, b.s.Weight.At(p, p.t))
			first, second = p.α*x0[j]+p.σ*z[j], p.α*x0[j]-p.σ*z[j]
			l.levels[j] = p.σ / p.α
			square += z[j] * z[j]
			b.mean.Set(i, j, first/p.α)
			if minus != nil {
				b.mean.Set(i+b.own, j, second/p.α)
			}
		}
		plus[j] = first
		if minus != nil {
			minus[j] = second
		}
	}
	for r := i; r < b.s.Batch; r += b.own {
		switch {
		case b.pool != nil && !free:
			b.pool.skip(r)
		case b.pool != nil:
			b.pool.set(r, i, b.mean.RawRowView(r), square/2, b.groupOf(i), l.levels...)
		case b.posterior != nil && !free:
			b.posterior.skip(r)
		case b.posterior != nil:
			b.posterior.setByColumn(r, b.mean.RawRowView(r), l.levels, square/2)
			if g := b.groupOf(i); g >= 0 {
				b.posterior.within(r, g, square/2)
			}
		}
	}
	return nil
}

// targetedByColumn is targeted for a row that has a level for every column.
func (b *batcher) targetedByColumn(i int) {
	d, k := b.m.dim, i
	if i >= b.own {
		k -= b.own
	}
	mean := b.cleanTarget(i, k)
	b.encode(i)
	coeffs := b.coeffs[k*blocks*d : (k+1)*blocks*d]
	copy(b.cols[i*blocks*d:(i+1)*blocks*d], coeffs)
	for j, v := range b.noisy.RawRowView(i) {
		b.xt[i*d+j], b.x0[i*d+j] = float32(v), 0
		if coeffs[blockWeight*d+j] != 0 {
			b.x0[i*d+j] = float32(mean[j])
		}
	}
}

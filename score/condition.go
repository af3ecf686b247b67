package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Conditions say what a conditional model is given beside the noisy row: a
// number of continuous columns, and after them columns of class labels. The zero
// value means none.
//
// Fit measures mean and deviation of the continuous columns and the network sees
// them standardised; a label k = 0, 1, … becomes a unit vector. Together with
// one column that is 1 they are nn.Build.Cond, which an nn.MLP takes into every
// hidden layer (FiLM). Rows that are to do without a condition, those dropped in
// training and those of the unconditional score, have zeros in all of these
// columns: the column that is 1 tells a condition of 0 from none, and its weights
// are what the network learns for it. Memory grows with the rows and with the
// weights, of which each class has some, not with rows times classes: see ad.OneHot.
type Conditions struct {
	Columns int   // continuous columns, up to 2²⁴
	Classes []int // for each label column the number of classes, up to 2²⁴
	// Embed turns the standardised columns and unit vectors into what the
	// network sees; nil means themselves. A table of label embeddings is
	// nn.Linear{Out: width, Bias: nn.None{}}.
	Embed nn.Module
}

// count returns the number of columns of the conditions.
func (c Conditions) count() int { return c.Columns + len(c.Classes) }

// validate checks the description of a model's conditions.
func (c Conditions) validate() error {
	if c.Columns < 0 || c.Columns > mostColumns {
		return fmt.Errorf("Config.Cond.Columns: is %d, want 0 or more, up to %d: %w", c.Columns, mostColumns, ErrRange)
	}
	for i, k := range c.Classes {
		if k < 1 {
			return fmt.Errorf("Config.Cond.Classes[%d]: is %d, want at least 1: %w", i, k, ErrRange)
		}
		if k > ad.MostClasses {
			return fmt.Errorf("Config.Cond.Classes[%d]: is %d, want at most %d: %w", i, k, ad.MostClasses, ErrRange)
		}
	}
	if c.Embed != nil && c.count() == 0 {
		return fmt.Errorf("Config.Cond.Embed: is set, but there are no conditions: %w", ErrRange)
	}
	return nil
}

// conditions are the Conditions of a model with the frame of the continuous
// columns. Encoded, a condition is width numbers: the standardised columns, the
// labels, and 1. No condition is zeros, with −1 for the labels.
type conditions struct {
	Conditions
	width        int
	shift, scale []float64
}

// newConditions returns nil for a model without conditions.
func newConditions(c Conditions) *conditions {
	if c.count() == 0 {
		return nil
	}
	r := &conditions{Conditions: c, width: c.count() + 1, shift: make([]float64, c.Columns), scale: make([]float64, c.Columns)}
	for i := range r.scale {
		r.scale[i] = 1
	}
	return r
}

// clone returns a copy that shares nothing that training changes.
func (c *conditions) clone() *conditions {
	if c == nil {
		return nil
	}
	r := *c
	r.shift, r.scale = append([]float64(nil), c.shift...), append([]float64(nil), c.scale...)
	return &r
}

// conditionColumns returns the number of columns of a model's conditions.
func (m *Model) conditionColumns() int {
	if m.cond == nil {
		return 0
	}
	return m.cond.count()
}

// conditionsOf returns a matrix for the conditions of n rows, nil for a model
// without.
func (m *Model) conditionsOf(n int) *mat.Dense {
	if m.cond == nil {
		return nil
	}
	return mat.NewDense(n, m.cond.count(), nil)
}

// conditionWidth returns the number of columns of an encoded condition.
func (m *Model) conditionWidth() int {
	if m.cond == nil {
		return 0
	}
	return m.cond.width
}

// check returns an error for the first number that is not a condition.
func (c *conditions) check(x *mat.Dense) error {
	for i := range x.RawMatrix().Rows {
		if err := c.checkRow(i, x.RawRowView(i)); err != nil {
			return err
		}
	}
	return nil
}

// checkRow is check for the condition of row i.
func (c *conditions) checkRow(i int, row []float64) error {
	if j := indexNonFinite(row); j >= 0 {
		return fmt.Errorf("row %d, condition column %d: is %v, want a finite number: %w", i, j, row[j], ErrNonFinite)
	}
	for j, k := range c.Classes {
		if v := row[c.Columns+j]; !(v >= 0 && v < float64(k)) || v != math.Trunc(v) {
			return fmt.Errorf("row %d, condition column %d: is %v, want a label 0, …, %d: %w", i, c.Columns+j, v, k-1, ErrRange)
		}
	}
	return nil
}

// encode writes the encoded condition of a row into dst, that of none for nil.
func encode[T ad.Float](c *conditions, dst []T, row []float64) {
	if row == nil {
		clear(dst)
		for j := range c.Classes {
			dst[c.Columns+j] = -1
		}
		return
	}
	for j, shift := range c.shift {
		dst[j] = T((row[j] - shift) / c.scale[j])
	}
	for j := range c.Classes {
		dst[c.Columns+j] = T(row[c.Columns+j])
	}
	dst[c.width-1] = 1
}

// encoded writes the encoded conditions of all rows into dst, or that of none for
// nil.
func encoded[T ad.Float](c *conditions, dst []T, x *mat.Dense) []T {
	if x == nil {
		dst = resize(dst, c.width)
		encode(c, dst, nil)
		return dst
	}
	n, _ := x.Dims()
	dst = resize(dst, n*c.width)
	for i := range n {
		encode(c, dst[i*c.width:(i+1)*c.width], x.RawRowView(i))
	}
	return dst
}

// mostGroups bounds the combinations of labels among which the
// Rao-Blackwellised target tells.
const mostGroups = 64

// groups returns the number of combinations of labels, 0 when the target is
// plain: for continuous conditions, which hardly ever repeat, and for too many
// combinations.
func (c *conditions) groups() int {
	n := 1
	for _, k := range c.Classes {
		if n *= k; n > mostGroups {
			return 0
		}
	}
	if c.Columns > 0 {
		return 0
	}
	return n
}

// group returns the combination of a row's labels.
func (c *conditions) group(row []float64) int {
	g := 0
	for j, k := range c.Classes {
		g = g*k + int(row[j])
	}
	return g
}

// calibrate measures the frame of the continuous columns, and returns those that
// are constant.
func (c *conditions) calibrate(x *mat.Dense) (constant []int, err error) {
	if err := c.check(x); err != nil {
		return nil, err
	}
	n, _ := x.Dims()
	column := make([]float64, n)
	for j := range c.shift {
		mat.Col(column, j, x)
		c.shift[j], c.scale[j] = moments(column)
		if c.scale[j] == 0 {
			c.scale[j], constant = 1, append(constant, j) // whoever asks for another value gets that far
		}
		if !finite(c.scale[j]) {
			return nil, fmt.Errorf("condition column %d: its spread overflows: %w", j, ErrRange)
		}
	}
	return constant, nil
}

// columns returns what an encoded condition stands for: the standardised columns
// and the unit vectors of the labels, and the column that is 1.
func (c *conditions) columns(encoded *ad.Expr) (values, present *ad.Expr) {
	var parts []*ad.Expr
	if c.Columns > 0 {
		parts = append(parts, ad.Slice(encoded, 0, c.Columns))
	}
	for j, k := range c.Classes {
		at := c.Columns + j
		parts = append(parts, ad.OneHot(ad.Slice(encoded, at, at+1), k))
	}
	return ad.Concat(parts...), ad.Slice(encoded, c.width-1, c.width)
}

// condition builds what the network is told from the encoded conditions.
func (m *Model) condition(b *nn.Build, encoded *ad.Expr) *ad.Expr {
	values, present := m.cond.columns(encoded)
	if m.cond.Embed != nil {
		values = ad.Mul(present, m.cond.Embed.Apply(b.Scope("condition"), values))
	}
	return ad.Concat(values, present)
}

// addConditions makes room for the conditions of the clean rows.
func (b *batcher) addConditions(refs, groups int) {
	k := b.m.cond.count()
	b.cond = mat.NewDense(refs, k, nil)
	b.firstCond = b.cond.Slice(0, b.own, 0, k).(*mat.Dense)
	if refs > b.own {
		b.restCond = b.cond.Slice(b.own, refs, 0, k).(*mat.Dense)
	}
	if groups > 1 && (b.posterior != nil || b.pool != nil) {
		b.group = make([]int, refs)
	}
	b.dropped = make([]bool, b.own)
}

// drop decides whether a distinct row does without its condition.
func (b *batcher) drop(i int) {
	if b.dropped == nil {
		return
	}
	var u [1]float64
	noise.Uniform(u[:], b.s.Seed, noise.Draw{Purpose: noise.Level, Step: b.step, Row: i, Slot: 1})
	b.dropped[i] = u[0] < b.s.DropCond
}

// encode writes the encoded condition of row i of the batch.
func (b *batcher) encode(i int) {
	c := b.m.cond
	if c == nil {
		return
	}
	row := b.cond.RawRowView(i % b.own)
	switch {
	case b.ways.on(b, i):
		row = b.ways.condition(i)
	case b.dropped[i%b.own]:
		row = nil
	}
	encode(c, b.given[i*c.width:(i+1)*c.width], row)
}

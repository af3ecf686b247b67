package table

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// MetadataKey is the key under which a Codec is kept, as JSON, in the metadata of the
// model that was trained on its rows.
const MetadataKey = "gradlogp.table"

// CodecSettings are the choices of NewCodec. The zero value codes every column as was
// measured to be best.
type CodecSettings struct {
	// Codings overrides the coding of columns, by name.
	Codings map[string]Coding
	// Levels is the order in which the levels of a Category are put on the line. A
	// column that is Ordered keeps its own.
	Levels LevelOrder
	// Rules are what all rows obey.
	Rules []Rule
}

// Codec turns rows of mixed columns into rows of real numbers without ties, for a
// score model, and back. The package's documentation has the mathematics. A Codec is
// safe for concurrent use, but for Match and UnmarshalJSON.
type Codec struct {
	fields  []Field
	rules   []Rule
	steps   []ruleStep // rules that are obeyed by a change of coordinates
	fixed   []float64  // the value of a column that is not coded, NaN if none
	columns []codedColumn
	groups  []missingGroup
	dim     int
}

// codedColumn is a column of the table with its coder, the one that is not nil.
type codedColumn struct {
	Field  int
	Number *numberCoder `json:",omitempty"`
	Levels *levelCoder  `json:",omitempty"`
	OneHot *oneHotCoder `json:",omitempty"`
	// Group is the index of the group that it is missing with, −1 when it is always there.
	Group int
	// Data and Model are the distributions of the coded column in the rows fitted, and in
	// those of a model; the latter is empty without Match.
	Data, Model marginal
	// A leader has a Law, what it is of smooth columns, and these go Along with it. Kept says
	// that Match does not move the column by itself, as that would contradict the others.
	Kept  bool    `json:",omitempty"`
	Law   []term  `json:",omitempty"`
	Along []along `json:",omitempty"`

	target marginal // that values of the model are matched to
	at     int      // first coded column
}

func (c *codedColumn) width() int {
	if c.OneHot != nil {
		return len(c.OneHot.Seen)
	}
	return 1
}

// NewCodec fits a codec to the rows of t. Nil settings are the defaults.
//
// It returns ErrShape when t has no rows, ragged columns or none that varies, ErrNonFinite for an
// infinite cell, ErrRange for a cell that its Field does not allow, a coding that does
// not suit the column or a name that is none, and ErrRule, with the first such row,
// when rows of t break a rule.
func NewCodec(t *Table, s *CodecSettings) (*Codec, error) {
	if s == nil {
		s = &CodecSettings{}
	}
	c, err := newCodec(t, s)
	if err != nil {
		return nil, fmt.Errorf("table: NewCodec: %w", err)
	}
	return c, nil
}

func newCodec(t *Table, s *CodecSettings) (*Codec, error) {
	n := t.Len()
	if n == 0 {
		return nil, fmt.Errorf("the table has no rows, want at least one: %w", ErrShape)
	}
	c := &Codec{fields: slices.Clone(t.Fields), rules: slices.Clone(s.Rules)}
	rows, err := c.load(t, false, false)
	if err != nil {
		return nil, err
	}
	for name, coding := range s.Codings {
		if t.Index(name) < 0 {
			return nil, fmt.Errorf("CodecSettings.Codings: %q is no column: %w", name, ErrName)
		}
		if coding < Auto || coding > OneHot {
			return nil, fmt.Errorf("CodecSettings.Codings: %q: is %d, want Auto to OneHot: %w", name, coding, ErrRange)
		}
	}
	bounds, err := c.fitRules(rows)
	if err != nil {
		return nil, err
	}
	plain := rows
	if len(c.steps) > 0 {
		plain = rows.clone()
	}
	dropped := make([]bool, len(c.fields))
	for k, step := range c.steps {
		for i := range n {
			step.forward(rows.row(i), jitter{seed: fitSeed, row: i, column: len(c.fields) + k})
		}
		if j := step.drops(); j >= 0 {
			dropped[j] = true
		}
	}
	c.fixed = make([]float64, len(c.fields))
	derived := c.derived()
	orders := &levelOrders{rows: plain, some: plain.some(orderRows), fields: c.fields, by: s.Levels}
	for j, f := range c.fields {
		c.fixed[j] = noCell
		values := rows.present(j)
		if f.Kind == Identifier || dropped[j] || len(values) == 0 {
			continue
		}
		if values[0] == values[len(values)-1] {
			c.fixed[j] = values[0]
			continue
		}
		p := codedColumn{Field: j, Group: -1}
		coding := s.Codings[f.Name]
		switch {
		case derived[j] != nil && coding != Ordinal && coding != OneHot:
			p.Number = fitNumber(values, derived[j].step, coding, bounds[j])
		case !f.Kind.Discrete():
			if coding == Ordinal || coding == OneHot {
				return nil, fmt.Errorf("CodecSettings.Codings: %q is %v, want no coding of levels: %w", f.Name, f.Kind, ErrRange)
			}
			p.Number = fitNumber(values, latticeOf(f), coding, bounds[j])
		case coding == OneHot:
			p.OneHot = fitOneHot(values, len(f.Levels))
		case coding == Auto || coding == Ordinal:
			p.Levels = fitLevels(values, orders.of(j))
		default:
			return nil, fmt.Errorf("CodecSettings.Codings: %q is %v, want Ordinal or OneHot: %w", f.Name, f.Kind, ErrRange)
		}
		c.columns = append(c.columns, p)
	}
	c.fitGroups(plain)
	c.place()
	if c.dim == 0 {
		return nil, fmt.Errorf("no column has two values among %d rows: %w", n, ErrShape)
	}
	c.standardise(rows)
	c.findLaws(rows)
	c.fitAlong(rows)
	return c, nil
}

// place numbers the coded columns: those of the fields in their order, then those
// which say what is missing.
func (c *Codec) place() {
	c.dim = 0
	for k := range c.columns {
		c.columns[k].at = c.dim
		c.dim += c.columns[k].width()
	}
	c.dim += len(c.groups)
}

// Dim returns the number of coded columns.
func (c *Codec) Dim() int { return c.dim }

// Fields returns the columns of the tables that Decode makes.
func (c *Codec) Fields() []Field { return slices.Clone(c.fields) }

// Schema returns fields to read more rows of the same table with, for Observe and Impute:
// numbers with any decimals, and any levels but for a Boolean. What is left out stays so.
func (c *Codec) Schema() []Field {
	schema := c.Fields()
	for j, f := range schema {
		switch f.Kind {
		case Number, Whole:
			f = Field{Name: f.Name, Kind: Number}
		case Category, Ordered, Constant:
			f = Field{Name: f.Name, Kind: Category}
		case Time:
			f.Step = 0
		}
		schema[j] = f
	}
	return schema
}

// Names returns names of the coded columns: that of the column coded, followed by
// "=level" for one of several and by " missing" for whether cells are missing.
func (c *Codec) Names() []string {
	var names []string
	for _, p := range c.columns {
		f := c.fields[p.Field]
		if p.OneHot == nil {
			names = append(names, f.Name)
			continue
		}
		for _, k := range p.OneHot.Seen {
			names = append(names, f.Name+"="+f.Levels[k])
		}
	}
	for _, g := range c.groups {
		names = append(names, c.fields[g.Fields[0]].Name+" missing")
	}
	return names
}

// Indicators returns the indices of the coded columns that say whether cells are
// missing.
func (c *Codec) Indicators() []int {
	var at []int
	for k := range c.groups {
		at = append(at, c.dim-len(c.groups)+k)
	}
	return at
}

// standardise gives every coded column mean 0 and deviation 1 over the rows fitted,
// and keeps its distribution.
func (c *Codec) standardise(rows *rowCells) {
	for k := range c.columns {
		p := &c.columns[k]
		values := rows.present(p.Field)
		switch {
		case p.Number != nil:
			p.Number.standardise(values)
			p.Data = newMarginal(values, p.Number.cell)
		case p.Levels != nil:
			p.Data = newMarginal(values, p.Levels.cell)
		}
	}
}

// checkDim returns the number of rows of x, and panics when it has other columns than c.
func (c *Codec) checkDim(verb string, x mat.Matrix) int {
	n, d := x.Dims()
	if d != c.dim {
		panic(fmt.Sprintf("table: %s: rows of %d columns, want the codec's %d", verb, d, c.dim))
	}
	return n
}

package table

import (
	"encoding/json"
	"fmt"
	"math"
)

// codecVersion is that of the text of a codec.
const codecVersion = 1

// codecText is a Codec as JSON.
type codecText struct {
	Version int
	Fields  []Field
	Rules   []ruleText     `json:",omitempty"`
	Steps   []ruleStepText `json:",omitempty"`
	Fixed   []*float64     // null where there is none
	Columns []codedColumn
	Missing []missingGroup `json:",omitempty"`
}

// ruleText has one rule; infinite bounds are null.
type ruleText struct {
	Bounds  *boundsText `json:",omitempty"`
	Order   *Order      `json:",omitempty"`
	Sum     *Sum        `json:",omitempty"`
	Simplex *Simplex    `json:",omitempty"`
}

type boundsText struct {
	Column    string
	Low, High *float64
}

type ruleStepText struct {
	Order   *orderStep   `json:",omitempty"`
	Sum     *sumStep     `json:",omitempty"`
	Simplex *simplexStep `json:",omitempty"`
}

// MarshalJSON returns the codec as text, with what Match has measured, but without the
// rules that are Checks. It has no rows of the table, but numbers of it: quantiles,
// and all values of a column that has few.
func (c *Codec) MarshalJSON() ([]byte, error) {
	t := codecText{Version: codecVersion, Fields: c.fields, Columns: c.columns, Missing: c.groups}
	for _, r := range c.rules {
		switch r := r.(type) {
		case Bounds:
			t.Rules = append(t.Rules, ruleText{Bounds: &boundsText{r.Column, ifFinite(r.Low), ifFinite(r.High)}})
		case Order:
			t.Rules = append(t.Rules, ruleText{Order: &r})
		case Sum:
			t.Rules = append(t.Rules, ruleText{Sum: &r})
		case Simplex:
			t.Rules = append(t.Rules, ruleText{Simplex: &r})
		}
	}
	for _, s := range c.steps {
		switch s := s.(type) {
		case *orderStep:
			t.Steps = append(t.Steps, ruleStepText{Order: s})
		case *sumStep:
			t.Steps = append(t.Steps, ruleStepText{Sum: s})
		case *simplexStep:
			t.Steps = append(t.Steps, ruleStepText{Simplex: s})
		}
	}
	for _, v := range c.fixed {
		t.Fixed = append(t.Fixed, ifFinite(v))
	}
	return json.Marshal(t)
}

// ifFinite returns a pointer to v, nil when it is NaN or infinite.
func ifFinite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// UnmarshalJSON reads what MarshalJSON wrote. It returns ErrVersion for a text of a later
// version and ErrCorrupt for one that no codec wrote, and leaves c as it was then.
func (c *Codec) UnmarshalJSON(text []byte) error {
	var version struct{ Version int }
	if err := json.Unmarshal(text, &version); err != nil {
		return fmt.Errorf("table: Codec: %v: %w", err, ErrCorrupt)
	}
	if version.Version != codecVersion {
		return fmt.Errorf("table: Codec: Version: is %d, want %d: %w", version.Version, codecVersion, ErrVersion)
	}
	var t codecText
	if err := json.Unmarshal(text, &t); err != nil {
		return fmt.Errorf("table: Codec: %v: %w", err, ErrCorrupt)
	}
	read, err := t.codec()
	if err != nil {
		return fmt.Errorf("table: Codec: %w", err)
	}
	*c = *read
	return nil
}

// codec returns the codec of a text that makes one.
func (t *codecText) codec() (*Codec, error) {
	c := &Codec{fields: t.Fields, columns: t.Columns, groups: t.Missing}
	if len(t.Fixed) != len(t.Fields) {
		return nil, fmt.Errorf("in Fixed: has %d values, want %d: %w", len(t.Fixed), len(t.Fields), ErrCorrupt)
	}
	for j, f := range t.Fields {
		if !(f.Step >= 0) || math.IsInf(f.Step, 0) {
			return nil, fmt.Errorf("in Fields: %d: Step: is %v, want no less than 0: %w", j, f.Step, ErrCorrupt)
		}
		v := noCell
		if t.Fixed[j] != nil {
			v = *t.Fixed[j]
			if f.Kind.Discrete() && !(v >= 0 && v < float64(len(f.Levels)) && v == math.Trunc(v)) {
				return nil, fmt.Errorf("in Fixed: %d: is %v, want the index of a level: %w", j, v, ErrCorrupt)
			}
		}
		c.fixed = append(c.fixed, v)
	}
	for k, r := range t.Rules {
		rule := r.rule()
		if rule == nil {
			return nil, fmt.Errorf("in Rules: %d: is none: %w", k, ErrCorrupt)
		}
		if err := rule.check(); err != nil {
			return nil, fmt.Errorf("in Rules: %d: %v: %w", k, err, ErrCorrupt)
		}
		if err := c.checkColumns(rule); err != nil {
			return nil, fmt.Errorf("in Rules: %d: %v: %w", k, err, ErrCorrupt)
		}
		c.rules = append(c.rules, rule)
	}
	for k, s := range t.Steps {
		step := s.step(len(t.Fields))
		if step == nil {
			return nil, fmt.Errorf("in Steps: %d: has other columns than it needs: %w", k, ErrCorrupt)
		}
		for _, j := range step.reads() {
			if f := t.Fields[j]; f.Kind.Discrete() || f.Kind == Identifier {
				return nil, fmt.Errorf("in Steps: %d: column %d is %v, want numbers: %w", k, j, f.Kind, ErrCorrupt)
			}
		}
		c.steps = append(c.steps, step)
	}
	for g := range c.groups {
		if !c.groups[g].valid(len(t.Fields)) {
			return nil, fmt.Errorf("in Missing: %d: has no codes: %w", g, ErrCorrupt)
		}
		c.groups[g].Coder.index()
	}
	last := -1
	for k := range c.columns {
		p := &c.columns[k]
		if p.Field <= last || p.Field >= len(t.Fields) || !p.valid(&t.Fields[p.Field], len(c.groups)) {
			return nil, fmt.Errorf("in Columns: %d: has no codes: %w", k, ErrCorrupt)
		}
		last = p.Field
		if p.Levels != nil {
			p.Levels.index()
		}
		p.aim()
	}
	for k := range c.columns {
		if !c.validLaws(k) {
			return nil, fmt.Errorf("in Columns: %d: has a law of columns that are none: %w", k, ErrCorrupt)
		}
	}
	if c.place(); c.dim == 0 {
		return nil, fmt.Errorf("in Columns: are none: %w", ErrCorrupt)
	}
	return c, nil
}

func (r *ruleText) rule() Rule {
	switch {
	case r.Bounds != nil:
		b := Bounds{Column: r.Bounds.Column, Low: math.Inf(-1), High: math.Inf(1)}
		if r.Bounds.Low != nil {
			b.Low = *r.Bounds.Low
		}
		if r.Bounds.High != nil {
			b.High = *r.Bounds.High
		}
		return b
	case r.Order != nil:
		return *r.Order
	case r.Sum != nil:
		return *r.Sum
	case r.Simplex != nil:
		return *r.Simplex
	}
	return nil
}

// step returns the step, nil when its columns are not different ones of n, or its
// numbers not those of one.
func (s *ruleStepText) step(n int) ruleStep {
	switch {
	case s.Order != nil:
		if o := s.Order; len(o.At) > 1 && len(o.Steps) == len(o.At) && allDistinct(o.At, n) && lattices(o.Steps) {
			return o
		}
	case s.Sum != nil:
		if o := s.Sum; len(o.Others) > 0 && len(o.Steps) == len(o.Others)+1 && allDistinct(append([]int{o.Last}, o.Others...), n) && lattices(o.Steps) {
			return o
		}
	case s.Simplex != nil:
		if o := s.Simplex; len(o.At) > 1 && len(o.Steps) == len(o.At) && allDistinct(o.At, n) && lattices(o.Steps) && o.Least > 0 && o.Least <= .5 && o.Total > 0 {
			return o
		}
	}
	return nil
}

func lattices(steps []float64) bool {
	for _, s := range steps {
		if !(s >= 0) {
			return false
		}
	}
	return true
}

func (g *missingGroup) valid(fields int) bool {
	return len(g.Fields) > 0 && allDistinct(g.Fields, fields) && g.Coder.valid(2) && g.Data.valid() && (!g.Model.fitted() || g.Model.valid())
}

func (p *codedColumn) valid(f *Field, groups int) bool {
	if p.Group < -1 || p.Group >= groups || p.Field < 0 {
		return false
	}
	if p.OneHot != nil {
		return p.Number == nil && p.Levels == nil && f.Kind.Discrete() && len(p.OneHot.Seen) > 0 && allDistinct(p.OneHot.Seen, len(f.Levels))
	}
	if !p.Data.valid() || p.Model.fitted() && !p.Model.valid() {
		return false
	}
	if p.Levels != nil {
		return p.Number == nil && f.Kind.Discrete() && p.Levels.valid(len(f.Levels))
	}
	return p.Number != nil && !f.Kind.Discrete() && f.Kind != Identifier && p.Number.valid()
}

// validLaws reports whether the k-th column goes along with leaders, if with any, and its
// law, if any, is one of other numbers.
func (c *Codec) validLaws(k int) bool {
	number := func(k int) bool { return k >= 0 && k < len(c.columns) && c.columns[k].Number != nil }
	for _, a := range c.columns[k].Along {
		if !number(k) || !number(a.Of) || c.columns[a.Of].Law == nil || a.Of == k {
			return false
		}
	}
	for _, t := range c.columns[k].Law {
		if !number(k) || !number(t.A) || t.B != -1 && !number(t.B) || t.uses(k) {
			return false
		}
	}
	return true
}

func (c *numberCoder) valid() bool {
	switch {
	case !(c.Step >= 0) || !(c.Grid >= 0) || !(c.Unit > 0) || !(c.Scale > 0),
		c.Coding < Standard || c.Coding > Logit,
		(c.Coding == Quantile) != (c.Bend != nil),
		c.Bend != nil && !c.Bend.valid(),
		c.Coding == Logit && !(c.Lower < c.Upper),
		c.Low != nil && c.High != nil && !(*c.Low <= *c.High),
		(len(c.Atoms) > 0) != (c.Spread != nil),
		!ascend(c.Atoms):
		return false
	}
	return c.Spread == nil || c.Spread.valid() && len(c.Spread.X) == 2*len(c.Atoms)
}

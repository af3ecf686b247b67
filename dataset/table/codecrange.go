package table

// Range returns the least and the most number that the j-th of Fields had in the rows that
// the codec was fitted to, up to the rounding of its coding: a model has learned nothing of
// numbers beyond, see Observe. ok is false for a column that is not of numbers or times, and
// for one that a rule has put others in the place of. It panics when j is no index of Fields.
func (c *Codec) Range(j int) (least, most float64, ok bool) {
	_ = c.fields[j]
	for _, s := range c.steps {
		if _, other := s.derived()[j]; other || s.drops() == j {
			return 0, 0, false
		}
	}
	for k := range c.columns {
		if p := &c.columns[k]; p.Field == j && p.Number != nil && p.Data.fitted() {
			y := p.Data.Y
			return p.Number.decode(y[0], p.Number.Step), p.Number.decode(y[len(y)-1], p.Number.Step), true
		}
	}
	return 0, 0, false
}

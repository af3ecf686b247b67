package table

import "math"

// missingGroup are columns that are missing in the same rows. A coded column says
// whether they are.
type missingGroup struct {
	Fields []int
	Coder  levelCoder // of 0, which is there, and 1, missing
	// Data and Model are as in codedColumn.
	Data, Model marginal
}

// missing reports whether y says that the cells are missing.
func (g *missingGroup) missing(y float64) bool { return g.Coder.decode(y) == 1 }

// share returns the share of rows fitted in which the cells are missing.
func (g *missingGroup) share() float64 {
	return 1 - g.Data.at(g.Coder.Border[1])
}

// fitGroups finds the columns that are missing in some rows.
func (c *Codec) fitGroups(rows *rowCells) {
	of := map[string]int{}
	for j, f := range c.fields {
		mask := make([]byte, rows.n)
		gone := 0
		for i := range rows.n {
			if math.IsNaN(rows.row(i)[j]) {
				mask[i] = 1
				gone++
			}
		}
		if f.Kind == Identifier || gone == 0 || gone == rows.n {
			continue
		}
		k, ok := of[string(mask)]
		if !ok {
			k = len(c.groups)
			of[string(mask)] = k
			values := make([]float64, rows.n)
			for i := range values[rows.n-gone:] {
				values[rows.n-gone+i] = 1
			}
			g := missingGroup{Coder: *fitLevels(values, []int{0, 1})}
			g.Data = newMarginal(values, g.Coder.cell)
			c.groups = append(c.groups, g)
		}
		c.groups[k].Fields = append(c.groups[k].Fields, j)
	}
	for k := range c.columns {
		for g, group := range c.groups {
			for _, j := range group.Fields {
				if c.columns[k].Field == j {
					c.columns[k].Group = g
				}
			}
		}
	}
}

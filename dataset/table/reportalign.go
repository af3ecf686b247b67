package table

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mat"
)

// align returns the cells of tables, called names in errors, as rows of the same
// columns: those of the first table but identifiers. Levels are numbered alike.
func align(tables []*Table, names []string) ([]Field, []*mat.Dense, error) {
	var fields []Field
	var columns [][][]float64 // of each field and table
	for t, table := range tables {
		if table == nil || table.Len() == 0 {
			return nil, nil, fmt.Errorf("%s: has no rows: %w", names[t], ErrShape)
		}
		if err := table.checkColumns(); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", names[t], err)
		}
	}
	for j, f := range tables[0].Fields {
		if f.Kind == Identifier || tables[0].Columns[j] == nil {
			continue
		}
		of := make([]Field, len(tables))
		cells := make([][]float64, len(tables))
		for t, table := range tables {
			at := table.Index(f.Name)
			if at < 0 || table.Columns[at] == nil {
				return nil, nil, fmt.Errorf("%s: column %s: %w", names[t], shown(f.Name), ErrName)
			}
			of[t], cells[t] = table.Fields[at], table.Columns[at]
			if len(cells[t]) != table.Len() {
				return nil, nil, fmt.Errorf("%s: column %s: has %d cells, want %d: %w", names[t], shown(f.Name), len(cells[t]), table.Len(), ErrShape)
			}
			for i, v := range cells[t] {
				switch {
				case math.IsInf(v, 0):
					return nil, nil, fmt.Errorf("%s: column %s: row %d: is %v: %w", names[t], shown(f.Name), i, v, ErrNonFinite)
				case v == v && of[t].Kind.Discrete() && !(v >= 0 && v < float64(len(of[t].Levels)) && v == math.Trunc(v)):
					return nil, nil, fmt.Errorf("%s: column %s: row %d: is %v, want an index of its %d levels: %w", names[t], shown(f.Name), i, v, len(of[t].Levels), ErrRange)
				}
			}
		}
		f, err := alike(of, cells)
		if err != nil {
			return nil, nil, fmt.Errorf("column %s: %w", shown(f.Name), err)
		}
		fields, columns = append(fields, f), append(columns, cells)
	}
	if len(fields) == 0 {
		return nil, nil, fmt.Errorf("train: has no columns, but for identifiers: %w", ErrShape)
	}
	rows := make([]*mat.Dense, len(tables))
	for t, table := range tables {
		rows[t] = mat.NewDense(table.Len(), len(fields), nil)
		for j := range fields {
			rows[t].SetCol(j, columns[j][t])
		}
	}
	return fields, rows, nil
}

// alike gives the cells of a column one meaning in all tables, and returns its field.
// A column that is a Constant in a small table may be one of numbers in another.
func alike(of []Field, cells [][]float64) (Field, error) {
	f := of[0]
	discrete := true
	for _, g := range of {
		discrete = discrete && g.Kind.Discrete()
		if f.Kind == Constant {
			f.Kind, f.Step, f.Layout = g.Kind, g.Step, g.Layout
		}
	}
	if !discrete {
		for t, g := range of {
			if g.Kind.Discrete() {
				numbers := make([]float64, len(g.Levels))
				for k, text := range g.Levels {
					v, err := strconv.ParseFloat(text, 64)
					if f.Layout != "" {
						v, err = f.parse(text)
					}
					if err != nil || math.IsInf(v, 0) {
						return f, fmt.Errorf("is of kind %v in one table, and has the level %s in another: %w", f.Kind, shown(text), ErrKind)
					}
					numbers[k] = v
				}
				cells[t] = replaceCells(cells[t], numbers)
			}
		}
		f.Levels = nil
		return f, nil
	}
	f.Levels = nil
	number := map[string]float64{}
	for t, g := range of {
		to := make([]float64, len(g.Levels))
		for k, text := range g.Levels {
			at, known := number[text]
			if !known {
				at = float64(len(f.Levels))
				number[text] = at
				f.Levels = append(f.Levels, text)
			}
			to[k] = at
		}
		cells[t] = replaceCells(cells[t], to)
	}
	return f, nil
}

// replaceCells returns the values that indices stand for.
func replaceCells(cells, values []float64) []float64 {
	c := make([]float64, len(cells))
	for i, v := range cells {
		c[i] = math.NaN()
		if v == v {
			c[i] = values[int(v)]
		}
	}
	return c
}

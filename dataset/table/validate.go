package table

import (
	"fmt"
	"math"
)

// Validate returns an error when the table is not what its Fields say: ErrShape when
// it has no columns, or columns of different lengths; ErrKind for a Field of kind
// Infer; ErrSyntax for a name that is empty, twice there or no text that a file can
// have; ErrRange for a Field that no
// column can be of, a cell that is infinite, no index of Levels, beyond 2⁵³ in a
// Whole, off the lattice of Step, or outside the years 0 to 9999.
func (t *Table) Validate() error {
	if err := t.validate(); err != nil {
		return fmt.Errorf("table: Validate: %w", err)
	}
	return nil
}

func (t *Table) validate() error {
	if err := t.checkColumns(); err != nil {
		return err
	}
	if len(t.Fields) == 0 {
		return fmt.Errorf("Table: has 0 Columns and 0 Fields, want at least one of both: %w", ErrShape)
	}
	rows := t.Len()
	for j, f := range t.Fields {
		if !readable(f.Name) {
			return fmt.Errorf("column %d: Name: is %s, want %s: %w", j, shown(f.Name), wantReadable, ErrSyntax)
		}
		if err := f.validate(t.Columns[j], rows); err != nil {
			return fmt.Errorf("column %d (%q): %w", j, f.Name, err)
		}
	}
	return nil
}

// checkColumns returns an error when there is not a column for each field, and when two have
// the same name, by which they are found.
func (t *Table) checkColumns() error {
	if len(t.Columns) != len(t.Fields) {
		return fmt.Errorf("Table: has %d Columns and %d Fields, want as many of both: %w", len(t.Columns), len(t.Fields), ErrShape)
	}
	seen := make(map[string]int, len(t.Fields))
	for j, f := range t.Fields {
		if k, twice := seen[f.Name]; twice {
			return fmt.Errorf("columns %d and %d: are both called %s, want different names: %w", k, j, shown(f.Name), ErrSyntax)
		}
		seen[f.Name] = j
	}
	return nil
}

// validate checks the cells of a column.
func (f Field) validate(column []float64, rows int) error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case f.Kind == Infer:
		return fmt.Errorf("Field.Kind: is %v, want the kind of the cells: %w", f.Kind, ErrKind)
	case f.Kind == Time && f.Layout == "":
		return fmt.Errorf("Field.Layout: is empty, want one for kind %v: %w", f.Kind, ErrRange)
	case f.Kind == Identifier && column == nil:
		return nil
	case len(column) != rows:
		return fmt.Errorf("has %d cells, want %d as the first column: %w", len(column), rows, ErrShape)
	}
	for i, v := range column {
		if want := f.wants(v); want != "" {
			return fmt.Errorf("row %d: is %v, want %s: %w", i, v, want, ErrRange)
		}
	}
	return nil
}

// wants returns what a cell should be, "" when it is.
func (f Field) wants(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case math.IsInf(v, 0):
		return "a finite number, or NaN where it is missing"
	case f.Kind.Discrete() && !(v >= 0 && v < float64(len(f.Levels)) && v == math.Trunc(v)):
		return fmt.Sprintf("an index of the %d Levels", len(f.Levels))
	case f.Kind == Whole && !(v == math.Trunc(v) && math.Abs(v) <= largestWhole):
		return "a whole number of magnitude up to 2⁵³"
	case f.Kind == Time && (v < firstSecond || v > lastSecond+1):
		return "seconds of the years 0 to 9999"
	case !f.Kind.Discrete() && f.Step > 0 && !onLattice(v, f.Step):
		return fmt.Sprintf("a whole multiple of the Step %v", f.Step)
	}
	return ""
}

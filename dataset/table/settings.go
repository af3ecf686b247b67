package table

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// ReadSettings says how a file is read. The zero value and nil are the same.
type ReadSettings struct {
	// Comma stands between the cells. 0 is the one of comma, semicolon and tab that
	// the first line has most of, and the comma in a tie.
	Comma rune
	// NoHeader means that the first line is a row already. Columns are then called
	// column1, column2, …
	NoHeader bool
	// Missing lists the texts of missing cells, as they stand, case included. An
	// empty cell always is one. nil stands for NA, N/A, n/a, NaN, nan, null, NULL and ?.
	Missing []string
	// Schema has the fields of columns that are known, found by Name, in any order;
	// the other columns are inferred. A field of kind Infer with Levels is a Category,
	// one with a Layout a Time; otherwise only its Name is looked at. Of another kind,
	// it is taken as it stands and every cell has to be of it: Levels, where there are
	// some, are all that there may be, also those which Missing lists; a Number has the
	// Step given, and none when it is 0.
	Schema []Field
	// LongestRecord is the most bytes that a row of the file may have, line feeds
	// within quotes included. 0 means 4 MiB.
	LongestRecord int
	// MostLevels is the most levels a Category may have. 0 means 65,536.
	MostLevels int
}

const (
	defaultLongestRecord = 4 << 20
	defaultMostLevels    = 1 << 16
	// mostColumns bounds the memory that a single line can ask for.
	mostColumns = 1 << 16
)

var defaultMissing = []string{"NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?"}

// withDefaults returns the settings with zero values replaced.
func (s *ReadSettings) withDefaults() (ReadSettings, error) {
	var c ReadSettings
	if s != nil {
		c = *s
	}
	switch r := c.Comma; {
	case r == 0:
	case r == '"' || r == '\r' || r == '\n' || r == utf8.RuneError || !utf8.ValidRune(r):
		return c, fmt.Errorf("ReadSettings: Comma: is %q, want another character: %w", r, ErrRange)
	}
	if c.LongestRecord < 0 {
		return c, fmt.Errorf("ReadSettings: LongestRecord: is %d, want ≥ 0: %w", c.LongestRecord, ErrRange)
	}
	if c.LongestRecord == 0 {
		c.LongestRecord = defaultLongestRecord
	}
	if c.MostLevels < 0 {
		return c, fmt.Errorf("ReadSettings: MostLevels: is %d, want ≥ 0: %w", c.MostLevels, ErrRange)
	}
	if c.MostLevels == 0 {
		c.MostLevels = defaultMostLevels
	}
	if c.Missing == nil {
		c.Missing = defaultMissing
	}
	for i, f := range c.Schema {
		if err := f.check(); err != nil {
			return c, fmt.Errorf("ReadSettings: Schema: field %d (%q): %w", i, f.Name, err)
		}
		if slices.ContainsFunc(c.Schema[:i], func(g Field) bool { return g.Name == f.Name }) {
			return c, fmt.Errorf("ReadSettings: Schema: %q is there twice, want one field a column: %w", f.Name, ErrRange)
		}
	}
	return c, nil
}

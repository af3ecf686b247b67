package table

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// gatherer keeps the cells of a column while the file is read. It takes the next
// cell and returns the gatherer for the cells after it: what looks like categories
// at first may be numbers after a thousand rows.
type gatherer interface {
	add(text string, line int) (gatherer, error)
	// finish returns the column, nil for an Identifier. The gatherer is gone then.
	finish() (Field, []float64, error)
}

// column is what is known of a column beforehand.
type column struct {
	Field
	position   int // in the file, from 1; 0 when there is no file
	missing    map[string]bool
	mostLevels int
}

// fault returns an error about the column, at a line unless it is 0.
func (c *column) fault(line int, sentinel error, format string, args ...any) error {
	where := shown(c.Name)
	if c.position > 0 {
		where = fmt.Sprintf("column %d (%s)", c.position, where)
	}
	if line > 0 {
		where = fmt.Sprintf("line %d, %s", line, where)
	}
	return fmt.Errorf("%s: %s: %w", where, fmt.Sprintf(format, args...), sentinel)
}

func (c *column) gatherer() gatherer {
	switch {
	case c.Kind == Identifier:
		return &skipped{column: c}
	case c.Kind == Number || c.Kind == Whole:
		return newNumbers(c)
	case c.Kind == Time || c.Kind == Infer && c.Layout != "":
		return newTimes(c)
	case len(c.Levels) > 0:
		return newFixed(c)
	}
	return newTexts(c)
}

// checkText returns an error when a text is not UTF-8.
func (c *column) checkText(text string, line int) error {
	if !utf8.ValidString(text) {
		return c.fault(line, ErrSyntax, "is %s, want UTF-8", shown(text))
	}
	return nil
}

// shown returns a text as messages quote it: not all of a long one.
func shown(text string) string {
	const most = 60
	if len(text) > most {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(text[:most], ""))
	}
	return fmt.Sprintf("%q", text)
}

// list joins texts as messages quote them, not all of many.
func list(texts []string) string {
	const most, mostBytes = 8, 50
	var b strings.Builder
	for i, t := range texts {
		if i == most || b.Len() > mostBytes && i+1 < len(texts) {
			fmt.Fprintf(&b, " and %d more", len(texts)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(shown(t))
	}
	return b.String()
}

// skipped leaves an Identifier out.
type skipped struct{ *column }

func (s *skipped) add(text string, line int) (gatherer, error) {
	return s, s.checkText(text, line)
}

func (s *skipped) finish() (Field, []float64, error) {
	return Field{Name: s.Name, Kind: Identifier}, nil, nil
}

// fixed keeps cells of given Levels.
type fixed struct {
	*column
	cells  chunks[int32]
	levels map[string]int32
}

const absent = -1

func newFixed(c *column) *fixed {
	f := &fixed{column: c, levels: make(map[string]int32, len(c.Levels)+len(c.missing))}
	for text := range c.missing {
		f.levels[text] = absent
	}
	for k, text := range c.Levels {
		f.levels[text] = int32(k)
	}
	return f
}

func (f *fixed) add(text string, line int) (gatherer, error) {
	k, ok := f.levels[text]
	if !ok {
		if err := f.checkText(text, line); err != nil {
			return nil, err
		}
		return nil, f.fault(line, ErrRange, "is %s, want one of the Levels %s", shown(text), list(f.Levels))
	}
	f.cells.add(k)
	return f, nil
}

func (f *fixed) finish() (Field, []float64, error) {
	field := f.Field
	if field.Kind == Infer {
		field.Kind = Category
	}
	field.Levels = slices.Clone(f.Levels)
	return field, f.cells.column(level), nil
}

// strays are the cells that are not of the kind most cells of a column are of.
type strays struct {
	n     int
	line  int // of the first
	texts []string
}

func (s *strays) add(text string, line int) {
	if s.n == 0 {
		s.line = line
	}
	s.n++
	if len(s.texts) < 8 && !slices.Contains(s.texts, text) {
		s.texts = append(s.texts, strings.Clone(text))
	}
}

// fault returns the error about a column of n cells with strays in it.
func (s *strays) fault(c *column, n int, want string) error {
	others := ""
	if len(s.texts) > 1 {
		others = " (" + list(s.texts) + ")"
	}
	return c.fault(s.line, ErrKind, "is %s; %d of the %d cells%s are no %ss: list such texts in Missing, or say Kind category or identifier in the Schema",
		shown(s.texts[0]), s.n, n, others, want)
}

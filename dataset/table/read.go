package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// ReadFile reads the table in a file as Read does. Errors name the file.
func ReadFile(path string, s *ReadSettings) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("table: Read: %w", err)
	}
	defer f.Close()
	t, err := read(f, s)
	if err != nil {
		return nil, fmt.Errorf("table: Read: %s: %w", path, err)
	}
	return t, nil
}

// Read reads a table of separated cells in UTF-8, compressed with gzip or not, and
// infers from all rows what its columns are, see the package comment. A byte order
// mark, CRLF, quoted cells with line feeds in them and blank lines, which are left
// out, are no errors; spaces around a cell are no part of it. Columns without a name
// are called column1, column2, … after their place.
//
// It needs memory for the columns and one row, and returns an error with line and
// column: ErrSyntax, ErrShape when a row has another number of cells or there is
// none, ErrKind and ErrRange for cells that do not fit, ErrLimit, ErrName for a field
// of the Schema that is not in the file, and what r returns.
func Read(r io.Reader, s *ReadSettings) (*Table, error) {
	t, err := read(r, s)
	if err != nil {
		return nil, fmt.Errorf("table: Read: %w", err)
	}
	return t, nil
}

func read(r io.Reader, s *ReadSettings) (*Table, error) {
	settings, err := s.withDefaults()
	if err != nil {
		return nil, err
	}
	records, err := newRecords(r, &settings)
	if err != nil {
		return nil, err
	}
	first, err := records.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("the file is empty, want a header and rows: %w", ErrShape)
	}
	if err != nil {
		return nil, syntax(err, 0, 0)
	}
	columns, err := newColumns(first, &settings)
	if err != nil {
		return nil, err
	}
	gatherers := make([]gatherer, len(columns))
	for j := range columns {
		gatherers[j] = columns[j].gatherer()
	}
	rows := 0
	for record := first; ; rows++ {
		if rows > 0 || !settings.NoHeader {
			if record, err = records.Read(); err == io.EOF {
				break
			} else if err != nil {
				return nil, syntax(err, len(record), len(columns))
			}
		}
		for j, text := range record {
			line, _ := records.FieldPos(j)
			if gatherers[j], err = gatherers[j].add(trim(text), line); err != nil {
				return nil, err
			}
		}
	}
	if rows == 0 {
		return nil, fmt.Errorf("the file has a header and no rows, want at least one: %w", ErrShape)
	}
	t := &Table{Fields: make([]Field, len(columns)), Columns: make([][]float64, len(columns))}
	for j, g := range gatherers {
		if t.Fields[j], t.Columns[j], err = g.finish(); err != nil {
			return nil, err
		}
		gatherers[j] = nil
	}
	return t, nil
}

// newRecords returns a reader of the records of a file, from the first one on.
func newRecords(r io.Reader, s *ReadSettings) (*csv.Reader, error) {
	const buffer = 1 << 16
	text := bufio.NewReaderSize(r, buffer)
	if begin, _ := text.Peek(2); bytes.Equal(begin, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(text)
		if err != nil {
			return nil, err
		}
		text = bufio.NewReaderSize(z, buffer)
	}
	if err := checkText(text); err != nil {
		return nil, err
	}
	comma := s.Comma
	if comma == 0 {
		comma = findComma(text)
	}
	bound := &bounded{r: text, most: s.LongestRecord, comma: []byte(string(comma))}
	records := csv.NewReader(bufio.NewReaderSize(bound, buffer))
	records.Comma = comma
	records.ReuseRecord = true
	// Spaces before a quote; where the separator is a space itself they would hide
	// empty cells.
	records.TrimLeadingSpace = comma != '\t' && comma != ' '
	return records, nil
}

// syntax returns an error of the reader of records in our words. The record has n
// cells where the first has want.
func syntax(err error, n, want int) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	switch {
	case errors.Is(parse.Err, csv.ErrFieldCount):
		return fmt.Errorf("line %d: has %d cells, want %d as the first line has: %w", parse.StartLine, n, want, ErrShape)
	case errors.Is(parse.Err, csv.ErrQuote) && parse.StartLine != parse.Line:
		return fmt.Errorf("line %d, byte %d: a quote within the row that begins at line %d does not end a cell: %w", parse.Line, parse.Column, parse.StartLine, ErrSyntax)
	case errors.Is(parse.Err, csv.ErrQuote):
		return fmt.Errorf("line %d, byte %d: a quoted cell does not end before a separator: %w", parse.Line, parse.Column, ErrSyntax)
	}
	return fmt.Errorf("line %d, byte %d: a quote stands in a cell without quotes, want the whole cell in quotes and a quote in it twice: %w", parse.Line, parse.Column, ErrSyntax)
}

// newColumns returns what is known of the columns before the first row.
func newColumns(first []string, s *ReadSettings) ([]column, error) {
	missing := map[string]bool{"": true}
	for _, text := range s.Missing {
		missing[trim(text)] = true
	}
	schema := make(map[string]Field, len(s.Schema))
	for _, f := range s.Schema {
		schema[f.Name] = f
	}
	columns := make([]column, len(first))
	index := make(map[string]int, len(first))
	for j, text := range first {
		name := ""
		if !s.NoHeader {
			name = strings.Clone(trim(text))
		}
		if _, known := schema[name]; !known && parseNumber(name).decimals > 0 {
			return nil, fmt.Errorf("line 1, column %d: is %s, want a name: NoHeader reads the first line as a row, and a field in the Schema says that it is a name: %w", j+1, shown(name), ErrSyntax)
		}
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("line 1, column %d: the name is %s, want UTF-8: %w", j+1, shown(name), ErrSyntax)
		}
		if name == "" {
			name = fmt.Sprintf("column%d", j+1)
		}
		if k, twice := index[name]; twice {
			hint := ""
			if parseNumber(name).form != word {
				hint = ", or NoHeader if it is a row"
			}
			return nil, fmt.Errorf("line 1, columns %d and %d: are both called %s, want different names%s: %w", k+1, j+1, shown(name), hint, ErrSyntax)
		}
		index[name] = j
		field := schema[name]
		field.Name = name
		columns[j] = column{Field: field, position: j + 1, missing: missing, mostLevels: s.MostLevels}
	}
	for _, f := range s.Schema {
		if _, ok := index[f.Name]; !ok {
			names := make([]string, len(columns))
			for j, c := range columns {
				names[j] = c.Name
			}
			return nil, fmt.Errorf("ReadSettings: Schema: has a field %s, want one of the columns %s: %w", shown(f.Name), list(names), ErrName)
		}
	}
	return columns, nil
}

// trim takes off the spaces around a cell.
func trim(s string) string {
	if n := len(s); n > 0 && s[0] > ' ' && s[0] < utf8.RuneSelf && s[n-1] > ' ' && s[n-1] < utf8.RuneSelf {
		return s
	}
	return strings.TrimSpace(s)
}

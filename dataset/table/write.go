package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gradlogp/gradlogp/dataset/internal/replace"
)

// WriteSettings says how a table is written. The zero value and nil are the same.
type WriteSettings struct {
	// Comma stands between the cells. 0 is a comma.
	Comma rune
	// NoHeader leaves the line of names out.
	NoHeader bool
	// Missing is the text of missing cells.
	Missing string
}

// Write writes a table as Read reads it: with t.Fields as the Schema, Missing as the
// only text of a missing cell, and the same Comma and NoHeader, Read gives t back.
// Numbers are written with the decimals of their Step, or without one with the
// fewest digits that give them back, times in their Layout in UTC, and cells in
// quotes where they have to be. Columns of kind Identifier are left out.
//
// It returns the errors of Validate, ErrShape when no column is left, ErrRange when
// a Level is the text of a missing cell, and what w returns.
func Write(w io.Writer, t *Table, s *WriteSettings) error {
	if err := write(w, t, s); err != nil {
		return fmt.Errorf("table: Write: %w", err)
	}
	return nil
}

// WriteFile writes the table to a file as Write does, compressed with gzip when its
// name ends in .gz. The file is replaced when all has been written, or not at all;
// what is no regular file, such as a pipe, is written to as it is.
func WriteFile(path string, t *Table, s *WriteSettings) error {
	if err := replace.File(path, func(w io.Writer) error {
		if !strings.HasSuffix(path, ".gz") {
			return write(w, t, s)
		}
		z := gzip.NewWriter(w)
		if err := write(z, t, s); err != nil {
			return err
		}
		return z.Close()
	}); err != nil {
		return fmt.Errorf("table: Write: %s: %w", path, err)
	}
	return nil
}

func write(w io.Writer, t *Table, s *WriteSettings) error {
	if s == nil {
		s = &WriteSettings{}
	}
	comma := s.Comma
	if comma == 0 {
		comma = ','
	}
	if comma == '"' || comma == '\r' || comma == '\n' || comma == utf8.RuneError || !utf8.ValidRune(comma) {
		return fmt.Errorf("WriteSettings: Comma: is %q, want another character: %w", comma, ErrRange)
	}
	if s.Missing != strings.TrimSpace(s.Missing) || !utf8.ValidString(s.Missing) {
		return fmt.Errorf("WriteSettings: Missing: is %q, want UTF-8 with no space around it: %w", s.Missing, ErrRange)
	}
	if err := t.validate(); err != nil {
		return err
	}
	var columns []int
	for j, f := range t.Fields {
		if f.Kind == Identifier {
			continue
		}
		for _, text := range f.Levels {
			if text == s.Missing {
				return fmt.Errorf("column %d (%q): Levels: has %q, which is the text of a missing cell: %w", j, f.Name, text, ErrRange)
			}
		}
		columns = append(columns, j)
	}
	if columns == nil {
		return fmt.Errorf("Table: has no column but those of kind %v: %w", Identifier, ErrShape)
	}
	out := writer{Writer: bufio.NewWriterSize(w, 1<<16), special: "\"\r\n" + string(comma), comma: comma}
	if !s.NoHeader {
		for n, j := range columns {
			out.cell([]byte(t.Fields[j].Name), n)
		}
		out.WriteByte('\n')
	}
	var text []byte
	for i := range t.Len() {
		for n, j := range columns {
			text = t.Fields[j].appendText(text[:0], t.Columns[j][i])
			if len(text) == 0 {
				text = append(text, s.Missing...)
			}
			if len(text) == 0 && len(columns) == 1 {
				out.WriteString(`""`) // a blank line would be no row
				continue
			}
			out.cell(text, n)
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// writer writes cells in quotes where they need them.
type writer struct {
	*bufio.Writer
	special string
	comma   rune
}

// cell writes the n-th cell of a row. Errors are kept until Flush.
func (w *writer) cell(text []byte, n int) {
	if n > 0 {
		w.WriteRune(w.comma)
	}
	if !bytes.ContainsAny(text, w.special) && !bytes.HasPrefix(text, []byte("\ufeff")) {
		w.Write(text)
		return
	}
	text = bytes.ReplaceAll(text, []byte{'"'}, []byte(`""`))
	// Of CRLF within quotes, package csv reads the line feed alone.
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\r\r\n"))
	w.WriteByte('"')
	w.Write(text)
	w.WriteByte('"')
}

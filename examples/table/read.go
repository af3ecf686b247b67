package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// storms are tropical storms of the Atlantic, see the README.
//
//go:embed storms.csv
var storms []byte

// stormRule is what the storms obey; their names, which tell the year, are left out.
const stormRule, stormOmit = "hurricane_diameter<=storm_diameter", "name"

// read returns the table in a file, or that of the storms for the path "", as the flags
// say.
func (j *job) read(path string) (*table.Table, error) {
	s, err := j.settings()
	if err != nil {
		return nil, err
	}
	return read(path, s)
}

func (j *job) settings() (*table.ReadSettings, error) {
	s := &table.ReadSettings{NoHeader: j.noHeader}
	if len(j.missing) > 0 {
		s.Missing = j.missing
	}
	if j.schema == "" {
		return s, nil
	}
	text, err := os.ReadFile(j.schema)
	if j.describe && errors.Is(err, fs.ErrNotExist) { // it is still to be written
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &s.Schema); err != nil {
		return nil, fmt.Errorf("%s: %w", j.schema, err)
	}
	return s, nil
}

func read(path string, s *table.ReadSettings) (*table.Table, error) {
	if path == "" {
		return table.Read(bytes.NewReader(storms), s)
	}
	return table.ReadFile(path, s)
}

// readRows returns the table of -rows, or else that of -in, with the columns of a model of
// the kinds that it knows, but with all their levels, and its cells as they are written.
func (j *job) readRows(m *model) (t, asWritten *table.Table, err error) {
	s, err := j.settings()
	if err != nil {
		return nil, nil, err
	}
	schema := m.codec.Schema()
	for _, f := range s.Schema {
		if (&table.Table{Fields: schema}).Index(f.Name) < 0 {
			schema = append(schema, f)
		}
	}
	s.Schema = schema
	path := cmp.Or(j.rows, j.in)
	t, err = read(path, s)
	if errors.Is(err, table.ErrName) {
		err = fmt.Errorf("want all columns of the model, with empty cells where nothing is known: %w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	s.Schema = nil
	for _, f := range t.Fields {
		s.Schema = append(s.Schema, table.Field{Name: f.Name, Kind: table.Category})
	}
	s.MostLevels = math.MaxInt32
	asWritten, err = read(path, s)
	return t, asWritten, err
}

// kept returns the columns of t that are learned.
func (j *job) kept(t *table.Table) (*table.Table, error) {
	omit := j.omit
	if j.in == "" && len(omit) == 0 {
		omit = cells{stormOmit}
	}
	t, err := t.Drop(omit...)
	if err != nil {
		return nil, fmt.Errorf("-omit: %w", err)
	}
	return t, nil
}

// ruleTexts returns the rules of the flags, or that of the storms.
func (j *job) ruleTexts() []string {
	if j.in == "" && len(j.rules) == 0 {
		return []string{stormRule}
	}
	return j.rules
}

// say prints what the columns are, and writes it to the schema, to be edited. What a
// schema that is there says of some columns stays.
func (j *job) say(stdout io.Writer) error {
	t, err := j.read(j.in)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, t)
	if j.schema == "" {
		return nil
	}
	text, err := json.MarshalIndent(t.Fields, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(j.schema, append(text, '\n'), 0o644)
}

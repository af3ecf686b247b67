package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/draw"
)

// synthesise writes new rows, with the values of -given when there are any.
func (j *job) synthesise(m *model, learned *rows, stdout io.Writer) error {
	n := j.n
	switch {
	case n > 0:
	case learned == nil:
		n = 1000
	default:
		n = learned.train.Len() + learned.held.Len()
	}
	var given *table.Table
	if len(j.given) > 0 {
		var err error
		if given, err = j.wanted(m.codec.Fields(), n); err != nil {
			return fmt.Errorf("-given: %w", err)
		}
		for _, text := range beyond(m.codec, given) {
			fmt.Fprintf(stdout, "warning: -given: %s\n", text)
		}
	}
	synthetic, drawn, err := m.codec.Draw(n, given, j.seed+100, draw.Sampler(context.Background(), m.Model, m.workers))
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d rows drawn", n)
	if len(drawn.Broken) > 0 {
		fmt.Fprintf(stdout, ", of which %d broke a rule and were drawn again", len(drawn.Broken))
	}
	if len(drawn.Left) > 0 {
		fmt.Fprintf(stdout, "; %d still do", len(drawn.Left))
	}
	fmt.Fprintln(stdout)
	if err := table.WriteFile(j.out, synthetic, &table.WriteSettings{NoHeader: j.noHeader}); err != nil || learned == nil || given != nil {
		return err
	}
	return j.judge(learned, synthetic, stdout)
}

// beyond says which numbers of the first row lie where the model has learned nothing.
func beyond(c *table.Codec, given *table.Table) (texts []string) {
	for j, f := range c.Fields() {
		k := given.Index(f.Name)
		least, most, ok := c.Range(j)
		if k < 0 || !ok {
			continue
		}
		if v := given.Columns[k][0]; v < least || v > most {
			texts = append(texts, fmt.Sprintf("column %q: %s is outside of what was learned, %s to %s: what is drawn with it is a guess", f.Name, f.Text(v), f.Text(least), f.Text(most)))
		}
	}
	return texts
}

// wanted returns n equal rows of the columns and values of -given.
func (j *job) wanted(fields []table.Field, n int) (*table.Table, error) {
	rows := &table.Table{}
	for _, pair := range j.given {
		k, text, err := assignment(fields, pair)
		if err != nil {
			return nil, err
		}
		if rows.Index(fields[k].Name) >= 0 {
			return nil, fmt.Errorf("%q is given twice", fields[k].Name)
		}
		v, err := fields[k].Parse(text)
		if err != nil {
			return nil, err
		}
		column := make([]float64, n)
		for i := range column {
			column[i] = v
		}
		rows.Fields, rows.Columns = append(rows.Fields, fields[k]), append(rows.Columns, column)
	}
	return rows, nil
}

// assignment returns the column and the value of a text column=value, in both of which there
// may be further equals signs.
func assignment(fields []table.Field, pair string) (column int, value string, err error) {
	column = -1
	for at, r := range pair {
		if r != '=' {
			continue
		}
		k := (&table.Table{Fields: fields}).Index(strings.TrimSpace(pair[:at]))
		if k < 0 || fields[k].Kind == table.Identifier {
			continue
		}
		if column >= 0 {
			return 0, "", fmt.Errorf("%q: is of column %q or of %q, want other names for these", pair, fields[column].Name, fields[k].Name)
		}
		column, value = k, strings.TrimSpace(pair[at+1:])
	}
	if column < 0 {
		name, _, ok := strings.Cut(pair, "=")
		if !ok {
			return 0, "", fmt.Errorf("%q: want column=value", pair)
		}
		return 0, "", fmt.Errorf("%q is no column of the model; its columns are %s", name, names(fields))
	}
	return column, value, nil
}

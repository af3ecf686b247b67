package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
)

// texts are the values of a flag that may stand several times.
type texts []string

func (t *texts) String() string { return fmt.Sprint(*t) }

// Set implements flag.Value.
func (t *texts) Set(s string) error {
	*t = append(*t, s)
	return nil
}

// cells are those of a flag that is a line of a CSV file, and may stand several times: what
// has a comma in it stands in quotes, a quote in it twice. Empty ones and spaces around
// them are left out, as in a table.
type cells []string

func (c *cells) String() string { return fmt.Sprint(*c) }

// Set implements flag.Value.
func (c *cells) Set(s string) error {
	r := csv.NewReader(strings.NewReader(s))
	r.TrimLeadingSpace = true
	line, err := r.Read()
	if err != nil && err != io.EOF {
		return fmt.Errorf("%w: want a line as of a CSV file", err)
	}
	if _, err := r.Read(); err != io.EOF {
		return fmt.Errorf("want one line; the flag may stand several times")
	}
	for _, text := range line {
		if text = strings.TrimSpace(text); text != "" {
			*c = append(*c, text)
		}
	}
	return nil
}

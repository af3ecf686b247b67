package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/gonum/mat"
)

// request is what a client asks. Row i of an answer depends on the seed and on First + i,
// not on how the rows are shared among requests or machines.
type request struct {
	// Seed chooses what is drawn, First is the number of the first row in the whole run.
	Seed  uint64 `json:"seed"`
	First int    `json:"first"`
	// N is the number of rows to sample.
	N int `json:"n"`
	// Rows are those whose score or density is asked for, or that have gaps, null, to be
	// filled.
	Rows [][]*float64 `json:"rows"`
	// Noise is the noise level of the score, in units of the model's scale.
	Noise float64 `json:"noise"`
	// Cond are the conditions, those of all rows.
	Cond []float64 `json:"cond"`

	x, cond *mat.Dense // of Rows, null being NaN, and of Cond
}

// readRequest reads one JSON object, whose names have to be known.
func readRequest(r io.Reader) (*request, error) {
	q := &request{}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(q); err != nil {
		return nil, fmt.Errorf("the request is no JSON object of seed, first, n, rows, noise and cond: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the request is more than one JSON object")
	}
	if len(q.Rows) > 0 && len(q.Rows[0]) > 0 {
		q.x = mat.NewDense(len(q.Rows), len(q.Rows[0]), nil)
		for i, row := range q.Rows {
			if len(row) != len(q.Rows[0]) {
				return nil, fmt.Errorf("rows: row %d has %d numbers, row 0 has %d", i, len(row), len(q.Rows[0]))
			}
			for j, v := range row {
				if q.x.Set(i, j, math.NaN()); v != nil {
					q.x.Set(i, j, *v)
				}
			}
		}
		q.Rows = nil
	}
	if len(q.Cond) > 0 {
		q.cond = mat.NewDense(1, len(q.Cond), q.Cond)
	}
	return q, nil
}

// total is the number of rows of the answer.
func (q *request) total() int {
	if q.x != nil {
		n, _ := q.x.Dims()
		return n
	}
	return q.N
}

// checkRows returns an error unless there are rows of the model's columns, or, where none
// belong, a number of rows, within the limits.
func (q *request) checkRows(s *server, given, gaps bool) error {
	switch {
	case given && q.x == nil:
		return errors.New("rows: there are none, want at least one")
	case !given && q.x != nil:
		return errors.New("rows: there are some, want n, the number of rows to sample")
	case given && q.N != 0:
		return errors.New("n: is given beside rows, want one of them")
	case q.total() < 1 || q.total() > s.limits.rows:
		return fmt.Errorf("n: %d rows, want 1 to %d", q.total(), s.limits.rows)
	case q.First < 0 || q.First > math.MaxInt-q.total():
		return fmt.Errorf("first: is %d, want a number from 0 on", q.First)
	}
	if q.x == nil {
		return nil
	}
	n, d := q.x.Dims()
	if d != s.m.Dim() {
		return fmt.Errorf("rows: have %d numbers, want the model's %d", d, s.m.Dim())
	}
	for i := range n {
		for j, v := range q.x.RawRowView(i) {
			if math.IsNaN(v) && !gaps {
				return fmt.Errorf("rows: row %d, column %d is null, want a number", i, j)
			}
		}
	}
	return nil
}

// checkCond returns an error for conditions that are not the model's.
func (q *request) checkCond(s *server) error {
	switch {
	case q.cond != nil:
		if err := s.m.CheckGiven(q.cond); err != nil {
			return fmt.Errorf("cond: %w", err)
		}
	case s.m.Problem().Score == nil:
		return errors.New("cond: there are none, and the model knows rows under conditions only")
	}
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// model is a network that has learned the rows of a table, coded as real numbers.
type model struct {
	*score.Model
	codec   *table.Codec
	workers int
}

// newModel returns a model of rows like those of t. It has a noise level for every column:
// then it answers for any columns given any others, and cells may be missing. A model of
// whole rows has one for all, and draws in place of missing cells.
func newModel(t *table.Table, s table.CodecSettings, c score.Config) (*model, score.Data, error) {
	s.Fill = !c.ColumnLevels
	codec, err := table.NewCodec(t, &s)
	if err != nil {
		return nil, nil, err
	}
	if codec.Dim() == 0 {
		return nil, nil, fmt.Errorf("all cells of a column are the same, in every column: there is nothing to learn")
	}
	x, err := codec.Encode(t, c.Seed)
	if err != nil {
		return nil, nil, err
	}
	data, err := score.Incomplete(x, nil)
	if err != nil {
		return nil, nil, err
	}
	net, err := score.New(codec.Dim(), &c)
	if err != nil {
		return nil, nil, err
	}
	m := &model{Model: net, codec: codec}
	return m, data, m.keepCodec()
}

// keepCodec puts the codec into the model's file.
func (m *model) keepCodec() error {
	text, err := json.Marshal(m.codec)
	m.Metadata = map[string]string{table.MetadataKey: string(text)}
	return err
}

// match measures how the columns of rows of the model differ from those of the table,
// for which decoding makes up.
func (m *model) match(ctx context.Context, rows int, seed uint64) error {
	x, err := m.sample(ctx, rows, nil, seed)
	if err != nil {
		return err
	}
	if err := m.codec.Match(x); err != nil {
		return err
	}
	return m.keepCodec()
}

// open returns the model in a file.
func open(path string) (*model, error) {
	net, err := score.Open(path)
	if err != nil {
		return nil, err
	}
	m := &model{Model: net, codec: new(table.Codec)}
	text, ok := net.Metadata[table.MetadataKey]
	if !ok {
		return nil, fmt.Errorf("%s: is a model, but not of a table", path)
	}
	if err := json.Unmarshal([]byte(text), m.codec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// sample draws n coded rows given what is known of them, a row for each, or nil.
func (m *model) sample(ctx context.Context, n int, known *mat.Dense, seed uint64) (*mat.Dense, error) {
	p := m.Problem()
	if known != nil {
		seen := score.Observed{Values: known}
		if err := m.Unconditional().CheckObserve(seen); err != nil { // a model of whole rows
			return nil, err
		}
		p = m.Observe(seen).Problem()
	}
	x := mat.NewDense(n, m.Dim(), nil)
	return x, sampler.Sample(ctx, x, p, sampler.Default(p.SDE), &sampler.Settings{Seed: seed, Workers: m.workers})
}

// draw draws n rows given what is known of them, and those that break a rule again. It
// returns how many did at first, and which still do.
func (m *model) draw(ctx context.Context, n int, known *mat.Dense, seed uint64) (t *table.Table, broken int, left []int, err error) {
	const rounds = 20
	for round := range uint64(rounds) {
		some, of := n, known
		if round > 0 {
			some = len(left)
			if known != nil {
				of = mat.NewDense(some, m.Dim(), nil)
				for k, i := range left {
					of.SetRow(k, known.RawRowView(i))
				}
			}
		}
		x, err := m.sample(ctx, some, of, seed+round)
		if err != nil {
			return nil, 0, nil, err
		}
		var again mat.Matrix // a nil *mat.Dense is no nil mat.Matrix
		if of != nil {
			again = of
		}
		drawn, err := m.codec.Decode(x, again)
		if err != nil {
			return nil, 0, nil, err
		}
		if round == 0 {
			t = drawn
		} else {
			replace(t, drawn, left)
		}
		if left, _, err = m.codec.Violations(t); err != nil {
			return nil, 0, nil, err
		}
		if round == 0 {
			broken = len(left)
		}
		if len(left) == 0 {
			break
		}
	}
	return t, broken, left, nil
}

// replace puts the rows of another table in the place of some rows of t.
func replace(t, by *table.Table, rows []int) {
	for j, column := range by.Columns {
		if column == nil {
			continue
		}
		for k, i := range rows {
			t.Columns[j][i] = column[k]
		}
	}
}

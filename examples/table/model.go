package main

import (
	"context"
	"encoding/json"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/draw"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// model is a network that has learned the rows of a table, coded as real numbers.
type model struct {
	*score.Model
	codec   *table.Codec
	workers int
}

// newModel returns a model of rows like those of t, for which it has a noise level for
// every column: then it answers for any columns given any others. A missing cell has a
// draw from those that are there, and a column beside it says that it is missing. Width 0
// leaves the width of the network to the number of rows.
func newModel(t *table.Table, s *table.CodecSettings, width int, seed uint64) (*model, score.Data, error) {
	codec, err := table.NewCodec(t, s)
	if err != nil {
		return nil, nil, err
	}
	x, err := codec.Encode(t, seed)
	if err != nil {
		return nil, nil, err
	}
	data, err := score.Rows(x, nil)
	if err != nil {
		return nil, nil, err
	}
	config := &score.Config{ColumnLevels: true, Seed: seed}
	if width > 0 { // nil leaves it to Fit
		net := nn.RecipeColumns(codec.Dim(), width)
		net.Features = score.Recommend(t.Len(), codec.Dim(), config).Net.(nn.MLP).Features
		config.Net = net
	}
	net, err := score.New(codec.Dim(), config)
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
	x, err := draw.Sampler(ctx, m.Model, m.workers)(rows, nil, seed)
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
	row := mat.NewDense(1, m.codec.Dim(), nil)
	if err := m.Unconditional().CheckObserve(score.Observed{Values: row}); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

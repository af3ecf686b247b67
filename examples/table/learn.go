package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// rows are those of a table that a model has learned, and those that it has not seen.
type rows struct{ train, held *table.Table }

// learn trains a model on the table of -in and writes it to its file. ctx ends the
// training; the model is what has been learned until then.
func (j *job) learn(ctx context.Context, stdout, stderr io.Writer) (*model, *rows, error) {
	t, err := j.read(j.in)
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintln(stdout, t)
	if t, err = j.kept(t); err != nil {
		return nil, nil, err
	}
	rules, err := parseRules(t, j.ruleTexts())
	if err != nil {
		return nil, nil, err
	}
	codings, err := j.coding()
	if err != nil {
		return nil, nil, err
	}
	s := &table.CodecSettings{Codings: codings, Rules: rules}
	if err := j.fits(t, s); err != nil {
		return nil, nil, err
	}
	held, train := t.Split(int(j.heldOut*float64(t.Len())), j.seed)
	m, data, err := newModel(train, s, j.width, j.seed)
	if err != nil {
		return nil, nil, err
	}
	m.workers = j.workers
	res, err := j.fit(ctx, m, data, stderr, train.Len())
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, nil, err
	}
	fmt.Fprintf(stdout, "trained on %d rows: %v\n", train.Len(), res)
	for _, w := range res.Warnings[min(1, len(res.Warnings)):] { // the line above has the first
		fmt.Fprintf(stdout, "warning: %s\n", w)
	}
	ctx = context.WithoutCancel(ctx)
	if j.match > 0 {
		if err := m.match(ctx, j.match, j.seed+1); err != nil {
			return nil, nil, err
		}
	}
	return m, &rows{train, held}, m.SaveFile(cmp.Or(j.model, "model.safetensors"))
}

// fits checks before the training what the flags say of columns, with the rows as they are
// numbered in the file.
func (j *job) fits(t *table.Table, s *table.CodecSettings) error {
	if _, err := table.NewCodec(t, s); err != nil {
		return err
	}
	if _, err := t.Keep(j.target...); err != nil {
		return fmt.Errorf("-target: %w", err)
	}
	if _, err := j.wanted(t.Fields, 1); err != nil {
		return fmt.Errorf("-given: %w", err)
	}
	return nil
}

// coding returns the codings of columns that are asked for.
func (j *job) coding() (map[string]table.Coding, error) {
	all := map[string]table.Coding{}
	for _, pair := range j.codings {
		at := max(strings.LastIndexByte(pair, '='), 0) // no coding has one in its name
		name, text := pair[:at], strings.TrimPrefix(pair[at:], "=")
		for c := table.Auto; ; c++ {
			if c > table.OneHot {
				return nil, fmt.Errorf("-coding %q: want column=standard, log, quantile, logit, ordinal or one-hot", pair)
			}
			if c.String() == strings.TrimSpace(text) {
				all[strings.TrimSpace(name)] = c
				break
			}
		}
	}
	return all, nil
}

// fit trains, from the newest checkpoint when there is one.
func (j *job) fit(ctx context.Context, m *model, data score.Data, stderr io.Writer, rows int) (*score.Result, error) {
	recipe := score.Recommend(rows, m.Dim(), &score.Config{ColumnLevels: true})
	steps := cmp.Or(j.steps, recipe.Steps)
	progress := bar.New(stderr, steps)
	defer progress.Close()
	s := &score.Settings{
		Steps: steps, Regularize: recipe.Regularize, Workers: j.workers, Seed: j.seed, Recorder: progress,
		Checkpoints: score.Checkpoints{Dir: j.checkpoints},
	}
	if j.checkpoints != "" {
		if path, err := score.Latest(j.checkpoints); err == nil {
			return score.Resume(ctx, m.Model, data, s, path)
		}
	}
	return score.Fit(ctx, m.Model, data, s)
}

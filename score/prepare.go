package score

import (
	"context"
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
)

// prepare checks everything and returns the run at its first step. m is unchanged
// but for a network that nobody has chosen, see Recommend; undo gives back the old one.
func prepare(ctx context.Context, m *Model, data Data, s *Settings) (t *trainer, err error) {
	if s == nil {
		s = &Settings{}
	}
	if _, err := s.withDefaults(); err != nil {
		return nil, err
	}
	if err := checkArguments(ctx, m, data); err != nil {
		return nil, err
	}
	recipe, note := recipeFor(m, data, s)
	rowwise := s.with(recipe, data)
	c, err := (&rowwise).withDefaults()
	if err != nil {
		return nil, err
	}
	if err := c.fits(m.dim + m.conditionWidth()); err != nil {
		return nil, err
	}
	if err := suits(c.Objective, m.dim, &c); err != nil {
		return nil, err
	}
	if err := c.suitsLevels(m); err != nil {
		return nil, err
	}
	if err := c.suitsMap(m, s); err != nil {
		return nil, err
	}
	if err := c.suitsTeacher(m); err != nil {
		return nil, err
	}
	data, c.Validation.Data = m.withMissing(data), m.withMissing(c.Validation.Data)
	rest, held, err := c.heldOut(data)
	if err != nil {
		return nil, err
	}
	missing, err := checkRows(m.cond, data, held)
	if err != nil {
		return nil, err
	}
	undo, err := m.choose(recipe.Net)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			undo()
		}
	}()
	if t, err = newTrainer(ctx, m, rest, c); err != nil {
		return nil, err
	}
	t.undo, t.notes = undo, missing
	if note := partOf(m.process, t.s.Times); note != "" {
		t.notes = append(t.notes, note)
	}
	if note != "" {
		t.notes = append(t.notes, note)
	}
	if m.cond != nil && c.DropCond == None {
		t.notes = append(t.notes, "Settings.DropCond is None: the score without conditions, that of Model.Problem and one half of sde.Guide, is not trained")
	}
	if has := m.scaling(); m.calibrated && c.Scaling != AutoScale && c.Scaling != has && m.dim > 1 {
		t.notes = append(t.notes, fmt.Sprintf("Settings.Scaling is %v, but the model keeps the scale that it has, %v", c.Scaling, has))
	}
	if held != nil {
		t.held = t.newValidator(held)
	}
	if rest, ok := rest.(rows); ok && held != nil && c.Validation.Data == nil {
		t.result.trained, t.result.split = rest.len(), t.held.rows
	}
	t.result.Recipe = t.recipe()
	if c.Checkpoints.Dir != "" {
		if c.Checkpoints.Averages {
			t.tracks = &tracks{}
		}
		t.keeper, err = newKeeper(t)
	}
	return t, err
}

// checkRows looks at the conditions of data, of which held may be a part, and at
// held-out rows of their own, when they are finite sets.
func checkRows(c *conditions, data, held Data) (missing []string, err error) {
	if r, ok := held.(rows); ok {
		if _, err := c.checkLabels(r, nil); err != nil {
			return nil, fmt.Errorf("score: Fit: Settings.Validation.Data: %w", err)
		}
	}
	if r, ok := data.(rows); ok {
		if missing, err = c.checkLabels(r, held); err != nil {
			return nil, fmt.Errorf("score: Fit: data: %w", err)
		}
	}
	return missing, nil
}

func checkArguments(ctx context.Context, m *Model, data Data) error {
	switch {
	case ctx == nil:
		return fmt.Errorf("score: Fit: ctx: is nil, want a context: %w", ErrRange)
	case m == nil:
		return fmt.Errorf("score: Fit: m: is nil, want a Model: %w", ErrRange)
	case m.double:
		return fmt.Errorf("score: Fit: m: is a Float64 model, want the one that it came from, which can be trained: %w", ErrRange)
	case isNil(data):
		return fmt.Errorf("score: Fit: data: is nil, want rows: %w", ErrRange)
	}
	if err := nn.Validate(data); err != nil {
		return fmt.Errorf("score: Fit: data: %w", err)
	}
	d, cond := data.Dims()
	if d != m.dim {
		return fmt.Errorf("score: Fit: data: have %d columns, want %d, as the model: %w", d, m.dim, ErrShape)
	}
	if want := m.conditionColumns(); cond != want {
		return fmt.Errorf("score: Fit: data: have %d columns of conditions, want %d, as the model: %w", cond, want, ErrShape)
	}
	return nil
}

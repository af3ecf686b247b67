package score

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde/noise"
)

// cleanRows draws the distinct clean rows and the further references.
func (b *batcher) cleanRows(step int) error {
	if b.distinct != nil {
		return b.distinctRows(step)
	}
	if err := b.pairs(b.first, b.firstCond, step, 0, noise.Data); err != nil || b.rest == nil {
		return err
	}
	return b.pairs(b.rest, b.restCond, step, b.own, noise.Reference)
}

// rows draws clean rows from the data and maps them to model coordinates.
func (b *batcher) rows(x *mat.Dense, step, row int, purpose noise.Purpose) error {
	return b.pairs(x, b.m.conditionsOf(x.RawMatrix().Rows), step, row, purpose)
}

// pairs is rows with their conditions, nil for a model without.
func (b *batcher) pairs(x, cond *mat.Dense, step, row int, purpose noise.Purpose) error {
	return b.pairsOf(b.data, x, cond, step, row, purpose)
}

// pairsOf is pairs from other data than those of the run.
func (b *batcher) pairsOf(data Data, x, cond *mat.Dense, step, row int, purpose noise.Purpose) error {
	rng := b.rng.at(b.s.Seed, noise.Draw{Purpose: purpose, Step: step, Row: row})
	blankRows(x)
	if cond != nil {
		blankRows(cond)
	}
	if err := data.Batch(x, cond, step, row, rng); err != nil {
		return fmt.Errorf("score: Fit: data at %s: %w", stepName(step), err)
	}
	if err := b.m.checkCells(x, row); err != nil {
		return fmt.Errorf("score: Fit: data at %s: %w", stepName(step), err)
	}
	if cond != nil {
		for i := range cond.RawMatrix().Rows {
			if err := b.m.cond.checkRow(row+i, cond.RawRowView(i)); err != nil {
				return fmt.Errorf("score: Fit: data at %s: %w", stepName(step), err)
			}
		}
	}
	b.m.toModel(x)
	return nil
}

// What Data are asked for outside the steps.
const (
	calibrationStep = -1
	diagnosticStep  = -2
	heldOutStep     = -3
)

// stepName says where in a run rows are wanted.
func stepName(step int) string {
	switch step {
	case calibrationStep:
		return "calibration"
	case diagnosticStep:
		return "the detector of collapse"
	case heldOutStep:
		return "validation"
	}
	return fmt.Sprintf("step %d", step)
}

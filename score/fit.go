package score

import (
	"context"
	"errors"
	"fmt"
)

// Fit trains m on data. At first it chooses the network, when Config left it open,
// and measures the model's shift and scale; a model that has been fitted or loaded
// before keeps them, and goes on from its weights. What it chose by the number of
// rows and columns (see Recommend) stands in Result.Recipe. Afterwards m holds the
// moving average of the weights and the Result the weights of the last step.
//
// Rows, when they are few, are split, and the model gets the average of the best
// held-out loss instead of the last one (see Validation), what it was before if no step
// made it better. With Settings.Checkpoints the state of the run is kept on disk, from
// which Resume goes on.
//
// A cancelled context, an error of data or of the Recorder, and a loss, gradient
// or rate that is not finite (ErrNonFinite, naming the step and the first bad
// quantity) end the run after the last complete step: m holds the average up to
// that step, or the best, and the Result is returned beside the error. A
// checkpoint that cannot be written is such an error too.
//
// A run whose network has settled at the best linear denoiser although the data
// have structure has collapsed: it has learned nothing, at a finite loss and with
// plausible samples. Fit checks for this after 500, 1,000 and 2,000 steps and
// at the end (see Diagnosis). For d ≤ 3 it stops with an error wrapping ErrCollapsed;
// above, where structure beyond a Gaussian cannot be measured so easily, it adds
// a line to Result.Warnings.
//
// Settings that make no sense give an error wrapping ErrRange, data of another
// dimension and an Objective of another shape one wrapping ErrShape; then there
// is no Result and m is unchanged.
func Fit(ctx context.Context, m *Model, data Data, s *Settings) (*Result, error) {
	t, err := prepare(ctx, m, data, s)
	if err != nil {
		return nil, err
	}
	if t.keeper != nil {
		if err := t.keeper.start(false); err != nil {
			t.undo()
			return nil, err
		}
	}
	return t.train()
}

// train makes the steps that are left.
func (t *trainer) train() (*Result, error) {
	t.started()
	if t.step == 0 {
		for _, text := range t.notes {
			t.warn(text)
		}
	}
	err := t.run()
	if err == nil {
		err = t.compare()
	}
	if end := t.finish(); err == nil {
		err = end // the error of the run comes first
	}
	t.stopped(err)
	return t.result, err
}

// run is the training loop.
func (t *trainer) run() error {
	for t.step < t.s.Steps && !t.stale() {
		if err := t.ctx.Err(); err != nil {
			return t.cancelled(err)
		}
		if t.step == 0 {
			if err := t.calibrate(); err != nil {
				return err
			}
			if err := t.validateStart(); err != nil {
				return err
			}
		}
		if err := t.one(); t.ctx.Err() != nil && errors.Is(err, t.ctx.Err()) {
			return t.cancelled(err)
		} else if err != nil {
			return err
		}
		if err := t.check(); err != nil {
			return err
		}
		if err := t.save(t.step == t.s.Steps || t.stale()); err != nil {
			return err
		}
	}
	return nil
}

// cancelled keeps the state of a run whose context has ended.
func (t *trainer) cancelled(err error) error {
	return errors.Join(fmt.Errorf("score: Fit: cancelled after step %d of %d: %w", t.step, t.s.Steps, err), t.save(true))
}

// average gives the model the average of the network's weights, unless one of
// them is not finite.
func (t *trainer) average() error {
	ema := t.ema[:len(t.m.theta)]
	if i := indexNonFinite(ema); i >= 0 {
		return fmt.Errorf("score: Fit: step %d: the optimiser made weight %s %v: %w", t.step, t.nameOf(i), t.raw[i], ErrNonFinite)
	}
	t.m.setWeights(ema)
	return nil
}

// finish hands the average to the model and fills the result.
func (t *trainer) finish() error {
	n := len(t.m.theta)
	t.result.Steps, t.result.Raw, t.result.Scaling = t.step, t.raw[:n:n], t.m.scaling()
	last := t.losses[len(t.losses)-min(len(t.losses), max(1, len(t.losses)/10)):]
	for _, l := range last {
		t.result.Loss += l / float64(len(last))
	}
	err := t.publish()
	if t.held != nil && t.held.best != nil {
		t.result.HeldOut, t.result.BestStep = t.held.bestLoss, t.held.bestStep
		t.m.setWeights(t.left())
	}
	return err
}

// setWeights replaces the weights of the model.
func (m *Model) setWeights(theta []float32) {
	copy(m.theta, theta)
	m.eval.load(m.theta)
}

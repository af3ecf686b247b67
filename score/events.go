package score

import (
	"context"
	"errors"
	"log/slog"
	"math"
)

// Events of a run, told to Settings.Logger.

func (t *trainer) started() {
	r := t.result.Recipe
	t.log.Info("score: training starts", "dim", t.m.dim, "network", netName(r.Net), "weights", t.params.Len(), "done", t.step, "steps", t.s.Steps,
		"batch", t.s.Batch, "references", max(t.s.References, t.s.Pool.Rows, 0), "regularize", max(r.Regularize, 0), "held_out", r.HeldOut, "seed", t.s.Seed, "workers", t.s.Workers)
}

// diagnosed tells of a look of the detector and what it means.
func (t *trainer) diagnosed(c Diagnosis, young, low bool) {
	args := []any{"step", c.Step, "explained", c.Explained, "standard_errors", c.StandardErrors}
	verdict := "learning"
	switch {
	case young:
		verdict = "worse than a linear denoiser, but young"
	case !low:
	case math.IsNaN(c.Explainable):
		verdict = "no better than a linear denoiser; whether it could be was not measured"
	case c.Explainable > deadGain:
		verdict = "collapsed: no better than a linear denoiser, which leaves more to explain"
	default:
		verdict = "no better than a linear denoiser, which explains all there is"
	}
	if !math.IsNaN(c.Explainable) {
		args = append(args, "explainable", c.Explainable)
	}
	t.log.Info("score: diagnosis", append(args, "verdict", verdict)...)
}

// stopped tells of the end: an error unless somebody wanted it.
func (t *trainer) stopped(err error) {
	level, args := slog.LevelInfo, []any{"step", t.step, "loss", t.result.Loss}
	if t.result.HeldOut != 0 {
		args = append(args, "held_out_loss", t.result.HeldOut, "best_step", t.result.BestStep)
	}
	if err != nil {
		args = append(args, "error", err)
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			level = slog.LevelError
		}
	}
	t.log.Log(context.WithoutCancel(t.ctx), level, "score: training stops", args...)
}

// warn adds a warning to the result.
func (t *trainer) warn(text string) {
	t.result.Warnings = append(t.result.Warnings, text)
	t.log.Warn("score: warning", "step", t.step, "text", text)
}

package score

import (
	"context"
	"errors"
	"log/slog"
	"math"
)

// Events of a run, told to Settings.Logger.

func (t *trainer) started() {
	held := 0
	if t.held != nil {
		held = t.held.rows
	}
	t.log.Info("score: training starts", "dim", t.m.dim, "weights", t.params.Len(), "done", t.step, "steps", t.s.Steps,
		"batch", t.s.Batch, "references", max(t.s.References, 0), "held_out", held, "seed", t.s.Seed, "workers", t.s.Workers)
}

func (t *trainer) checked(c Diagnosis) {
	args := []any{"step", c.Step, "R", c.R, "z", c.Z}
	if !math.IsNaN(c.Gain) {
		args = append(args, "gain", c.Gain)
	}
	t.log.Info("score: check", args...)
}

// stopped tells of the end: an error unless somebody wanted it.
func (t *trainer) stopped(err error) {
	level, args := slog.LevelInfo, []any{"step", t.step, "loss", t.result.Loss}
	if t.result.BestStep > 0 {
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

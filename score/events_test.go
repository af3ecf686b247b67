package score

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
)

// events returns what a run tells its logger.
func events(t *testing.T, run func(log *slog.Logger)) (all []map[string]any) {
	var b bytes.Buffer
	run(slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for line := range strings.Lines(b.String()) {
		var e map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		delete(e, "time")
		all = append(all, e)
	}
	return all
}

func TestLoggerIsToldOfEvents(t *testing.T) {
	s := quick(20)
	s.References, s.Workers = -1, 2
	s.Validation.Every, s.Checkpoints = 10, Checkpoints{Dir: t.TempDir()}
	var r *Result
	all := events(t, func(log *slog.Logger) {
		s.Logger = log
		r = fit(t, newModel(t, 2, Config{}), few(t), s)
	})
	require.Len(t, all, 7)
	start := all[0]
	delete(start, "weights")
	require.Equal(t, map[string]any{"level": "INFO", "msg": "score: training starts", "dim": 2.0, "done": 0.0, "steps": 20.0,
		"network": "MLP 16×16", "batch": 48.0, "references": 0.0, "regularize": 0.0, "held_out": 30.0, "seed": 4.0, "workers": 2.0}, start)
	require.Equal(t, "score: scale", all[1]["msg"])
	require.Equal(t, "common", all[1]["scaling"])
	require.Equal(t, "DEBUG", all[2]["level"])
	require.Equal(t, "score: validation", all[2]["msg"])
	require.Equal(t, 0.0, all[2]["step"])
	require.Equal(t, r.HeldOut, all[4]["best"])
	require.Equal(t, r.HeldOut, all[4]["held_out_loss"])
	require.Equal(t, "score: checkpoint", all[5]["msg"])
	require.Equal(t, filepath.Join(s.Checkpoints.Dir, keptName(20)), all[5]["path"])
	require.Equal(t, map[string]any{"level": "INFO", "msg": "score: training stops", "step": 20.0, "loss": r.Loss,
		"held_out_loss": r.HeldOut, "best_step": float64(r.BestStep)}, all[6])

	all = events(t, func(log *slog.Logger) {
		fit(t, newDead(t, 5, Config{Net: killed{nn.Linear{Out: 5}}}), standard(5), &Settings{Steps: 500, Batch: 4, References: None, Logger: log})
	})
	require.Len(t, all, 5)
	require.Equal(t, "score: diagnosis", all[2]["msg"])
	require.Equal(t, 500.0, all[2]["step"])
	require.Contains(t, all[2]["verdict"], "no better than a linear denoiser")
	require.NotContains(t, all[2], "explainable", "what is not measured is left out")
	require.Equal(t, "WARN", all[3]["level"])
	require.Contains(t, all[3]["text"], "no structure found")

	all = events(t, func(log *slog.Logger) {
		s := quick(20)
		s.Logger = log
		_, err := Fit(background, newModel(t, 2, Config{}), &failing{moons(), 7, errDry}, s)
		require.ErrorIs(t, err, errDry)
	})
	last := all[len(all)-1]
	require.Equal(t, "ERROR", last["level"])
	require.Equal(t, 7.0, last["step"])
	require.Contains(t, last["error"], "data at step 7: no more rows")
}

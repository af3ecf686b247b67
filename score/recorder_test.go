package score

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
)

func TestRecordersWriteWhatTheyAreTold(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "run.csv")}
	var files []*LineFile
	for _, p := range paths {
		f, err := AppendLines(p)
		require.NoError(t, err)
		files = append(files, f)
	}
	seen := &recorded{}
	s := quick(30)
	s.References, s.Validation.Every = -1, 10
	s.Recorder = Recorders{seen, &JSONLines{W: files[0]}, &CSV{W: files[1]}}
	fit(t, newModel(t, 2, Config{}), few(t), s)
	for i, f := range files {
		require.NoError(t, f.Close())
		require.EqualValues(t, len(contents(t, paths[i])), f.Size())
	}
	lines := strings.Split(strings.TrimSuffix(string(contents(t, paths[0])), "\n"), "\n")
	records, err := csv.NewReader(bytes.NewReader(contents(t, paths[1]))).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 30)
	require.Len(t, records, 31)
	require.Equal(t, []string{"step", "loss", "grad_norm", "rate", "held_out"}, records[0])
	for i, m := range seen.metrics {
		var got map[string]float64
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &got))
		want := map[string]float64{"step": float64(i + 1), "steps": 30, "loss": m.Loss, "grad_norm": m.GradNorm, "rate": m.Rate}
		if m.Step%10 == 0 {
			require.Positive(t, m.HeldOut)
			want["held_out"] = m.HeldOut
		}
		require.Equal(t, want, got)
		for k, name := range records[0] {
			if w, ok := want[name]; ok {
				v, err := strconv.ParseFloat(records[i+1][k], 64)
				require.NoError(t, err)
				require.Equal(t, w, v, name)
			} else {
				require.Empty(t, records[i+1][k])
			}
		}
	}
}

func TestRecordersDoNotAllocate(t *testing.T) {
	var b bytes.Buffer
	b.Grow(1 << 20)
	all := Recorders{&JSONLines{W: &b}, &CSV{W: &b}}
	m := Metrics{Measures: []Measured{{"nll", 1.25}}, Step: 12345, Steps: 20000, Loss: 1.2345678901234567, GradNorm: 0.1, Rate: 1e-5, HeldOut: 1.7}
	require.Zero(t, testing.AllocsPerRun(20, func() { require.NoError(t, all.Record(m)) }))
}

func TestTornLineIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for before, want := range map[string]string{
		"": "", "a\nb\n": "a\nb\n", "a\nhal": "a\n", "torn": "", "\n": "\n", "a\n\x00\x00\x00": "a\n",
	} {
		require.NoError(t, os.WriteFile(path, []byte(before), 0o666))
		f, err := AppendLines(path)
		require.NoError(t, err)
		require.EqualValues(t, len(want), f.Size())
		_, err = f.Write([]byte("new\n"))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, want+"new\n", string(contents(t, path)))
	}
	for _, bad := range []string{filepath.Dir(path), filepath.Join(path, "below"), os.DevNull} {
		_, err := AppendLines(bad)
		require.ErrorContains(t, err, "score: AppendLines: ")
		require.ErrorContains(t, err, bad)
	}
}

func TestNamesStandOnceInAResumedCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.csv")
	for range 2 {
		f, err := AppendLines(path)
		require.NoError(t, err)
		c := &CSV{W: f}
		for step := range 2 {
			require.NoError(t, c.Record(Metrics{Step: step + 1}))
		}
		require.NoError(t, f.Close())
	}
	require.Equal(t, 1, strings.Count(string(contents(t, path)), "step"))
	require.Equal(t, 5, strings.Count(string(contents(t, path)), "\n"))
}

func TestEveryRecorderIsTold(t *testing.T) {
	other := errors.New("other")
	seen := &recorded{}
	fails := func(err error) Recorder { return recorderFunc(func(Metrics) error { return err }) }
	err := Recorders{fails(errStop), seen, fails(other)}.Record(Metrics{Step: 3})
	require.ErrorIs(t, err, errStop)
	require.ErrorIs(t, err, other)
	require.Len(t, seen.metrics, 1)
	require.NoError(t, Recorders{}.Record(Metrics{}))

	var w full
	require.Error(t, (&JSONLines{W: &w}).Record(Metrics{}))
	require.Error(t, (&CSV{W: &w}).Record(Metrics{}))
}

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
	require.Len(t, all, 6)
	start := all[0]
	delete(start, "weights")
	require.Equal(t, map[string]any{"level": "INFO", "msg": "score: training starts", "dim": 2.0, "done": 0.0, "steps": 20.0,
		"batch": 48.0, "references": 0.0, "held_out": 30.0, "seed": 4.0, "workers": 2.0}, start)
	require.Equal(t, "score: scale", all[1]["msg"])
	require.Equal(t, "common", all[1]["scaling"])
	require.Equal(t, "DEBUG", all[2]["level"])
	require.Equal(t, "score: validation", all[2]["msg"])
	require.Equal(t, r.HeldOut, all[3]["best"])
	require.Equal(t, "score: checkpoint", all[4]["msg"])
	require.Equal(t, filepath.Join(s.Checkpoints.Dir, keptName(20)), all[4]["path"])
	require.Equal(t, map[string]any{"level": "INFO", "msg": "score: training stops", "step": 20.0, "loss": r.Loss,
		"held_out_loss": r.HeldOut, "best_step": float64(r.BestStep)}, all[5])

	all = events(t, func(log *slog.Logger) {
		fit(t, newDead(t, 5, Config{Net: killed{nn.Linear{Out: 5}}}), standard(5), &Settings{Steps: 500, Batch: 4, References: -1, Logger: log})
	})
	require.Len(t, all, 5)
	require.Equal(t, "score: check", all[2]["msg"])
	require.Equal(t, 500.0, all[2]["step"])
	require.NotContains(t, all[2], "gain", "what is not measured is left out")
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

package record_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record"
)

func TestRecordersWriteWhatTheyAreTold(t *testing.T) {
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "run.jsonl"), filepath.Join(dir, "run.csv")}
	var files []*record.LineFile
	for _, p := range paths {
		f, err := record.AppendLines(p)
		require.NoError(t, err)
		files = append(files, f)
	}
	seen := &recorded{}
	s := quick(30)
	s.Recorder = record.All{seen, &record.JSONLines{W: files[0]}, &record.CSV{W: files[1]}}
	_, err := score.Fit(t.Context(), newModel(t), normals{}, s)
	require.NoError(t, err)
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
	all := record.All{&record.JSONLines{W: &b}, &record.CSV{W: &b}}
	m := score.Metrics{Extra: []score.MetricValue{{Name: "nll", Value: 1.25}}, Step: 12345, Steps: 20000, Loss: 1.2345678901234567, GradNorm: 0.1, Rate: 1e-5, HeldOut: 1.7}
	require.Zero(t, testing.AllocsPerRun(20, func() { require.NoError(t, all.Record(m)) }))
}

func TestTornLineIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for before, want := range map[string]string{
		"": "", "a\nb\n": "a\nb\n", "a\nhal": "a\n", "torn": "", "\n": "\n", "a\n\x00\x00\x00": "a\n",
	} {
		require.NoError(t, os.WriteFile(path, []byte(before), 0o666))
		f, err := record.AppendLines(path)
		require.NoError(t, err)
		require.EqualValues(t, len(want), f.Size())
		_, err = f.Write([]byte("new\n"))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Equal(t, want+"new\n", string(contents(t, path)))
	}
	for _, bad := range []string{filepath.Dir(path), filepath.Join(path, "below"), os.DevNull} {
		_, err := record.AppendLines(bad)
		require.ErrorContains(t, err, "record: AppendLines: ")
		require.ErrorContains(t, err, bad)
	}
}

func TestNamesStandOnceInAResumedCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.csv")
	for range 2 {
		f, err := record.AppendLines(path)
		require.NoError(t, err)
		c := &record.CSV{W: f}
		for step := range 2 {
			require.NoError(t, c.Record(score.Metrics{Step: step + 1}))
		}
		require.NoError(t, f.Close())
	}
	require.Equal(t, 1, strings.Count(string(contents(t, path)), "step"))
	require.Equal(t, 5, strings.Count(string(contents(t, path)), "\n"))
}

func TestEveryRecorderIsTold(t *testing.T) {
	other := errors.New("other")
	seen := &recorded{}
	err := record.All{failing{errStop}, seen, failing{other}}.Record(score.Metrics{Step: 3})
	require.ErrorIs(t, err, errStop)
	require.ErrorIs(t, err, other)
	require.Len(t, seen.metrics, 1)
	require.NoError(t, record.All{}.Record(score.Metrics{}))

	var w full
	require.Error(t, (&record.JSONLines{W: &w}).Record(score.Metrics{}))
	require.Error(t, (&record.CSV{W: &w}).Record(score.Metrics{}))
}

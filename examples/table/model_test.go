package main

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/score"
)

// A model that is opened draws what it drew when it was trained.
func TestModelFileIsEnough(t *testing.T) {
	dir := t.TempDir()
	_, _, out := run(t, dir, pairs(200), "-n", "40")
	j := &job{}
	again := filepath.Join(dir, "again.csv")
	require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-out", again, "-n", "40"}))
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	want, err := os.ReadFile(filepath.Join(dir, "out.csv"))
	require.NoError(t, err)
	got, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Equal(t, 40, out.Len())
}

func TestOtherModelsAreRefused(t *testing.T) {
	dir := t.TempDir()
	_, _, _ = run(t, dir, pairs(60), "-out", "-")
	m, err := open(filepath.Join(dir, "model.safetensors"))
	require.NoError(t, err)
	for want, change := range map[string]func(m *score.Model){
		"not of a table":                  func(m *score.Model) { m.Metadata = nil },
		"unknown version":                 func(m *score.Model) { m.Metadata["gradlogp.table"] = "{}" },
		"one noise level for all columns": func(*score.Model) {},
		"the model has 9 columns":         func(*score.Model) {},
	} {
		c := score.Config{ColumnLevels: !strings.HasPrefix(want, "one")}
		d := m.Dim()
		if strings.Contains(want, "9") {
			d = 9
		}
		other, err := score.New(d, &c)
		require.NoError(t, err)
		other.Metadata = maps.Clone(m.Metadata)
		change(other)
		path := filepath.Join(dir, "other.safetensors")
		require.NoError(t, other.SaveFile(path))
		_, err = open(path)
		require.ErrorContains(t, err, want)
	}
}

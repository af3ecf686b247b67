package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
)

func TestSchemaIsWrittenEditedAndObeyed(t *testing.T) {
	dir := t.TempDir()
	in, schema := filepath.Join(dir, "in.csv"), filepath.Join(dir, "schema.json")
	require.NoError(t, os.WriteFile(in, []byte(lines(60, "grade,v", func(i int, rng *rand.Rand) string { return fmt.Sprintf("%d,%.1f", 1+i%4, rng.NormFloat64()) })), 0o644))
	j := small(t, dir, "-in", in, "-describe", "-schema", schema)
	var b bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &b, io.Discard))
	require.Contains(t, b.String(), "60 rows × 2 columns")
	text, err := os.ReadFile(schema)
	require.NoError(t, err)
	require.Contains(t, string(text), `"whole"`)
	edited := strings.Replace(string(text), `"whole"`, `"category"`, 1)
	edited = strings.Replace(edited, `"step": 1`, `"levels": ["1", "2", "3", "4"]`, 1)
	require.NoError(t, os.WriteFile(schema, []byte(edited), 0o644))
	j = small(t, dir, "-in", in, "-schema", schema)
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	m, err := open(j.model)
	require.NoError(t, err)
	require.Equal(t, table.Category, m.codec.Fields()[0].Kind)
	require.NoError(t, small(t, dir, "-in", in, "-describe", "-schema", schema).Run(context.Background(), io.Discard, io.Discard))
	text, err = os.ReadFile(schema)
	require.NoError(t, err)
	require.Contains(t, string(text), `"category"`)
}

func TestRowsWithoutAColumnOfTheModelAreToldWhatToDo(t *testing.T) {
	dir := t.TempDir()
	rows := filepath.Join(dir, "rows.csv")
	require.NoError(t, os.WriteFile(rows, []byte("a\n1.5\n"), 0o644))
	_, _, _ = run(t, dir, pairs(60), "-out", "-")
	m, err := open(filepath.Join(dir, "model.safetensors"))
	require.NoError(t, err)
	_, _, err = (&job{rows: rows}).readRows(m)
	require.ErrorIs(t, err, table.ErrName)
	require.ErrorContains(t, err, "want all columns of the model, with empty cells where nothing is known")
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

// A row that breaks what holds in all others is found, also where a cell is missing.
func TestOddRowsHaveTheFirstRanks(t *testing.T) {
	dir := t.TempDir()
	text := pairs(400) + "odd1,2.00,-2.00,positive\nodd2,-2.0,,positive\n"
	scores := filepath.Join(dir, "scores.csv")
	_, _, _ = run(t, dir, text, "-out", "-", "-score", scores, "-steps", "600")
	s, err := table.ReadFile(scores, &table.ReadSettings{Schema: []table.Field{{Name: "row", Kind: table.Whole}, {Name: "rank", Kind: table.Whole}}})
	require.NoError(t, err)
	require.Equal(t, 402, s.Len())
	rank := s.Columns[s.Index("rank")]
	require.LessOrEqual(t, rank[400], 8.)
	require.LessOrEqual(t, rank[401], 40.)
}

// A level that no row learned had leaves nothing to take a density of, and was ranked as an
// ordinary cell.
func TestRowsWithWhatWasNeverSeenHaveTheFirstRanks(t *testing.T) {
	dir := t.TempDir()
	text := lines(300, "a,g,unit", func(_ int, rng *rand.Rand) string {
		return fmt.Sprintf("%.2f,%s,kg", rng.NormFloat64(), []string{"north", "south"}[rng.IntN(2)])
	})
	_, _, _ = run(t, dir, text, "-out", "-")
	rows, scores := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "scores.csv")
	require.NoError(t, os.WriteFile(rows, []byte("a,g,unit\n0.10,north,kg\n9.00,south,kg\n0.20,up,kg\n0.30,,kg\n0.00,east,lb\n"), 0o644))
	j := &job{}
	require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-rows", rows, "-out", "-", "-score", scores}))
	var b bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &b, io.Discard))
	require.Regexp(t, `row 4, log p \S+, never seen before g, unit: 0, east, lb\n  row 2, log p \S+, never seen before g: 0\.2, up, kg\n  row 1, log p \S+: 9, south, kg\n`, b.String())
	f, err := os.Open(scores)
	require.NoError(t, err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"row", "rank", "mean", "logp0.1", "logp1", "unseen"}, all[0])
	for k, want := range [][2]string{1: {"3", ""}, 2: {"2", "g"}, 4: {"1", "g, unit"}} {
		if want[0] != "" {
			require.Equal(t, want, [2]string{all[k+1][1], all[k+1][5]}, "row %d", k)
		}
	}
}

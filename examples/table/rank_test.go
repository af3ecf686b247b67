package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
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

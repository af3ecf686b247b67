package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func TestHolesAreFilledAndTheRestIsAsItWas(t *testing.T) {
	dir := t.TempDir()
	filled := filepath.Join(dir, "filled.csv")
	text := pairs(400)
	_, _, _ = run(t, dir, text, "-out", "-", "-impute", filled, "-draws", "10", "-steps", "800")
	after, err := os.ReadFile(filled)
	require.NoError(t, err)
	before, rows := strings.Split(text, "\n"), strings.Split(string(after), "\n")
	require.Len(t, rows, len(before))
	var near, holes float64
	for i, row := range before {
		if !strings.Contains(row, ",,") {
			require.Equal(t, row, rows[i])
			continue
		}
		was, is := strings.Split(row, ","), strings.Split(rows[i], ",")
		require.Equal(t, was[:2], is[:2])
		require.Equal(t, was[3], is[3])
		var a, b float64
		fmt.Sscan(is[1]+" "+is[2], &a, &b)
		holes++
		if math.Abs(a-b) < .6 {
			near++
		}
	}
	require.Greater(t, near/holes, .8) // of draws that know nothing .34
	spread, err := table.ReadFile(filepath.Join(dir, "filled.holes.csv"), nil)
	require.NoError(t, err)
	require.Equal(t, 80, spread.Len())
	require.Equal(t, 1., share(spread, "column", func(v float64) bool { return v == 0 })) // b
}

// What stands in rows that come later, and not in those learned, is no error.
func TestNewLevelsAreNoError(t *testing.T) {
	dir := t.TempDir()
	_, _, _ = run(t, dir, pairs(200), "-out", "-")
	other, filled, scores := filepath.Join(dir, "other.csv"), filepath.Join(dir, "filled.csv"), filepath.Join(dir, "scores.csv")
	require.NoError(t, os.WriteFile(other, []byte("g,b,id,a,more\nunsure,,k1,1.50,x\npositive,1.125,k2,,y\n"), 0o644))
	j := &job{}
	require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-rows", other, "-out", "-", "-impute", filled, "-score", scores}))
	require.NoError(t, j.Run(context.Background(), io.Discard, io.Discard))
	text, err := os.ReadFile(filled)
	require.NoError(t, err)
	require.Regexp(t, `^g,b,id,a,more\nunsure,-?\d\.\d\d,k1,1\.50,x\npositive,1\.125,k2,-?\d\.\d\d,y\n$`, string(text))
	require.FileExists(t, scores)
}

// Low and high leave out as much on one side as on the other.
func TestQuantilesOfDrawsAreSymmetric(t *testing.T) {
	draws := make([]float64, 20)
	for i := range draws {
		draws[i] = float64(i + 1)
	}
	require.InDelta(t, 10.5, quantile(.5, draws), 1e-12)
	require.InDelta(t, 21, quantile(.05, draws)+quantile(.95, draws), 1e-12)
	require.InDelta(t, 1.05, quantile(.05, draws), 1e-12)
	require.Equal(t, 3., quantile(.05, []float64{3}))
	require.Equal(t, 3., quantile(.95, []float64{3}))
}

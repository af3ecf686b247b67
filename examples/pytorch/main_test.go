package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/array"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func run(t *testing.T, args ...string) string {
	j := &job{}
	require.NoError(t, command.Parse("pytorch", j, args))
	var out bytes.Buffer
	require.NoError(t, j.Run(t.Context(), &out, io.Discard))
	return out.String()
}

// The files in testdata are those of -out testdata -width 8 -rows 20 -steps 200 and
// network.py testdata, which PyTorch 1.13 wrote.
func TestWeightsOfPyTorchHaveItsScores(t *testing.T) {
	require.Regexp(t, `^scores of PyTorch's weights in gradlogp: largest difference [0-9.]+e-0[6-9]/σ\nloss on new rows: [0-9.]+ of gradlogp's weights, [0-9.]+ of PyTorch's\n$`, run(t, "-in", "testdata"))
}

func TestFilesForPyTorchAreWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	run(t, "-out", dir, "-width", "4", "-rows", "7", "-steps", "5")
	for file, columns := range map[string]int{rowsFile: 2, noiseFile: 1, scoresFile: 2} {
		x, _, err := array.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		n, d := x.Dims()
		require.Equal(t, []int{7, columns}, []int{n, d})
	}
	_, err := os.Stat(filepath.Join(dir, modelFile))
	require.NoError(t, err)
}

// BenchmarkThereAndBack needs Python with PyTorch: model to PyTorch, scores, weights back.
func BenchmarkThereAndBack(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		j := &job{out: dir, width: 16, rows: 100, steps: 100}
		require.NoError(b, j.Run(b.Context(), io.Discard, io.Discard))
		out, err := exec.Command("python3", "network.py", dir).CombinedOutput()
		require.NoError(b, err, string(out))
		require.Regexp(b, `largest difference [0-9.]+e-0[6-9]/`, string(out))
		require.NoError(b, (&job{in: dir}).Run(b.Context(), io.Discard, io.Discard))
	}
}

// BenchmarkInTwoProcesses needs Python with PyTorch: two processes with half of the rows
// each have the gradient of one with all of them, and their weights come back.
func BenchmarkInTwoProcesses(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		j := &job{out: dir, width: 16, rows: 500, steps: 20}
		require.NoError(b, j.Run(b.Context(), io.Discard, io.Discard))
		out, err := exec.Command("python3", "distributed.py", dir).CombinedOutput()
		require.NoError(b, err, string(out))
		require.Regexp(b, `of 2 processes and of one with all 500 rows: relative difference [0-9.]+e-0[6-9]\n`, string(out))
		var back bytes.Buffer
		require.NoError(b, (&job{in: dir}).Run(b.Context(), &back, io.Discard))
		var before, after float64
		_, loss, _ := strings.Cut(back.String(), "loss on new rows: ")
		_, err = fmt.Sscanf(loss, "%f of gradlogp's weights, %f of PyTorch's", &before, &after)
		require.NoError(b, err)
		require.Less(b, after, before, "20 steps left something to learn")
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	for _, args := range [][]string{{}, {"-in", "a", "-out", "b"}, {"-out", "a", "-width", "0"}, {"-out", "a", "-rows", "0"}, {"-out", "a", "-steps", "0"}} {
		require.Error(t, command.Parse("pytorch", &job{}, args))
	}
	require.Error(t, (&job{in: t.TempDir()}).Run(t.Context(), io.Discard, io.Discard))
}

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
	require.Regexp(t, `^scores of PyTorch's weights in gradlogp: largest difference [0-9.]+e-0[6-9]/σ\n$`, run(t, "-in", "testdata"))
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

func TestBadFlagsAreNamed(t *testing.T) {
	for _, args := range [][]string{{}, {"-in", "a", "-out", "b"}, {"-out", "a", "-width", "0"}, {"-out", "a", "-rows", "0"}, {"-out", "a", "-steps", "0"}} {
		require.Error(t, command.Parse("pytorch", &job{}, args))
	}
	require.Error(t, (&job{in: t.TempDir()}).Run(t.Context(), io.Discard, io.Discard))
}

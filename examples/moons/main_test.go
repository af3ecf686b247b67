package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

func parse(args []string) (*job, error) {
	j := &job{}
	return j, command.Parse("moons", j, args)
}

// small returns a job that takes a second or two.
func small(t *testing.T, args ...string) *job {
	out := filepath.Join(t.TempDir(), "picture.png")
	j, err := parse(append([]string{"-steps", "40", "-n", "150", "-out", out}, args...))
	require.NoError(t, err)
	return j
}

func TestOutputAndPictureDoNotDependOnWorkers(t *testing.T) {
	commandtest.Same(t, func(workers string) (command.Job, []string) {
		j := small(t, "-workers", workers)
		return j, []string{j.out}
	})
}

func TestInterruptedTrainingGoesOnToSample(t *testing.T) {
	j := small(t, "-steps", "1000000", "-dataset", "ring")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	time.AfterFunc(300*time.Millisecond, stop)
	var stdout bytes.Buffer
	require.NoError(t, j.Run(ctx, &stdout, io.Discard))
	require.Regexp(t, `ring: \d+ of 1000000 steps`, stdout.String())
	require.Contains(t, stdout.String(), "predictor-corrector")
	require.Contains(t, stdout.String(), "probability flow")
	require.FileExists(t, j.out)
}

func TestImpossibleFlagsAreRefusedBeforeTheWork(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-dataset", "sun"}, `unknown dataset "sun"`},
		{[]string{"-steps", "0"}, "-steps 0"},
		{[]string{"-n", "1"}, "-n 1"},
		{[]string{"-workers", "-1"}, "-workers -1"},
		{[]string{"-out", dir}, "is a directory"},
		{[]string{"-out", filepath.Join(file, "x.png")}, "cannot write"},
		{[]string{"-out", filepath.Join(dir, "no", "x.png")}, "cannot write"},
		{[]string{"more"}, `unexpected argument "more"`},
	} {
		_, err := parse(c.args)
		require.ErrorContains(t, err, c.want, "%v", c.args)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "trying the path leaves nothing behind")
}

func TestNoPictureWhenNotAskedFor(t *testing.T) {
	j := small(t, "-out", "-", "-steps", "1", "-n", "20")
	var stdout bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &stdout, io.Discard))
	require.True(t, strings.HasPrefix(stdout.String(), "moons: 1 of 1 steps"))
}

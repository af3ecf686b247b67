package main

import (
	"context"
	"io"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

func parse(args ...string) (*job, error) {
	j := &job{}
	return j, command.Parse("fewsteps", j, args)
}

// timeless is a job whose times do not show.
type timeless struct{ *job }

func (j timeless) Run(ctx context.Context, stdout, stderr io.Writer) error {
	return j.job.Run(ctx, masked{stdout}, stderr)
}

type masked struct{ io.Writer }

var seconds = regexp.MustCompile(` +\d+\.\d `)

func (m masked) Write(p []byte) (int, error) {
	_, err := m.Writer.Write(seconds.ReplaceAll(p, []byte(" s ")))
	return len(p), err
}

func TestOutputAndPictureDoNotDependOnWorkers(t *testing.T) {
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		out := filepath.Join(t.TempDir(), "a.png")
		j, err := parse("-toys", "moons", "-ways", "all", "-steps", "100", "-few", "16", "-n", "100", "-workers", workers, "-out", out)
		require.NoError(t, err)
		j.small = true
		return timeless{j}, []string{out}
	})
	for _, w := range append(names(), "the model", "width", "0.14") {
		require.Contains(t, stdout, w)
	}
}

func TestInterruptEndsTheJob(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	j, err := parse("-out", "-", "-toys", "ring")
	require.NoError(t, err)
	j.small = true
	require.ErrorIs(t, j.Run(ctx, io.Discard, io.Discard), context.Canceled)
}

func TestImpossibleFlagsAreRefusedBeforeTheWork(t *testing.T) {
	for _, args := range [][]string{{"-toys", "sun"}, {"-ways", "magic"}, {"-steps", "0"}, {"-few", "1"}, {"-n", "3"}, {"-workers", "-1"}, {"-out", "/no/such/folder/a.png"}} {
		_, err := parse(args...)
		require.Error(t, err, args)
	}
}

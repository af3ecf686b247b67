package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("words", j, append([]string{"-steps", "2", "-batch", "4", "-window", "8", "-points", "3", "-n", "12", "-workers", "1"}, args...)))
	return j
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		return small(t, "-workers", workers, "-plain"), nil
	})
	for _, s := range []string{"2 steps, seed 0", "autoregression", "samples of diffusion without a head", "held-out words in random order"} {
		require.Contains(t, stdout, s)
	}
}

func TestAnInterruptEndsTheTrainingOnly(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var out strings.Builder
	require.NoError(t, small(t, "-steps", "1000000").Run(ctx, &out, io.Discard))
	require.Contains(t, out.String(), "samples of diffusion")
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-steps", "0"}, {"-batch", "1"}, {"-window", "1"}, {"-window", "1000"}, {"-points", "1"}, {"-n", "5"}, {"-rate", "NaN"}, {"-rate", "Inf"}, {"-workers", "-1"}} {
		require.Error(t, command.Parse("words", &job{}, args), "%v", args)
	}
}

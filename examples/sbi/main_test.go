package main

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("sbi", j, append([]string{"-tasks", "gaussian_linear", "-n", "1000", "-steps", "20", "-observations", "1", "-draws", "300"}, args...)))
	return j
}

// The regression alone is a good posterior of a linear task.
func TestALinearTaskIsLearnedWithinAFewSteps(t *testing.T) {
	run := func(workers string) string {
		var stdout bytes.Buffer
		require.NoError(t, small(t, "-workers", workers).Run(context.Background(), &stdout, io.Discard))
		return stdout.String()
	}
	text := run("1")
	m := regexp.MustCompile(`(?m)^gaussian_linear +mean (0\.\d+) of \[(0\.\d+)\]$`).FindStringSubmatch(text)
	require.NotNil(t, m, text)
	c2st, err := strconv.ParseFloat(m[1], 64)
	require.NoError(t, err)
	require.Less(t, c2st, 0.7)
	require.Equal(t, text, run("3"))
}

func TestSOAPIsAnotherPosterior(t *testing.T) {
	run := func(args ...string) string {
		var stdout bytes.Buffer
		require.NoError(t, small(t, append([]string{"-tasks", "two_moons", "-steps", "100"}, args...)...).Run(context.Background(), &stdout, io.Discard))
		return stdout.String()
	}
	require.NotEqual(t, run(), run("-soap"))
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	require.ErrorContains(t, command.Parse("sbi", &job{}, []string{"-tasks", "three_moons"}), `there is no "three_moons", want some of gaussian_linear`)
	require.ErrorContains(t, command.Parse("sbi", &job{}, []string{"-n", "0"}), "-n 0")
	j := &job{}
	require.NoError(t, command.Parse("sbi", j, []string{"-tasks", "all"}))
	require.Greater(t, len(j.chosen), 6)
}

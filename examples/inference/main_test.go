package main

import (
	"bytes"
	"io"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

// small returns a job that takes a second or two, and its pictures.
func small(t *testing.T, args ...string) (j *job, pictures []string) {
	j = &job{outbreak: hamlet}
	folder := t.TempDir()
	flags := []string{"-n", "200", "-steps", "30", "-draws", "60", "-trials", "20", "-points", "6"}
	for _, name := range []string{"out", "predictive", "calibration"} {
		path := filepath.Join(folder, name+".png")
		flags, pictures = append(flags, "-"+name, path), append(pictures, path)
	}
	require.NoError(t, command.Parse("inference", j, append(flags, args...)))
	return j, pictures
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	out, _ := commandtest.Same(t, func(workers string) (command.Job, []string) { return small(t, "-workers", workers) })
	for _, want := range []string{
		`(?m)^\d+ of 200 simulations \(\d+ %\) failed and are left out`, `(?m)^D +4( +\d+\.\d{3} ± \d+\.\d{3}){2}( +\d+\.\d{3}){2}$`,
		`C2ST between learned and exact draws: 0\.\d{3}`, `(?m)^R × D( +\d\.\d{3}){4}$`, `(?m)^written on Fridays( +\d\.\d{4}){2}$`,
	} {
		require.Regexp(t, regexp.MustCompile(want), out)
	}
}

// What is opened again answers as what was learned.
func TestPosteriorIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "posterior")
	run := func() string {
		j, _ := small(t, "-model", path, "-out", "-", "-predictive", "-", "-calibration", "-")
		var stdout bytes.Buffer
		require.NoError(t, j.Run(t.Context(), &stdout, io.Discard))
		return stdout.String()
	}
	learned, opened := run(), run()
	require.FileExists(t, path)
	require.Contains(t, learned, opened)
}

func TestWeeksAreWrittenOnTheirLastDay(t *testing.T) {
	require.Equal(t, []float64{0, 0, 0, 0, 0, 0, 28, 0}, fridays([]float64{1, 2, 3, 4, 5, 6, 7, 8}))
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-n", "1"}, {"-steps", "-1"}, {"-draws", "1"}, {"-trials", "2"}, {"-points", "1"}, {"-workers", "-1"}} {
		require.ErrorContains(t, command.Parse("inference", &job{}, args), args[0]+" "+args[1])
	}
	require.Error(t, command.Parse("inference", &job{}, []string{"-out", filepath.Join(t.TempDir(), "none", "x.png")}))
}

package main

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/score"
)

// small returns a job that takes a second or two.
func small(t *testing.T, args ...string) *job {
	j := &job{}
	out := filepath.Join(t.TempDir(), "picture.png")
	require.NoError(t, command.Parse("conditional", j, append([]string{"-steps", "40", "-n", "150", "-out", out}, args...)))
	return j
}

func TestSamplesFollowTheExactLaws(t *testing.T) {
	j := small(t, "-steps", "400", "-n", "1000")
	var stdout bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &stdout, io.Discard))
	rows := regexp.MustCompile(`(?m)^(\d) +(\d|any) +(0\.\d+) +(0\.\d+) *(\d\.\d+)? *(\d\.\d+)?$`).FindAllStringSubmatch(stdout.String(), -1)
	require.Len(t, rows, 1+(len(guidance)-1)*classes, stdout.String())
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return v
	}
	for _, r := range rows {
		require.Less(t, number(r[4]), 0.1, "exact samples among themselves: %v", r)
		bound := 0.15 // two seeds gave at most 0.09 at these steps
		if number(r[1]) == 4 {
			bound = 0.8 // and 0.41: strong guidance multiplies what the scores err
		}
		require.Less(t, number(r[3]), bound, "%v", r)
		if r[2] != "any" {
			require.InDelta(t, number(r[6]), number(r[5]), 0.05, "%v", r)
		}
	}
}

// The exact scores of a class, in the model's coordinates and back, lead to the
// class: the frame and the start are right.
func TestExactScoresLeadToTheirClass(t *testing.T) {
	j := small(t, "-n", "2000")
	m, err := score.New(2, &score.Config{Cond: score.Conditions{Classes: []int{classes}}})
	require.NoError(t, err)
	directions := twosample.Directions(64, 2, 1)
	for class := range classes {
		p := exact(m, arms(nil, class))
		p.Conditional = true
		x, err := j.sample(p, 3)
		require.NoError(t, err)
		want, err := j.truth(m, 1, class, 1)
		require.NoError(t, err)
		require.Less(t, twosample.SlicedW2(x, want, directions), 0.06)
		require.Greater(t, certainty(x, class), 0.9)
		require.Less(t, certainty(x, (class+1)%classes), 0.1)
	}
}

func TestRowsHaveTheLabelsOfTheirLaw(t *testing.T) {
	l := newLabelled(rand.NewPCG(1, 2))
	count := map[float64]float64{}
	var sure float64
	const n = 3000
	for range n {
		row := l.Rand(make([]float64, 3))
		count[row[2]]++
		sure += certainty(mat.NewDense(1, 2, row[:2]), int(row[2]))
	}
	require.Len(t, count, classes)
	for k := range classes {
		require.InDelta(t, n/classes, count[float64(k)], 4*26)
	}
	require.InDelta(t, 0.933, sure/n, 0.01)
}

func TestOutputAndPictureDoNotDependOnWorkers(t *testing.T) {
	commandtest.Same(t, func(workers string) (command.Job, []string) {
		j := small(t, "-workers", workers)
		return j, []string{j.out}
	})
}

func TestInterruptedTrainingGoesOnToSample(t *testing.T) {
	j := small(t, "-steps", "1000000")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	time.AfterFunc(300*time.Millisecond, stop)
	var stdout bytes.Buffer
	require.NoError(t, j.Run(ctx, &stdout, io.Discard))
	require.Regexp(t, `\d+ of 1000000 steps`, stdout.String())
	require.FileExists(t, j.out)
}

func TestImpossibleFlagsAreRefusedBeforeTheWork(t *testing.T) {
	for want, args := range map[string][]string{
		"want at least 1, 2 and 0": {"-steps", "0"},
		"-n 1, -workers 0":         {"-n", "1"},
		"-workers -1":              {"-workers", "-1"},
		"cannot write":             {"-out", filepath.Join(t.TempDir(), "no", "x.png")},
		`unexpected argument "x"`:  {"x"},
		"flag provided but not":    {"-guidance", "3"},
	} {
		require.ErrorContains(t, command.Parse("conditional", &job{}, args), want)
	}
	require.NoError(t, command.Parse("conditional", &job{}, []string{"-out", "-"}))
}

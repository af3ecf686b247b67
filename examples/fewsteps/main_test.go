package main

import (
	"context"
	"io"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
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

func TestOutputOfDigitsDoesNotDependOnWorkers(t *testing.T) {
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		j, err := parse("-toys", "digits", "-ways", "trajectories,progressive,mean flow, from scratch", "-steps", "100", "-few", "16", "-n", "100", "-workers", workers, "-out", "-")
		require.NoError(t, err)
		j.small = true
		return timeless{j}, nil
	})
	require.Contains(t, stdout, "digits: 120 pictures learned, 60 held out, 100 samples of a kind\n")
	for _, w := range append(judges, "the model", "trajectories", "progressive", "from scratch") {
		require.Contains(t, stdout, w)
	}
}

func TestTheCriticTellsNoiseFromPictures(t *testing.T) {
	all, err := digits.Carried()
	require.NoError(t, err)
	test, train, err := all.HoldOut(1)
	require.NoError(t, err)
	j := &job{n: 250, seed: 1, small: true} // two parts of 120, and ten that are left over
	c := j.newCritic(train, test.First(120), io.Discard)
	for i := range j.n {
		require.Equal(t, test.Label(i%120), c.samples.Label(i))
	}
	noise, rng := c.samples, rand.New(rand.NewPCG(1, 2))
	noise.X.Apply(func(_, _ int, _ float64) float64 { return 8 + 5*rng.NormFloat64() }, noise.X)
	c.cut(noise)
	c.fresh = []digits.Set{train.First(250)}
	of := func(s digits.Set) []float64 {
		numbers, err := c.judge(s)
		require.NoError(t, err)
		require.Len(t, numbers, len(judges))
		return numbers
	}
	real, fake := of(train.Slice(250, 500)), of(noise)
	for k, name := range judges[:4] {
		require.InDelta(t, 0.5, real[k], 0.12, name) // four deviations, at most .03 each
		least := 0.95
		if strings.HasPrefix(name, "neighbours") {
			least = 0.75 // noise lies further from noise than from pictures
		}
		require.Greater(t, fake[k], least, name)
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

// Names with a comma once could not be asked for.
func TestEveryWayCanBeAskedFor(t *testing.T) {
	for _, w := range ways {
		j, err := parse("-ways", "progressive,"+w.name+",none")
		require.NoError(t, err, w.name)
		require.Equal(t, []string{"progressive", w.name}, []string{j.ways[0].name, j.ways[1].name})
		require.Len(t, j.ways, 2)
	}
	j, err := parse("-ways", strings.Join(names(), ","))
	require.NoError(t, err)
	require.Equal(t, ways, j.ways)
	_, err = parse("-ways", "mean flow,from scratch")
	require.ErrorContains(t, err, `"from scratch"`)
}

func TestImpossibleFlagsAreRefusedBeforeTheWork(t *testing.T) {
	for _, args := range [][]string{{"-toys", "sun"}, {"-ways", "magic"}, {"-steps", "0"}, {"-few", "1"}, {"-n", "3"}, {"-workers", "-1"}, {"-out", "/no/such/folder/a.png"}, {"-toys", "digits", "-out", "a.png"}} {
		_, err := parse(args...)
		require.Error(t, err, args)
	}
}

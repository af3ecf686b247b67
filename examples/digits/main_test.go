package main

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("digits", j, append([]string{"-out", "-"}, args...)))
	return j
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		out := filepath.Join(t.TempDir(), "digits.png")
		return small(t, "-steps", "2", "-batch", "16", "-n", "100", "-lessons", "2", "-workers", workers, "-out", out), []string{out}
	})
	require.Contains(t, stdout, "2 of 2 steps, seed 0")
	require.Regexp(t, `copies of training images +0 +0`, stdout)
}

func TestTheCarriedImagesAreTheDigits(t *testing.T) {
	all, err := images()
	require.NoError(t, err)
	require.Equal(t, 1797, all.len())
	require.Equal(t, 0.0, mat.Min(all.x))
	require.Equal(t, shades-1.0, mat.Max(all.x))
	require.Equal(t, []float64{0, 1, 2, 3, 4}, mat.Col(nil, 0, all.labels)[:5])

	parts := all.split(1, 360, 144)
	require.Equal(t, []int{360, 144, 1293}, []int{parts[0].len(), parts[1].len(), parts[2].len()})
	for _, d := range nearest(parts[0], parts[2]) {
		require.Positive(t, d, "an image in two parts")
	}
}

func TestSnapTakesBackTheJitter(t *testing.T) {
	all, err := images()
	require.NoError(t, err)
	one := all.rows([]int{7})
	x, labels := mat.NewDense(5, pixels, nil), mat.NewDense(5, 1, nil)
	require.NoError(t, jittered{one}.Batch(x, labels, 0, 0, rand.New(rand.NewPCG(1, 1))))
	require.NotEqual(t, x.RawRowView(0), x.RawRowView(1))
	snap(x)
	for i := range 5 {
		require.Equal(t, one.x.RawRowView(0), x.RawRowView(i))
		require.Equal(t, 7.0, labels.At(i, 0))
	}
	far := mat.NewDense(1, 2, []float64{-1e9, 1e9})
	snap(far)
	require.Equal(t, []float64{0, shades - 1}, far.RawRowView(0))
}

func TestAClassifierLearnsDigits(t *testing.T) {
	all, err := images()
	require.NoError(t, err)
	parts := all.split(0, 360)
	a := small(t, "-lessons", "120").learn(parts[1]).accuracy(parts[0])
	require.Greater(t, a.part, 330, "%v", a) // 350 and more after the default of 800
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-steps", "0"}, {"-n", "50"}, {"-rate", "NaN"}, {"-lessons", "0"}, {"-out", "no/such/folder/a.png"}} {
		require.Error(t, command.Parse("digits", &job{}, args))
	}
}

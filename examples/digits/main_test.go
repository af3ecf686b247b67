package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/examples/internal/digits"
	"github.com/gradlogp/gradlogp/examples/internal/digits/digitstest"
	"github.com/gradlogp/gradlogp/score"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("digits", j, append([]string{"-out", "-", "-gif", "-"}, args...)))
	return j
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	data := digitstest.Write(t, digitstest.Few(t, 60, 2))
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		dir := t.TempDir()
		out, gif := filepath.Join(dir, "digits.png"), filepath.Join(dir, "digits.gif")
		return small(t, "-data", data, "-steps", "2", "-batch", "16", "-n", "100", "-lessons", "2", "-points", "3", "-bits", "2",
			"-workers", workers, "-out", out, "-gif", gif), []string{out, gif}
	})
	require.Contains(t, stdout, "\n60 images of 8×8, 12 held out\n")
	require.Regexp(t, `copies of training images +0 +\d`, stdout)
	require.Regexp(t, `bits a pixel of 2 images +\d\.\d+ ± \d`, stdout)
}

func TestCutsGiveTheSharesOfRealImages(t *testing.T) {
	real := digitstest.Few(t, 200, 10)
	rng, x := rand.New(rand.NewPCG(1, 1)), mat.NewDense(300, 64, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return 8 + 5*rng.NormFloat64() }, x)
	digits.Snap(x, digits.Cuts(x, real))
	require.InDelta(t, empty(real), empty(digits.Set{Format: real.Format, X: x}), 1e-4)
}

func TestBitsOfAnUntrainedNetworkAreThoseOfANormalLaw(t *testing.T) {
	s := digitstest.Few(t, 3, 2)
	m, err := score.New(s.Pixels(), &score.Config{Net: s.Network(), Cond: score.Conditions{Classes: []int{2}}})
	require.NoError(t, err)
	got, err := small(t, "-bits", "3").bits(m, s)
	require.NoError(t, err)

	want, x, rng := make([]float64, 3), make([]float64, s.Pixels()), rand.New(rand.NewPCG(0, 4))
	for i := range want {
		s.Scatter(x, s.X.RawRowView(i), rng)
		for p, v := range s.X.RawRowView(i) {
			nats := x[p]*x[p]/2 + math.Log(2*math.Pi)/2 // its output is 0, which is the score of N(0, 1)
			want[i] += (nats - math.Log(s.Spread(v))) / math.Ln2 / float64(s.Pixels())
		}
	}
	require.InEpsilon(t, estimateOf(want).mean, got.mean, 1e-3)
	require.InEpsilon(t, estimateOf(want).err, got.err, 1e-2)
}

func TestPixelsAloneNeedTheEntropyOfTheirShades(t *testing.T) {
	f := digits.Format{Height: 1, Width: 4, Shades: 2, Classes: 1}
	s := f.Blank(2000)
	rng := rand.New(rand.NewPCG(1, 2))
	s.X.Apply(func(_, j int, _ float64) float64 { return float64(min(j, 1) * rng.IntN(2)) }, s.X)
	alone := (&job{bitsOf: 1000}).bitsAlone(s, s)
	require.InDelta(t, 0.75, alone.mean, 0.01)
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-steps", "0"}, {"-rate", "Inf"}, {"-n", "50"}, {"-rate", "NaN"}, {"-lessons", "0"}, {"-points", "2"}, {"-bits", "1"}, {"-guidance", "Inf"},
		{"-out", "no/such/folder/a.png"}, {"-out", "a", "-gif", "a"},
	} {
		require.Error(t, command.Parse("digits", &job{}, args))
	}
}

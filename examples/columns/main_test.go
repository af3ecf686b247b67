package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// small returns a job that takes a second or two.
func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("columns", j, append([]string{"-steps", "12", "-width", "8", "-rows", "6", "-n", "40"}, args...)))
	return j
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	out, _ := commandtest.Same(t, func(workers string) (command.Job, []string) { return small(t, "-workers", workers), nil })
	for _, want := range []string{
		`(?m)^whole rows +\d+\.\d\d$`, `(?m)^column levels( +\d+\.\d\d){6}$`, `(?m)^column levels, 30 % missing( +\d+\.\d\d){6}$`,
		`(?m)^mask as a condition( +\d+\.\d\d){4}$`, `(?m)^\?\+\?\+( +0\.\d{4}){4}$`, `(?m)^RePaint, 20 returns a step( +-?\d+\.\d+){4}$`,
		`(?m)^exact +-2\.284 +0\.674`,
	} {
		require.Regexp(t, regexp.MustCompile(want), out)
	}
	require.Equal(t, len(subsets()), len(regexp.MustCompile(`(?m)^[?+]{4} `).FindAllString(out, -1)))
}

func TestNetworksAreKept(t *testing.T) {
	j := small(t, "-models", t.TempDir())
	m, err := j.train(t.Context(), &strings.Builder{}, "one", score.Config{ColumnLevels: true}, score.Draws(columns, newLaw))
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(j.models, "one-12-8-0.safetensors"))
	again, err := j.train(t.Context(), &strings.Builder{}, "one", score.Config{ColumnLevels: true}, nil)
	require.NoError(t, err)
	require.Equal(t, m.Frame(), again.Frame())
}

func TestNoisyAnswersGoOverIntoExactOnes(t *testing.T) {
	clean, z := dataset.Sample(newLaw(rand.NewPCG(1, 2)), 3), normals(3, 1)
	p := pattern{known, drawn, drawn, known}
	exact, err := pose(newLaw(nil), p, clean, z)
	require.NoError(t, err)
	noisy, err := poseNoisy(p, clean, z, mat.NewDense(3, columns, nil))
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 3}, noisy.of())
	// Where there is hardly any noise in the state, both know the known columns.
	for i := range 3 {
		for j := range columns {
			require.InDelta(t, clean.At(i, j), noisy.answer[0].At(i, j), .02)
		}
		require.InDelta(t, clean.At(i, 1), exact.answer[0].At(i, 1), .02)
	}
}

func TestReplacingKeepsKnownColumns(t *testing.T) {
	j := small(t)
	m, err := score.New(columns, nil)
	require.NoError(t, err)
	x, p := mat.NewDense(5, columns, nil), m.Problem()
	pred := replacing{sampler.DDIM{Eta: 1}, []float64{.5, math.NaN(), math.NaN(), -1}}
	s := &sampler.Settings{Grid: steps(p.SDE), Final: sampler.FinalState, Corrector: sampler.Gibbs{Back: pred, Steps: 2}, Workers: j.workers}
	require.NoError(t, sampler.Sample(t.Context(), x, p, pred, s))
	for i := range 5 {
		require.InDelta(t, .5, x.At(i, 0), .01)
		require.InDelta(t, -1, x.At(i, 3), .01)
	}
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-steps", "0"}, {"-n", "1"}, {"-rows", "1"}, {"-workers", "-1"}} {
		require.ErrorContains(t, command.Parse("columns", &job{}, args), args[0]+" "+args[1])
	}
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/toy"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

func parse(args []string) (*job, error) {
	j := &job{}
	return j, command.Parse("quality", j, args)
}

// The gate in small: the defaults at less than a hundredth of the budget. Half
// the steps leave a bound of .05, a network stuck at the best Gaussian one of
// 1.9.
func TestDefaultsLearnMoonsInAThousandSmallSteps(t *testing.T) {
	moons, err := toy.Named("moons")
	require.NoError(t, err)
	j := &job{steps: 1000, n: 1000, small: true}
	v, err := j.measure(context.Background(), moons, 1, io.Discard)
	require.NoError(t, err)
	t.Log(v.line("moons", 1, noTarget))
	require.Less(t, v.bound, 0.03)
	require.Less(t, v.gap, 0.1)
	require.Greater(t, v.gap, 0.0)
	require.Less(t, v.off, 0.03)
	require.Less(t, v.c2st, 0.57)
	require.Less(t, v.sw2, 0.15)
	require.Less(t, v.excess, 0.02)
	require.True(t, math.IsNaN(v.modeTV))
}

// The numbers printed are the same for any number of workers.
func TestNumbersDoNotDependOnWorkers(t *testing.T) {
	ring, err := toy.Named("ring")
	require.NoError(t, err)
	var got [2]verdict
	for i, workers := range []int{1, 3} {
		j := &job{steps: 3, n: 600, small: true, workers: workers}
		got[i], err = j.measure(context.Background(), ring, 1, io.Discard)
		require.NoError(t, err)
		got[i].seconds = 0
	}
	require.Equal(t, got[0], got[1])
}

// Every name is an optimiser of its own.
func TestOptimisersAreChosenByName(t *testing.T) {
	moons, err := toy.Named("moons")
	require.NoError(t, err)
	seen := map[float64]bool{}
	for _, c := range optimizers() {
		j, err := parse([]string{"-optimizer", c.name, "-rate", "0.012", "-steps", "60", "-n", "200"})
		require.NoError(t, err)
		j.small = true
		v, err := j.measure(context.Background(), moons, 1, io.Discard)
		require.NoError(t, err)
		require.False(t, seen[v.bound], "%s is another", c.name)
		seen[v.bound] = true
	}
	for _, args := range [][]string{{"-optimizer", "sgd"}, {"-rate", "-1"}, {"-rate", "2"}, {"-rate", "NaN"}} {
		_, err := parse(args)
		require.ErrorContains(t, err, args[0])
	}
}

// Every part of the successor changes the run, and so do all of them together.
func TestRecipesAreChosenByTheirParts(t *testing.T) {
	seen := map[string]string{}
	for _, recipe := range []string{"", "w", "norm", "waves", "clock", "detail", "times", "n"} {
		j, err := parse([]string{"-recipe", recipe})
		require.NoError(t, err)
		var c score.Config
		var s score.Settings
		j.follow(&c, &s)
		text := fmt.Sprintf("%#v %#v", c, s)
		require.Empty(t, seen[text], recipe)
		seen[text] = recipe
	}
	all, err := parse([]string{"-recipe", "norm+waves+clock+detail+times"})
	require.NoError(t, err)
	require.Len(t, all.parts, len(parts()))
	for _, bad := range []string{"x", "n+norm", "norm+", "norm,waves"} {
		_, err := parse([]string{"-recipe", bad})
		require.ErrorContains(t, err, "-recipe: there is no ", bad)
	}
}

// Every kind learns in a hundred small steps, and is another model than the others. Bounds of
// .06 to .55 were measured.
func TestKindsAreChosenByName(t *testing.T) {
	ring, err := toy.Named("ring")
	require.NoError(t, err)
	seen := map[float64]bool{}
	for _, k := range kinds() {
		j, err := parse([]string{"-kind", k.name, "-steps", "100", "-n", "200"})
		require.NoError(t, err)
		j.small = true
		v, err := j.measure(context.Background(), ring, 1, io.Discard)
		require.NoError(t, err)
		t.Log(k.name, v.bound)
		require.Less(t, v.bound, 1.0, k.name)
		require.False(t, seen[v.bound], k.name)
		seen[v.bound] = true
	}
	for _, recipe := range []string{"", "w"} {
		j, err := parse([]string{"-kind", "energy", "-recipe", recipe})
		require.NoError(t, err)
		var c score.Config
		j.follow(&c, &score.Settings{})
		require.IsType(t, nn.Energy{}, c.Net, recipe)
	}
}

func TestTableMarksWhatIsMissed(t *testing.T) {
	want := targetOf("spirals", 5000)
	require.Equal(t, target{.0125, .004}, want)
	require.Equal(t, target{.005, .002}, targetOf("spirals", 20000))
	require.Equal(t, noTarget, targetOf("spirals", 100))
	good := verdict{bound: .004, gap: .0125, gapErr: .001, modeTV: math.NaN()}
	require.Zero(t, good.missed(want))
	require.NotContains(t, good.line("spirals", 1, want), "!")
	require.Equal(t, 1, verdict{bound: .0041, gap: .01}.missed(want))
	require.Equal(t, 2, verdict{bound: math.NaN(), gap: math.NaN()}.missed(want))
	require.Zero(t, verdict{bound: math.NaN()}.missed(noTarget))
	bad := verdict{bound: .0041, gap: .01, modeTV: .01}.line("spirals", 1, want)
	require.Equal(t, 1, strings.Count(bad, "!"))
	require.Contains(t, bad, "0.00410!")
}

func TestEveryToyHasTargets(t *testing.T) {
	for _, toy := range toy.All() {
		_, known := targets[toy.Name]
		require.True(t, known, "targets, of table.go, has none of %s: measure them by -toys %[1]s -seeds 1,2,3,4,5", toy.Name)
		require.Less(t, targetOf(toy.Name, standardSteps).bound, 0.02, toy.Name)
	}
}

func TestEveryToyAndSeedHasALine(t *testing.T) {
	j, err := parse([]string{"-toys", "moons,ring", "-seeds", "3,4", "-steps", "1", "-n", "100"})
	require.NoError(t, err)
	j.small = true
	var out bytes.Buffer
	require.NoError(t, j.Run(context.Background(), &out, io.Discard), "there is no target for one step")
	require.Regexp(t, `(?s)^toy.*\nmoons +3 .*\nmoons +4 .*\nring +3 .*\nring +4 [^\n]*\n$`, out.String())
}

func TestOnlyACheckFailsForAMissedTarget(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, (&job{}).end(2, &out))
	require.ErrorIs(t, (&job{check: true}).end(2, &out), errMissed)
	require.Equal(t, strings.Repeat("2 targets missed (!)\n", 2), out.String())
	require.NoError(t, (&job{check: true}).end(0, &out))
}

func TestInterruptEndsTheRun(t *testing.T) {
	j, err := parse([]string{"-toys", "moons", "-seeds", "7"})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	err = j.Run(ctx, io.Discard, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "moons, seed 7")
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-toys", "moons,sun"}, `unknown dataset "sun"`},
		{[]string{"-seeds", "1,x"}, `-seeds: "x"`},
		{[]string{"-steps", "-1"}, "-steps -1"},
		{[]string{"-n", "3"}, "-n 3"},
		{[]string{"-workers", "-1"}, "-workers -1"},
		{[]string{"-check", "-steps", "4999"}, "no targets below 5000"},
		{[]string{"-pool", "-1"}, "-pool -1"},
		{[]string{"-rows", "-1"}, "-rows -1"},
		{[]string{"-held-out", "-1", "-rows", "100"}, "-held-out -1"},
		{[]string{"-held-out", "100"}, "-held-out 100, -rows 0"},
		{[]string{"-again"}, "-again, -rows 0"},
		{[]string{"-again", "-rows", "100", "-held-out", "100"}, "-again, -rows 100, -held-out 100"},
		{[]string{"-rows", "100", "-check"}, "-check with -rows 100"},
		{[]string{"-kind", "x"}, `-kind: there is no "x"`},
		{[]string{"-kind", "energy", "-check"}, "-check with -kind energy"},
		{[]string{"more"}, `unexpected argument "more"`},
	} {
		_, err := parse(c.args)
		require.ErrorContains(t, err, c.want, "%v", c.args)
	}
	j, err := parse(nil)
	require.NoError(t, err)
	require.Len(t, j.toys, len(toy.All()))
	require.Len(t, j.seeds, 5)
}

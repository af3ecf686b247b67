package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func parse(args ...string) (*job, error) {
	j := &job{}
	return j, command.Parse("families", j, args)
}

func run(t *testing.T, args ...string) string {
	j, err := parse(append([]string{"-storms", "../table/storms.csv", "-weights", "4000", "-batch", "64", "-n", "150", "-steps", "20"}, args...)...)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, j.Run(t.Context(), &out, io.Discard))
	return regexp.MustCompile(`(?m)^(\w+ +\w+ +\d+ +\d+) +[0-9.]+`).ReplaceAllString(out.String(), "$1") // without the seconds
}

func TestEveryFamilyHasALineAndAPanel(t *testing.T) {
	picture := filepath.Join(t.TempDir(), "families.png")
	out := run(t, "-data", "moons,storms", "-out", picture)
	for _, k := range families() {
		require.Regexp(t, `(?m)^moons +`+k.name+` .* `+k.nats+` +0\.\d{4} +0\.\d{4} +\d+\.\d{4} +\d+$`, out)
		require.Regexp(t, `(?m)^storms +`+k.name+` .* `+k.nats+` +- +[01]\.\d{4} +\d+\.\d{4} +\d+$`, out)
	}
	require.NotContains(t, out, "Inf")
	info, err := os.Stat(picture)
	require.NoError(t, err)
	require.Positive(t, info.Size())
}

func TestWorkersDoNotChangeTheNumbers(t *testing.T) {
	args := []string{"-data", "ring", "-families", "vae,gan,mdn"}
	require.Equal(t, run(t, args...), run(t, append(args, "-workers", "3")...))
}

func TestModelsHaveNearlyTheWeightsAskedFor(t *testing.T) {
	j, err := parse()
	require.NoError(t, err)
	task, err := j.open("moons")
	require.NoError(t, err)
	for _, k := range families() {
		n := k.widest(task.setup(j), j.weights).size()
		require.LessOrEqual(t, n, j.weights, k.name)
		require.Greater(t, float64(n), 0.93*float64(j.weights), k.name)
	}
}

// Densities have the mass 1, bounds below densities at most that.
func TestDensitiesHaveMassOne(t *testing.T) {
	j, err := parse("-weights", "4000", "-batch", "128")
	require.NoError(t, err)
	task, err := j.open("moons")
	require.NoError(t, err)
	const cells = 100
	limits := [2]float64{-5, 5}
	grid, logp := figure.Grid(limits, limits, cells, cells), make([]float64, cells*cells)
	for name, least := range map[string]float64{"mdn": 0.99, "vae": 0.9} {
		k, err := familyNamed(name)
		require.NoError(t, err)
		m := k.widest(task.setup(j), j.weights)
		require.NoError(t, m.train(t.Context(), 100))
		require.NoError(t, m.logProb(t.Context(), logp, grid))
		var mass float64
		for _, l := range logp {
			mass += math.Exp(l) * 10 * 10 / cells / cells
		}
		require.Less(t, mass, 1.01, name)
		require.Greater(t, mass, least, name)
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	for flag, value := range map[string]string{
		"-data": "mars", "-families": "gpt", "-seconds": "-1", "-steps": "-1", "-weights": "10", "-batch": "1", "-n": "5", "-workers": "-1", "-out": "no/such/place.png",
	} {
		_, err := parse(flag, value)
		require.Error(t, err, flag)
	}
}

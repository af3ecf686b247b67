package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/score"
)

func TestInterruptedTrainingLeavesAModel(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte(pairs(150)), 0o644))
	j := small(t, dir, "-in", in, "-steps", "1000000", "-checkpoints", filepath.Join(dir, "run"))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	time.AfterFunc(300*time.Millisecond, stop)
	require.NoError(t, j.Run(ctx, io.Discard, io.Discard))
	require.FileExists(t, j.out)
	m, err := open(j.model)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "g", "b missing"}, m.codec.Names())
	// Another run goes on from there, and does not begin again.
	latest, err := score.Latest(j.checkpoints)
	require.NoError(t, err)
	again := small(t, dir, "-in", in, "-steps", "1000000", "-checkpoints", j.checkpoints)
	soon, stopNow := context.WithCancel(context.Background())
	stopNow()
	require.NoError(t, again.Run(soon, io.Discard, io.Discard))
	same, err := score.Latest(j.checkpoints)
	require.NoError(t, err)
	require.Equal(t, latest, same)
}

// Slips in the names and values of columns cost no training.
func TestImpossibleColumnsAreRefusedBeforeTheTraining(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte("a,b,c\n"+strings.Repeat("1,2,x\n2,3,y\n3,5,x\n", 20)+"9,8,y\n"), 0o644))
	for want, args := range map[string][]string{
		`-target: table: Keep: the name is "B"`:      {"-target", "B"},
		`-given: "A" is no column`:                   {"-given", "A=1"},
		`"c": is "X"`:                                {"-given", "c=X"},
		`"a" is given twice`:                         {"-given", "a=1, a = 2"},
		"1 of 61 rows break it, the first is row 60": {"-rule", "a<=b"},
	} {
		j := small(t, dir, append(args, "-in", in)...)
		_, _, err := j.learn(context.Background(), io.Discard, io.Discard)
		require.ErrorContains(t, err, want)
		require.NoFileExists(t, j.model)
	}
}

// With a width the network is otherwise that of the default, embedding of the levels of
// noise included, and is trained as that one is.
func TestWidthChangesTheWidthOnly(t *testing.T) {
	text := lines(60, "a,b,c,d,e", func(_ int, rng *rand.Rand) string {
		return fmt.Sprintf("%.3f,%.3f,%.3f,%.3f,%.3f", rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64())
	})
	named, _, _ := run(t, t.TempDir(), text, "-width", "116", "-steps", "3", "-out", "-", "-heldout", "0", "-match", "0")
	open, _, _ := run(t, t.TempDir(), text, "-width", "0", "-steps", "3", "-out", "-", "-heldout", "0", "-match", "0")
	require.Equal(t, open, named)
}

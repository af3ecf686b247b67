package bar_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// A log had one line of megabytes, with a carriage return for every look of the bar.
func TestWhatIsNoTerminalHasALineFromTimeToTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		r := bar.New(&b, 3000)
		for step := range 3000 {
			require.NoError(t, r.Record(score.Metrics{Step: step + 1, Steps: 3000, Loss: 1.5}))
			time.Sleep(10 * time.Millisecond)
		}
		r.Close()
		require.Equal(t, ""+
			"step 1001 of 3000, loss 1.5000, 100 steps/s, 20s left\n"+
			"step 2001 of 3000, loss 1.5000, 100 steps/s, 10s left\n"+
			"step 3000 of 3000, loss 1.5000, 100 steps/s\n", b.String())
	})
}

func TestLinesOfARunThatEndsEarlyTellItsLastStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		r := bar.New(&b, 20)
		r.Close()
		require.Empty(t, b.String())
		for step := range 2 {
			require.NoError(t, r.Record(score.Metrics{Step: step + 1, Steps: 20, Loss: 1.5}))
			time.Sleep(4 * time.Second)
		}
		r.Close()
		require.Equal(t, "step 2 of 20, loss 1.5000, 0.25 steps/s, 1m12s left\n", b.String())
	})
}

// The loss of a run that goes on from a checkpoint began at 0.
func TestLossOfAResumedRunIsThatOfItsSteps(t *testing.T) {
	var b bytes.Buffer
	r := bar.New(&b, 1002)
	require.NoError(t, r.Record(score.Metrics{Step: 1001, Steps: 1002, Loss: 1.5}))
	require.NoError(t, r.Record(score.Metrics{Step: 1002, Steps: 1002, Loss: 1.5}))
	r.Close()
	require.Contains(t, b.String(), "loss 1.5000")
}

func TestAFileIsNoTerminal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.Create(path)
	require.NoError(t, err)
	r := bar.New(f, 2)
	for step := range 2 {
		require.NoError(t, r.Record(score.Metrics{Step: step + 1, Steps: 2, Loss: 1.5}))
	}
	r.Close()
	require.NoError(t, f.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "step 2 of 2, loss 1.5000"), "%q", text)
	require.Equal(t, 1, strings.Count(string(text), "\n"))
}

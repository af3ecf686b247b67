package inference

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/score"
)

// stopping ends a context after a step.
type stopping struct {
	after  int
	cancel context.CancelFunc
}

func (s stopping) Record(m score.Metrics) error {
	if m.Step == s.after {
		s.cancel()
	}
	return nil
}

func bitsOf(t *testing.T, p *Posterior) []byte {
	var b bytes.Buffer
	require.NoError(t, p.Save(&b))
	return b.Bytes()
}

func TestResumedInferenceHasTheBitsOfAnUncancelledOne(t *testing.T) {
	whole, err := Infer(t.Context(), standard, shifted{1}, 2, 500, quick())
	require.NoError(t, err)

	s := quick()
	s.Training.Checkpoints = score.Checkpoints{Dir: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	s.Training.Recorder = stopping{70, cancel}
	_, err = Infer(ctx, standard, shifted{1}, 2, 500, s)
	require.ErrorIs(t, err, context.Canceled)
	var u *Unfinished
	require.ErrorAs(t, err, &u)
	path, err := score.Latest(s.Training.Checkpoints.Dir)
	require.NoError(t, err)

	s.Training.Recorder = nil
	again, err := Resume(t.Context(), standard, u.Pairs.Theta, u.Pairs.X, s, path)
	require.NoError(t, err)
	require.Equal(t, bitsOf(t, whole), bitsOf(t, again))
	require.Equal(t, whole.Result, again.Result)
	require.Equal(t, whole.Warnings, again.Warnings)
	require.Equal(t, whole.wide, again.wide)

	u.Pairs.X.Set(0, 0, 3)
	_, err = Resume(t.Context(), standard, u.Pairs.Theta, u.Pairs.X, s, path)
	require.ErrorIs(t, err, score.ErrMismatch)
	require.ErrorContains(t, err, "inference: Resume: ")
	_, err = Resume(t.Context(), standard, u.Pairs.Theta, u.Pairs.X, s, "nowhere")
	require.ErrorIs(t, err, os.ErrNotExist)
}

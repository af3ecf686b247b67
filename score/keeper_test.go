package score

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// lengthy is a network whose parameter has a name that no file takes.
type lengthy struct{ Net nn.Module }

func (l lengthy) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	return l.Net.Apply(b.Scope(strings.Repeat("x", checkpoint.MaxName)), x)
}

// All that a checkpoint says is tried before the first step.
func TestWhatCannotBeKeptIsRefusedBeforeTheFirstStep(t *testing.T) {
	for want, c := range map[string]struct {
		config Config
		meta   map[string]string
		err    error
	}{
		"Config.Process.Alpha is a func": {Config{Process: own}, nil, ErrNotSerializable},
		"tensor name of 5":               {Config{Net: lengthy{small}}, nil, checkpoint.ErrLimit},
		"is not UTF-8":                   {Config{}, map[string]string{"a": "\xff"}, checkpoint.ErrName},
		"header of ":                     {Config{}, map[string]string{"a": strings.Repeat("a", checkpoint.MaxHeader)}, checkpoint.ErrLimit},
	} {
		m := newModel(t, 2, c.config)
		m.Metadata = c.meta
		s := quick(3)
		s.Checkpoints.Dir = filepath.Join(t.TempDir(), "none")
		seen := &recorded{}
		s.Recorder = seen
		_, err := Fit(background, m, moons(), s)
		require.ErrorIs(t, err, c.err)
		require.ErrorContains(t, err, "score: Fit: Settings.Checkpoints: ")
		require.ErrorContains(t, err, want)
		require.Empty(t, seen.metrics)
		require.NoDirExists(t, s.Checkpoints.Dir)
	}
}

// Decay by groups is a part of the run's description, so that a resumed run goes
// on with it and one with another is refused.
func TestRunWithGroupsOfDecayIsResumed(t *testing.T) {
	settings := func(decay float64) *Settings {
		s := quick(20)
		s.Optimizer = &optim.GroupDecay[float32]{
			Optimizer: &optim.Adam[float32]{Beta1: 0.8}, Groups: []optim.Group{{Names: "*weight", WeightDecay: decay}},
		}
		return s
	}
	straight := newModel(t, 2, Config{})
	want := fit(t, straight, moons(), settings(0.1))

	s := settings(0.1)
	s.Checkpoints = Checkpoints{Dir: t.TempDir(), Every: 10, Keep: None}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	path := filepath.Join(s.Checkpoints.Dir, keptName(10))
	m := newModel(t, 2, Config{})
	got, err := Resume(background, m, moons(), settings(0.1), path)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, state(straight), state(m))

	_, err = Resume(background, newModel(t, 2, Config{}), moons(), settings(0.2), path)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "Settings.Optimizer is")
	require.ErrorContains(t, err, "WeightDecay:0.1}}} in the file")
}

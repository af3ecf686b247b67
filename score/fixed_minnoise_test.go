package score

import (
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
)

// The highest level of a process was refused as MinNoise with "want at most 80"
// where its logarithm and back was an ulp less.
func TestMinNoiseMayBeAnEndOfTheSpan(t *testing.T) {
	discrete, err := sde.VE{SigmaMin: 0.01, SigmaMax: 10}.Discrete(10)
	require.NoError(t, err)
	for _, p := range []sde.SDE{sde.EDM{}, sde.EDM{SigmaMax: 10}, sde.EDM{SigmaMin: 0.01}, sde.VE{SigmaMax: 10}, sde.VE{}, sde.VP{}, sde.SubVP{}, sde.Cosine{}, sde.Linear{}, discrete} {
		start, end := p.Span()
		for _, at := range []float64{start, end} {
			alpha, sigma := p.Kernel(at)
			m, err := New(2, &Config{Process: p, MinNoise: sigma / alpha})
			require.NoError(t, err, "%T%+v at %v", p, p, at)
			require.InEpsilon(t, at, m.frozen, 1e-9)
			require.True(t, start <= m.frozen && m.frozen <= end)
		}
		alpha, sigma := p.Kernel(end)
		_, err := New(2, &Config{Process: p, MinNoise: sigma / alpha * (1 + 1e-9)})
		require.ErrorContains(t, err, "Config.MinNoise is")
	}
	for p, level := range map[sde.SDE]float64{sde.EDM{}: 80, sde.EDM{SigmaMax: 10}: 10, sde.VE{SigmaMax: 10}: 10, sde.VE{}: 50} {
		m, err := New(2, &Config{Process: p, MinNoise: level})
		require.NoError(t, err)
		_, end := p.Span()
		require.InEpsilon(t, end, m.frozen, 1e-12)
		require.LessOrEqual(t, m.frozen, end)
	}
}

package bar

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/score"
)

func TestBarEndsAtTheLastStepOnAFreshLine(t *testing.T) {
	var b bytes.Buffer
	r := drawn(&b, 20)
	for step := range 20 {
		require.NoError(t, r.Record(score.Metrics{Step: step + 1, Steps: 20, Loss: 1.5}))
	}
	r.Close()
	require.Contains(t, b.String(), "loss 1.5000")
	require.Contains(t, b.String(), "20/20")
	require.True(t, strings.HasSuffix(b.String(), "\n"))
}

func TestBarOfARunThatEndsEarlyLeavesAFreshLine(t *testing.T) {
	var b bytes.Buffer
	r := drawn(&b, 20)
	require.NoError(t, r.Record(score.Metrics{Step: 1, Steps: 20, Loss: 1.5}))
	r.Close()
	require.Contains(t, b.String(), "loss 1.5000")
	require.True(t, strings.HasSuffix(b.String(), "\n"), "%q", b.String())
}

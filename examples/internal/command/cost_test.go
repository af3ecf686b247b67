package command

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCostIsTold(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOARCH == "wasm" {
		require.Empty(t, Cost())
		return
	}
	require.Regexp(t, `^\d+ s of processor time, [1-9]\d* MB of memory$`, Cost())
}

package command

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCostIsTold(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOARCH == "wasm" {
		require.Empty(t, cost())
		return
	}
	require.Regexp(t, `^, \d+\.\d s of processor time, [1-9]\d* MB of memory$`, cost())
}

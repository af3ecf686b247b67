package checkpoint

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPipeIsRefusedWithoutBlocking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o666))
	_, err := ReadFile(path)
	require.ErrorIs(t, err, ErrNotRegular)
	require.ErrorContains(t, err, path)
	require.ErrorIs(t, WriteFile(path, sample()), ErrNotRegular)
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.ModeNamedPipe, info.Mode().Type(), "the pipe must not be replaced")
}

func TestFullDeviceIsReported(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	require.ErrorIs(t, Write(full, sample()), syscall.ENOSPC)
	require.ErrorIs(t, WriteFile("/dev/full", sample()), ErrNotRegular)
}

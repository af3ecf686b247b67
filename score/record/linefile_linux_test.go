package record_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/score/record"
)

// A file that may not grow fails in the middle of a line, as on a full disk.
func TestFullDiskLeavesWholeLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := record.AppendLines(path)
	require.NoError(t, err)
	defer f.Close()
	line := strings.Repeat("x", 99) + "\n"
	var old syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 250, Max: old.Max}))
	for i := range 4 {
		n, err := f.Write([]byte(line))
		if i < 2 {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, syscall.EFBIG)
		require.Zero(t, n)
	}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old))
	require.Equal(t, line+line, string(contents(t, path)))
	_, err = f.Write([]byte("room again\n"))
	require.NoError(t, err)
	require.Equal(t, line+line+"room again\n", string(contents(t, path)))
}

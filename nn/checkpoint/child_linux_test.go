package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// limitedEnv makes the test binary a writer that may write a quarter of its
// file, lockedEnv one that writes into a directory it may not write to.
const (
	limitedEnv = "CHECKPOINT_TEST_LIMITED"
	lockedEnv  = "CHECKPOINT_TEST_LOCKED"
)

// inChild ends the process when it is such a writer: with 3 when the error is
// the one to expect.
func inChild() {
	try := func(path string, want error) {
		f := &File{Tensors: []Tensor{{"w", []int{1 << 17}, make([]float64, 1<<17)}}}
		err := WriteFile(path, f)
		fmt.Println(err)
		if errors.Is(err, want) {
			os.Exit(3)
		}
		os.Exit(1)
	}
	if path := os.Getenv(limitedEnv); path != "" {
		limit := syscall.Rlimit{Cur: 1 << 18, Max: 1 << 18}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		try(path, syscall.EFBIG)
	}
	if path := os.Getenv(lockedEnv); path != "" {
		try(path, os.ErrPermission)
	}
}

// run runs the child and returns what it says. A child that has to obey
// permissions is nobody's when the test is run by root.
func run(t *testing.T, env, path string, obey bool) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), env+"="+path)
	cmd.Dir = "/"
	if obey && os.Geteuid() == 0 {
		binary := filepath.Join(filepath.Dir(filepath.Dir(path)), "child")
		b, err := os.ReadFile(os.Args[0])
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(binary, b, 0o755))
		cmd.Path = binary
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, string(out))
	require.Equal(t, 3, exit.ExitCode(), string(out))
	return string(out)
}

// A file that may not grow fails in the middle of a write, as on a full disk.
func TestDiskThatFillsUpKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	require.NoError(t, WriteFile(path, sample()))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, run(t, limitedEnv, path, false), path)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, []string{"m"}, names(t, dir), "nothing is left behind")
}

func TestReadOnlyDirectoryKeepsTheOldFile(t *testing.T) {
	top, err := os.MkdirTemp("", "readonly")
	require.NoError(t, err)
	defer os.RemoveAll(top)
	require.NoError(t, os.Chmod(top, 0o755))
	dir := filepath.Join(top, "dir")
	require.NoError(t, os.Mkdir(dir, 0o755))
	path := filepath.Join(dir, "m")
	require.NoError(t, WriteFile(path, sample()))
	require.NoError(t, os.Chmod(dir, 0o555))
	require.Contains(t, run(t, lockedEnv, path, true), path)
	require.Equal(t, []string{"m"}, names(t, dir))
	_, err = ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
}

// unsynced is a file whose data do not reach the disk.
type unsynced struct{ *os.File }

func (unsynced) Sync() error { return syscall.EIO }

func TestSyncErrorIsReported(t *testing.T) {
	temp, err := os.Create(filepath.Join(t.TempDir(), "temp"))
	require.NoError(t, err)
	defer temp.Close()
	write := func(w io.Writer) error { return Write(w, sample()) }
	require.ErrorIs(t, fillTemp(unsynced{temp}, write), syscall.EIO)
	require.NoError(t, fillTemp(temp, write))
}

// A directory that is gone cannot be synced.
func TestSyncErrorOfTheDirectoryIsReported(t *testing.T) {
	require.ErrorIs(t, syncDir(filepath.Join(t.TempDir(), "none")), os.ErrNotExist)
}

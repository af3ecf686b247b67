package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func names(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFileRoundTripsAndReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "model.safetensors")
	for step := range int64(3) {
		f := &File{Tensors: []Tensor{{"step", []int{1}, []int64{step}}}}
		require.NoError(t, WriteFile(path, f))
		got, err := ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, f.Tensors, got.Tensors)
		require.Equal(t, Version, got.Version)
	}
	require.Equal(t, []string{"model.safetensors"}, names(t, dir))
}

func TestFileNameMayBeRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, WriteFile("m", sample()))
	_, err := ReadFile("m")
	require.NoError(t, err)
	require.Equal(t, []string{"m"}, names(t, "."))
}

func TestSymbolicLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "latest"), filepath.Join(dir, "sub", "m")
	require.NoError(t, os.Mkdir(filepath.Dir(target), 0o777))
	require.NoError(t, os.WriteFile(target, nil, 0o666))
	require.NoError(t, os.Symlink(filepath.Join("sub", "m"), link))
	require.NoError(t, WriteFile(link, sample()))
	_, err := ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, []string{"m"}, names(t, filepath.Dir(target)))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, os.ModeSymlink, info.Mode().Type())
}

func TestUnwritablePathsAreNamedAndLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	blocker := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(blocker, []byte("keep"), 0o666))
	for name, path := range map[string]string{
		"under a regular file": filepath.Join(blocker, "m"),
		"no such directory":    filepath.Join(dir, "none", "m"),
		"name too long":        filepath.Join(dir, strings.Repeat("x", 300)),
	} {
		require.ErrorContains(t, WriteFile(path, sample()), path, name)
		require.Equal(t, []string{"file"}, names(t, dir), name)
	}
	_, err := ReadFile(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = ReadFile(blocker)
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, blocker)
}

func TestDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub")
	require.NoError(t, os.Mkdir(path, 0o777))
	require.ErrorIs(t, WriteFile(path, sample()), ErrNotRegular)
	_, err := ReadFile(path)
	require.ErrorIs(t, err, ErrNotRegular)
	require.Equal(t, []string{"sub"}, names(t, dir))
}

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	require.NoError(t, WriteFile(path, sample()))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorIs(t, WriteFile(path, &File{Tensors: []Tensor{{"w", []int{2}, []float64{1}}}}), ErrShape)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, []string{"m"}, names(t, dir))
}

func TestTwoWritersBothSucceed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	f := &File{Tensors: []Tensor{{"w", []int{1 << 12}, make([]float64, 1<<12)}}}
	var writers sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		writers.Go(func() {
			for n := 0; n < 20 && errs[i] == nil; n++ {
				errs[i] = WriteFile(path, f)
			}
		})
	}
	writers.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	got, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, f.Tensors, got.Tensors)
	require.Equal(t, []string{"m"}, names(t, dir))
}

// writerEnv makes the test binary the victim of the next test.
const writerEnv = "CHECKPOINT_TEST_WRITER"

func TestMain(m *testing.M) {
	inChild()
	if path := os.Getenv(writerEnv); path != "" {
		f := &File{Tensors: []Tensor{{"w", []int{1 << 17}, make([]float64, 1<<17)}}}
		for {
			if err := WriteFile(path, f); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			fmt.Print(".")
		}
	}
	os.Exit(m.Run())
}

func TestKilledWritersLeaveAWholeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	require.NoError(t, WriteFile(path, sample()))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".m.mine.tmp"), nil, 0o666))
	stale, kills := 0, 60
	if testing.Short() {
		kills = 30
	}
	for i := range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerEnv+"="+path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		_, err = out.Read(make([]byte, 1)) // the first of its files is written
		require.NoError(t, err)
		time.Sleep(time.Duration(i%30) * 200 * time.Microsecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		_, err = ReadFile(path)
		require.NoError(t, err)
		stale = max(stale, len(names(t, dir))-2)
	}
	require.Positive(t, stale, "no writer was killed while it wrote")
	require.NoError(t, WriteFile(path, sample()))
	require.Equal(t, []string{".m.mine.tmp", "m"}, names(t, dir), "stale temporaries are removed, other files are not")
}

func TestReplaceFileLeavesTheOldFileAfterAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other")
	write := func(text string, err error) error {
		return ReplaceFile(path, func(w io.Writer) error {
			_, e := io.WriteString(w, text)
			return errors.Join(e, err)
		})
	}
	require.NoError(t, write("old", nil))
	stopped := errors.New("stopped")
	require.ErrorIs(t, write("new", stopped), stopped)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(b))
	require.NoError(t, write("newer", nil))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

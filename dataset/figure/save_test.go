package figure

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The mode of a private file and a link, also one whose target does not exist
// yet, stay what they are.
func TestSaveKeepsModesAndLinks(t *testing.T) {
	dir := t.TempDir()
	private, link, target := filepath.Join(dir, "a.png"), filepath.Join(dir, "link.png"), filepath.Join(dir, "b.png")
	require.NoError(t, os.WriteFile(private, bytes.Repeat([]byte("old"), 1<<16), 0o600))
	require.NoError(t, os.Symlink("b.png", link))
	for _, path := range []string{private, link} {
		require.NoError(t, Writable(path))
		require.NoError(t, Save(path, ring(10), 300, 200))
	}
	info, err := os.Stat(private)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	info, err = os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink)
	for _, path := range []string{private, target} {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		r := bytes.NewReader(b)
		_, err = png.Decode(r)
		require.NoError(t, err)
		require.Zero(t, r.Len(), "nothing of a longer file is left")
	}
}

func TestWritableLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	link, old := filepath.Join(dir, "link.png"), filepath.Join(dir, "old.png")
	require.NoError(t, os.Symlink("none.png", link))
	require.NoError(t, os.WriteFile(old, []byte("old"), 0o644))
	for _, path := range []string{link, old, filepath.Join(dir, "new.png")} {
		require.NoError(t, Writable(path))
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 2)
	b, err := os.ReadFile(old)
	require.NoError(t, err)
	require.Equal(t, "old", string(b))
	for _, path := range []string{dir, filepath.Join(old, "a.png"), filepath.Join(dir, "none", "a.png")} {
		require.ErrorContains(t, Writable(path), path)
	}
}

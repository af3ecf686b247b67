// Package digitstest makes small sets of digits for tests.
package digitstest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/gradlogp/gradlogp/examples/internal/digits"
)

// Few returns the first of the carried images with labels below a bound.
func Few(t *testing.T, n, classes int) digits.Set {
	all, err := digits.Carried()
	if err != nil {
		t.Fatal(err)
	}
	var index []int
	for i := 0; len(index) < n; i++ {
		if all.Label(i) < classes {
			index = append(index, i)
		}
	}
	s := all.Rows(index)
	s.Classes = classes
	return s
}

// Write writes the set as two IDX files and returns the path of the images.
func Write(t *testing.T, s digits.Set) string {
	head := func(sizes ...int) []byte {
		b := []byte{0, 0, 8, byte(len(sizes))}
		for _, n := range sizes {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	images, labels := head(s.Len(), s.Height, s.Width), head(s.Len())
	for i := range s.Len() {
		for _, v := range s.X.RawRowView(i) {
			images = append(images, byte(v))
		}
		labels = append(labels, byte(s.Label(i)))
	}
	path := filepath.Join(t.TempDir(), "some-images-idx3-ubyte")
	for name, data := range map[string][]byte{path: images, filepath.Join(filepath.Dir(path), "some-labels-idx1-ubyte"): labels} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

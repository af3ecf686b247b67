package array_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gradlogp/gradlogp/dataset/array"
	"gonum.org/v1/gonum/mat"
)

func ExampleRead() {
	// Two images of 2×3 pixels as IDX.
	file := []byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6}
	x, shape, err := array.Read(bytes.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shape)
	fmt.Println(mat.Formatted(x))
	_, _, err = array.Read(bytes.NewReader(file[:20]))
	fmt.Println(err)
	// Output:
	// [2 2 3]
	// ⎡  0   50  100  150  200  250⎤
	// ⎣  1    2    3    4    5    6⎦
	// array: Read: ends after 4 of the 12 bytes of its elements: wrong length
}

func ExampleWrite() {
	var file bytes.Buffer
	if err := array.Write(&file, mat.NewDense(2, 2, []float64{1, 2, 3, 4})); err != nil {
		fmt.Println(err)
		return
	}
	x, shape, err := array.Read(&file)
	fmt.Println(x.RawMatrix().Data, shape, err)
	// Output: [1 2 3 4] [2 2] <nil>
}

// Training on images that stay on disk would go on with score.RowsOf(images).
func ExampleOpen() {
	images, err := array.Open("testdata/two-images-idx3-ubyte")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer images.Close()
	fmt.Println(images.Len(), "of shape", images.Shape()[1:])
	x := make([]float64, 6)
	fmt.Println(images.Row(1, x, nil), x)
	// Output:
	// 2 of shape [2 3]
	// <nil> [200 250 1 2 3 4]
}

// The arrays of a .npz archive by their names, as numpy.savez gives them.
func ExampleReadArchive() {
	x, shape, err := array.ReadArchive("testdata/numpy.npz", "matrix")
	fmt.Println(x.RawMatrix().Data, shape, err)
	// Output:
	// [0 1 2 3 4 5] [3 2] <nil>
}

// A file, read whole, and the same rows one at a time from anything that can be read
// anywhere, such as an embedded file.
func ExampleReadFile() {
	dir, err := os.MkdirTemp("", "array")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.npy")
	var file bytes.Buffer
	if err := array.Write(&file, mat.NewDense(2, 2, []float64{1, 2, 3, 4})); err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		fmt.Println(err)
		return
	}
	x, shape, err := array.ReadFile(path)
	fmt.Println(x.RawMatrix().Data, shape, err)

	rows, err := array.NewRows(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	row := make([]float64, 2)
	fmt.Println(rows.Row(1, row, nil), row)
	// Output:
	// [1 2 3 4] [2 2] <nil>
	// <nil> [3 4]
}

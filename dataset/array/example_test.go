package array_test

import (
	"bytes"
	"fmt"

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

package images_test

import (
	"fmt"
	"testing/fstest"

	"github.com/gradlogp/gradlogp/dataset/images"
	"github.com/gradlogp/gradlogp/dataset/rows"
	"gonum.org/v1/gonum/mat"
)

// Two images of 2×2 pixels and five shades; array.Open would serve those of a file.
func ExampleNew() {
	shades := mat.NewDense(2, 4, []float64{0, 1, 2, 3, 4, 3, 2, 1})
	set, err := images.New(rows.Of(shades), images.Format{Height: 2, Width: 2, Shades: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float64, 4)
	for i := range set.Len() {
		fmt.Println(set.Row(i, x, nil), x)
	}
	// Output:
	// <nil> [-1 -0.5 0 0.5]
	// <nil> [1 0.5 0 -0.5]
}

// What a model samples is near the shades, and an image has nothing else.
func ExampleFormat_Snap() {
	f := images.Format{Height: 1, Width: 3}
	sample := mat.NewDense(1, 3, []float64{-1.002, 0.0051, 0.7})
	f.Snap(sample)
	fmt.Printf("%.4f\n", sample.RawRowView(0))
	fmt.Println(f.Image(sample.RawRowView(0)).At(2, 0))
	// Output:
	// [-1.0000 0.0039 0.7020]
	// {217}
}

// images.Open("train", nil) would open a folder on disk.
func ExampleOpenFS() {
	_, err := images.OpenFS(fstest.MapFS{"cats/1.png": {Data: []byte("not a picture")}}, nil)
	fmt.Println(err)
	// Output:
	// images: OpenFS: cats/1.png: is no PNG file that can be read: png: invalid format: not a PNG file: bad format
}

package images_test

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
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

// A folder with a folder for each class, as other libraries have them: the label is the
// condition.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "images")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for i, class := range []string{"cats", "dogs"} {
		picture := image.NewGray(image.Rect(0, 0, 2, 1))
		picture.Pix[i] = 255 // the left pixel of the cat is white, the right one of the dog
		if err := os.Mkdir(filepath.Join(dir, class), 0o777); err != nil {
			fmt.Println(err)
			return
		}
		file, err := os.Create(filepath.Join(dir, class, "1.png"))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(png.Encode(file, picture), file.Close())
	}
	set, err := images.Open(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, label := make([]float64, 2), make([]float64, 1)
	for i := range set.Len() {
		fmt.Println(set.Row(i, x, label), x, label)
	}
	// Output:
	// <nil> <nil>
	// <nil> <nil>
	// <nil> [1 -1] [0]
	// <nil> [-1 1] [1]
}

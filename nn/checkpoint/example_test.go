package checkpoint_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gradlogp/gradlogp/nn/checkpoint"
)

func ExampleWrite() {
	var b bytes.Buffer
	err := checkpoint.Write(&b, &checkpoint.File{
		Tensors:  []checkpoint.Tensor{{Name: "weight", Shape: []int{2, 1}, Data: []float32{0.5, -1}}},
		Metadata: map[string]string{"step": "200"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := checkpoint.Read(&b)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := f.Tensors[0]
	fmt.Println(w.Name, w.Shape, w.Data, f.Metadata, f.Version)
	// Output: weight [2 1] [0.5 -1] map[step:200] 1
}

// A file is there whole or not at all: what fails leaves the old one.
func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "checkpoint")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	file := &checkpoint.File{Tensors: []checkpoint.Tensor{{Name: "w", Shape: []int{2}, Data: []float32{1, 2}}}}
	if err := checkpoint.WriteFile(path, file); err != nil {
		fmt.Println(err)
		return
	}
	err = checkpoint.ReplaceFile(path, func(w io.Writer) error {
		io.WriteString(w, "half of it")
		return errors.New("the disk is full")
	})
	fmt.Println(err != nil)
	f, err := checkpoint.ReadFile(path)
	fmt.Println(f.Tensors[0].Data, err)
	// Output:
	// true
	// [1 2] <nil>
}

package checkpoint_test

import (
	"bytes"
	"fmt"

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

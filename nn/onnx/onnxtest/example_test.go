package onnxtest_test

import (
	"encoding/json"
	"fmt"

	"github.com/gradlogp/gradlogp/nn/onnx/onnxtest"
)

// Numbers go to the engine and back as their bits, which text in decimals would not keep.
func ExampleTensor() {
	text, err := json.Marshal(onnxtest.Tensor{Dims: []int{1, 2}, Data: []float32{0.1, -3e38}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var back onnxtest.Tensor
	err = json.Unmarshal(text, &back)
	fmt.Println(back.Dims, back.Data, err)
	// Output:
	// [1 2] [0.1 -3e+38] <nil>
}

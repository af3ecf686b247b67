package augment_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/dataset/augment"
)

// Every op keeps the numbers of a row on its grid; what each draws is its parameters.
// Leaky tells none, Sometimes leaves most rows alone, Crop makes rows smaller.
func ExampleOp() {
	grid := augment.Grid{Size: []int{6}}
	for _, op := range []augment.Op{
		augment.Shift{Most: []int{2}},
		augment.Flip{},
		augment.Noise{Most: 0.1},
		augment.Gain{Most: 6},
		augment.Jitter{Width: 0.01},
		augment.Leaky{Op: augment.Flip{}},
		augment.Sometimes{P: 0.12, Op: augment.Flip{}},
		augment.Crop{Size: []int{4}},
	} {
		out, parameters, err := op.Check(grid)
		fmt.Printf("%-18T %v → %v, %d parameters, %v\n", op, grid.Size, out.Size, parameters, err)
	}
	// Output:
	// augment.Shift      [6] → [6], 1 parameters, <nil>
	// augment.Flip       [6] → [6], 1 parameters, <nil>
	// augment.Noise      [6] → [6], 1 parameters, <nil>
	// augment.Gain       [6] → [6], 1 parameters, <nil>
	// augment.Jitter     [6] → [6], 0 parameters, <nil>
	// augment.Leaky      [6] → [6], 0 parameters, <nil>
	// augment.Sometimes  [6] → [6], 1 parameters, <nil>
	// augment.Crop       [6] → [4], 1 parameters, <nil>
}

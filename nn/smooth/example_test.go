package smooth_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/smooth"
)

// Rows on a line of slope 2, some of them near a point of which only the first column is
// known.
func ExampleRows_Mean() {
	rows := smooth.New(100, 2, 1)
	var x []float64
	for i := range 100 {
		v := float64(i) / 100
		x = append(x, v, 2*v)
	}
	rows.Load(x, nil)
	mean := make([]float64, 2)
	ok := rows.Mean(mean, smooth.Point{Y: []float64{0.5, 0.9}, Sigma: []float64{0.02, 0.04}, Row: -1})
	fmt.Printf("%.3f %v\n", mean, ok)
	// Output:
	// [0.475 0.950] true
}

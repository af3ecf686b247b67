package noise_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
)

// A number belongs to its address and to nothing else: the third row of a run is what
// it is, drawn alone or with the others.
func ExampleUniform() {
	u := make([]float64, 2)
	for range 2 {
		noise.Uniform(u, 7, noise.Draw{Row: 3, Purpose: noise.Level})
		fmt.Printf("%.4f\n", u)
	}
	noise.Uniform(u, 7, noise.Draw{Row: 4, Purpose: noise.Level})
	fmt.Printf("%.4f\n", u)
	// Output:
	// [0.3440 0.7584]
	// [0.3440 0.7584]
	// [0.2663 0.0755]
}

// Seek goes to the words of any row, at the same cost for all.
func ExampleStream() {
	var s noise.Stream
	s.Seek(7, noise.Draw{Row: 1_000_000, Purpose: noise.Data})
	first := s.Uint64()
	s.Uint64()
	s.Seek(7, noise.Draw{Row: 1_000_000, Purpose: noise.Data})
	fmt.Println(s.Uint64() == first)
	// Output:
	// true
}

// Numbers that were drawn elsewhere, such as another program's, in the place of a seed.
func ExampleRecorded() {
	source := noise.Recorded{
		{Purpose: noise.Prior}:            mat.NewDense(2, 1, []float64{0.5, -0.5}),
		{Purpose: noise.Predict, Step: 1}: mat.NewDense(2, 1, []float64{1, 2}),
	}
	z := mat.NewDense(1, 1, nil)
	source.Normal(z, noise.Draw{Row: 1, Purpose: noise.Predict, Step: 1})
	fmt.Println(z.At(0, 0))
	// Output:
	// 2
}

package grid_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// The noise levels of another process, here of a uniform grid in the time of
// VP, serve any process.
func ExampleFromSigmas() {
	vp := sde.VP{}
	levels := grid.Sigmas(vp, grid.UniformTime(1, 1e-3, 5))
	times, err := grid.FromSigmas(sde.EDM{SigmaMax: 200}, append(levels, 0))
	fmt.Printf("%.3f %v\n", times, err)
	// Output:
	// [152.167 17.049 3.422 0.958 0.010 0.000] <nil>
}

func ExampleKarras() {
	fmt.Printf("%.3f\n", grid.Karras(sde.EDM{}, 10, 0.01, 7, 6))
	// Output:
	// [10.000 3.913 1.324 0.367 0.076 0.010]
}

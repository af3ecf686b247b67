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

// Levels σ/α of grids of five points over one process.
func ExampleDefault() {
	p := sde.VP{}
	for _, g := range []struct {
		name  string
		times []float64
	}{
		{"default", grid.Default(p, 5)},
		{"conditional", grid.Conditional(p, 5)},
		{"few steps", grid.Few(p, 4)},
		{"halving", grid.Halving(p, 4)},
		{"exponential", grid.Exponential(p, 10, 0.01, 5)},
		{"polyexponential", grid.Polyexponential(p, 10, 0.01, 2, 5)},
		{"uniform time", grid.UniformTime(1, 1e-3, 5)},
		{"quadratic", grid.Quadratic(1, 1e-3, 5)},
		{"uniform log α/σ", grid.UniformLogSNR(p, 1, 1e-3, 5)},
	} {
		fmt.Printf("%-16s%9.3f\n", g.name, grid.Sigmas(p, g.times))
	}
	// Output:
	// default         [   10.000     3.030     0.718     0.117     0.010]
	// conditional     [   80.000    17.528     2.515     0.170     0.002]
	// few steps       [   10.000     1.000     0.300     0.070     0.000]
	// halving         [   10.000     1.000     0.250     0.070     0.000]
	// exponential     [   10.000     1.778     0.316     0.056     0.010]
	// polyexponential [   10.000     0.487     0.056     0.015     0.010]
	// uniform time    [  152.167    17.049     3.422     0.958     0.010]
	// quadratic       [  152.167     5.219     1.038     0.256     0.010]
	// uniform log α/σ [  152.167    13.864     1.263     0.115     0.010]
}

// The part of a grid below a time, for rows that are not all noise.
func ExampleStartAt() {
	p := sde.EDM{}
	times := grid.Default(p, 6)
	fmt.Printf("%.3f\n", times)
	fmt.Printf("%.3f\n", grid.StartAt(times, 1))
	// Output:
	// [10.000 3.913 1.324 0.367 0.076 0.010]
	// [1.000 0.367 0.076 0.010]
}

package dataset_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/dataset"
	"gonum.org/v1/gonum/mat"
)

// The toys, each with a thousand draws: the mean of −log p, in nats, is the entropy that
// their comments state, but for chance.
func ExampleSample() {
	src := rand.NewPCG(1, 1)
	for _, toy := range []struct {
		name string
		dist dataset.Distribution
	}{
		{"ring", dataset.NewRing(src)},
		{"moons", dataset.NewMoons(src)},
		{"scikit-learn's", dataset.NewScikitMoons(0.1, src)},
		{"swiss roll", dataset.NewSwissRoll(src)},
		{"spirals", dataset.NewSpirals(src)},
		{"pinwheel", dataset.NewPinwheel(0.25, src)},
		{"checkerboard", dataset.NewCheckerboard(src)},
		{"FFJORD's moons", dataset.NewFFJORDMoons(src)},
		{"Gaussians", dataset.NewFFJORDGaussians(src)},
		{"pinwheel", dataset.NewFFJORDPinwheel(src)},
		{"circles", dataset.NewFFJORDCircles(src)},
		{"rings", dataset.NewFFJORDRings(src)},
		{"swiss roll", dataset.NewFFJORDSwissRoll(src)},
	} {
		x := dataset.Sample(toy.dist, 1000)
		var entropy float64
		for i := range 1000 {
			entropy -= toy.dist.LogProb(x.RawRowView(i)) / 1000
		}
		fmt.Printf("%-15s%5.1f\n", toy.name, entropy)
	}
	// Output:
	// ring             0.3
	// moons            1.1
	// scikit-learn's   1.0
	// swiss roll       0.9
	// spirals          1.4
	// pinwheel         1.5
	// checkerboard     2.1
	// FFJORD's moons   2.4
	// Gaussians        2.8
	// pinwheel         2.3
	// circles          3.3
	// rings            2.6
	// swiss roll       2.7
}

// The spirals of FFJORD are slower than the others: a sum over 36,848 Gaussians a point.
func ExampleNewFFJORDSpirals() {
	spirals := dataset.NewFFJORDSpirals(rand.NewPCG(1, 1))
	x := spirals.Rand(nil)
	fmt.Println(spirals.LogProb(x) > spirals.LogProb([]float64{4, 4}))
	// Output:
	// true
}

// Cells that cannot be data are named.
func ExampleCheckFinite() {
	fmt.Println(dataset.CheckFinite(mat.NewDense(2, 2, []float64{1, 2, 3, math.NaN()})))
	// Output:
	// dataset: row 1, column 1 is NaN: not finite
}

package twosample_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/dataset/twosample"
	"gonum.org/v1/gonum/mat"
)

// normals returns n rows of N(mean, 1).
func normals(n int, mean float64, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := mat.NewDense(n, 1, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return mean + rng.NormFloat64() }, x)
	return x
}

// A kernel as wide as rows are apart tells a shifted sample from one that is not.
func ExampleMMDSquared() {
	x := normals(300, 0, 1)
	for _, mean := range []float64{0, 0.5, 2} {
		y := normals(300, mean, 2)
		h := twosample.MedianDistance(x, y)
		fmt.Printf("%.1f: %.2f with a bandwidth of %.1f\n", mean, twosample.MMDSquared(x, y, h), h)
	}
	// Output:
	// 0.0: 0.00 with a bandwidth of 1.0
	// 0.5: 0.06 with a bandwidth of 1.0
	// 2.0: 0.56 with a bandwidth of 1.4
}

// Of numbers the distance of quantiles: those of a shift by 3 are 9, whatever the shape.
func ExampleW2Squared() {
	fmt.Println(twosample.W2Squared([]float64{0, 1, 5}, []float64{8, 3, 4}))
	// Output:
	// 9
}

// Two normal distributions, 3 apart, of the deviations 1 and 3 along one axis.
func ExampleGaussianW2Squared() {
	fmt.Println(twosample.GaussianW2Squared(
		[]float64{0, 0}, mat.NewDiagDense(2, []float64{1, 1}),
		[]float64{3, 0}, mat.NewDiagDense(2, []float64{9, 1})))
	// Output:
	// 13
}

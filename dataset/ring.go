package dataset

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// NewRing returns eight Gaussians of standard deviation 0.1, equally weighted,
// at the angles 2πk/8 of the circle of radius 1.4. Its entropy is 0.3121 nats.
// The source may be nil when Rand is not used.
func NewRing(src rand.Source) *Mixture {
	return ring(8, 1.4, 0.1, src)
}

// ring returns n equal Gaussians, evenly spaced on a circle.
func ring(n int, radius, std float64, src rand.Source) *Mixture {
	weights := make([]float64, n)
	stds := make([]float64, n)
	means := mat.NewDense(n, 2, nil)
	for k := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(n))
		weights[k], stds[k] = 1/float64(n), std
		means.SetRow(k, []float64{radius * cos, radius * sin})
	}
	return constant(NewIsotropicMixture(weights, means, stds, src))
}

// constant returns a mixture whose parameters are fixed in this package, so
// that an error is a mistake in it.
func constant(m *Mixture, err error) *Mixture {
	if err != nil {
		panic(err)
	}
	return m
}

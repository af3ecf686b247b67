package noise

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// A NaN time descended the tree of bridges for ever.
func TestANaNTimeHasNoPath(t *testing.T) {
	for _, at := range []Draw{{T: math.NaN(), U: 1}, {T: 1, U: math.NaN()}, {T: math.NaN(), U: math.NaN()}, {T: math.NaN()}} {
		z := mat.NewDense(3, 5, nil)
		Brownian{Seed: 1}.Normal(z, at)
		for _, v := range z.RawMatrix().Data {
			require.True(t, math.IsNaN(v))
		}
	}
	for _, at := range []Draw{{T: math.Inf(1), U: 1}, {T: math.Inf(-1), U: math.Inf(1)}, {T: math.Inf(1), U: math.Inf(1)}} {
		z := mat.NewDense(3, 5, nil)
		Brownian{Seed: 1}.Normal(z, at)
		for _, v := range z.RawMatrix().Data {
			require.True(t, math.Abs(v) < 10)
		}
	}
}

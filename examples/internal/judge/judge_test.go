package judge

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func normals(n, d int, shift float64, seed uint64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 3))
	x := mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			x.Set(i, j, shift+rng.NormFloat64())
		}
	}
	return x
}

// The best answer about N(0, I) and N(s, I) is right with the probability Φ(|s|/2).
func TestC2STIsWhatTheBestClassifierKnows(t *testing.T) {
	const n, d = 1500, 2
	for _, shift := range []float64{0, 0.5, 1.5} {
		best := 0.5 * math.Erfc(-shift*math.Sqrt(d)/2/math.Sqrt2)
		got := C2ST(normals(n, d, 0, 1), normals(n, d, shift, 2), 0, 2)
		require.InDelta(t, best, got, 0.03, "shift %v", shift)
		require.Equal(t, got, C2ST(normals(n, d, 0, 1), normals(n, d, shift, 2), 0, 1), "workers do not matter")
	}
}

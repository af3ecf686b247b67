package boost

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// friedman returns rows of ten uniform columns and targets by the first table of
// "Multivariate Adaptive Regression Splines" (Friedman 1991).
func friedman(n int, seed uint64) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	x, y := mat.NewDense(n, 10, nil), make([]float64, n)
	for i := range y {
		v := x.RawRowView(i)
		for j := range v {
			v[j] = rng.Float64()
		}
		y[i] = 10*math.Sin(math.Pi*v[0]*v[1]) + 20*(v[2]-0.5)*(v[2]-0.5) + 10*v[3] + 5*v[4] + rng.NormFloat64()
	}
	return x, y
}

// above returns the class of each value: the number of limits below it.
func above(y []float64, limits ...float64) []int {
	c := make([]int, len(y))
	for i, v := range y {
		for _, l := range limits {
			if v > l {
				c[i]++
			}
		}
	}
	return c
}

func BenchmarkRegression(b *testing.B) {
	x, y := friedman(100000, 1)
	for b.Loop() {
		if _, err := Regression(x, y, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClassification(b *testing.B) {
	x, y := friedman(100000, 1)
	c := above(y, 14)
	for b.Loop() {
		if _, err := Classification(x, c, 2, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBin(b *testing.B) {
	x, _ := friedman(100000, 1)
	for b.Loop() {
		Bin(x)
	}
}

func BenchmarkPredict(b *testing.B) {
	x, y := friedman(100000, 1)
	m, err := Regression(x, y, nil)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]float64, len(y))
	for b.Loop() {
		m.Predict(dst, x)
	}
}

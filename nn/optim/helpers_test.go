package optim_test

import (
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/nn/ad"
)

func normals(n int, std float64, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	v := make([]float64, n)
	for i := range v {
		v[i] = std * rng.NormFloat64()
	}
	return v
}

func convert[T ad.Float](v []float64) []T {
	c := make([]T, len(v))
	for i, x := range v {
		c[i] = T(x)
	}
	return c
}

func repeat(v float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

package augment_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/augment"
)

// A batch of 128 images of 28×28 pixels.
func BenchmarkBatch(b *testing.B) {
	for name, ops := range map[string][]augment.Op{
		"none": nil, "jitter": {augment.Jitter{Width: 0.1}}, "shift": {augment.Shift{Most: []int{2, 2}}}, "noise": {augment.Noise{Most: 0.1}},
		"three": {augment.Jitter{Width: 0.1}, augment.Sometimes{P: 0.5, Op: augment.Shift{Most: []int{2, 2}}}, augment.Flip{}},
	} {
		b.Run(name, func(b *testing.B) {
			data, err := augment.New(source(set(1000, 784, 0)), augment.Grid{Size: []int{28, 28}}, ops...)
			require.NoError(b, err)
			x := mat.NewDense(128, 784, nil)
			var cond *mat.Dense
			if k := data.Parameters(); k > 0 {
				cond = mat.NewDense(128, k, nil)
			}
			rng := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, data.Batch(x, cond, 0, 0, rng))
			}
		})
	}
}

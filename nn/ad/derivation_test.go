package ad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A convolution of a signal of two channels, by loops.
//
// Checks nn/ad (5).
func TestGatheredProductsAreConvolutions(t *testing.T) {
	const length, in, out, width = 5, 2, 3, 3
	var windows [][]int
	for p := range length {
		windows = append(windows, []int{p - 1, p, p + 1})
	}
	windows[0][0], windows[length-1][2] = -1, -1 // outside
	x, w, b := Input("x", length*in), Param("w", width*in, out, 0), Param("b", 1, out, width*in*out)
	y := Affine(Gather(x, NewTable(windows, length, in)), w, b)
	rng := generator(5)
	const samples = 2
	theta, values := normals(rng, (width*in+1)*out), normals(rng, samples*length*in)
	got := run[float64]([]*Expr{y}, []*Expr{x}, samples, theta, [][]float64{values}, 1)[0]
	var want []float64
	for s := range samples {
		for p := range length {
			for o := range out {
				sum := theta[width*in*out+o]
				for d := range width {
					if q := p + d - 1; q >= 0 && q < length {
						for c := range in {
							sum += values[(s*length+q)*in+c] * theta[(d*in+c)*out+o]
						}
					}
				}
				want = append(want, sum)
			}
		}
	}
	requireClose(t, want, got, 1e-13)
}

// Attention of one sample with two heads, by loops.
//
// Checks nn/ad (6).
func TestWeightedValuesAreAttention(t *testing.T) {
	const heads, length, width = 2, 3, 2
	in := []*Expr{Input("q", heads*length*width), Input("k", heads*length*width), Input("v", heads*length*width)}
	var parts []*Expr
	for _, e := range in {
		parts = append(parts, Regroup(e, heads*length))
	}
	y := RowMatMul(Softmax(RowMatMulT(parts[0], parts[1], heads)), parts[2], heads)
	rng := generator(6)
	inputs := inputsOf(rng, in, 1)
	q, k, v := inputs[0], inputs[1], inputs[2]
	got := run[float64]([]*Expr{y}, in, 1, nil, inputs, 1)[0]
	var want []float64
	for h := range heads {
		for i := range length {
			row, whole := make([]float64, width), 0.0
			for j := range length {
				dot := 0.0
				for c := range width {
					dot += q[(h*length+i)*width+c] * k[(h*length+j)*width+c]
				}
				weight := math.Exp(dot)
				whole += weight
				for c := range row {
					row[c] += weight * v[(h*length+j)*width+c]
				}
			}
			for _, r := range row {
				want = append(want, r/whole)
			}
		}
	}
	require.Len(t, got, len(want))
	requireClose(t, want, got, 1e-13)
}

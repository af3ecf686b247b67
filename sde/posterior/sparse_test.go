package posterior

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// convolved is Blur as it is defined, of one image, in steps that look at pixels one by one.
func convolved(x []float64, height, width int, k *mat.Dense, e Edge) []float64 {
	rows, cols := k.Dims()
	y := make([]float64, len(x))
	for l := range height {
		for c := range width {
			sum := 0.0
			for a := range rows {
				for b := range cols {
					m, n := l+a-rows/2, c+b-cols/2
					if e == EdgeCircular {
						for m < 0 {
							m += height
						}
						for n < 0 {
							n += width
						}
						m, n = m%height, n%width
					}
					if m < 0 || m >= height || n < 0 || n >= width {
						continue
					}
					y[l*width+c] += k.At(a, b) * x[m*width+n]
					sum += k.At(a, b)
				}
			}
			if e == EdgeRenormalised {
				y[l*width+c] /= sum
			}
		}
	}
	return y
}

func TestBlurIsAConvolution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 5)
		height, width := side.Draw(t, "height"), side.Draw(t, "width")
		k := mat.NewDense(2*rapid.IntRange(0, 3).Draw(t, "p")+1, 2*rapid.IntRange(0, 3).Draw(t, "q")+1, nil)
		k.Apply(func(_, _ int, _ float64) float64 { return rapid.Float64Range(0.1, 1).Draw(t, "weight") }, k)
		e := rapid.SampledFrom([]Edge{EdgeZero, EdgeCircular, EdgeRenormalised}).Draw(t, "edge")
		x := normals(3, height*width, 1)
		y := mat.NewDense(3, height*width, nil)
		Blur(height, width, k, e).Apply(y, x)
		for i := range 3 {
			require.InDeltaSlice(t, convolved(x.RawRowView(i), height, width, k, e), y.RawRowView(i), 1e-12)
		}
	})
}

func TestSumsAndMeansOfBlocksAreThoseOfTheirCells(t *testing.T) {
	x := mat.NewDense(1, 15, []float64{
		1, 2, 3, 4, 5,
		6, 7, 8, 9, 10,
		11, 12, 13, 14, 15,
	})
	for _, c := range []struct {
		op   Sparse
		want []float64
	}{
		{BlockMeans(3, 5, 2, 2), []float64{4, 6, 7.5, 11.5, 13.5, 15}},
		{BlockMeans(3, 5, 9, 9), []float64{8}},
		{BlockMeans(1, 15, 1, 10), []float64{5.5, 13}},
		{Sums(15, []int{0, 14}, []int{3}, []int{2, 2}), []float64{16, 4, 6}},
	} {
		y := mat.NewDense(1, len(c.want), nil)
		c.op.Apply(y, x)
		require.InDeltaSlice(t, c.want, y.RawRowView(0), 1e-14)
	}
	require.InDelta(t, 1, mat.Sum(GaussianKernel(5, 3, 0.7)), 1e-15)
	k := GaussianKernel(1, 3, 2)
	require.InDelta(t, math.Exp(-1./8), k.At(0, 0)/k.At(0, 1), 1e-15)
}

func TestImpossibleImagesPanic(t *testing.T) {
	for says, do := range map[string]func(){
		"kernel is 2×3, want odd":             func() { Blur(3, 3, mat.NewDense(2, 3, nil), EdgeZero) },
		"Edge is 7":                           func() { Blur(3, 3, mat.NewDense(1, 1, nil), 7) },
		"Blur: sides are [0 3]":               func() { Blur(0, 3, mat.NewDense(1, 1, nil), EdgeZero) },
		"kernel is nil":                       func() { Blur(3, 3, nil, EdgeZero) },
		"want a number of pixels up to":       func() { Blur(math.MaxInt/2, 4, mat.NewDense(1, 1, nil), EdgeZero) },
		"weights of pixel (0, 0) add up to 0": func() { Blur(1, 3, mat.NewDense(1, 3, []float64{1, 1, -1}), EdgeRenormalised) },
		"BlockMeans: sides are [3":            func() { BlockMeans(3, 3, 2, 0) },
		"is 4×3, want odd":                    func() { GaussianKernel(4, 3, 1) },
		"deviation is 0":                      func() { GaussianKernel(3, 3, 0) },
	} {
		func() {
			defer func() { require.Contains(t, recover(), says) }()
			do()
		}()
	}
}

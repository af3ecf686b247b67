package nn

import (
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Spread draws initial weights and returns how much the first hidden layer
// varies with its input: the root mean square, over the units, of the standard
// deviation of the pre-activation z_1 when the d columns of x are independent
// standard normals. A network made by RecipeMLP has about 1. Below about 0.3
// the activation sees only a linear piece of itself, and training may never
// leave the trivial solution. Conditions do not enter: they have no effect
// before training. Spread panics when there is no hidden layer.
func (m MLP) Spread(d int, src rand.Source) float64 {
	if len(m.Hidden) == 0 {
		panic("nn: MLP.Spread: no hidden layer")
	}
	const rows = 512
	var params Params
	b, x, width := NewBuild(&params), ad.Input("x", d), m.Hidden[0]
	program := ad.Compile[float64]([]*ad.Expr{m.hidden(b, m.features(b, x), nil, width)}, []*ad.Expr{x})

	theta := make([]float64, params.Len())
	params.Init(theta, src)
	sample, z := make([]float64, rows*d), make([]float64, rows*width)
	normal(sample, 1, rand.New(src))
	var weights ad.Weights[float64]
	program.Pack(&weights, theta, nil)
	program.Run(rows, &weights, nil, [][]float64{z}, [][]float64{sample}, nil)

	total := 0.0
	for j := range width {
		mean, square := 0.0, 0.0
		for r := range rows {
			mean += z[r*width+j] / rows
		}
		for r := range rows {
			square += (z[r*width+j] - mean) * (z[r*width+j] - mean)
		}
		total += square / rows
	}
	return math.Sqrt(total / float64(width))
}

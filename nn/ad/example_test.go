package ad_test

import (
	"fmt"
	"strings"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// The gradient of a sum of squares, row by row.
func ExampleGrad() {
	x := ad.Input("x", 2)
	y := ad.SumCols(ad.Square(x))
	grad := ad.Grad(y, x)[0]

	leaves := map[*ad.Expr][]float64{x: {1, 2, 3, 4}}
	fmt.Println(ad.Eval([]*ad.Expr{y, grad}, 2, nil, nil, leaves))
	// Output: [[5 25] [2 4 6 8]]
}

// Derivatives are expressions, so that they nest: the derivatives of x⁴.
func ExampleGrad_nested() {
	x := ad.Input("x", 1)
	derivatives := []*ad.Expr{ad.Square(ad.Square(x))}
	for k := range 4 {
		derivatives = append(derivatives, ad.Grad(derivatives[k], x)[0])
	}
	fmt.Println(ad.Eval(derivatives, 1, nil, nil, map[*ad.Expr][]float64{x: {2}}))
	// Output: [[16] [32] [48] [48] [24]]
}

// The derivative of (x₁x₂, x₁+x₂) along (1, −1).
func ExampleJVP() {
	x := ad.Input("x", 2)
	a, b := ad.Slice(x, 0, 1), ad.Slice(x, 1, 2)
	y := ad.Concat(ad.Mul(a, b), ad.Add(a, b))
	fmt.Println(ad.Eval([]*ad.Expr{ad.JVP(y, x, ad.Row([]float64{1, -1}))}, 1, nil, nil, map[*ad.Expr][]float64{x: {3, 5}}))
	// Output: [[2 0]]
}

// A linear model and the gradient of its squared error, compiled once and run
// on two batches.
func ExampleCompile() {
	x, y := ad.Input("x", 2), ad.Input("y", 1)
	w, b := ad.Param("w", 2, 1, 0), ad.Param("b", 1, 1, 2)
	loss := ad.SumRows(ad.Square(ad.Sub(ad.Affine(x, w, b), y)))
	p := ad.Compile[float64](append([]*ad.Expr{loss}, ad.Grad(loss, w, b)...), []*ad.Expr{x, y})

	var weights ad.Weights[float64]
	p.Pack(&weights, []float64{1, -1, 0.5}, nil)
	out := [][]float64{make([]float64, 1), make([]float64, 2), make([]float64, 1)}
	p.Run(1, &weights, nil, out, [][]float64{{2, 1}, {1}}, nil)
	fmt.Println(out)
	p.Run(3, &weights, nil, out, [][]float64{{2, 1, 0, 0, 1, 1}, {1, 0, 0}}, nil)
	fmt.Println(out)
	// Output:
	// [[0.25] [2 1] [1]]
	// [[0.75] [3 2] [3]]
}

// A convolution in one dimension, with windows of three points and zeros beyond the
// ends, from two channels to one. The weights are a row for each channel of each
// point of a window: here the first channel's difference and the second's value.
func ExampleGather() {
	const points, channels = 4, 2
	windows := make([][]int, points)
	for i := range windows {
		for _, j := range []int{i - 1, i, i + 1} {
			if j == points {
				j = -1 // as i−1 is before the first point
			}
			windows[i] = append(windows[i], j)
		}
	}
	t := ad.NewTable(windows, points, channels)
	x := ad.Input("x", points*channels) // one row a sample: the channels of a point side by side
	w, b := ad.Param("w", 3*channels, 1, 0), ad.Param("b", 1, 1, 6)
	y := ad.Affine(ad.Gather(x, t), w, b) // a row for each point
	y = ad.Regroup(y, 1)                  // one row a sample again

	p := ad.Compile[float64]([]*ad.Expr{y, ad.Grad(y, w)[0]}, []*ad.Expr{x})
	var weights ad.Weights[float64]
	p.Pack(&weights, []float64{-1, 0, 0, 1, 1, 0, 100}, nil)
	out := [][]float64{make([]float64, points), make([]float64, 6)}
	p.Run(1, &weights, nil, out, [][]float64{{1, 10, 2, 20, 4, 30, 8, 40}}, nil)
	fmt.Println("outputs: ", out[0])
	fmt.Println("gradient:", out[1])
	// Output:
	// outputs:  [112 123 136 136]
	// gradient: [7 60 15 100 14 90]
}

// What runs for one time common to all rows: the time's part of the network
// once, and an instruction for each layer of the rows' part.
func ExampleProgram_String() {
	x, t := ad.Input("x", 2), ad.UniformInput("t", 1)
	w1, c, b1 := ad.Param("w1", 2, 16, 0), ad.Param("c", 1, 16, 32), ad.Param("b1", 1, 16, 48)
	w2, b2 := ad.Param("w2", 16, 2, 64), ad.Param("b2", 1, 2, 96)
	h := ad.SiLU(ad.Affine(x, w1, ad.Affine(ad.Sin(t), c, b1)))
	s := ad.Affine(h, w2, b2)
	fmt.Print(ad.Compile[float32]([]*ad.Expr{s}, []*ad.Expr{x, t}))
	// Output:
	// program of 11 values, 64 rows a block, 16 columns a block, 0 sums
	// before  %3 1×1 once[0] = sin in[1]
	// before  %6 1×16 once[1] = matmul %3 w[32] w[48]
	// rows    %8 r×16 block[0] = silu of matmul in[0] w[0] %6
	// rows    %11 r×2 out[0] = matmul %8 w[64] w[96]
}

// The mean of each channel over the pixels of a picture, and the picture without it:
// a row a sample spreads over the rows of the sample.
func ExampleRegroup() {
	const pixels, channels = 3, 2
	x := ad.Input("x", pixels*channels)
	rows := ad.Regroup(x, pixels)
	mean := ad.Scale(1./pixels, ad.SumGroups(rows))
	centred := ad.Sub(rows, mean)
	leaves := map[*ad.Expr][]float64{x: {1, 10, 2, 20, 3, 60}}
	fmt.Println(ad.Eval([]*ad.Expr{mean, centred}, 1, nil, nil, leaves))
	// Output: [[2 30] [-1 -20 0 -10 1 30]]
}

// Attention: each of two queries takes the mean of three values, weighted by how well
// their keys suit it. The first suits the first key only, the second the other two.
func ExampleRowMatMul() {
	q, k, v := ad.Input("q", 2*2), ad.Input("k", 3*2), ad.Input("v", 3*1)
	weights := ad.Softmax(ad.RowMatMulT(ad.Regroup(q, 2), ad.Regroup(k, 3), 1)) // two rows of three
	y := ad.RowMatMul(weights, ad.Regroup(v, 3), 1)
	leaves := map[*ad.Expr][]float64{q: {100, 0, 0, 100}, k: {1, 0, 0, 1, 0, 1}, v: {5, 20, 30}}
	fmt.Printf("%.3f\n", ad.Eval([]*ad.Expr{weights, y}, 1, nil, nil, leaves))
	// Output: [[1.000 0.000 0.000 0.000 0.500 0.500] [5.000 25.000]]
}

// The values of an expression and its derivative, as another engine would compute them.
func ExampleList() {
	x := ad.Input("x", 2)
	y := ad.SumCols(ad.Square(x))
	values, outs := ad.List([]*ad.Expr{y, ad.Grad(y, x)[0]})
	for i, v := range values {
		fmt.Println(i, v.Op, v.Args, v.Cols)
	}
	fmt.Println(outs)
	// Output:
	// 0 input [] 2
	// 1 scale [0] 2
	// 2 square [0] 2
	// 3 sumcols [2] 1
	// [3 1]
}

// Where the processor has no instructions for bfloat16 the program is one of float32.
func ExampleFastBFloat16() {
	x := ad.Input("x", 64)
	program := ad.CompileBFloat16([]*ad.Expr{ad.MatMul(x, ad.Param("w", 64, 64, 0))}, []*ad.Expr{x}, ad.FastBFloat16())
	fmt.Println(strings.Contains(program.String(), "bfloat16") == (ad.FastBFloat16() != 0))
	// Output: true
}

// A third has eight bits in bfloat16, and products of such numbers are added up in float32.
func ExampleCompileBFloat16() {
	x, w := ad.Input("x", 32), ad.Param("w", 32, 32, 0)
	program := ad.CompileBFloat16([]*ad.Expr{ad.MatMul(x, w)}, []*ad.Expr{x}, ad.BFloat16Tiles)
	var weights ad.Weights[float32]
	theta := make([]float32, program.Params())
	for i := range 32 {
		theta[i*32+i], theta[i*32+31] = 1, 1
	}
	program.Pack(&weights, theta, nil)
	row, y := make([]float32, 32), make([]float32, 32)
	for i := range row {
		row[i] = 1. / 3
	}
	program.Run(1, &weights, nil, [][]float32{y}, [][]float32{row}, nil)
	fmt.Println(y[0], y[31])
	// Output: 0.33398438 10.6875
}

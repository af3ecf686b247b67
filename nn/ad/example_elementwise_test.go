package ad_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Elementwise functions and their derivatives, which Grad makes, at −1 and at 2.
func ExampleTanh() {
	for _, f := range []struct {
		name string
		of   func(x *ad.Expr) *ad.Expr
	}{
		{"tanh", ad.Tanh},
		{"sigmoid", ad.Sigmoid},
		{"softplus", ad.Softplus},
		{"erf", ad.Erf},
		{"exp", ad.Exp},
		{"sin", ad.Sin},
		{"cos", ad.Cos},
		{"1/x", ad.Recip},
		{"−x", ad.Neg},
		{"ln x²", func(x *ad.Expr) *ad.Expr { return ad.Log(ad.Square(x)) }},
		{"√(x + 2)", func(x *ad.Expr) *ad.Expr { return ad.Sqrt(ad.Shift(x, 2)) }},
	} {
		x := ad.Input("x", 1)
		y := f.of(x)
		v := ad.Eval([]*ad.Expr{y, ad.Grad(y, x)[0]}, 2, nil, nil, map[*ad.Expr][]float64{x: {-1, 2}})
		fmt.Printf("%-9s%7.3f   slope%7.3f\n", f.name, v[0], v[1])
	}
	// Output:
	// tanh     [ -0.762   0.964]   slope[  0.420   0.071]
	// sigmoid  [  0.269   0.881]   slope[  0.197   0.105]
	// softplus [  0.313   2.127]   slope[  0.269   0.881]
	// erf      [ -0.843   0.995]   slope[  0.415   0.021]
	// exp      [  0.368   7.389]   slope[  0.368   7.389]
	// sin      [ -0.841   0.909]   slope[  0.540  -0.416]
	// cos      [  0.540  -0.416]   slope[  0.841  -0.909]
	// 1/x      [ -1.000   0.500]   slope[ -1.000  -0.250]
	// −x       [  1.000  -2.000]   slope[ -1.000  -1.000]
	// ln x²    [  0.000   1.386]   slope[ -2.000   1.000]
	// √(x + 2) [  1.000   2.000]   slope[  0.500   0.250]
}

// What networks bend their layers with: the negative side tells them apart.
func ExampleReLU() {
	for _, f := range []struct {
		name string
		of   func(x *ad.Expr) *ad.Expr
	}{
		{"step", ad.Step},
		{"ReLU", ad.ReLU},
		{"leaky", func(x *ad.Expr) *ad.Expr { return ad.LeakyReLU(x, 0.1) }},
		{"ELU", func(x *ad.Expr) *ad.Expr { return ad.ELU(x, 1) }},
		{"GELU", ad.GELU},
		{"tanh form", ad.GELUTanh},
		{"SiLU", ad.SiLU},
	} {
		x := ad.Input("x", 3)
		v := ad.Eval([]*ad.Expr{f.of(x)}, 1, nil, nil, map[*ad.Expr][]float64{x: {-2, 0, 2}})
		fmt.Printf("%-10s%6.3f\n", f.name, v[0])
	}
	// Output:
	// step      [ 0.000  0.000  1.000]
	// ReLU      [ 0.000  0.000  2.000]
	// leaky     [-0.200  0.000  2.000]
	// ELU       [-0.865  0.000  2.000]
	// GELU      [-0.046  0.000  1.954]
	// tanh form [-0.045  0.000  1.955]
	// SiLU      [-0.238  0.000  1.762]
}

// The three products are each other's derivatives: that of Σ (x·w)⊙g is g·wᵀ with
// respect to x, xᵀ·g with respect to w, and x·w with respect to g.
func ExampleMatMul() {
	x, g := ad.Input("x", 2), ad.Input("g", 3)
	w := ad.Param("w", 2, 3, 0)
	form := ad.SumCols(ad.Mul(ad.MatMul(x, w), g))
	slopes := ad.Grad(form, x, w, g)
	products := []*ad.Expr{ad.MatMulT(g, w), ad.MatTMul(x, g), ad.MatMul(x, w)}

	leaves := map[*ad.Expr][]float64{x: {1, 2, 3, 4}, g: {1, 0, 0, 0, 1, 1}}
	theta := []float64{1, 2, 3, 4, 5, 6}
	fmt.Println(ad.Eval(slopes, 2, theta, nil, leaves))
	fmt.Println(ad.Eval(products, 2, theta, nil, leaves))
	// Output:
	// [[1 4 5 11] [1 3 3 2 4 4] [9 12 15 19 26 33]]
	// [[1 4 5 11] [1 3 3 2 4 4] [9 12 15 19 26 33]]
}

// Constants spread over rows and columns; a quotient of rows by their largest entry.
func ExampleDiv() {
	x := ad.Input("x", 3)
	y := ad.Div(x, ad.MaxCols(x))
	z := ad.Add(ad.Mul(ad.Const(10), y), ad.ConstRow(0.5, 3))
	fmt.Println(ad.Eval([]*ad.Expr{y, z}, 2, nil, nil, map[*ad.Expr][]float64{x: {1, 2, 4, 5, 1, 0}}))
	// Output:
	// [[0.25 0.5 1 1 0.2 0] [3 5.5 10.5 10.5 2.5 0.5]]
}

// Rows of one size: their mean square is one, whatever it was.
func ExampleRMSNorm() {
	x := ad.Input("x", 2)
	y := ad.RMSNorm(x, 1e-9)
	fmt.Printf("%.4f\n", ad.Eval([]*ad.Expr{y}, 2, nil, nil, map[*ad.Expr][]float64{x: {3, 4, -300, 400}})[0])
	// Output:
	// [0.8485 1.1314 -0.8485 1.1314]
}

// An embedding: the product of indicators with a matrix is the row of the label. A
// label that is none gives zeros.
func ExampleOneHot() {
	label := ad.Input("label", 1)
	rows := ad.Param("rows", 3, 2, 0)
	y := ad.MatMul(ad.OneHot(label, 3), rows)
	fmt.Println(ad.Eval([]*ad.Expr{y}, 3, []float64{1, 10, 2, 20, 3, 30}, nil, map[*ad.Expr][]float64{label: {2, 0, -1}}))
	// Output:
	// [[3 30 1 10 0 0]]
}

// A mask of dropout: a random number belongs to the row in the whole run, to the slot
// and to the column, and to nothing else.
func ExampleRandom() {
	x := ad.Input("x", 2)
	keep := ad.Step(ad.Shift(ad.Random(2, 7), -0.5)) // of slot 7
	y := ad.Scale(2, ad.Mul(x, keep))
	uniform := func(dst []float64, row, slot int) { // package score takes those of sde/noise
		dst[0], dst[1] = 0.1*float64(row), 0.1*float64(slot)
	}
	leaves := map[*ad.Expr][]float64{x: {1, 2, 3, 4}}
	fmt.Println(ad.Eval([]*ad.Expr{y}, 2, nil, uniform, leaves))
	// Output:
	// [[0 4 0 8]]
}

// The target of a loss that is made by the network itself: Grad takes it for a constant.
func ExampleStop() {
	x := ad.Input("x", 1)
	loss := ad.Square(ad.Sub(ad.Square(x), ad.Stop(ad.Square(x)))) // zero, but for its slope
	through := ad.Mul(x, ad.Stop(x))
	slopes := append(ad.Grad(loss, x), ad.Grad(through, x)...)
	fmt.Println(ad.Eval(slopes, 1, nil, nil, map[*ad.Expr][]float64{x: {3}}))
	// Output:
	// [[0] [3]]
}

// Overlapping windows put back together: what Gather took from a cell more than once
// is added up, so that the sums count how often a cell was looked at.
func ExampleScatter() {
	windows := ad.NewTable([][]int{{-1, 0, 1}, {0, 1, 2}, {1, 2, -1}}, 3, 1)
	x := ad.Input("x", 3)
	y := ad.Gather(x, windows)
	back := ad.Scatter(y, windows)
	fmt.Println(ad.Eval([]*ad.Expr{y, back}, 1, nil, nil, map[*ad.Expr][]float64{x: {1, 10, 100}}))
	// Output:
	// [[0 1 10 1 10 100 10 100 0] [2 30 200]]
}

// xᵀ·g of the rows of each sample, which is what RowMatMul's second operand has for a
// derivative: keys and values of linear attention.
func ExampleRowMatTMul() {
	k, v := ad.Input("k", 3*2), ad.Input("v", 3*1) // three rows a sample
	y := ad.RowMatTMul(ad.Regroup(k, 3), ad.Regroup(v, 3), 1)
	leaves := map[*ad.Expr][]float64{k: {1, 0, 0, 1, 1, 1}, v: {5, 20, 100}}
	fmt.Println(ad.Eval([]*ad.Expr{y}, 1, nil, nil, leaves))
	// Output:
	// [[105 120]]
}

// The divergence of a field in three columns, without its Jacobian: Σ_j ∂y_j/∂x_j with
// the field computed once and a tangent for each column.
func ExampleCompileOver() {
	x, v := ad.Input("x", 3), ad.UniformInput("v", 3)
	field := ad.Mul(x, ad.SumCols(ad.Square(x))) // x|x|², whose divergence is 5|x|²
	divergence := ad.SumCols(ad.Mul(v, ad.JVP(field, x, v)))
	p := ad.CompileOver[float64]([]*ad.Expr{divergence}, []*ad.Expr{x}, v)
	out := [][]float64{make([]float64, 2)}
	p.Run(2, nil, nil, out, [][]float64{{1, 1, 1, 0, 2, 0}}, nil)
	fmt.Println(out)
	// Output:
	// [[15 20]]
}

// The operations of a list are those a writer for another engine has to know.
func ExampleOp() {
	x := ad.Input("x", 2)
	values, _ := ad.List([]*ad.Expr{ad.SiLU(ad.Sub(x, ad.Const(1)))})
	for _, v := range values {
		fmt.Print(v.Op, " ")
	}
	fmt.Println(values[0].Op == ad.OpInput)
	// Output:
	// input shift sigmoid mul true
}

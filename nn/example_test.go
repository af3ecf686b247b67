package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// A network is applied to an expression once; its parameters are then known.
func ExampleMLP() {
	x, time := ad.Input("x", 2), ad.Input("time", 1)
	var params nn.Params
	b := nn.NewBuild(&params)
	b.Time = time
	out := nn.MLP{Hidden: []int{8}}.Apply(b, x)

	fmt.Println(out.Cols(), "columns from", params.Len(), "weights:")
	for _, e := range params.Entries() {
		fmt.Printf("%-14s %d×%d %T\n", e.Name, e.Rows, e.Cols, e.Init)
	}
	// Output:
	// 2 columns from 170 weights:
	// hidden0.weight 2×8 nn.He
	// hidden0.bias   1×8 nn.Zeros
	// hidden0.scale  8×8 nn.Zeros
	// hidden0.shift  8×8 nn.Zeros
	// output.weight  8×2 nn.LeCun
	// output.bias    1×2 nn.Zeros
}

// Scaled is a layer of one's own, y = g ⊙ (x W + b), that says what its parameters are.
type Scaled struct{ Out int }

// Apply implements nn.Module.
func (s Scaled) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	w := b.Weight("w", x.Cols(), s.Out, nn.He{})
	y := ad.Affine(x, w, b.Bias("b", w, nn.Zeros{}))
	return ad.Mul(y, b.Gain("g", s.Out, nn.Ones{}))
}

func ExampleBuild_Weight() {
	var params nn.Params
	Scaled{Out: 3}.Apply(nn.NewBuild(&params), ad.Input("x", 2))
	for _, e := range params.Entries() {
		fmt.Println(e.Name, e.Role)
	}
	// Output:
	// w Weight
	// b Bias
	// g Gain
}

// Doubling is a layer of one's own: it needs no derivative.
type Doubling struct{ Layer nn.Module }

// Apply returns 2 Layer(x).
func (d Doubling) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	return ad.Scale(2, d.Layer.Apply(b, x))
}

func ExampleModule() {
	x := ad.Input("x", 1)
	var params nn.Params
	y := Doubling{Layer: nn.Linear{Out: 1}}.Apply(nn.NewBuild(&params), x)
	theta := []float64{3, 1} // the weight and the bias
	fmt.Println(ad.Eval([]*ad.Expr{y, ad.Grad(y, x)[0]}, 2, theta, nil, map[*ad.Expr][]float64{x: {0, 10}}))
	// Output: [[2 62] [6 6]]
}

// An energy network is a conservative field: here E = ½(3x)², F = −9x.
func ExampleEnergy() {
	x := ad.Input("x", 1)
	var params nn.Params
	field := nn.Energy{Net: nn.Sequential{nn.Linear{Out: 1, Bias: nn.None{}}, halfSquare{}}}.Apply(nn.NewBuild(&params), x)
	fmt.Println(ad.Eval([]*ad.Expr{field}, 2, []float64{3}, nil, map[*ad.Expr][]float64{x: {1, 2}}))
	// Output: [[-9 -18]]
}

type halfSquare struct{}

func (halfSquare) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr { return ad.Scale(0.5, ad.Square(x)) }

// Pre-activation residual blocks, conditioned by FiLM on the time and a label:
// blocks that share an embedding stand within an Embedded.
// The waves of a noisy row are silent where the noise has washed them out.
func ExampleFourier() {
	x, c := ad.Input("x", 1), ad.Input("c", 1)
	b := nn.NewBuild(&nn.Params{})
	b.Time = c
	features := nn.Fourier{N: 2, Low: 1, High: 10, Gated: true}.Apply(b, x)
	for _, σ := range []float64{0.01, 0.3, 3} {
		leaves := map[*ad.Expr][]float64{x: {0.2}, c: {math.Log(σ) / 4}}
		fmt.Printf("%.3f\n", ad.Eval([]*ad.Expr{features}, 1, nil, nil, leaves)[0])
	}
	// Output:
	// [0.200 0.199 0.905 0.980 -0.414]
	// [0.200 0.191 0.015 0.940 -0.007]
	// [0.200 0.127 0.000 0.625 -0.000]
}

// A norm makes the training of a network less sensitive to the size of its weights.
func ExampleRMSNorm() {
	x := ad.Input("x", 2)
	y := nn.RMSNorm{}.Apply(nil, x)
	fmt.Printf("%.3f\n", ad.Eval([]*ad.Expr{y}, 2, nil, nil, map[*ad.Expr][]float64{x: {3, 4, -300, 400}})[0])

	net := nn.RecipeMLP(2, 64)
	net.Norm = nn.RMSNorm{}
	params, err := nn.Check(net, 2, 0, 2)
	fmt.Println(params.Len(), err)
	// Output:
	// [0.849 1.131 -0.849 1.131]
	// 15810 <nil>
}

func ExampleResidual() {
	const width = 16
	block := nn.Residual{Body: nn.Sequential{
		nn.LayerNorm{Plain: true}, nn.Condition{}, nn.SiLU{}, nn.Dropout{P: 0.1},
		nn.Linear{Out: width, Init: nn.Zeros{}},
	}}
	net := nn.Embedded{
		Cond: nn.Embedding{Classes: 10, Out: 4},
		Body: nn.Sequential{nn.Linear{Out: width}, block, block, nn.LayerNorm{}, nn.Linear{Out: 2, Init: nn.LeCun{}}},
	}
	var params nn.Params
	b := nn.NewBuild(&params)
	b.Time, b.Cond = ad.Input("time", 1), ad.Input("label", 1)
	net.Apply(b, ad.Input("x", 2))
	for _, e := range params.Entries()[:6] {
		fmt.Printf("%-20s %d×%d\n", e.Name, e.Rows, e.Cols)
	}
	// Output:
	// cond.table           10×4
	// body.0.weight        2×16
	// body.0.bias          1×16
	// body.1.body.1.scale  12×16
	// body.1.body.1.shift  12×16
	// body.1.body.4.weight 16×16
}

// A label is turned into its row of the table; −1 is no class.
func ExampleEmbedding() {
	label := ad.Input("label", 1)
	var params nn.Params
	y := nn.Embedding{Classes: 3, Out: 2}.Apply(nn.NewBuild(&params), label)
	table := []float64{0, 1, 10, 11, 20, 21}
	fmt.Println(ad.Eval([]*ad.Expr{y}, 3, table, nil, map[*ad.Expr][]float64{label: {2, 0, -1}}))
	// Output: [[20 21 0 1 0 0]]
}

// Conditions of different kinds are embedded each in its way.
func ExampleParallel() {
	embed := nn.Parallel{
		nn.Sequential{nn.Columns{From: 0, To: 1}, nn.OneHot{Classes: 2}},
		nn.Columns{From: 1, To: 2},
	}
	cond := ad.Input("cond", 2)
	y := embed.Apply(nn.NewBuild(new(nn.Params)), cond)
	fmt.Println(ad.Eval([]*ad.Expr{y}, 2, nil, nil, map[*ad.Expr][]float64{cond: {1, 0.7, 0, 0.3}}))
	// Output: [[0 1 0.7 1 0 0.3]]
}

// How much a hidden layer varies with its input at first: about 1 is right.
func ExampleMLP_Spread() {
	fmt.Printf("%.1f\n", nn.RecipeMLP(2, 116).Spread(2, rand.NewPCG(1, 1)))
	// Output: 1.0
}

// A convolution that subtracts from each point the one before it, on a closed ring.
func ExampleConv() {
	x := ad.Input("x", 5)
	var params nn.Params
	y := nn.Conv{Size: []int{5}, Out: 1, Circular: true, Bias: nn.None{}}.Apply(nn.NewBuild(&params), x)
	weight := []float64{-1, 1, 0}
	fmt.Println(ad.Eval([]*ad.Expr{y}, 1, weight, nil, map[*ad.Expr][]float64{x: {1, 4, 9, 16, 25}}))
	// Output: [[-24 3 5 7 9]]
}

// A picture of 2×4 pixels as two patches of four.
func ExampleResample() {
	x := ad.Input("x", 8)
	y := nn.Resample{Size: []int{2, 4}, Down: 2}.Apply(nn.NewBuild(new(nn.Params)), x)
	fmt.Println(ad.Eval([]*ad.Expr{y}, 1, nil, nil, map[*ad.Expr][]float64{x: {1, 2, 3, 4, 5, 6, 7, 8}}))
	// Output: [[1 2 5 6 3 4 7 8]]
}

// A network for pictures of 8×8 pixels and what it is told of them.
func ExampleUNet() {
	net := nn.UNet{Size: []int{8, 8}, Channels: []int{32, 64}, Heads: 4}
	params, err := nn.Check(net, 64, 10, 64)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(params.Len(), "weights")
	_, err = nn.Check(nn.UNet{Size: []int{7, 7}, Channels: []int{32, 64}}, 49, 0, 49)
	fmt.Println(err)
	// Output:
	// 372641 weights
	// nn: Module: UNet.Size: is [7 7], want multiples of Patch·2^(levels−1) for Patch = 1 and 2 levels: out of range
}

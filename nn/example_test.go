package nn_test

import (
	"fmt"
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
	field := nn.Energy{Net: nn.Sequential{nn.Linear{Out: 1, NoBias: true}, halfSquare{}}}.Apply(nn.NewBuild(&params), x)
	fmt.Println(ad.Eval([]*ad.Expr{field}, 2, []float64{3}, nil, map[*ad.Expr][]float64{x: {1, 2}}))
	// Output: [[-9 -18]]
}

type halfSquare struct{}

func (halfSquare) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr { return ad.Scale(0.5, ad.Square(x)) }

// Pre-activation residual blocks, conditioned by FiLM on the time and a label:
// blocks that share an embedding stand within an Embedded.
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

// Weights decay, biases do not.
func ExampleGroupDecay() {
	var params nn.Params
	nn.Linear{Out: 1}.Apply(nn.NewBuild(&params), ad.Input("x", 2))
	o := &nn.GroupDecay[float64]{
		Optimizer: &nn.Adam[float64]{},
		Groups:    []nn.Group{{Names: "*weight", WeightDecay: 1}},
	}
	if err := o.Bind(&params); err != nil {
		fmt.Println(err)
	}
	theta := []float64{1, 2, 3} // two weights and the bias
	o.Step(theta, []float64{0, 0, 0}, 0, 0.1)
	fmt.Println(theta)
	// Output: [0.9 1.8 3]
}

func ExampleSGD() {
	theta := []float64{5}
	sgd := &nn.SGD[float64]{Momentum: 0.9, Nesterov: true}
	for step := range 200 {
		sgd.Step(theta, []float64{theta[0] - 3}, step, 0.1) // of ½(θ−3)²
	}
	fmt.Printf("%.3f\n", theta[0])
	// Output: 3.000
}

func ExamplePowerFunction() {
	ema := nn.EMA[float64]{By: nn.PowerFunction{Width: 0.1}}
	shadow := []float64{-1} // forgotten at once
	for step := range 1000 {
		ema.Update(shadow, []float64{float64(step)}, step)
	}
	fmt.Printf("%.0f\n", shadow[0])
	// Output: 888
}

func ExampleOneCycle() {
	rate := nn.OneCycle{Peak: 25, Steps: 30}
	fmt.Printf("%.4f %.4f %.4f\n", rate.At(0), rate.At(8), rate.At(29))
	// Output: 1.0000 25.0000 0.0001
}

// One step of training is three calls; the steps count from 0.
func ExampleAdam() {
	const steps = 400
	theta, shadow := []float32{0}, []float32{0}
	adam, ema, rate := &nn.Adam[float32]{}, nn.EMA[float32]{Decay: 0.98}, nn.Cosine{Peak: 0.1, Steps: steps}
	for step := range steps {
		grad := []float32{2 * (theta[0] - 3)} // of (θ−3)²
		nn.ClipNorm(grad, 1)
		adam.Step(theta, grad, step, rate.At(step))
		ema.Update(shadow, theta, step)
	}
	fmt.Printf("%.2f %.2f\n", theta[0], shadow[0])
	// Output: 3.00 3.00
}

func ExampleMLP_Spread() {
	fmt.Printf("%.1f\n", nn.RecipeMLP(2, 116).Spread(2, rand.NewPCG(1, 1)))
	// Output: 1.0
}

func ExampleWarmUp() {
	rate := nn.WarmUp{Steps: 4, Then: nn.Cosine{Peak: 1, Floor: 0.01, Steps: 4}}
	for step := range 9 {
		fmt.Printf("%.2f ", rate.At(step))
	}
	// Output: 0.25 0.50 0.75 1.00 1.00 0.86 0.51 0.15 0.01
}

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

package optim_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// Weights decay, biases do not.
func ExampleGroupDecay() {
	var params nn.Params
	nn.Linear{Out: 1}.Apply(nn.NewBuild(&params), ad.Input("x", 2))
	o := &optim.GroupDecay[float64]{
		Optimizer: &optim.Adam[float64]{},
		Groups:    []optim.Group{{Names: "*weight", WeightDecay: 1}},
	}
	if err := o.Bind(&params); err != nil {
		fmt.Println(err)
	}
	theta := []float64{1, 2, 3} // two weights and the bias
	optim.Step(o, theta, []float64{0, 0, 0}, 0, 0.1)
	fmt.Println(theta)
	// Output: [0.9 1.8 3]
}

func ExampleSGD() {
	theta := []float64{5}
	sgd := &optim.SGD[float64]{Momentum: 0.9, Nesterov: true}
	for step := range 200 {
		optim.Step(sgd, theta, []float64{theta[0] - 3}, step, 0.1) // of ½(θ−3)²
	}
	fmt.Printf("%.3f\n", theta[0])
	// Output: 3.000
}

func ExamplePowerFunction() {
	ema := optim.EMA[float64]{By: optim.PowerFunction{Width: 0.1}}
	shadow := []float64{-1} // forgotten at once
	for step := range 1000 {
		ema.Update(shadow, []float64{float64(step)}, step)
	}
	fmt.Printf("%.0f\n", shadow[0])
	// Output: 888
}

func ExampleOneCycle() {
	rate := optim.OneCycle{Peak: 25, Steps: 30}
	fmt.Printf("%.4f %.4f %.4f\n", rate.At(0), rate.At(8), rate.At(29))
	// Output: 1.0000 25.0000 0.0001
}

// One step of training is three calls; the steps count from 0.
func ExampleAdam() {
	const steps = 400
	theta, shadow := []float32{0}, []float32{0}
	adam, ema, rate := &optim.Adam[float32]{}, optim.EMA[float32]{Decay: 0.98}, optim.Cosine{Peak: 0.1, Steps: steps}
	for step := range steps {
		grad := []float32{2 * (theta[0] - 3)} // of (θ−3)²
		optim.ClipNorm(grad, 1)
		optim.Step(adam, theta, grad, step, rate.At(step))
		ema.Update(shadow, theta, step)
	}
	fmt.Printf("%.2f %.2f\n", theta[0], shadow[0])
	// Output: 3.00 3.00
}

func ExampleWarmUp() {
	rate := optim.WarmUp{Steps: 4, Then: optim.Cosine{Peak: 1, Floor: 0.01, Steps: 4}}
	for step := range 9 {
		fmt.Printf("%.2f ", rate.At(step))
	}
	// Output: 0.25 0.50 0.75 1.00 1.00 0.86 0.51 0.15 0.01
}

// Signs is an optimiser of one's own: all elements move by the rate.
type Signs struct{ rate float64 }

// Begin notes the rate; elements do not depend on each other.
func (s *Signs) Begin(_, _ int, rate float64) (share bool) {
	s.rate = rate
	return true
}

// Update moves some of the elements.
func (s *Signs) Update(theta, grad []float64, _ int) {
	for i, g := range grad {
		theta[i] -= math.Copysign(s.rate, g)
	}
}

// State is empty.
func (s *Signs) State() [][]float64 { return nil }

func ExampleOptimizer() {
	theta := []float64{1, 1}
	u := optim.NewUpdater(new(Signs), optim.EMA[float64]{}, pool.New(0))
	u.Step(theta, []float64{3, -1e-9}, nil, 0, 0.25)
	fmt.Println(theta)
	// Output: [0.75 1.25]
}

// The loss has a curvature of 1 along (1, 1) and of 1e-4 along (1, −1), which are no
// weights: SOAP finds these directions.
func ExampleSOAP() {
	var params nn.Params
	nn.NewBuild(&params).Weight("w", 2, 2, nn.Zeros{}) // Linear and the like do the same
	for _, o := range []optim.Optimizer[float64]{&optim.Adam[float64]{}, &optim.SOAP[float64]{}} {
		if err := optim.Bind(o, &params); err != nil {
			fmt.Println(err)
		}
		w, rate := []float64{2, 1, 0, 3}, optim.Cosine{Peak: 0.1, Steps: 100}
		var loss float64
		for step := range 100 {
			a, b, c, d := w[0]+w[2], w[1]+w[3], 1e-4*(w[0]-w[2]), 1e-4*(w[1]-w[3])
			optim.Step(o, w, []float64{a + c, b + d, a - c, b - d}, step, rate.At(step))
			loss = (w[0]-w[2])*(w[0]-w[2]) + (w[1]-w[3])*(w[1]-w[3])
		}
		fmt.Printf("%T: %.3f\n", o, loss)
	}
	// Output:
	// *optim.Adam[float64]: 7.987
	// *optim.SOAP[float64]: 0.001
}

// In a run of score.Fit it is Settings.Optimizer; Bind and the Updater are its affair.
func ExampleMuon() {
	var params nn.Params
	nn.Linear{Out: 2}.Apply(nn.NewBuild(&params), ad.Input("x", 2))
	muon := &optim.Muon[float64]{}
	if err := muon.Bind(&params); err != nil {
		fmt.Println(err)
	}
	theta := make([]float64, params.Len())
	optim.Step(muon, theta, []float64{1, 0, 0, 1e-2, 0, 0}, 0, 0.1) // one direction is a hundred times steeper
	fmt.Printf("%.3f\n", theta)
	// Output: [-0.024 0.000 0.000 -0.024 0.000 0.000]
}

func ExampleBlocks() {
	var params nn.Params
	nn.Sequential{nn.Linear{Out: 4}, nn.LayerNorm{}, nn.Linear{Out: 1}}.Apply(nn.NewBuild(&params), ad.Input("x", 2))
	for _, b := range optim.Blocks(&params) {
		fmt.Println(b.Rows, "×", b.Cols, "from", b.Offset, b.Matrix)
	}
	fmt.Println("cuts", optim.Cuts(optim.Blocks(&params)))
	// Output:
	// 3 × 4 from 0 true
	// 1 × 8 from 12 false
	// 5 × 1 from 20 true
	// cuts [12 20]
}

// Normed is an optimiser of one's own that moves each matrix as a whole: by the
// rate, along its gradient.
type Normed struct {
	blocks []optim.Block
	cuts   []int
	rate   float64
}

// Bind learns which elements are a matrix.
func (r *Normed) Bind(p *nn.Params) error {
	r.blocks = optim.Blocks(p)
	r.cuts = optim.Cuts(r.blocks)
	return nil
}

// Begin reports that the step cannot be cut anywhere.
func (r *Normed) Begin(_, _ int, rate float64) (share bool) {
	r.rate = rate
	return false
}

// Cuts says where it can.
func (r *Normed) Cuts() []int { return r.cuts }

// Update moves the blocks that it is given.
func (r *Normed) Update(theta, grad []float64, from int) {
	for _, b := range r.blocks {
		if i := b.Offset - from; i >= 0 && i < len(theta) {
			g := grad[i : i+b.Len()] // the bias follows its weight in all layers of package nn
			norm := floats.Norm(g, 2)
			floats.AddScaled(theta[i:i+b.Len()], -r.rate/norm, g)
		}
	}
}

// State is empty.
func (r *Normed) State() [][]float64 { return nil }

func ExampleBlockwise() {
	var params nn.Params
	nn.Sequential{nn.Linear{Out: 2}, nn.Linear{Out: 1}}.Apply(nn.NewBuild(&params), ad.Input("x", 1))
	o := new(Normed)
	if err := optim.Bind(o, &params); err != nil {
		fmt.Println(err)
	}
	theta := make([]float64, params.Len())
	u := optim.NewUpdater[float64](o, optim.EMA[float64]{}, pool.New(0))
	u.Step(theta, []float64{3, 0, 0, 4, 5, 0, 12}, nil, 0, 0.1)
	fmt.Println(len(o.blocks), "matrices, cut at", o.Cuts())
	fmt.Printf("%.3f\n", theta)
	// Output:
	// 2 matrices, cut at [4]
	// [-0.060 0.000 0.000 -0.080 -0.038 0.000 -0.092]
}

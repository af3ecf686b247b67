package optim_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn/optim"
)

// Every optimiser of single numbers finds the bottom of a bowl ten times as steep along
// one axis as along the other, if its rate falls to zero.
func ExampleOptimizer_each() {
	const steps = 500
	for _, o := range []struct {
		name string
		by   optim.Optimizer[float64]
		rate float64
	}{
		{"SGD", &optim.SGD[float64]{}, 0.1},
		{"with momentum", &optim.SGD[float64]{Momentum: 0.9}, 0.1},
		{"Adagrad", &optim.Adagrad[float64]{}, 1},
		{"RMSprop", &optim.RMSprop[float64]{}, 0.1},
		{"Adam", &optim.Adam[float64]{}, 0.1},
		{"AMSGrad", &optim.AMSGrad[float64]{}, 0.1},
		{"NAdam", &optim.NAdam[float64]{}, 0.1},
		{"RAdam", &optim.RAdam[float64]{}, 0.1},
	} {
		theta := []float64{3, -2}
		rate := optim.Cosine{Peak: o.rate, Steps: steps}
		for step := range steps {
			grad := []float64{theta[0] - 1, 10 * (theta[1] - 1)}
			optim.Step(o.by, theta, grad, step, rate.At(step))
		}
		fmt.Printf("%-14s%6.2f\n", o.name, theta)
	}
	// Output:
	// SGD           [  1.00   1.00]
	// with momentum [  1.00   1.00]
	// Adagrad       [  1.00   1.00]
	// RMSprop       [  1.00   1.00]
	// Adam          [  1.00   1.00]
	// AMSGrad       [  1.00   1.00]
	// NAdam         [  1.00   1.00]
	// RAdam         [  1.00   1.00]
}

// Rates over thirty steps.
func ExampleRate() {
	for _, r := range []struct {
		name string
		rate optim.Rate
	}{
		{"constant", optim.Constant(1)},
		{"steps", optim.StepDecay{Peak: 1, Every: 10}},
		{"milestones", optim.Milestones{Peak: 1, Steps: []int{5, 25}}},
		{"exponential", optim.Exponential{Peak: 1, Factor: 0.9}},
		{"inverse root", optim.InversePower{Peak: 1, Steps: 10}},
		{"a line", optim.Polynomial{From: 1, To: 0.1, Steps: 30}},
		{"cosine", optim.Cosine{Peak: 1, Steps: 30}},
		{"restarts", optim.CosineRestarts{Peak: 1, Steps: 10}},
		{"slow start", optim.SlowStart{Factor: 0.8, Then: optim.Constant(1)}},
		{"recipe", optim.RecipeRate(30)},
		{"recipe of SOAP", optim.RecipeRateSOAP(30)},
	} {
		fmt.Printf("%-14s", r.name)
		for _, step := range []int{0, 5, 10, 20, 29} {
			fmt.Printf("%8.4f", r.rate.At(step))
		}
		fmt.Println()
	}
	// Output:
	// constant        1.0000  1.0000  1.0000  1.0000  1.0000
	// steps           1.0000  1.0000  0.1000  0.0100  0.0100
	// milestones      1.0000  0.1000  0.1000  0.1000  0.0100
	// exponential     1.0000  0.5905  0.3487  0.1216  0.0471
	// inverse root    1.0000  0.8165  0.7071  0.5774  0.5064
	// a line          1.0000  0.8500  0.7000  0.4000  0.1300
	// cosine          1.0000  0.9330  0.7500  0.2500  0.0027
	// restarts        1.0000  0.5000  1.0000  1.0000  0.0245
	// slow start      0.2000  0.7379  0.9141  0.9908  0.9988
	// recipe          0.0020  0.0059  0.0051  0.0019  0.0001
	// recipe of SOAP  0.0050  0.0148  0.0127  0.0046  0.0002
}

// How much of an average of weights is that of the step before: little at first, when
// the weights are far from where they will end.
func ExampleAveraging() {
	for _, a := range []struct {
		name string
		by   optim.Averaging
	}{
		{"half-life", optim.HalfLife{Steps: 100}},
		{"power ramp", optim.PowerRamp{}},
		{"power function", optim.PowerFunction{}},
	} {
		fmt.Printf("%-15s", a.name)
		for _, step := range []int{0, 1, 10, 100, 10000} {
			fmt.Printf("%8.4f", a.by.Beta(step))
		}
		fmt.Println()
	}
	// Output:
	// half-life        0.0000  0.0000  0.2500  0.8706  0.9931
	// power ramp       0.0000  0.3700  0.7978  0.9539  0.9978
	// power function   0.0000  0.0041  0.4693  0.9241  0.9992
}

// A gradient that is too long keeps its direction under a limit of its norm, of any
// power, and loses it under one of its entries. What is returned is what it was before.
func ExampleClipNorm() {
	for _, clip := range []func(grad []float64) float64{
		func(grad []float64) float64 { return optim.ClipNorm(grad, 1) },
		func(grad []float64) float64 { return optim.ClipPNorm(grad, 1, 1) },
		func(grad []float64) float64 { return optim.ClipValue(grad, 1) },
	} {
		grad := []float64{3, -4, 0}
		was := clip(grad)
		fmt.Printf("%g → %.3f\n", was, grad)
	}
	// Output:
	// 5 → [0.600 -0.800 0.000]
	// 7 → [0.429 -0.571 0.000]
	// 4 → [1.000 -1.000 0.000]
}

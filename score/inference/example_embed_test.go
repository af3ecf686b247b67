package inference_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/inference"
)

// swing is a damped oscillation of 200 samples,
//
//	x_t = A e^{−γt} cos(2πft) + 0.2 N(0, 1),   t = 0, 1/200, …,
//
// with θ = (A, f, γ).
type swing struct{}

func (swing) Simulate(x, theta []float64, rng *rand.Rand) error {
	for i := range x {
		t := float64(i) / float64(len(x))
		x[i] = theta[0]*math.Exp(-theta[2]*t)*math.Cos(2*math.Pi*theta[1]*t) + 0.2*rng.NormFloat64()
	}
	return nil
}

// A long series is embedded by convolutions, which look for the same shapes everywhere, each
// on a fourth of the positions of the one before. What is left of the positions goes into
// one layer, for here it matters when something happens.
func ExampleSettings_series() {
	ctx := context.Background()
	const samples = 200
	s := &inference.Settings{
		Net: nn.MLP{Hidden: []int{32, 32}},
		Embed: nn.Sequential{
			nn.Conv{Size: []int{samples}, Out: 8, Kernel: []int{9}, Stride: 4}, nn.SiLU{},
			nn.Conv{Size: []int{samples / 4}, Out: 16, Kernel: []int{5}, Stride: 4}, nn.SiLU{},
			nn.Linear{Out: 32}, nn.SiLU{},
		},
		Plain: true,
	}
	s.Training = score.Settings{Steps: 600, Batch: 64}
	prior := inference.Uniform{Low: []float64{0.5, 1, 0}, High: []float64{2, 4, 3}}
	post, err := inference.Infer(ctx, prior, swing{}, samples, 3000, s)
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("series-%d", os.Getpid()))
	defer os.Remove(path)
	if err := post.SaveFile(path); err != nil {
		log.Fatal(err)
	}
	if post, err = inference.Open(path, prior); err != nil {
		log.Fatal(err)
	}

	x := make([]float64, samples)
	if err := (swing{}).Simulate(x, []float64{1.5, 3, 1}, rand.New(rand.NewPCG(1, 2))); err != nil {
		log.Fatal(err)
	}
	view, err := post.Given(mat.NewDense(1, samples, x))
	if err != nil {
		log.Fatal(err)
	}
	theta := mat.NewDense(1000, 3, nil)
	if err := view.Sample(ctx, theta, nil); err != nil {
		log.Fatal(err)
	}
	mean := func(j int) float64 { return mat.Sum(theta.ColView(j)) / 1000 }
	fmt.Printf("amplitude %.1f, frequency %.1f, damping %.0f\n", mean(0), mean(1), mean(2))
	// Output:
	// amplitude 1.5, frequency 3.0, damping 1
}

// lot is a lot of 50 parts of which the lengths are N(μ, e^{2λ}), θ = (μ, λ).
type lot struct{}

func (lot) Simulate(x, theta []float64, rng *rand.Rand) error {
	for i := range x {
		x[i] = theta[0] + math.Exp(theta[1])*rng.NormFloat64()
	}
	return nil
}

// Where the order of the numbers means nothing, a network of sets takes them one by one, all
// in the same way, and goes on with the mean of what it made of them.
func ExampleSettings_set() {
	ctx := context.Background()
	const parts = 50
	s := &inference.Settings{
		Net: nn.MLP{Hidden: []int{24, 24}},
		Embed: nn.Sequential{
			nn.Pointwise{Size: []int{parts}, Body: nn.Sequential{nn.Linear{Out: 24}, nn.SiLU{}, nn.Linear{Out: 16}, nn.SiLU{}}},
			nn.Mean{Size: []int{parts}}, nn.Linear{Out: 24}, nn.SiLU{},
		},
		Plain: true,
	}
	s.Training = score.Settings{Steps: 600, Batch: 64}
	prior := inference.Normal{Mean: []float64{0, 0}, Deviation: []float64{1, 0.5}}
	post, err := inference.Infer(ctx, prior, lot{}, parts, 3000, s)
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("set-%d", os.Getpid()))
	defer os.Remove(path)
	if err := post.SaveFile(path); err != nil {
		log.Fatal(err)
	}
	if post, err = inference.Open(path, prior); err != nil {
		log.Fatal(err)
	}

	x := make([]float64, parts)
	if err := (lot{}).Simulate(x, []float64{1, -0.3}, rand.New(rand.NewPCG(1, 3))); err != nil {
		log.Fatal(err)
	}
	view, err := post.Given(mat.NewDense(1, parts, x))
	if err != nil {
		log.Fatal(err)
	}
	theta := mat.NewDense(1000, 2, nil)
	if err := view.Sample(ctx, theta, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("mean %.0f, deviation %.1f\n", mat.Sum(theta.ColView(0))/1000, math.Exp(mat.Sum(theta.ColView(1))/1000))
	// Output:
	// mean 1, deviation 0.7
}

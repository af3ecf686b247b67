package sampler_test

import (
	"context"
	"fmt"

	"github.com/gradlogp/gradlogp/sampler"
	"gonum.org/v1/gonum/mat"
)

// Two narrow modes at ±1: between them there is hardly any mass.
func ExampleLogProb() {
	x := mat.NewDense(3, 1, []float64{-1, 0, 1.1})
	logp := make([]float64, 3)
	r, err := sampler.LogProb(context.Background(), logp, x, twins(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, v := range logp {
		fmt.Printf("%.1f: %.2f nats, integrated within 0.01: %v\n", x.At(i, 0), v, r.Error[i] < 0.01)
	}
	// Output:
	// -1.0: 0.69 nats, integrated within 0.01: true
	// 0.0: -48.60 nats, integrated within 0.01: true
	// 1.1: 0.19 nats, integrated within 0.01: true
}

// The mean log-density of samples estimates the entropy, here that of one mode
// and a bit more: −log(0.1) − 1.42 − log 2 = 0.19 nats less.
func ExampleSampleLogProb() {
	x, logp := mat.NewDense(2000, 1, nil), make([]float64, 2000)
	if _, err := sampler.SampleLogProb(context.Background(), x, logp, twins(), nil); err != nil {
		fmt.Println(err)
		return
	}
	sum := 0.0
	for _, v := range logp {
		sum += v / 2000
	}
	fmt.Printf("%.1f nats\n", sum)
	// Output:
	// 0.2 nats
}

// The bound needs the score alone.
func ExampleLogProbBound() {
	x := mat.NewDense(1, 1, []float64{1})
	bound, logp := make([]float64, 1), make([]float64, 1)
	r, err := sampler.LogProbBound(context.Background(), bound, x, twins(), &sampler.BoundSettings{Draws: 20000})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := sampler.LogProb(context.Background(), logp, x, twins(), nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("within 0.2 nats:", r.StdErr[0] < 0.2)
	// Output:
	// within 0.2 nats: true
}

// An image of 8-bit pixels in [−1, 1] whose log-density is −1000 nats.
func ExampleBitsPerDim() {
	fmt.Printf("%.2f bits a dimension\n", sampler.BitsPerDim(-1000, 784, 2./256))
	// Output:
	// 8.84 bits a dimension
}

package inference_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/score/inference"
)

// Simulations that one has already are pairs; the second posterior is made of the file,
// with the networks of one's own that a file alone cannot name.
func ExampleFit() {
	prior := inference.Normal{Mean: []float64{0}, Deviation: []float64{1}}
	rng := rand.New(rand.NewPCG(1, 1))
	theta, x := mat.NewDense(1000, 1, nil), mat.NewDense(1000, 2, nil)
	for i := range 1000 {
		prior.Sample(theta.RawRowView(i), rng)
		if err := (scale{}).Simulate(x.RawRowView(i), theta.RawRowView(i), rng); err != nil {
			fmt.Println(err)
			return
		}
	}
	post, err := inference.Fit(context.Background(), prior, theta, x, settings())
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "posterior")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "weight.safetensors")
	if err := post.SaveFile(path); err != nil {
		fmt.Println(err)
		return
	}
	same, err := inference.OpenWith(path, prior, settings())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range []*inference.Posterior{post, same} {
		view, err := p.Given(mat.NewDense(1, 2, []float64{1.4, 1.6}))
		if err != nil {
			fmt.Println(err)
			return
		}
		draws := mat.NewDense(1000, 1, nil)
		if err := view.Sample(context.Background(), draws, nil); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("mean %.0f\n", mat.Sum(draws)/1000)
	}
	// Output:
	// mean 1
	// mean 1
}

// For one observation: the second round simulates only where its posterior is.
func ExampleRounds() {
	prior := inference.Uniform{Low: []float64{-20}, High: []float64{20}}
	s := &inference.RoundsSettings{Settings: *settings(), Rounds: 2, Draws: 500}
	post, err := inference.Rounds(context.Background(), prior, scale{}, []float64{2.9, 3.1}, 1000, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	view, err := post.Given(mat.NewDense(1, 2, []float64{2.9, 3.1}))
	if err != nil {
		fmt.Println(err)
		return
	}
	draws := mat.NewDense(1000, 1, nil)
	if err := view.Sample(context.Background(), draws, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("mean %.0f\n", mat.Sum(draws)/1000)
	// Output:
	// mean 3
}

// A prior that is cut to a box, as rounds of one's own need it.
func ExampleTruncated() {
	box := &inference.Truncated{
		Prior:  inference.Normal{Mean: []float64{0}, Deviation: []float64{1}},
		Low:    []float64{1},
		High:   []float64{2},
		Starts: mat.NewDense(1, 1, []float64{1.5}),
	}
	theta, rng := make([]float64, 1), rand.New(rand.NewPCG(1, 1))
	inside, sum := true, 0.
	for range 1000 {
		box.Sample(theta, rng)
		inside = inside && 1 <= theta[0] && theta[0] <= 2
		sum += theta[0] / 1000
	}
	fmt.Printf("%t, mean %.1f\n", inside, sum) // (φ(1) − φ(2))/(Φ(2) − Φ(1)) = 1.38
	// Output:
	// true, mean 1.4
}

// What Fit takes where it is left the choice.
func ExampleRecommend() {
	r := inference.Recommend(10_000, 2, 8)
	fmt.Println(r.Steps, r.Regularize)
	// Output:
	// 10000 0.03
}

// Ways to put several observations together.
func ExampleMethod() {
	fmt.Println(inference.GAUSS, inference.JAC, inference.FNPE)
	// Output:
	// GAUSS JAC FNPE
}

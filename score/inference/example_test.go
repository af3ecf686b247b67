package inference_test

import (
	"context"
	"errors"
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

// scale weighs something twice: x_1, x_2 ~ N(θ, 1).
type scale struct{}

func (scale) Simulate(x, theta []float64, rng *rand.Rand) error {
	for j := range x {
		x[j] = theta[0] + rng.NormFloat64()
	}
	return nil
}

// settings are those of a run of a second: without them it is one of minutes.
func settings() *inference.Settings {
	s := &inference.Settings{Net: nn.MLP{Hidden: []int{16}}, Embed: nn.Linear{Out: 2}}
	s.Training = score.Settings{Steps: 150, Batch: 64}
	return s
}

// learn returns the posterior of a weight that is N(0, 1) before it is weighed.
func learn() *inference.Posterior {
	prior := inference.Normal{Mean: []float64{0}, Deviation: []float64{1}}
	post, err := inference.Infer(context.Background(), prior, scale{}, 2, 2000, settings())
	if err != nil {
		log.Fatal(err)
	}
	return post
}

// The posterior of the weight given 1.4 and 1.6 is N(1, ⅓).
func ExampleInfer() {
	view, err := learn().Given(mat.NewDense(1, 2, []float64{1.4, 1.6}))
	if err != nil {
		log.Fatal(err)
	}
	theta := mat.NewDense(2000, 1, nil)
	if err := view.Sample(context.Background(), theta, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("mean %.0f\n", mat.Sum(theta)/2000)
	best, _, err := view.MAP(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("most probable %.0f\n", best)
	// Output:
	// mean 1
	// most probable [1]
}

// An observation far from all simulations is answered, and named.
func ExamplePosterior_Given() {
	view, err := learn().Given(mat.NewDense(1, 2, []float64{1.4, 160}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(view.Warnings), "warning:", view.Warnings[0][:36])
	// Output:
	// 1 warning: column 1 of x: row 0 is 160, the sim
}

// Draws of what has been learned become draws of the exact posterior by their weights.
func ExampleView_Weigh() {
	x := []float64{1.4, 1.6}
	view, err := learn().Given(mat.NewDense(1, 2, x))
	if err != nil {
		log.Fatal(err)
	}
	theta := mat.NewDense(500, 1, nil)
	w, err := view.Weigh(context.Background(), theta, func(theta []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum -= (v-theta[0])*(v-theta[0])/2 + math.Log(2*math.Pi)/2
		}
		return sum
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Effective > 400, math.Round(10*w.LogEvidence)/10)
	// Output:
	// true -3.1
}

// A posterior is one file.
func ExampleOpen() {
	post := learn()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("posterior-%d", os.Getpid()))
	defer os.Remove(path)
	if err := post.SaveFile(path); err != nil {
		log.Fatal(err)
	}
	again, err := inference.Open(path, post.Prior)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Dims())
	// Output:
	// 1 2
}

// Simulations that fail are left out.
func ExampleSimulate() {
	prior := inference.Uniform{Low: []float64{0}, High: []float64{1}}
	pairs, err := inference.Simulate(context.Background(), prior, scale{}, 2, 100, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pairs.Theta.Dims())
	fmt.Println(pairs.X.Dims())
	fmt.Println(pairs.Failed, "failed")
	// Output:
	// 100 1
	// 100 2
	// 0 failed
}

// Several observations of one θ are put together after learning from single ones.
func ExamplePosterior_GivenAll() {
	x := mat.NewDense(3, 2, []float64{1.4, 1.6, 0.9, 1.2, 1.1, 1.0})
	view, err := learn().GivenAll(context.Background(), x, nil)
	if err != nil {
		log.Fatal(err)
	}
	theta := mat.NewDense(1000, 1, nil)
	if err := view.Sample(context.Background(), theta, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("mean %.0f of N(1.03, 1/7)\n", mat.Sum(theta)/1000)
	// Output:
	// mean 1 of N(1.03, 1/7)
}

// A joint model is one file, too, and answers in both directions: what was the weight, and
// what will the scales show.
func ExampleOpenJoint() {
	ctx := context.Background()
	prior := inference.Normal{Mean: []float64{0}, Deviation: []float64{1}}
	pairs, err := inference.Simulate(ctx, prior, scale{}, 1, 2000, nil)
	if err != nil {
		log.Fatal(err)
	}
	s := &inference.Settings{Net: nn.RecipeColumns(2, 24)}
	s.Training = score.Settings{Steps: 300, Batch: 64, References: score.None}
	joint, err := inference.FitJoint(ctx, prior, pairs.Theta, pairs.X, s)
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(os.TempDir(), fmt.Sprintf("joint-%d", os.Getpid()))
	defer os.Remove(path)
	if err := joint.SaveFile(path); err != nil {
		log.Fatal(err)
	}
	again, err := inference.OpenJoint(path)
	if err != nil {
		log.Fatal(err)
	}
	const n = 500
	theta, x := mat.NewDense(n, 1, nil), mat.NewDense(n, 1, nil)
	for i := range n {
		theta.Set(i, 0, math.NaN()) // to be drawn
		x.Set(i, 0, 2)
	}
	if err := again.Sample(ctx, theta, x, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("posterior mean %.0f\n", mat.Sum(theta)/n)
	for i := range n {
		theta.Set(i, 0, 2)
		x.Set(i, 0, math.NaN())
	}
	if err := again.Sample(ctx, theta, x, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("simulated mean %.0f\n", mat.Sum(x)/n)
	// Output:
	// posterior mean 1
	// simulated mean 2
}

// Simulations outlive a context that ends, and can go on where they ended.
func ExampleUnfinished() {
	ctx, cancel := context.WithCancel(context.Background())
	prior := inference.Normal{Mean: []float64{0}, Deviation: []float64{1}}
	s := settings()
	s.Workers = 1
	s.Progress = func(done, n int) {
		if done >= 500 {
			cancel()
		}
	}
	_, err := inference.Infer(ctx, prior, scale{}, 2, 2000, s)
	var u *inference.Unfinished
	if !errors.As(err, &u) {
		log.Fatal(err)
	}
	fmt.Println(err)
	rest, err := inference.Simulate(context.Background(), prior, scale{}, 2, 2000-u.Pairs.Done, &inference.SimulateSettings{First: u.Pairs.Done})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Pairs.Done, rest.Done)
	// Output:
	// inference: Simulate: context canceled
	// 500 1500
}

// What nobody has simulated is an extrapolation, whatever a joint model answers.
func ExampleJoint_Outside() {
	theta, x := mat.NewDense(3, 1, []float64{0, 1, 2}), mat.NewDense(3, 1, []float64{0, 2, 4})
	s := &inference.Settings{Net: nn.RecipeColumns(2, 4)}
	s.Training = score.Settings{Steps: 1, References: score.None}
	joint, err := inference.FitJoint(context.Background(), nil, theta, x, s)
	if err != nil {
		log.Fatal(err)
	}
	unknown := mat.NewDense(1, 1, []float64{math.NaN()})
	for _, text := range joint.Outside(unknown, mat.NewDense(1, 1, []float64{9})) {
		fmt.Println(text)
	}
	// Output:
	// column 0 of x: row 0 is 9, the simulations lie from 0 to 4: answers are extrapolations
}

// patience ends a run after 100 steps.
type patience struct{ cancel context.CancelFunc }

func (p patience) Record(m score.Metrics) error {
	if m.Step == 100 {
		p.cancel()
	}
	return nil
}

// A run that has been cancelled goes on, from its simulations and its last checkpoint.
func ExampleResume() {
	dir, err := os.MkdirTemp("", "checkpoints")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	prior := inference.Normal{Mean: []float64{0}, Deviation: []float64{1}}
	ctx, cancel := context.WithCancel(context.Background())
	s := settings()
	s.Training.Checkpoints.Dir, s.Training.Recorder = dir, patience{cancel}
	_, err = inference.Infer(ctx, prior, scale{}, 2, 2000, s)
	var u *inference.Unfinished
	fmt.Println(errors.As(err, &u), errors.Is(err, context.Canceled))

	path, err := score.Latest(dir)
	if err != nil {
		log.Fatal(err)
	}
	s.Training.Recorder = nil
	post, err := inference.Resume(context.Background(), prior, u.Pairs.Theta, u.Pairs.X, s, path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(post.Result.Steps, "steps")
	// Output:
	// true true
	// 150 steps
}

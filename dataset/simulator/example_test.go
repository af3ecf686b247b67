package simulator_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
)

// Draws of the posterior have the mean x/2 and the variance 0.05.
func ExampleTask() {
	task := simulator.GaussianLinear{}
	_, x, err := simulator.Observe(task, 1)
	if err != nil {
		panic(err)
	}
	theta := mat.NewDense(10000, task.Prior().Dim(), nil)
	if err := task.Reference(context.Background(), theta, x, 2); err != nil {
		panic(err)
	}
	mean, variance := stat.MeanVariance(mat.Col(nil, 0, theta), nil)
	fmt.Printf("mean off by %.2f, variance %.2f\n", math.Abs(mean-x[0]/2), variance)
	// Output:
	// mean off by 0.00, variance 0.05
}

// A table of a thousand pairs is made in two parts.
func ExamplePairs() {
	task := simulator.TwoMoons{}
	theta, x := mat.NewDense(1000, 2, nil), mat.NewDense(1000, 2, nil)
	for _, first := range []int{0, 500} {
		err := simulator.Pairs(context.Background(), theta.Slice(first, first+500, 0, 2).(*mat.Dense),
			x.Slice(first, first+500, 0, 2).(*mat.Dense), task, 1, uint64(first))
		if err != nil {
			panic(err)
		}
	}
	fmt.Println(mat.Max(theta) <= 1, mat.Min(theta) >= -1)
	// Output: true true
}

func ExampleObserve() {
	theta, x, err := simulator.Observe(simulator.LotkaVolterra{}, 1)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(theta), "parameters,", len(x), "data")
	// Output: 4 parameters, 20 data
}

func ExampleTasks() {
	for _, task := range simulator.Tasks() {
		fmt.Println(task.Name(), task.Prior().Dim(), task.Dim())
	}
	// Output:
	// gaussian_linear 10 10
	// gaussian_linear_uniform 10 10
	// slcp 5 8
	// slcp_distractors 5 100
	// bernoulli_glm 10 10
	// bernoulli_glm_raw 10 100
	// gaussian_mixture 2 2
	// two_moons 2 2
	// sir 2 10
	// lotka_volterra 4 20
}

// The harder tasks of the benchmark, each with what was simulated: its likelihood is
// known, that of other parameters is lower for most.
func ExampleNewSLCPDistractors() {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, task := range []simulator.Task{
		simulator.GaussianLinearUniform{}, simulator.GaussianMixture{}, simulator.SLCP{}, simulator.SIR{},
		simulator.NewSLCPDistractors(), simulator.NewBernoulliGLM(), simulator.NewRawBernoulliGLM(),
	} {
		theta, x, err := simulator.Observe(task, 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		lower := 0
		other := make([]float64, len(theta))
		for range 100 {
			task.Prior().Sample(other, rng)
			if task.LogLikelihood(x, other) < task.LogLikelihood(x, theta) {
				lower++
			}
		}
		fmt.Println(task.Name(), lower > 80)
	}
	// Output:
	// gaussian_linear_uniform true
	// gaussian_mixture true
	// slcp true
	// sir true
	// slcp_distractors true
	// bernoulli_glm true
	// bernoulli_glm_raw true
}

// The whole train of a neuron, and what is left of it in the other task.
func ExampleRawBernoulliGLM_Sums() {
	task := simulator.NewRawBernoulliGLM()
	theta, x, err := simulator.Observe(task, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	sums := task.Sums(x)
	fmt.Println(len(theta), len(x), len(sums), sums[0] == mat.Sum(mat.NewVecDense(len(x), x)))
	// Output:
	// 10 100 10 true
}

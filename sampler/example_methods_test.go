package sampler_test

import (
	"context"
	"fmt"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// exampleProblem is the mixture of N(−1, 0.1²) and N(1, 0.2²), seven to three.
func exampleProblem(p sde.SDE) sde.Problem {
	mix, err := dataset.NewIsotropicMixture([]float64{0.7, 0.3},
		mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.1, 0.2}, nil)
	if err != nil {
		panic(err)
	}
	return sde.Problem{SDE: p, Score: sde.Analytic(p, mix.Diffuse)}
}

// share returns the fraction of rows on the left and their mean.
func share(x *mat.Dense) (left, mean float64) {
	n, _ := x.Dims()
	for i := range n {
		if v := x.At(i, 0); v < 0 {
			left++
			mean += v
		}
	}
	return left / float64(n), mean / left
}

// UniPC with twelve evaluations, the last of them the final denoise.
func ExampleUniPC() {
	p := exampleProblem(sde.VP{})
	x := mat.NewDense(10000, 1, nil)
	s := &sampler.Settings{Grid: grid.Default(p, 12), Prior: sde.Prior{Mean: []float64{-0.4}}}
	if err := sampler.Sample(context.Background(), x, p, sampler.UniPC{}, s); err != nil {
		fmt.Println(err)
		return
	}
	left, mean := share(x)
	fmt.Printf("left: %.1f, around %.1f\n", left, mean)
	// Output:
	// left: 0.7, around -1.0
}

// score_sde's sampler for VP: reverse diffusion by a table of N levels with a
// Langevin step before each of its own, at N times and with N updates.
func ExampleReverseDiffusion() {
	vp := sde.VP{}
	p := exampleProblem(vp)
	const n = 200
	table, err := vp.Discrete(n)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := mat.NewDense(1000, 1, nil)
	s := &sampler.Settings{
		Grid:           append(grid.UniformTime(1, 1e-3, n), 0), // the last is not looked at
		Corrector:      sampler.Langevin{SNR: 0.16, BatchNorms: true},
		CorrectorFirst: true,
		Final:          sampler.FinalMean,
	}
	if err := sampler.Sample(context.Background(), x, p, sampler.ReverseDiffusion{Table: table}, s); err != nil {
		fmt.Println(err)
		return
	}
	left, mean := share(x)
	fmt.Printf("left: %.1f, around %.1f\n", left, mean)
	// Output:
	// left: 0.7, around -1.0
}

// MALA draws from p_t by itself, here at the time of σ = 0.8 and from one
// point, and says how many of its proposals were accepted.
func ExampleMALA() {
	p := exampleProblem(sde.EDM{})
	x := mat.NewDense(4000, 1, nil)
	var count sampler.Acceptance
	s := &sampler.Settings{
		Grid:      []float64{1, 0.8},
		Corrector: sampler.MALA{SNR: 0.8, Steps: 40, Acceptance: &count},
		Final:     sampler.FinalState,
	}
	if err := sampler.Continue(context.Background(), x, p, sampler.NoPredictor{}, s); err != nil {
		fmt.Println(err)
		return
	}
	left, _ := share(x)
	fmt.Printf("left: %.1f, accepted: %.1f\n", left, count.Rate())
	// Output:
	// left: 0.7, accepted: 0.8
}

// The sampler that goes up a little after every step down and comes back.
func ExampleGibbs() {
	p := exampleProblem(sde.VP{})
	x := mat.NewDense(4000, 1, nil)
	s := &sampler.Settings{Grid: grid.Default(p, 20), Corrector: sampler.Gibbs{Back: sampler.DPMpp2M{}, Rise: 0.3}}
	if err := sampler.Sample(context.Background(), x, p, sampler.DPMpp2M{}, s); err != nil {
		fmt.Println(err)
		return
	}
	left, mean := share(x)
	fmt.Printf("left: %.1f, around %.1f\n", left, mean)
	// Output:
	// left: 0.7, around -1.0
}

package sampler_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// twoBlobs is a mixture around (1, 1) and (−1, −1), and the first column seen as 0.2
// with noise 0.5.
func twoBlobs() (*dataset.Mixture, sde.Problem, posterior.Observation) {
	law, err := dataset.NewIsotropicMixture([]float64{1, 1}, mat.NewDense(2, 2, []float64{1, 1, -1, -1}), []float64{0.3, 0.3}, nil)
	if err != nil {
		log.Fatal(err)
	}
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	return law, p, posterior.Observation{
		Operator: posterior.Mask{In: 2, Columns: []int{0}},
		Y:        mat.NewDense(1, 1, []float64{0.2}), Noise: posterior.Noise{Deviation: 0.5},
	}
}

// Particles correct what a method for posteriors approximates, and estimate the
// evidence. The exact answers are 0.53 and −1.75.
func ExampleTwisted() {
	_, p, o := twoBlobs()
	q, err := posterior.PiGDM{}.Given(p, o)
	if err != nil {
		log.Fatal(err)
	}
	x, trace := mat.NewDense(1000, 2, nil), new(sampler.Trace)
	if err := sampler.Sample(context.Background(), x, q, sampler.Twisted{Particles: sampler.Particles{Trace: trace}}, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("E[x₂|y] = %.1f, log p(y) = %.1f ± %.1f\n", stat.Mean(mat.Col(nil, 1, x), nil), trace.LogEvidence[0], trace.StdErr[0])
	// Output: E[x₂|y] = 0.6, log p(y) = -1.7 ± 0.0
}

// Any function of the clean rows steers particles.
func ExampleSteered() {
	_, p, o := twoBlobs()
	likelihood, err := posterior.NewLikelihood(o, sde.Frame{})
	if err != nil {
		log.Fatal(err)
	}
	x, trace := mat.NewDense(1000, 2, nil), new(sampler.Trace)
	steered := sampler.Steered{Reward: likelihood, Particles: sampler.Particles{Trace: trace}}
	if err := sampler.Sample(context.Background(), x, p, steered, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("E[x₂|y] = %.1f, log p(y) = %.1f ± %.1f\n", stat.Mean(mat.Col(nil, 1, x), nil), trace.LogEvidence[0], trace.StdErr[0])
	// Output: E[x₂|y] = 0.5, log p(y) = -1.7 ± 0.0
}

func ExampleResampler() {
	w, u := []float64{0.6, 0.05, 0.35, 0, 0}, []float64{0.4, 0.9, 0.1, 0.7, 0.3}
	ancestors := make([]int, 5)
	for _, r := range []sampler.Resampler{sampler.Systematic{}, sampler.Stratified{}, sampler.Residual{}, sampler.Multinomial{}} {
		r.Ancestors(ancestors, w, u)
		fmt.Printf("%T %v\n", r, ancestors)
	}
	// Output:
	// sampler.Systematic [0 0 0 2 2]
	// sampler.Stratified [0 0 0 2 2]
	// sampler.Residual [0 0 0 2 2]
	// sampler.Multinomial [0 0 2 2 2]
}

// Draws of clean rows, noised anew at every step: no derivative of the score is needed,
// but of modes far apart it is an approximation. The exact answer is 0.53.
func ExampleDAPS() {
	_, p, o := twoBlobs()
	x := mat.NewDense(1000, 2, nil)
	if err := sampler.Sample(context.Background(), x, p, sampler.DAPS{Observation: o}, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("E[x₂|y] = %.1f\n", stat.Mean(mat.Col(nil, 1, x), nil))
	// Output: E[x₂|y] = 0.2
}

// RePaint: the known column is put in after every step, and every step is repeated. The
// exact mean is 0.98, to which more repetitions lead.
func ExampleReplace() {
	_, p, o := twoBlobs()
	o.Noise = posterior.Noise{}
	back := sampler.Replace{Observation: o}
	s := &sampler.Settings{Corrector: sampler.Gibbs{Back: back, Steps: 10, Substeps: 4}}
	x := mat.NewDense(500, 2, nil)
	if err := sampler.Sample(context.Background(), x, p, back, s); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("x₁ = %.1f, E[x₂|x₁] = %.1f\n", x.At(0, 0), stat.Mean(mat.Col(nil, 1, x), nil))
	// Output: x₁ = 0.2, E[x₂|x₁] = 0.8
}

package sampler_test

import (
	"context"
	"fmt"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"
)

// Samples of a Gaussian from its exact score, by the reverse SDE with one
// Langevin step after each of its own.
func ExampleSample() {
	p := sde.VP{}
	score := sde.Analytic(p, func(alpha, sigma float64) sde.Density {
		// x₀ ~ N((1, −1), diag(0.25, 1)).
		cov := mat.NewSymDense(2, []float64{0.25*alpha*alpha + sigma*sigma, 0, 0, alpha*alpha + sigma*sigma})
		normal, _ := distmv.NewNormal([]float64{alpha, -alpha}, cov, nil)
		return normal
	})
	x := mat.NewDense(4000, 2, nil)
	err := sampler.Sample(context.Background(), x, sampler.Problem{SDE: p, Score: score},
		sampler.EulerMaruyama{}, &sampler.Settings{
			Grid:      sampler.DefaultGrid(p, 50),
			Corrector: sampler.Langevin{},
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	for j := range 2 {
		mean, std := stat.MeanStdDev(mat.Col(nil, j, x), nil)
		fmt.Printf("mean %.1f, deviation %.1f\n", mean, std)
	}
	// Output:
	// mean 1.0, deviation 0.5
	// mean -1.0, deviation 1.0
}

// The deterministic default: DPM-Solver++(2M) with 40 evaluations, here of the
// score of a mixture with three quarters of its mass on the left.
func ExampleDPMpp2M() {
	mix, err := dataset.NewIsotropicMixture([]float64{0.75, 0.25},
		mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.1, 0.2}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := sde.EDM{}
	score := sde.Analytic(p, func(alpha, sigma float64) sde.Density { return mix.Diffuse(alpha, sigma) })
	x := mat.NewDense(10000, 1, nil)
	err = sampler.Sample(context.Background(), x, sampler.Problem{SDE: p, Score: score}, sampler.DPMpp2M{}, &sampler.Settings{
		Prior: sampler.Prior{Mean: mix.Mean(nil)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	left := 0
	for i := range 10000 {
		if x.At(i, 0) < 0 {
			left++
		}
	}
	fmt.Printf("left: %.2f\n", float64(left)/10000)
	// Output:
	// left: 0.75
}

// Continue starts from given points: here data are noised to t = 0.3 by hand
// and brought back to the manifold they came from.
func ExampleContinue() {
	p := sde.EDM{}
	point, _ := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, []float64{1, 1}), []float64{0.001}, nil)
	score := sde.Analytic(p, func(alpha, sigma float64) sde.Density { return point.Diffuse(alpha, sigma) })
	x := mat.NewDense(1, 2, []float64{1.2, 0.7})
	err := sampler.Continue(context.Background(), x, sampler.Problem{SDE: p, Score: score}, sampler.Heun{}, &sampler.Settings{
		Grid: sampler.Karras(p, 0.3, 0.01, 7, 10),
	})
	fmt.Printf("%.2f %v\n", x.RawRowView(0), err)
	// Output:
	// [1.00 1.00] <nil>
}

func ExampleKarras() {
	fmt.Printf("%.3f\n", sampler.Karras(sde.EDM{}, 10, 0.01, 7, 6))
	// Output:
	// [10.000 3.913 1.324 0.367 0.076 0.010]
}

// The run can be watched, and left when what was wanted has been seen: here the
// first time at which the denoiser's mean over the samples is right.
func ExampleSteps() {
	mix, _ := dataset.NewIsotropicMixture([]float64{0.5, 0.5},
		mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.1, 0.1}, nil)
	p := sde.EDM{}
	score := sde.Analytic(p, func(alpha, sigma float64) sde.Density { return mix.Diffuse(alpha, sigma) })
	x := mat.NewDense(1000, 1, nil)
	for s, err := range sampler.Steps(context.Background(), x, sampler.Problem{SDE: p, Score: score}, sampler.DPMpp2M{}, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		d, err := s.Denoised()
		if err != nil {
			fmt.Println(err)
			return
		}
		if std := stat.PopStdDev(d.RawMatrix().Data, nil); std > 0.9 {
			fmt.Printf("decided at σ = %.2f, point %d of %d\n", s.At, s.Point(), s.N)
			break
		}
	}
	// Output:
	// decided at σ = 0.56, point 21 of 39
}

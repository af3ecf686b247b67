package samplertest_test

import (
	"fmt"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sampler/samplertest"
	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// gaussian is N(1, 0.25) under EDM's process.
func gaussian() sde.Problem {
	p := sde.EDM{}
	return sde.Problem{SDE: p, Score: sde.Analytic(p, func(alpha, sigma float64) sde.Density {
		n, _ := distmv.NewNormal([]float64{alpha}, mat.NewSymDense(1, []float64{0.25*alpha*alpha + sigma*sigma}), nil)
		return n
	})}
}

// The exact distribution of what a sampler returns, without a draw: of a Gaussian it is
// a Gaussian, the farther from the data's the fewer the steps. The distance falls by
// four when steps are halved: order two.
func ExampleImpulse() {
	p := gaussian()
	data := sde.Moments{Mean: []float64{1}, Cov: mat.NewSymDense(1, []float64{0.25})}
	start := sde.Moments{Mean: []float64{1}, Cov: mat.NewSymDense(1, []float64{0.25 + 80*80})}
	for _, n := range []int{21, 41, 81} {
		s := sampler.Settings{Grid: append(grid.Exponential(p, 80, 0.01, n), 0), Final: sampler.FinalState}
		got, err := samplertest.Impulse(p, sampler.Heun{}, s, 1, &start)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("N(%.3f, %.4f), off by %.4f\n", got.Mean[0], got.Cov.At(0, 0), samplertest.Distance(got, data))
	}
	// Output:
	// N(1.000, 0.2643), off by 0.0141
	// N(1.000, 0.2533), off by 0.0032
	// N(1.000, 0.2507), off by 0.0007
}

// Where the probability flow leads, as a reference for single paths: in a Gaussian of
// deviation s it takes x to where it lies as many deviations √(s² + σ²) from the mean.
func ExampleFlow() {
	x := mat.NewDense(1, 1, []float64{1 + 2}) // σ = √15·0.5: the deviation is 2
	y := samplertest.Flow(gaussian(), x, 1.9364916731037085, 0.001, 100)
	fmt.Printf("%.4f\n", y.At(0, 0))
	// Output:
	// 1.5000
}

// The orders of a method, measured: log₂ of what half the step takes off the error.
func ExampleMeasure() {
	report, err := samplertest.Measure(samplertest.Claim{Predictor: sampler.DDIM{}, Evaluations: 1, Order: 1})
	fmt.Println(report.Evaluations, report.Normals, err)
	fmt.Printf("%.1f\n", report.Path)
	// Output:
	// 1 0 <nil>
	// [1.0 1.0]
}

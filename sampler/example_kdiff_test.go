package sampler_test

import (
	"context"
	"fmt"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// twoPoints is a score of data near −1, three quarters of it, and near 1.
func twoPoints(p sde.SDE) sde.Problem {
	mix, err := dataset.NewIsotropicMixture([]float64{0.75, 0.25}, mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.1, 0.2}, nil)
	if err != nil {
		panic(err)
	}
	return sde.Problem{SDE: p, Score: sde.Analytic(p, mix.Diffuse)}
}

// The stochastic sampler of EDM: noise in the middle of the run, the flow below.
func ExampleHeun() {
	p := twoPoints(sde.EDM{})
	x := mat.NewDense(10000, 1, nil)
	err := sampler.Sample(context.Background(), x, p, sampler.Heun{
		Churn: sampler.Churn{SChurn: 10, STmin: 0.05, STmax: 5, SNoise: 1.003},
	}, &sampler.Settings{Grid: grid.Default(p, 30)})
	fmt.Printf("mean %.1f %v\n", stat.Mean(x.RawMatrix().Data, nil), err)
	// Output:
	// mean -0.5 <nil>
}

// On one Brownian path a sample is the limit of finer and finer grids, whether
// they nest or not.
func ExampleDPMppSDE() {
	p := twoPoints(sde.EDM{})
	for _, points := range []int{50, 110, 250} {
		x := mat.NewDense(4, 1, nil)
		err := sampler.Sample(context.Background(), x, p, sampler.DPMppSDE{}, &sampler.Settings{
			Grid: grid.Default(p, points), Noise: noise.Brownian{Seed: 3},
		})
		fmt.Printf("%.1f %v\n", x.RawMatrix().Data, err)
	}
	// Output:
	// [-0.9 -1.0 -1.2 -1.0] <nil>
	// [-0.9 -1.0 -1.2 -1.0] <nil>
	// [-0.9 -1.0 -1.2 -1.0] <nil>
}

// Twenty evaluations: six steps of order 3 and one of order 2.
func ExampleDPMFast() {
	p := twoPoints(sde.VP{})
	fast := sampler.DPMFast{Evaluations: 20}
	x := mat.NewDense(10000, 1, nil)
	err := sampler.Sample(context.Background(), x, p, fast, &sampler.Settings{
		Grid: grid.UniformLogSNR(p, 0.9, 0.02, fast.Steps()+1), Final: sampler.FinalState,
	})
	fmt.Printf("%d steps, mean %.1f %v\n", fast.Steps(), stat.Mean(x.RawMatrix().Data, nil), err)
	// Output:
	// 7 steps, mean -0.5 <nil>
}

// The grid is only the two ends; every row finds its own steps between them.
func ExampleDPMAdaptive() {
	p := twoPoints(sde.VP{})
	x := mat.NewDense(10000, 1, nil)
	err := sampler.Sample(context.Background(), x, p, sampler.DPMAdaptive{RTol: 0.01, ATol: 0.001}, &sampler.Settings{
		Grid: []float64{1, 1e-3},
	})
	fmt.Printf("mean %.1f %v\n", stat.Mean(x.RawMatrix().Data, nil), err)
	// Output:
	// mean -0.5 <nil>
}

package sampler_test

import (
	"context"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
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
	err := sampler.Sample(context.Background(), x, sde.Problem{SDE: p, Score: score},
		sampler.EulerMaruyama{}, &sampler.Settings{
			Grid:      grid.Default(p, 50),
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

// DPM-Solver++(2M) on the default grid makes 40 evaluations, here of the
// score of a mixture with three quarters of its mass on the left.
func ExampleDPMpp2M() {
	mix, err := dataset.NewIsotropicMixture([]float64{0.75, 0.25},
		mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.1, 0.2}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := sde.EDM{}
	score := sde.Analytic(p, mix.Diffuse)
	x := mat.NewDense(10000, 1, nil)
	err = sampler.Sample(context.Background(), x, sde.Problem{SDE: p, Score: score}, sampler.DPMpp2M{}, &sampler.Settings{
		Prior: sde.Prior{Mean: mix.Mean(nil)},
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

// A dozen evaluations are enough for most eyes, 25 for statistics.
func ExampleDefault() {
	p := twins()
	x := mat.NewDense(1000, 1, nil)
	err := sampler.Sample(context.Background(), x, p, sampler.Default(p), &sampler.Settings{
		Grid: grid.Default(p, 12),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	data := x.RawMatrix().Data
	for j, v := range data {
		data[j] = math.Abs(v)
	}
	mean, std := stat.MeanStdDev(data, nil)
	fmt.Printf("modes at ±%.2f of width %.2f\n", mean, std)
	// Output:
	// modes at ±1.00 of width 0.11
}

// twins is a mixture of two narrow modes at ±1 under EDM's process.
func twins() sde.Problem {
	mix, err := dataset.NewIsotropicMixture([]float64{0.5, 0.5},
		mat.NewDense(2, 1, []float64{-1, 1}), []float64{0.1, 0.1}, nil)
	if err != nil {
		panic(err)
	}
	p := sde.EDM{}
	return sde.Problem{SDE: p, Score: sde.Analytic(p, mix.Diffuse)}
}

// Editing: points off the data are noised to a strength and brought back. A
// weak edit keeps the side a point is on, a strong one draws it anew.
func ExamplePerturb() {
	p := twins()
	times := grid.Default(p, 40)
	for _, strength := range []float64{0.2, 10} {
		x := mat.NewDense(1000, 1, nil)
		x.Apply(func(_, _ int, _ float64) float64 { return 1.4 }, x)
		s := &sampler.Settings{Grid: grid.StartAt(times, strength)}
		if err := sampler.NoiseTo(x, p, strength, s); err != nil {
			fmt.Println(err)
			return
		}
		if err := sampler.Continue(context.Background(), x, p, sampler.DPMpp2M{}, s); err != nil {
			fmt.Println(err)
			return
		}
		right := 0
		for _, v := range x.RawMatrix().Data {
			if v > 0 {
				right++
			}
		}
		fmt.Printf("strength %g: %.1f stay\n", strength, float64(right)/1000)
	}
	// Output:
	// strength 0.2: 1.0 stay
	// strength 10: 0.6 stay
}

// Continue starts from given points, here latents chosen by hand: neighbours
// on one side of 0 end in one mode.
func ExampleContinue() {
	p := twins()
	x := mat.NewDense(4, 1, []float64{-80, -1, 1, 80})
	err := sampler.Continue(context.Background(), x, p, sampler.DormandPrince{}, &sampler.Settings{
		Grid: []float64{80, 0.002},
	})
	fmt.Printf("%.2f %v\n", x.RawMatrix().Data, err)
	// Output:
	// [-1.05 -0.77 0.77 1.05] <nil>
}

// Data go to latents and back along the probability flow.
func ExampleEncode() {
	p := twins()
	ctx, x := context.Background(), mat.NewDense(3, 1, []float64{-1.1, -0.9, 1})
	s := &sampler.Settings{Grid: []float64{80, 0.002}, Final: sampler.FinalState}
	if err := sampler.Encode(ctx, x, p, sampler.DormandPrince{}, s); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f\n", x.RawMatrix().Data)
	if err := sampler.Continue(ctx, x, p, sampler.DormandPrince{}, s); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", x.RawMatrix().Data)
	// Output:
	// [-112.8 -16.0 54.0]
	// [-1.100 -0.900 1.000]
}

// A million samples need not be in memory together.
func ExampleBatches() {
	p := twins()
	left, count := 0, 0
	for batch, err := range sampler.Batches(context.Background(), mat.NewDense(1000, 1, nil), 10_500, p, sampler.DPMpp2M{}, &sampler.Settings{
		Grid: grid.Default(p, 12),
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n, _ := batch.Dims()
		count += n
		for i := range n {
			if batch.At(i, 0) < 0 {
				left++
			}
		}
	}
	fmt.Printf("%d samples, left: %.2f\n", count, float64(left)/float64(count))
	// Output:
	// 10500 samples, left: 0.51
}

// The run can be watched, and left when what was wanted has been seen: here the
// first time at which the denoiser's mean over the samples is right.
func ExampleSteps() {
	p := twins()
	x := mat.NewDense(1000, 1, nil)
	for s, err := range sampler.Steps(context.Background(), x, p, sampler.DPMpp2M{}, nil) {
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

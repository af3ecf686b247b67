package sampler_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// Predictors on one problem, with twenty points of the grid: seven tenths of the rows
// belong on the left, around −1.
func ExamplePredictor() {
	p := exampleProblem(sde.VP{})
	s := &sampler.Settings{Grid: grid.Default(p, 20), Prior: sde.Prior{Mean: []float64{-0.4}}, Seed: 1}
	for _, pred := range []sampler.Predictor{
		// Along the flow, without noise.
		sampler.Euler{}, sampler.DDIM{}, sampler.DEIS{}, sampler.DPMSolver{}, sampler.DPM2{},
		sampler.DPMpp2S{}, sampler.DPMpp3M{}, sampler.LMS{}, sampler.RungeKutta{},
		// By the reverse SDE, with noise.
		sampler.Ancestral{}, sampler.EulerAncestral{}, sampler.DPM2Ancestral{}, sampler.DPMpp2SAncestral{},
		sampler.DPMpp2MSDE{}, sampler.DPMpp3MSDE{},
	} {
		x := mat.NewDense(300, 1, nil)
		if err := sampler.Sample(context.Background(), x, p, pred, s); err != nil {
			fmt.Println(err)
			return
		}
		left, mean := share(x)
		fmt.Printf("%-25T%.1f on the left, around %.1f\n", pred, left, mean)
	}
	// Output:
	// sampler.Euler            0.7 on the left, around -1.0
	// sampler.DDIM             0.7 on the left, around -1.0
	// sampler.DEIS             0.7 on the left, around -1.0
	// sampler.DPMSolver        0.7 on the left, around -1.0
	// sampler.DPM2             0.7 on the left, around -1.0
	// sampler.DPMpp2S          0.7 on the left, around -1.0
	// sampler.DPMpp3M          0.7 on the left, around -1.0
	// sampler.LMS              0.7 on the left, around -1.0
	// sampler.RungeKutta       0.7 on the left, around -1.0
	// sampler.Ancestral        0.7 on the left, around -1.0
	// sampler.EulerAncestral   0.7 on the left, around -1.0
	// sampler.DPM2Ancestral    0.7 on the left, around -1.0
	// sampler.DPMpp2SAncestral 0.7 on the left, around -1.0
	// sampler.DPMpp2MSDE       0.7 on the left, around -1.0
	// sampler.DPMpp3MSDE       0.7 on the left, around -1.0
}

// Steps of the reverse SDE that every row chooses for itself, by its tolerances: two
// points of a grid are enough.
func ExampleAdaptiveSDE() {
	p := exampleProblem(sde.EDM{})
	for _, c := range []struct {
		tol  float64
		most int
	}{{0.1, 90}, {0.3, 50}} {
		var evaluations int
		x := mat.NewDense(50, 1, nil)
		s := &sampler.Settings{Grid: []float64{10, 0.01}}
		for step, err := range sampler.Steps(context.Background(), x, p, sampler.AdaptiveSDE{RTol: c.tol, ATol: c.tol}, s) {
			if err != nil {
				fmt.Println(err)
				return
			}
			evaluations = step.Evaluations()
		}
		_, mean := share(x)
		fmt.Printf("tolerance %g: at most %d evaluations (%t), around %.1f\n", c.tol, c.most, evaluations <= c.most, mean)
	}
	// Output:
	// tolerance 0.1: at most 90 evaluations (true), around -1.0
	// tolerance 0.3: at most 50 evaluations (true), around -1.0
}

// A corrector moves rows within the distribution of one noise level. Here a coarse grid
// of four points goes wrong, and steps of fresh noise at each of them mend it.
func ExampleRenoise() {
	p := exampleProblem(sde.EDM{})
	for _, corrector := range []sampler.Corrector{nil, sampler.Renoise{Fraction: 0.3, Steps: 20}} {
		x := mat.NewDense(2000, 1, nil)
		s := &sampler.Settings{Grid: []float64{10, 1, 0.5, 0.2}, Corrector: corrector}
		if err := sampler.Sample(context.Background(), x, p, sampler.Euler{}, s); err != nil {
			fmt.Println(err)
			return
		}
		left, mean := share(x)
		fmt.Printf("%.2f on the left, around %.2f\n", left, mean)
	}
	// Output:
	// 0.74 on the left, around -0.97
	// 0.71 on the left, around -1.00
}

// Rows that come from elsewhere, followed step by step: a point off the data falls onto
// the nearest mode.
func ExampleStepsFrom() {
	p := exampleProblem(sde.EDM{})
	x := mat.NewDense(1, 1, []float64{0.4})
	s := &sampler.Settings{Grid: []float64{0.8, 0.4, 0.2, 0.1, 0.05}}
	for step, err := range sampler.StepsFrom(context.Background(), x, p, sampler.Heun{}, s) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("σ = %.2f: x = %.2f\n", step.At, step.X.At(0, 0))
	}
	// Output:
	// σ = 0.80: x = 0.40
	// σ = 0.40: x = 0.57
	// σ = 0.20: x = 0.72
	// σ = 0.10: x = 0.78
	// σ = 0.05: x = 0.79
}

// A row that comes to nothing is named and left as NaN. The others are good.
func ExampleRowErrors() {
	p := exampleProblem(sde.EDM{})
	x := mat.NewDense(3, 1, []float64{0.5, math.Inf(1), -0.5})
	s := &sampler.Settings{Grid: []float64{0.8, 0.2, 0.05}}
	err := sampler.Continue(context.Background(), x, p, sampler.DDIM{}, s)
	var failed sampler.RowErrors
	var first sampler.RowError
	if errors.As(err, &failed) && errors.As(err, &first) {
		fmt.Println(len(failed), first.Row, errors.Is(first, sampler.ErrNonFinite))
	}
	fmt.Printf("%.1f\n", x.RawMatrix().Data)
	// Output:
	// 1 1 true
	// [0.6 NaN -0.9]
}

// Midpoint is a predictor of one's own: it follows dy/dς = ε̂, y = x/α and ς = σ/α, by
// the value in the middle of the step.
type Midpoint struct{}

// Predict implements sampler.Predictor.
func (Midpoint) Predict(s *sampler.Step) error {
	at, st := s.Kernel(s.T)
	au, su := s.Kernel(s.U)
	noise, half := s.Scratch(0), s.Scratch(1)
	if err := s.Epsilon(noise, s.X, s.T); err != nil {
		return err
	}
	if middle, ok := s.Midway(0.5); ok { // where the score may be evaluated
		am, sm := s.Kernel(middle)
		s.Combine(half, am/at, s.X, sm-am*st/at, noise)
		if err := s.Epsilon(noise, half, middle); err != nil {
			return err
		}
	}
	s.Combine(s.Mean, au/at, s.X, su-au*st/at, noise)
	s.Finish()
	return nil
}

func ExampleStep() {
	p := exampleProblem(sde.EDM{})
	x := mat.NewDense(2000, 1, nil)
	if err := sampler.Sample(context.Background(), x, p, Midpoint{}, &sampler.Settings{Grid: grid.Default(p, 20)}); err != nil {
		fmt.Println(err)
		return
	}
	left, mean := share(x)
	fmt.Printf("%.1f on the left, around %.1f\n", left, mean)
	// Output:
	// 0.7 on the left, around -1.0
}

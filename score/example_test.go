package score_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"

	"github.com/gradlogp/gradlogp/score"
)

// normal returns draws of N((3, −1), 4 I).
func normal() score.Data {
	return score.Draws(2, func(src rand.Source) distmv.Rander {
		law, _ := distmv.NewNormal([]float64{3, -1}, mat.NewSymDense(2, []float64{4, 0, 0, 4}), src)
		return law
	})
}

// A model is made, trained, saved, and loaded into another one.
func Example() {
	config := &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}, Seed: 1}
	m, err := score.New(2, config)
	if err != nil {
		log.Fatal(err)
	}
	result, err := score.Fit(context.Background(), m, normal(), &score.Settings{Steps: 200, Batch: 64})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Steps, "steps")

	var file bytes.Buffer
	if err := m.Save(&file); err != nil {
		log.Fatal(err)
	}
	loaded, _ := score.New(2, config)
	if err := loaded.Load(&file); err != nil {
		log.Fatal(err)
	}
	shift, scale := loaded.Frame()
	fmt.Printf("mean %.1f, deviation %.1f\n", shift, scale)

	// In model coordinates the data are N(0, I): at noise level 1 the score is −y/2.
	y, s := mat.NewDense(1, 2, []float64{1, -2}), mat.NewDense(1, 2, nil)
	loaded.Score(s, y, []float64{1})
	fmt.Printf("score %.1f\n", mat.Formatted(s))
	// Output:
	// 200 steps
	// mean [3.0 -1.0], deviation [2.0 2.0]
	// score [-0.5   1.0]
}

// Huber is a denoising loss that grows linearly for large errors,
// √(1 + ‖ε̂ − z‖²) − 1.
type Huber struct{}

func (Huber) Loss(_ *nn.Build, f score.Fields, d score.Batch) *ad.Expr {
	e := ad.SumCols(ad.Square(ad.Sub(f.Noise(d.Xt), d.Z)))
	return ad.Shift(ad.Sqrt(ad.Shift(e, 1)), -1)
}

// An Objective of one's own is an expression of the batch.
func ExampleObjective() {
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	s := &score.Settings{Steps: 100, Batch: 64, Objective: Huber{}}
	result, err := score.Fit(context.Background(), m, normal(), s)
	fmt.Println(result.Steps, err)
	// Output: 100 <nil>
}

// Residual lets the network predict the denoiser's correction of x/α in units
// of the noise: D = x/α + (σ/α)F.
type Residual struct{}

func (Residual) Coeffs(p sde.SDE, t float64) score.Coeffs {
	c := score.Epsilon{}.Coeffs(p, t)
	c.Out = -c.Out
	return c
}

// A preconditioning of one's own is four numbers at each time, and 1 − α·Skip.
func ExamplePrecond() {
	m, _ := score.New(2, &score.Config{Process: sde.VP{}, Precond: Residual{}})
	c := Residual{}.Coeffs(m.Process(), 0.5)
	fmt.Printf("D = %.2f x + %.2f F(%.2f x, %.2f)\n", c.Skip, c.Out, c.In, c.Noise)
	// Output: D = 3.56 x + 3.41 F(1.00 x, 0.31)
}

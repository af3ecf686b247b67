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
	"github.com/gradlogp/gradlogp/sampler"
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

// classes draws a label, 0 or 1, and a row near (−2, 0) or (2, 0).
type classes struct{ rng *rand.Rand }

func (c classes) Rand(x []float64) []float64 {
	label := c.rng.IntN(2)
	x[0] = float64(4*label-2) + 0.3*c.rng.NormFloat64()
	x[1] = 0.3 * c.rng.NormFloat64()
	x[2] = float64(label)
	return x
}

// A conditional model is trained on rows with labels, and sampled with a label
// for each row and guidance.
func ExampleModel_Given() {
	data := score.DrawPairs(2, 1, func(src rand.Source) distmv.Rander { return classes{rand.New(src)} })
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{32, 32}}, Cond: score.Conditions{Classes: []int{2}}})
	if _, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 400, Batch: 128}); err != nil {
		log.Fatal(err)
	}
	labels := mat.NewDense(4, 1, []float64{0, 1, 1, 0})
	x := mat.NewDense(4, 2, nil)
	p := sampler.Problem{SDE: m.Process(), Score: sde.Guide(m.Given(labels), m, 1.5)}
	if err := sampler.Sample(context.Background(), x, p, sampler.DPMpp2M{}, nil); err != nil {
		log.Fatal(err)
	}
	for i := range 4 {
		fmt.Println(labels.At(i, 0), x.At(i, 0) > 0)
	}
	// Output:
	// 0 false
	// 1 true
	// 1 true
	// 0 false
}

// The implicit losses need no noise to compare with, and weights and times are
// chosen freely.
func ExampleSSMVR() {
	m, _ := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16}}})
	s := &score.Settings{Steps: 100, Batch: 64, Objective: score.SSMVR{Probes: score.Probes{N: 2}}, Times: score.LogUniform{Low: 0.05, High: 5}}
	result, err := score.Fit(context.Background(), m, normal(), s)
	fmt.Println(result.Steps, err)
	// Output: 100 <nil>
}

// The objective of Ho et al.: a table of noise rates, its levels as times.
func ExampleDDPM() {
	table, _ := sde.VP{}.Discrete(100)
	m, _ := score.New(2, &score.Config{Process: table, Net: nn.MLP{Hidden: []int{16}}, Precond: score.Epsilon{}})
	s := &score.Settings{Steps: 100, Batch: 64, Objective: score.DDPM{}, Times: score.Levels{}}
	result, err := score.Fit(context.Background(), m, normal(), s)
	fmt.Println(result.Steps, err)
	// Output: 100 <nil>
}

// The Jacobian of an energy network is symmetric, that of a vector network is
// not.
func ExampleAsymmetry() {
	x, a := mat.NewDense(1, 2, []float64{0.4, -1}), make([]float64, 1)
	for _, net := range []nn.Module{nn.RecipeEnergy(2, 16), nn.RecipeMLP(2, 16)} {
		m, _ := score.New(2, &score.Config{Net: net})
		score.Asymmetry(a, m.Float64(), x, []float64{0.5})
		fmt.Printf("%T: %v\n", net, a[0] < 1e-12)
	}
	// Output:
	// nn.Energy: true
	// nn.MLP: false
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

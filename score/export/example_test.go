package export_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/export"
	"github.com/gradlogp/gradlogp/sde"
)

// small returns a model that has hardly been trained.
func small(c *score.Config) *score.Model {
	m, err := score.New(2, c)
	if err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	x, cond := mat.NewDense(100, 2, nil), (*mat.Dense)(nil)
	x.Apply(func(_, j int, _ float64) float64 { return float64(j) + rng.NormFloat64() }, x)
	if len(c.Cond.Classes) > 0 {
		cond = mat.NewDense(100, 1, nil)
	}
	data, err := score.Rows(x, cond)
	if err != nil {
		panic(err)
	}
	if _, err := score.Fit(context.Background(), m, data, &score.Settings{Steps: 10, Batch: 16}); err != nil {
		panic(err)
	}
	return m
}

// show prints what a graph takes and makes.
func show(g *onnx.Graph, err error) {
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if err := onnx.Export(&file, g); err != nil {
		panic(err)
	}
	fmt.Print(g.Name, ":")
	for _, e := range g.Inputs {
		fmt.Printf(" %s N×%d", e.Name(), e.Cols())
	}
	fmt.Print(" →")
	for _, o := range g.Outputs {
		fmt.Printf(" %s N×%d", o.Name, o.Value.Cols())
	}
	fmt.Println(", written:", file.Len() > 1000)
}

func ExampleScore() {
	m := small(&score.Config{Net: nn.RecipeMLP(2, 16)})
	show(export.Score(m.Problem(), nil))
	// Output:
	// Score: x N×2 t N×1 → score N×2, written: true
}

func ExampleDenoiser() {
	m := small(&score.Config{Net: nn.RecipeMLP(2, 16)})
	show(export.Denoiser(m.Problem(), nil))
	// Output:
	// Denoiser: x N×2 t N×1 → denoised N×2, written: true
}

func ExampleFlow() {
	m := small(&score.Config{Net: nn.RecipeMLP(2, 16)})
	show(export.Flow(m.Problem(), nil))
	// Output:
	// Flow: x N×2 t N×1 → velocity N×2 divergence N×1, written: true
}

func ExampleLogProb() {
	m := small(&score.Config{Net: nn.RecipeEnergy(2, 16)})
	show(export.LogProb(m.Problem(), nil))
	// Output:
	// LogProb: x N×2 t N×1 → log_prob N×1, written: true
}

// Guidance with the class an input: the condition that Given has says only what there is.
func ExampleScore_guided() {
	m := small(&score.Config{Net: nn.RecipeMLP(2, 16), Cond: score.Conditions{Classes: []int{3}}})
	any := mat.NewDense(1, 1, nil)
	p, err := sde.Guide(m.Given(any).Problem(), m.Problem(), 2)
	if err != nil {
		panic(err)
	}
	show(export.Score(p, &export.Settings{Conditions: true}))
	// Output:
	// Score: x N×2 t N×1 cond N×1 → score N×2, written: true
}

// A method with noise takes the normals of each step.
func ExampleSampler() {
	m := small(&score.Config{Net: nn.RecipeMLP(2, 16)})
	p := m.Problem()
	show(export.Sampler(p, sampler.Default(p.SDE), nil, nil))
	show(export.Sampler(p, sampler.DPMpp2MSDE{}, &sampler.Settings{Grid: grid.Default(p.SDE, 20)}, nil))
	// Output:
	// Sampler: noise N×2 → sample N×2, written: true
	// Sampler: noise N×40 → sample N×2, written: true
}

func ExampleUnrolled() {
	m := small(&score.Config{Net: nn.RecipeMLP(2, 16)})
	p := m.Problem()
	show(export.Unrolled(p, sampler.Heun{}, &sampler.Settings{Grid: grid.Default(p.SDE, 8)}, nil))
	// Output:
	// Unrolled: noise N×2 → sample N×2, written: true
}

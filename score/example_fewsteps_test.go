package score_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
)

// ridge draws from a normal distribution around (3, −1).
func ridge(src rand.Source) distmv.Rander {
	n, _ := distmv.NewNormal([]float64{3, -1}, mat.NewSymDense(2, []float64{1, 0.8, 0.8, 1}), src)
	return n
}

// A model for two evaluations a sample, taught by a model. Sizes are those of an
// example: the defaults are better.
func ExampleNewFlowMap() {
	ctx, data := context.Background(), score.Draws(2, ridge)
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 24)})
	if err != nil {
		panic(err)
	}
	if _, err := score.Fit(ctx, m, data, &score.Settings{Steps: 600, Batch: 128}); err != nil {
		panic(err)
	}
	few, err := score.NewFlowMap(m)
	if err != nil {
		panic(err)
	}
	ways := score.Trajectories{Steps: 12, Kept: 512}
	if _, err := score.Fit(ctx, few, data, &score.Settings{Teacher: m, Objective: ways, Steps: 600, Batch: 128}); err != nil {
		panic(err)
	}
	x := mat.NewDense(4000, 2, nil)
	s := &sampler.Settings{Grid: grid.Few(few.Process(), 2)}
	if err := sampler.Sample(ctx, x, few.Problem(), sampler.FlowMap{}, s); err != nil {
		panic(err)
	}
	a, b := mat.Col(nil, 0, x), mat.Col(nil, 1, x)
	near := func(v, want float64) bool { return math.Abs(v-want) < 0.1 }
	fmt.Println(near(stat.Mean(a, nil), 3), near(stat.Mean(b, nil), -1), near(stat.Correlation(a, b, nil), 0.8))
	// Output: true true true
}

// The width of the average is chosen after the run.
func ExampleModel_LoadAverage() {
	dir, err := os.MkdirTemp("", "averages")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	m, err := score.New(2, &score.Config{Net: nn.RecipeMLP(2, 24)})
	if err != nil {
		panic(err)
	}
	settings := &score.Settings{Steps: 200, Batch: 64, Checkpoints: score.Checkpoints{Dir: dir, Every: 10, Averages: true}}
	if _, err := score.Fit(context.Background(), m, score.Draws(2, ridge), settings); err != nil {
		panic(err)
	}
	for _, width := range []float64{0.05, 0.08, 0.15} {
		off, err := m.LoadAverage(dir, width)
		if err != nil {
			panic(err)
		}
		fmt.Printf("width %.2f, relative error of the profile %.2f\n", width, off)
	}
	// Output:
	// width 0.05, relative error of the profile 0.00
	// width 0.08, relative error of the profile 0.00
	// width 0.15, relative error of the profile 0.01
}

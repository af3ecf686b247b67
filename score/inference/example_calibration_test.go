package inference_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/calibration"
	"github.com/gradlogp/gradlogp/score/inference"
)

// Simulations that were not learned from say how well a posterior is calibrated: draws given
// the x of each, each with a seed of its own, among which the θ of it has any rank as often as
// any other.
func ExampleView_calibration() {
	post, ctx := learn(), context.Background()
	test, err := inference.Simulate(ctx, post.Prior, scale{}, 2, 100, &inference.SimulateSettings{Seed: 99})
	if err != nil {
		log.Fatal(err)
	}
	trials, err := calibration.NewTrials(test.Theta, test.X, 19, func(dst *mat.Dense, i int) error {
		view, err := post.Given(test.X.Slice(i, i+1, 0, 2).(*mat.Dense))
		if err != nil {
			return err
		}
		var s inference.SampleSettings
		s.Seed = uint64(i)
		return view.Sample(ctx, dst, &s)
	})
	if err != nil {
		log.Fatal(err)
	}
	ranks, err := calibration.SBC(trials, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ranks are uniform:", ranks.ChiSquaredP > 0.01)

	// A View of one observation a row has the densities of all trials in one call; the draws
	// of trial i are rows 19i to 19i + 18.
	truths := make([]float64, 100)
	all, err := post.Given(test.X)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := all.LogProb(ctx, truths, test.Theta, nil); err != nil {
		log.Fatal(err)
	}
	each := mat.NewDense(100*19, 2, nil)
	for i := range 100 * 19 {
		each.SetRow(i, test.X.RawRowView(i/19))
	}
	densities := make([]float64, 100*19)
	of, err := post.Given(each)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := of.LogProb(ctx, densities, trials.Draws, nil); err != nil {
		log.Fatal(err)
	}
	regions, err := calibration.HighestDensity(truths, densities, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("regions hold what they say:", regions.ECDFP > 0.01)
	// Output:
	// ranks are uniform: true
	// regions hold what they say: true
}

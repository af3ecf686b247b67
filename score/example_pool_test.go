package score_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// What is left of the loss is what cannot be known of the clean row: a target over many
// rows has less of it.
func ExamplePool() {
	loss := func(s score.Settings) float64 {
		m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}, Seed: 1})
		if err != nil {
			log.Fatal(err)
		}
		s.Steps, s.Batch = 200, 64
		result, err := score.Fit(context.Background(), m, score.Draws(2, dataset.NewMoons), &s)
		if err != nil {
			log.Fatal(err)
		}
		return result.Loss
	}
	plain := loss(score.Settings{References: score.None})
	pool := loss(score.Settings{Pool: score.Pool{Rows: 4096}})
	fmt.Println("less than half the loss:", pool < plain/2)
	// Output:
	// less than half the loss: true
}

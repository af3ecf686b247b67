package bar_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// On a terminal the writer is os.Stderr.
func Example() {
	m, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{16, 16}}})
	if err != nil {
		log.Fatal(err)
	}
	progress := bar.New(io.Discard, 50)
	defer progress.Close()
	result, err := score.Fit(context.Background(), m, score.Draws(2, dataset.NewMoons), &score.Settings{Steps: 50, Batch: 32, Recorder: progress})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Steps, "steps")
	// Output:
	// 50 steps
}

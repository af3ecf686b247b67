package inference

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Resume goes on with a training of Fit or Infer from the checkpoint at path, one of those that
// Settings.Training.Checkpoints left (score.Latest), and returns the Posterior that the run
// would have returned if nothing had interrupted it, to the bit. Prior, pairs and settings have
// to be the same, but for what score.Resume lets change. The pairs of an Infer are those of
// its Unfinished; where it was the simulations that were interrupted, Simulate makes the rest
// of them with First = Done, and Fit learns what Infer would have learned from all. Warnings of
// the simulations are in the Pairs.
//
// Errors are those of Fit, and those of score.Resume for a file that does not fit. Where the
// pairs are others that is found by the first ones that training would see.
func Resume(ctx context.Context, p Prior, theta, x *mat.Dense, settings *Settings, path string) (*Posterior, error) {
	var c Settings
	if settings != nil {
		c = *settings
	}
	post, err := fit(ctx, p, theta, x, &c, path)
	if err != nil {
		err = fmt.Errorf("inference: Resume: %w", err)
	}
	return post, err
}

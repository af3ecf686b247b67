package simulator

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// proposals is how many proposals for one draw are tried.
const proposals = 1 << 20

// draws fills the rows of dst by rejection: propose writes a proposal and reports
// whether it is accepted.
func draws(ctx context.Context, t Task, dst *mat.Dense, seed uint64, propose func(theta []float64, rng *rand.Rand) bool) error {
	n, _ := dst.Dims()
	failed := make([]bool, n)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := chunks(ctx, n, rowsPerChunk, func(from, to int) {
		var s stream
		for i := from; i < to; i++ {
			rng := s.at(seed, forDraw, uint64(i), 0)
			left := proposals
			for !propose(dst.RawRowView(i), rng) {
				if left--; left == 0 {
					failed[i] = true
					cancel()
					return
				}
			}
		}
	})
	for i, f := range failed {
		if f {
			return fmt.Errorf("simulator: Reference: %s: row %d: none of %d proposals lies within the prior, want an x that it can give: %w", t.Name(), i, proposals, ErrRange)
		}
	}
	if err != nil {
		return fmt.Errorf("simulator: Reference: %s: %w", t.Name(), err)
	}
	return nil
}

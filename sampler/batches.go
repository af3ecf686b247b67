package sampler

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/gradlogp/gradlogp/sde"
	"gonum.org/v1/gonum/mat"
)

// Batches draws any number of samples through one small matrix: it fills x
// with the first rows of the run, then with the next, until total have been
// drawn, and yields after each the rows that are filled, fewer than x has in
// the last batch. The rows are to the bit those of one large Sample, unless a
// Coupler makes them depend on their batch.
//
// A batch some rows of which failed is yielded with its RowErrors, and the
// next one follows. Any other error comes last, with a nil batch.
func Batches(ctx context.Context, x *mat.Dense, total int, p sde.Problem, pred Predictor, s *Settings) iter.Seq2[*mat.Dense, error] {
	return func(yield func(*mat.Dense, error) bool) {
		var each Settings
		if s != nil {
			each = *s
		}
		if total < 0 {
			yield(nil, fmt.Errorf("sampler: Batches: total: is %d, want 0 or more: %w", total, ErrRange))
			return
		}
		each.TotalRows = cmp.Or(each.TotalRows, each.FirstRow+total)
		for done := 0; done < total; {
			batch := x
			if x != nil && !x.IsEmpty() {
				n, d := x.Dims()
				batch = x.Slice(0, min(n, total-done), 0, d).(*mat.Dense)
			}
			err := Sample(ctx, batch, p, pred, &each)
			if _, some := err.(RowErrors); err != nil && !some {
				yield(nil, err)
				return
			}
			if !yield(batch, err) {
				return
			}
			n, _ := batch.Dims()
			done += n
			each.FirstRow += n
		}
	}
}

package boost

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// OutOfFold returns the probabilities of the classes, one a column, for every row
// of x, from a Classifier fitted to the folds that the row is not in: what K-fold
// cross-validation needs. The folds are random by seed and stratified: of the rows,
// and of those of each class, two folds hold equally many or one more. Edges of bins
// are those of all rows.
//
// A number of folds below 2 or above that of rows is an error wrapping ErrRange;
// other errors and panics are those of Classification.
func OutOfFold(x *mat.Dense, y []int, classes, folds int, seed uint64, s *Settings) (*mat.Dense, error) {
	const verb = "OutOfFold"
	n, d := x.Dims()
	b := Bin(x)
	b.check(verb, nil, len(y))
	c, err := s.withDefaults(verb)
	if err != nil {
		return nil, err
	}
	if folds < 2 || folds > n {
		return nil, fmt.Errorf("boost: %s: folds: is %d, want 2 to the number of rows, %d: %w", verb, folds, n, ErrRange)
	}
	of := stratify(y, folds, seed)
	parallel := min(folds, c.Workers)
	c.Workers = max(1, c.Workers/parallel)
	dst, errs := mat.NewDense(n, max(classes, 1), nil), make([]error, folds)
	each(folds, parallel, func(_, fold int) {
		var in, out []int
		for i, f := range of {
			if f == fold {
				out = append(out, i)
			} else {
				in = append(in, i)
			}
		}
		m, err := b.Classification(in, y, classes, &c)
		if err != nil {
			errs[fold] = err
			return
		}
		rows, p := mat.NewDense(len(out), d, nil), mat.NewDense(len(out), classes, nil)
		for i, r := range out {
			rows.SetRow(i, x.RawRowView(r))
		}
		m.Probabilities(p, rows)
		for i, r := range out {
			dst.SetRow(r, p.RawRowView(i))
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// stratify returns the fold of each row.
func stratify(y []int, folds int, seed uint64) []int {
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(y))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	of := make([]int, len(y))
	for i, r := range order {
		of[r] = i % folds
	}
	return of
}

package boost

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// OutOfFold returns the probabilities of the classes, one a column, for every row
// of x, from a Classifier fitted to the folds that the row is not in, and the fold of
// every row, from 0: what K-fold cross-validation needs. The folds are random by seed
// and stratified: of the rows, and of those of each class, two folds hold equally many
// or one more. Edges of bins are those of all rows.
//
// A number of folds below 2 or above that of rows is an error wrapping ErrRange;
// other errors and panics are those of Classification.
func OutOfFold(x *mat.Dense, y []int, classes, folds int, seed uint64, s *Settings) (p *mat.Dense, fold []int, err error) {
	const verb = "OutOfFold"
	n, d := x.Dims()
	b := Bin(x)
	b.check(verb, nil, len(y))
	c, err := s.withDefaults(verb)
	if err != nil {
		return nil, nil, err
	}
	if folds < 2 || folds > n {
		return nil, nil, fmt.Errorf("boost: %s: folds: is %d, want 2 to the number of rows, %d: %w", verb, folds, n, ErrRange)
	}
	fold = stratify(y, folds, seed)
	parallel := min(folds, c.Workers)
	c.Workers = max(1, c.Workers/parallel)
	p = mat.NewDense(n, max(classes, 1), nil)
	errs := make([]error, folds)
	each(folds, parallel, func(_, k int) {
		var in, out []int
		for i, f := range fold {
			if f == k {
				out = append(out, i)
			} else {
				in = append(in, i)
			}
		}
		m, err := b.Classification(in, y, classes, &c)
		if err != nil {
			errs[k] = err
			return
		}
		rows, of := mat.NewDense(len(out), d, nil), mat.NewDense(len(out), classes, nil)
		for i, r := range out {
			rows.SetRow(i, x.RawRowView(r))
		}
		m.Probabilities(of, rows)
		for i, r := range out {
			p.SetRow(r, of.RawRowView(i))
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, nil, err
		}
	}
	return p, fold, nil
}

// stratify returns the fold of each row: those of a class take turns, in random order,
// from where the class before has ended.
func stratify(y []int, folds int, seed uint64) []int {
	byClass := make([]int, len(y))
	for i := range byClass {
		byClass[i] = i
	}
	slices.SortStableFunc(byClass, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	rng := rand.New(rand.NewPCG(seed, 0))
	of := make([]int, len(y))
	for from := 0; from < len(y); {
		to := from + 1
		for to < len(y) && y[byClass[to]] == y[byClass[from]] {
			to++
		}
		for i, r := range rng.Perm(to - from) {
			of[byClass[from+r]] = (from + i) % folds
		}
		from = to
	}
	return of
}

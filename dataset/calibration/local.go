package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/boost"
)

// LocalSettings are those of LocalC2ST. The zero value, like nil, means the defaults.
type LocalSettings struct {
	// Exchanges is the number of classifiers that make the null distribution, 99 when
	// 0, at most a million. No p-value is below 1/(Exchanges + 1).
	Exchanges int
	// Seed decides which draw of each trial is taken, and on the exchanges.
	Seed uint64
	// Trees are the settings of the classifier; nil means 50 trees of 8 leaves.
	Trees *boost.Settings
}

// LocalResult is what a classifier knew of the draws of a posterior at observations.
type LocalResult struct {
	// Observations has the test at each observation. The statistic is the mean of
	// (c(θ, x) − ½)² over the draws given x, 0 where truths and draws are alike, ¼ where
	// they are told apart. Adjusted allows for the other observations.
	Observations []Test
	// Mean is the test of the mean of the statistic over the observations.
	Mean Test
}

// LocalC2ST is the local classifier two-sample test ("L-C2ST: Local Diagnostics for
// Posterior Approximations in Simulation-Based Inference", arXiv:2306.03580): it tests
// the posterior at given observations, of which no true parameters need to be known. A
// classifier c is fitted to tell the pairs (θ*_i, x_i) of the trials, class 0, from
// pairs (θ_i, x_i) with one draw of each trial, class 1, and asked about draws of the
// posterior given an observation x. Its null distribution is that of classifiers for
// which the truth and the draw of random trials have changed places.
//
// x has m observations, m×k, and draws R draws given each, m·R×d in their order. The
// classifier learns from all trials, so that it also carries faults from elsewhere
// to x, and at an x that is unlike those of the trials it knows nothing. It sees faults
// of every kind, those of a posterior that ignores x among them, but it needs many
// trials: a thousand or more.
//
// Errors wrap ErrNonFinite and ErrRange, or are those of the trees. LocalC2ST panics
// when shapes disagree or t.X is nil.
func LocalC2ST(t *Trials, x, draws *mat.Dense, s *LocalSettings) (*LocalResult, error) {
	const verb = "LocalC2ST"
	n, perTrial, d, err := t.check(verb)
	if err != nil {
		return nil, err
	}
	if t.X == nil {
		panic("calibration: LocalC2ST: X is nil")
	}
	_, k := t.X.Dims()
	m, kx := x.Dims()
	rows, c := draws.Dims()
	if m == 0 || rows == 0 || kx != k || c != d || rows%m != 0 {
		panic(fmt.Sprintf("calibration: %s: x is %d×%d and draws is %d×%d, want %d and %d columns, at least one row and a multiple of the rows", verb, m, kx, rows, c, k, d))
	}
	if err := finite(verb, "x", x); err != nil {
		return nil, err
	}
	if err := finite(verb, "draws", draws); err != nil {
		return nil, err
	}
	var set LocalSettings
	if s != nil {
		set = *s
	}
	if err := exchanges(verb, "LocalSettings", set.Exchanges, 99); err != nil {
		return nil, err
	}
	if set.Exchanges == 0 {
		set.Exchanges = 99
	}
	trees := boost.Settings{Trees: 50, Leaves: 8}
	if set.Trees != nil {
		trees = *set.Trees
	}
	trees.Workers = 1 // one a fit, and fits side by side

	pairs, asked := mat.NewDense(2*n, d+k, nil), mat.NewDense(rows, d+k, nil)
	pair := func(dst *mat.Dense, row int, theta, x []float64) {
		copy(dst.RawRowView(row), theta)
		copy(dst.RawRowView(row)[d:], x)
	}
	pick := rand.New(rand.NewPCG(^set.Seed, 0))
	for i := range n {
		pair(pairs, i, t.Theta.RawRowView(i), t.X.RawRowView(i))
		pair(pairs, n+i, t.member(i, 1+pick.IntN(perTrial)), t.X.RawRowView(i))
	}
	for r := range rows {
		pair(asked, r, draws.RawRowView(r), x.RawRowView(r/(rows/m)))
	}
	bins := boost.Bin(pairs)
	statistic := make([][]float64, m) // by observation and exchange; 0 is the given one
	for o := range statistic {
		statistic[o] = make([]float64, set.Exchanges+1)
	}
	mean := make([]float64, set.Exchanges+1)
	errs := make([]error, set.Exchanges+1)
	each(set.Exchanges+1, func(e int) {
		class, rng := make([]int, 2*n), rand.New(rand.NewPCG(set.Seed, uint64(e)))
		for i := range n {
			truth := 0
			if e > 0 {
				truth = rng.IntN(2)
			}
			class[i], class[n+i] = truth, 1-truth
		}
		classifier, err := bins.Classification(nil, class, 2, &trees)
		if err != nil {
			errs[e] = err
			return
		}
		p := mat.NewDense(rows, 2, nil)
		classifier.Probabilities(p, asked)
		for r := range rows {
			v := p.At(r, 1) - 0.5
			statistic[r/(rows/m)][e] += v * v / float64(rows/m)
		}
		for o := range m {
			mean[e] += statistic[o][e] / float64(m)
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("calibration: %s: Settings.Trees: %w", verb, err)
		}
	}
	result := &LocalResult{Observations: make([]Test, m)}
	// Statistics of different observations have different scales: what is compared are
	// their p-values among the exchanges.
	p := make([][]float64, m)
	for o, v := range statistic {
		p[o] = pvalues(v)
	}
	least := together(p, math.Min)
	for o, v := range statistic {
		result.Observations[o] = Test{v[0], p[o][0], share(least, p[o][0], atMost)}
	}
	all := share(mean, mean[0], atLeast)
	result.Mean = Test{mean[0], all, all}
	return result, nil
}

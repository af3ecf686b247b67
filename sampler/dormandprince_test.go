package sampler_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// normals returns rows of standard normals.
func normals(rows, cols int) *mat.Dense {
	x := mat.NewDense(rows, cols, nil)
	noise.White{Seed: 1}.Normal(x, noise.Draw{Purpose: noise.Prior})
	return x
}

// stretch returns how much the flow stretches distances on its way to the end
// of every row's path, at most: the largest Jacobian of the flow from any of
// eight times to the end. An error made there counts that much in the result.
func stretch(p sde.Problem, x *mat.Dense, from, to float64) []float64 {
	const h, steps = 1e-6, 100
	n, d := x.Dims()
	most := make([]float64, n)
	for _, t := range grid.UniformLogSNR(p, from, to, 9)[:8] {
		if t < from {
			x = flowByRungeKutta(p, x, from, t, steps)
			from = t
		}
		square := make([]float64, n)
		for j := range d {
			var ends [2]*mat.Dense
			for side, sign := range []float64{h, -h} {
				moved := mat.DenseCopyOf(x)
				for i := range n {
					moved.Set(i, j, x.At(i, j)+sign)
				}
				ends[side] = flowByRungeKutta(p, moved, from, to, steps)
			}
			for i := range n {
				var diff mat.VecDense
				diff.SubVec(ends[0].RowView(i), ends[1].RowView(i))
				square[i] += mat.Dot(&diff, &diff) / (4 * h * h)
			}
		}
		for i, v := range square {
			most[i] = max(most[i], math.Sqrt(v))
		}
	}
	return most
}

func TestDormandPrinceErrsAsToleratedOnEveryRow(t *testing.T) {
	long(t)
	const rows, from, to = 100, 0.8, 0.05
	p := threeModes(t, sde.VP{})
	start := normals(rows, 2)
	reference := flowByRungeKutta(p, start, from, to, 1000)
	amplified := stretch(p, start, from, to)
	last := 0
	for _, tol := range []float64{1e-4, 1e-5, 1e-6, 1e-7, 1e-8} {
		score := &counting{Scorer: p.Score, times: map[float64]int{}}
		x := mat.DenseCopyOf(start)
		require.NoError(t, sampler.Continue(context.Background(), x, sde.Problem{SDE: p.SDE, Score: score},
			sampler.DormandPrince{RTol: tol, ATol: tol}, &sampler.Settings{Grid: []float64{from, to}, Final: sampler.FinalState, Workers: 1}))
		off := make([]float64, rows)
		for i := range off {
			var diff mat.VecDense
			diff.SubVec(x.RowView(i), reference.RowView(i))
			off[i] = mat.Norm(&diff, 2) / tol
			require.LessOrEqual(t, off[i], 40*max(1, amplified[i]), "row %d at tolerance %g", i, tol)
		}
		slices.Sort(off)
		require.LessOrEqual(t, off[rows/2], 10., "the median row")
		// The slowest row decides the number of calls: a fifth order needs
		// 10^⅕ = 1.6 times as many for each digit.
		require.Less(t, score.calls, 300)
		require.Greater(t, score.calls, last)
		last = score.calls
		t.Logf("tolerance %g: %d evaluations, median error %.2g, largest %.3g tolerances", tol, score.calls, off[rows/2], off[rows-1])
	}
}

func TestRowsThatHaveArrivedAreNotEvaluated(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	p.Score = &rowCounting{Scorer: p.Score}
	x := normals(300, 2)
	var calls int
	for s, err := range sampler.StepsFrom(context.Background(), x, p, sampler.DormandPrince{}, &sampler.Settings{Grid: []float64{0.8, 1e-3}, Final: sampler.FinalState}) {
		require.NoError(t, err)
		calls = s.Evaluations()
	}
	mean := float64(p.Score.(*rowCounting).rows) / 300
	require.Less(t, mean, 0.9*float64(calls), "rows need fewer evaluations than the slowest of them")
	t.Logf("%d calls, %.1f evaluations a row", calls, mean)
}

// rowCounting counts rows.
type rowCounting struct {
	sde.Scorer
	rows int
}

func (c *rowCounting) Score(dst, x *mat.Dense, t []float64) {
	n, _ := x.Dims()
	c.rows += n
	c.Scorer.Score(dst, x, t)
}

// slope is the score for which the probability flow of EDM is dx/dt = f(x, t):
// there dx/dt = −t s.
func slope(f func(x, t float64) float64) scorer {
	return func(dst, x *mat.Dense, t []float64) {
		n, d := x.Dims()
		for i := range n {
			u := t[min(i, len(t)-1)]
			for j := range d {
				dst.Set(i, j, -f(x.At(i, j), u)/u)
			}
		}
	}
}

func TestDormandPrinceIsExactForPolynomials(t *testing.T) {
	t.Parallel()
	// A method of order 5 integrates θ⁴ exactly, in steps of any length, and
	// its error estimate of order 4 sees nothing of θ³. The score is the one for
	// which dy/dθ = −t (y + r s) is the polynomial.
	for power := range 5 {
		score := scorer(func(dst, x *mat.Dense, at []float64) {
			t := at[0]
			r := math.Hypot(1, t)
			dst.Set(0, 0, -(float64(power+1)*math.Pow(math.Atan(t), float64(power))/t+x.At(0, 0)/r)/r)
		})
		x := mat.NewDense(1, 1, []float64{32 * math.Hypot(1, 2)})
		require.NoError(t, sampler.Continue(context.Background(), x, sde.Problem{SDE: sde.EDM{}, Score: score}, sampler.DormandPrince{RTol: 1e-2, ATol: 1e-2},
			&sampler.Settings{Grid: []float64{2, 0.5}, Final: sampler.FinalState}))
		want := 32 + math.Pow(math.Atan(0.5), float64(power+1)) - math.Pow(math.Atan(2), float64(power+1))
		require.InDelta(t, want, x.At(0, 0)/math.Hypot(1, 0.5), 1e-13)
	}
}

func TestDormandPrinceRowsAreWhatTheyWouldBeAlone(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VE{})
	for _, times := range [][]float64{{1, 1e-5, 0}, grid.Default(p, 7)} {
		s := sampler.Settings{Grid: times, Workers: 1, Corrector: sampler.Langevin{}}
		all := mat.NewDense(600, 2, nil)
		require.NoError(t, sampler.Sample(context.Background(), all, p, sampler.DormandPrince{}, &s))
		for _, workers := range []int{2, 7} {
			s.Workers = workers
			x := mat.NewDense(600, 2, nil)
			require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.DormandPrince{}, &s))
			sameBits(t, all, x, "%d workers", workers)
		}
		for _, batch := range []int{1, 7, 64} {
			x := mat.NewDense(batch, 2, nil)
			s.FirstRow = 100
			require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.DormandPrince{}, &s))
			sameBits(t, all.Slice(100, 100+batch, 0, 2).(*mat.Dense), x, "batch %d", batch)
		}
		s.FirstRow = 0
	}
}

func TestDormandPrinceReachesPointsBelowTheSpan(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	score := &counting{Scorer: g, times: map[float64]int{}}
	x := mat.NewDense(50, 2, nil)
	s := &sampler.Settings{Grid: []float64{80, 0}, Workers: 1, Prior: sde.Prior{Mean: g.m[:], Variance: []float64{g.a, g.d}}}
	require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: g.SDE, Score: score}, sampler.DormandPrince{RTol: 1e-8, ATol: 1e-8}, s))
	for u := range score.times {
		require.GreaterOrEqual(t, u, 0.002)
	}
	// The exact flow in the eigenvectors of the covariance.
	start := mat.NewDense(50, 2, nil)
	s.Observer = observer(func(k int, _ float64, x mat.Matrix) error {
		if k == 0 {
			start.Copy(x)
		}
		return nil
	})
	require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), sampler.DormandPrince{RTol: 1e-8, ATol: 1e-8}, s))
	end, begin := g.at(0.002), g.at(80)
	r := mul(function(inverse(end.k), math.Sqrt), function(begin.k, math.Sqrt))
	for i := range 50 {
		dev := mat.NewDense(2, 1, []float64{start.At(i, 0) - g.m[0], start.At(i, 1) - g.m[1]})
		at := add(mul(r, dev), g.mean())
		want := add(mul(end.jm, at), end.jv) // the last step is to the denoiser
		require.InDelta(t, want.At(0, 0), x.At(i, 0), 1e-6)
		require.InDelta(t, want.At(1, 0), x.At(i, 1), 1e-6)
	}
}

func TestDormandPrinceGivesUpSingleRows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	settings := &sampler.Settings{Grid: []float64{2, 1, 0.25}, Final: sampler.FinalState, Workers: 1}
	// Rows that start at 0 stand still; others meet the difficulty.
	meets := func(f func(x, t float64) float64) sde.Problem {
		return sde.Problem{SDE: sde.EDM{}, Score: slope(func(x, t float64) float64 {
			if x == 0 {
				return 0
			}
			return f(x, t)
		})}
	}
	for _, c := range []struct {
		name     string
		f        func(x, t float64) float64
		pred     sampler.DormandPrince
		is       error
		from, to float64 // where it happens
		says     string
	}{
		{"pole", func(_, t float64) float64 { return 1 / (t - 0.5) }, sampler.DormandPrince{}, sampler.ErrStepUnderflow, 0.5, 0.5001, "a step of"},
		{"limit", func(x, t float64) float64 { return math.Sin(1000 * t) }, sampler.DormandPrince{MaxEvaluations: 200}, sampler.ErrLimit, 1, 2, "evaluations of at most 200 made"},
		{"NaN", func(x, t float64) float64 {
			if t <= 1 {
				return math.NaN()
			}
			return 1
		}, sampler.DormandPrince{}, sampler.ErrStepUnderflow, 1, 1.0001, "a step of"},
		{"NaN at the start", func(x, t float64) float64 { return math.Inf(-1) }, sampler.DormandPrince{}, sampler.ErrNonFinite, 2, 2, "the slope is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := mat.NewDense(3, 1, []float64{0, 3, 0})
			err := sampler.Continue(ctx, x, meets(c.f), c.pred, settings)
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			var failed sampler.RowErrors
			require.True(t, errors.As(err, &failed))
			require.Len(t, failed, 1)
			require.Equal(t, 1, failed[0].Row)
			require.GreaterOrEqual(t, failed[0].Time, c.from)
			require.LessOrEqual(t, failed[0].Time, c.to)
			require.ErrorContains(t, err, fmt.Sprintf("t = %g", failed[0].Time))
			require.True(t, math.IsNaN(x.At(1, 0)))
			require.Equal(t, [2]float64{0, 0}, [2]float64{x.At(0, 0), x.At(2, 0)})
		})
	}
}

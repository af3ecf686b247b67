package sampler_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// recurRenoise keeps √(1−δ) of the noise that D leaves in x.
func recurRenoise(fraction float64, b at) affine {
	keep := math.Sqrt(1 - fraction)
	return affine{add(eye(2, keep), scale((1-keep)*b.alpha, b.jm)), scale((1-keep)*b.alpha, b.jv), eye(2, fraction*b.sigma*b.sigma)}
}

// then returns one affine update after another.
func (u affine) then(next affine) affine {
	return affine{mul(next.m, u.m), add(mul(next.m, u.v), next.v), add(mul(next.m, u.q, mat.DenseCopyOf(next.m.T())), next.q)}
}

// recurGibbs goes from the time of b up by the exact transition and back in
// steps of equal size in log(α/σ).
func recurGibbs(g gauss, t, rise float64, substeps int, back func(a, b at, h float64) affine) affine {
	from := g.at(t).lambda()
	_, end := g.Span()
	top := min(end, sde.TimeAt(g.SDE, from-math.Log(1+rise)))
	a, b := g.at(top), g.at(t)
	u := affine{eye(2, a.alpha/b.alpha), mat.NewDense(2, 1, nil), eye(2, a.sigma*a.sigma-math.Pow(a.alpha/b.alpha*b.sigma, 2))}
	gap := from - a.lambda()
	at := top
	for j := 1; j <= substeps; j++ {
		next := t
		if j < substeps {
			next = sde.TimeAt(g.SDE, from-gap*(1-float64(j)/float64(substeps)))
		}
		u = u.then(back(g.at(at), g.at(next), at-next))
		at = next
	}
	return u
}

// correctorNormals lists those of the prior and, in each of n steps, of the corrector's
// updates: slot 0, or one slot of 16 for each of a Gibbs's, counted over the run.
func correctorNormals(n, updates, apart int) impulses {
	imp := everyNormal(n, 0, 0)
	for k := range n {
		for i := range updates {
			slot := i
			if apart > 0 {
				slot = (k*updates + i) * apart
			}
			for j := range 2 {
				imp = append(imp, address{noise.Correct, k, slot, j})
			}
		}
	}
	return imp
}

// Checks sampler (44) and (46).
func TestCorrectorsFollowTheirRecursionExactly(t *testing.T) {
	arithmetic(t)
	for _, p := range processes(31) {
		prior, start := priorOf(p.g, p.times[0])
		for _, c := range []struct {
			corr           sampler.Corrector
			updates, apart int
			step           func(u float64) affine
		}{
			{sampler.Renoise{}, 1, 0, func(u float64) affine { return recurRenoise(0.1, p.g.at(u)) }},
			{sampler.Renoise{Fraction: 0.7, Steps: 2}, 2, 0, func(u float64) affine {
				r := recurRenoise(0.7, p.g.at(u))
				return r.then(r)
			}},
			{sampler.Gibbs{}, 2, 16, func(u float64) affine { return recurGibbs(p.g, u, 0.25, 1, recurPosterior) }},
			{sampler.Gibbs{Back: sampler.EulerMaruyama{}, Rise: 0.5, Substeps: 3, Steps: 2}, 8, 16, func(u float64) affine {
				r := recurGibbs(p.g, u, 0.5, 3, recurEuler(1))
				return r.then(r)
			}},
		} {
			t.Run(fmt.Sprintf("%s/%T%+v", p.name, c.corr, c.corr), func(t *testing.T) {
				s := sampler.Settings{Grid: p.times, Prior: prior, Final: sampler.FinalState, Corrector: c.corr}
				want := start
				for i := range len(p.times) - 1 {
					want = recurDDIM(0)(p.g.at(p.times[i]), p.g.at(p.times[i+1]), 0).apply(want)
					want = c.step(p.times[i+1]).apply(want)
				}
				require.Less(t, measuredBy(t, p.g, sampler.DDIM{}, s, correctorNormals(30, c.updates, c.apart)).relative(want), 1e-11)
			})
		}
	}
}

// The distribution that a biased corrector leaves invariant tends to p_t as its step
// does to 0, in proportion; with a finer way back, so does Gibbs's. (What they
// do is the recursion, to rounding: see above.)
func TestCorrectorsTendToTheMarginal(t *testing.T) {
	arithmetic(t)
	g := standard(sde.VP{})
	const u = 0.3
	stationary := func(step affine) moments {
		p := moments{mat.NewVecDense(2, []float64{1, 1}), eye(2, 1)}
		for range 4000 {
			p = step.apply(p)
		}
		return p
	}
	b := g.at(u)
	want := moments{mat.NewVecDense(2, []float64{b.alpha * g.m[0], b.alpha * g.m[1]}), inverse(b.k)}
	for name, step := range map[string]func(h float64) affine{
		"Langevin": func(h float64) affine { return recurLangevin(h*b.sigma*b.sigma, b) },
		"Renoise":  func(h float64) affine { return recurRenoise(h, b) },
		"Gibbs":    func(h float64) affine { return recurGibbs(g, u, h, 1, recurPosterior) },
		"Gibbs by substeps": func(h float64) affine {
			return recurGibbs(g, u, 0.8, int(math.Round(2/h)), recurEuler(1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var errors []float64
			for _, h := range []float64{0.2, 0.1, 0.05, 0.025} {
				errors = append(errors, bures(stationary(step(h)), want))
			}
			t.Logf("errors %.3g, orders %.3f", errors, slopes(errors))
			require.Less(t, errors[len(errors)-1], 0.02)
			require.InDelta(t, 1, slopes(errors)[2], 0.1)
		})
	}
}

// With one Langevin step of fixed r after each, more steps of the predictor do
// not lead to p_t but to what Langevin leaves invariant.
func TestFixedRHasAPlateau(t *testing.T) {
	long(t)
	g := standard(sde.VP{})
	const to, r = 0.1, 0.16
	b := g.at(to)
	e := func(t float64) float64 {
		_, sigma := g.Kernel(t)
		return 2 * r * r * sigma * sigma
	}
	c := inverse(b.k)
	mean := mat.NewVecDense(2, []float64{b.alpha * g.m[0], b.alpha * g.m[1]})
	exact := moments{mean, c}
	biased := moments{mean, mul(c, inverse(add(eye(2, 1), scale(-e(to)/2, b.k))))}
	var toExact, toBiased []float64
	for _, n := range []int{400, 1600, 6400} {
		times := grid.UniformLogSNR(g, 1, to, n+1)
		prior, start := priorOf(g, times[0])
		want := expected(g, times, start, recurEuler(1), 1, e)
		if n == 400 {
			s := sampler.Settings{Grid: times, Prior: prior, Final: sampler.FinalState, Corrector: sampler.Langevin{SNR: r}}
			require.Less(t, measured(t, g, sampler.EulerMaruyama{}, s, 1, 1).relative(want), 1e-11)
		}
		toExact, toBiased = append(toExact, bures(want, exact)), append(toBiased, bures(want, biased))
	}
	t.Logf("to p_t %.3g, to the plateau %.3g", toExact, toBiased)
	require.InEpsilon(t, bures(biased, exact), toExact[2], 0.05)
	require.Less(t, toBiased[2], toBiased[0]/10)
}

// twoModes is a mixture close enough for moves between its modes.
func twoModes(t testing.TB) (sde.Problem, *dataset.Mixture) {
	mix, err := dataset.NewMixture([]float64{0.6, 0.4}, mat.NewDense(2, 2, []float64{-0.5, 0.2, 0.6, -0.3}),
		[]*mat.SymDense{mat.NewSymDense(2, []float64{0.10, 0.05, 0.05, 0.08}), mat.NewSymDense(2, []float64{0.05, -0.02, -0.02, 0.2})}, nil)
	require.NoError(t, err)
	return sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, mix.Diffuse)}, mix
}

// deviations returns the z-scores of E|x|² and E log p over the rows against
// exact draws, both of them means of n independent values.
func deviations(law dataset.Diffused, x, exact *mat.Dense) (square, logp float64) {
	n, _ := x.Dims()
	score := func(f func(row []float64) float64) float64 {
		stats := func(m *mat.Dense) (mean, variance float64) {
			for i := range n {
				v := f(m.RawRowView(i))
				mean += v / float64(n)
				variance += v * v / float64(n)
			}
			return mean, variance - mean*mean
		}
		a, va := stats(x)
		b, vb := stats(exact)
		return (a - b) / math.Sqrt((va+vb)/float64(n))
	}
	return score(func(row []float64) float64 { return row[0]*row[0] + row[1]*row[1] }), score(law.LogProb)
}

// MALA leaves p_t as it is at a step at which Langevin ruins it.
//
// Checks sampler (45).
func TestMALAIsExactAtAnyStep(t *testing.T) {
	long(t)
	const rows, sigma = 10000, 0.2
	p, mix := twoModes(t)
	law := mix.Diffuse(1, sigma)
	draw := func(seed uint64) *mat.Dense {
		x := mat.NewDense(rows, 2, nil)
		z := mat.NewDense(rows, 2, nil)
		noise.White{Seed: seed}.Normal(z, noise.Draw{Purpose: noise.Data})
		for i := range rows {
			rng := noise.Rand(seed, noise.Draw{Purpose: noise.Data, Row: i})
			mean, cov := []float64{-0.5, 0.2}, []float64{0.10, 0.05, 0.05, 0.08}
			if rng.Float64() > 0.6 {
				mean, cov = []float64{0.6, -0.3}, []float64{0.05, -0.02, -0.02, 0.2}
			}
			l := math.Sqrt(cov[0] + sigma*sigma)
			m := cov[1] / l
			a, b := z.At(i, 0), z.At(i, 1)
			x.SetRow(i, []float64{mean[0] + l*a, mean[1] + m*a + math.Sqrt(cov[3]+sigma*sigma-m*m)*b})
		}
		return x
	}
	start, exact := draw(1), draw(2)
	square, logp := deviations(law, start, exact)
	require.Less(t, max(math.Abs(square), math.Abs(logp)), 4.0, "the start is exact")
	after := func(c sampler.Corrector) (square, logp float64) {
		x := mat.DenseCopyOf(start)
		s := &sampler.Settings{Grid: []float64{2 * sigma, sigma}, Final: sampler.FinalState, Seed: 3, Corrector: c}
		require.NoError(t, sampler.Continue(context.Background(), x, p, sampler.NoPredictor{}, s))
		square, logp = deviations(law, x, exact)
		t.Logf("%T: z = %.1f, %.1f", c, square, logp)
		return square, logp
	}
	for _, r := range []float64{0.3, 1, 1.5} {
		var count sampler.Acceptance
		square, logp := after(sampler.MALA{SNR: r, Steps: 12, Acceptance: &count})
		require.Less(t, max(math.Abs(square), math.Abs(logp)), 4.0)
		t.Logf("r = %g: %.3f accepted", r, count.Rate())
		require.Greater(t, count.Rate(), 0.05)
		require.Less(t, count.Rate(), 1.0)
	}
	_, logp = after(sampler.Langevin{SNR: 1, Steps: 12})
	require.Greater(t, math.Abs(logp), 10.0)
	// Metropolis's rule without Hastings's ratio of proposals is a slip that
	// has to be seen.
	_, logp = after(corrector(func(s *sampler.Step) error {
		const e = 2 * sigma * sigma
		score, y := s.Scratch(0), s.Scratch(1)
		for i := range 12 {
			if err := s.Score(score, s.X, s.At); err != nil {
				return err
			}
			s.Normal(y, i)
			n, d := y.Dims()
			for r := range n {
				for j := range d {
					y.Set(r, j, s.X.At(r, j)+e*score.At(r, j)+math.Sqrt(2*e)*y.At(r, j))
				}
				u := noise.Rand(4, noise.Draw{Row: s.Row0 + r, Slot: i}).Float64()
				if math.Log(u) < law.LogProb(y.RawRowView(r))-law.LogProb(s.X.RawRowView(r)) {
					copy(s.X.RawRowView(r), y.RawRowView(r))
				}
			}
		}
		return nil
	}))
	require.Greater(t, math.Abs(logp), 10.0)
}

// From anywhere, MALA reaches p_t.
func TestMALAReachesTheMarginal(t *testing.T) {
	arithmetic(t)
	const rows, sigma = 4000, 0.5
	cov := mat.NewSymDense(2, []float64{0.50, 0.18, 0.18, 0.288})
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, func(_, sigma float64) sde.Density {
		c := mat.NewSymDense(2, nil)
		c.CopySym(cov)
		for i := range 2 {
			c.SetSym(i, i, c.At(i, i)+sigma*sigma)
		}
		normal, _ := distmv.NewNormal([]float64{0.7, -0.4}, c, nil)
		return normal
	})}
	x := mat.NewDense(rows, 2, nil) // all rows at the origin
	var count sampler.Acceptance
	s := &sampler.Settings{Grid: []float64{2 * sigma, sigma}, Final: sampler.FinalState, Corrector: sampler.MALA{SNR: 0.9, Steps: 40, Acceptance: &count}}
	require.NoError(t, sampler.Continue(context.Background(), x, p, sampler.NoPredictor{}, s))
	for j, m := range []float64{0.7, -0.4} {
		v := cov.At(j, j) + sigma*sigma
		mean, square := 0.0, 0.0
		for i := range rows {
			mean += x.At(i, j) / rows
			square += (x.At(i, j) - m) * (x.At(i, j) - m) / rows
		}
		require.Less(t, math.Abs(mean-m)/math.Sqrt(v/rows), 4.0)
		require.Less(t, math.Abs(square-v)/(v*math.Sqrt(2.0/rows)), 4.0)
	}
	t.Logf("%.3f accepted", count.Rate())
	require.Less(t, count.Rate(), 0.95)
}

// A row whose score goes wrong is reported, although it would stay in place; a
// proposal at which it does is not accepted.
func TestMALAReportsARowItCannotMove(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		p := g.problem()
		p.Score = broken{g, bad}
		x := mat.NewDense(40, 2, nil)
		x.Set(7, 0, 5)
		s := &sampler.Settings{Grid: []float64{1, 0.5}, Final: sampler.FinalState, Corrector: sampler.MALA{SNR: 1, Steps: 50}}
		err := sampler.Continue(context.Background(), x, p, sampler.NoPredictor{}, s)
		require.ErrorIs(t, err, sampler.ErrNonFinite)
		var failed sampler.RowErrors
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed, 1)
		require.Equal(t, 7, failed[0].Row)
		for i := range 40 {
			require.True(t, i == 7 || x.At(i, 0) < 1.5, "row %d is where the score is known", i)
		}
	}
}

// broken is a Gaussian whose score is not known beyond 1.5.
type broken struct {
	gauss
	bad float64
}

func (b broken) Score(dst, x *mat.Dense, t []float64) {
	b.gauss.Score(dst, x, t)
	n, _ := x.Dims()
	for i := range n {
		if x.At(i, 0) >= 1.5 {
			dst.Set(i, 0, b.bad)
		}
	}
}

func TestMALANeedsTheDensity(t *testing.T) {
	t.Parallel()
	p := standard(sde.VP{}).problem()
	p.Score = scorer(p.Score.Score) // and nothing else
	err := sampler.Sample(context.Background(), mat.NewDense(1, 2, nil), p, sampler.DDIM{}, &sampler.Settings{Corrector: sampler.MALA{}})
	require.ErrorIs(t, err, sampler.ErrUnset)
	require.ErrorContains(t, err, "Problem.Score of type sampler_test.scorer")
	require.True(t, math.IsNaN(new(sampler.Acceptance).Rate()))
}

// The decisions of a row depend on the seed and its index only.
func TestMALADecidesByRow(t *testing.T) {
	t.Parallel()
	const rows = 1100
	p, _ := twoModes(t)
	run := func(x *mat.Dense, first, workers int) float64 {
		var count sampler.Acceptance
		s := &sampler.Settings{Grid: grid.Default(p, 6), Corrector: sampler.MALA{SNR: 1, Steps: 2, Acceptance: &count}, FirstRow: first, Workers: workers}
		require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.DDIM{}, s))
		return count.Rate()
	}
	want, x := mat.NewDense(rows, 2, nil), mat.NewDense(rows, 2, nil)
	require.Equal(t, run(want, 0, 1), run(x, 0, 7))
	sameBits(t, want, x)
	run(x.Slice(300, 411, 0, 2).(*mat.Dense), 300, 1)
	sameBits(t, want, x)
}

// At the end of the span there is no later time to go to.
func TestGibbsDoesNothingAtTheEnd(t *testing.T) {
	t.Parallel()
	g := standard(sde.VP{})
	run := func(c sampler.Corrector, first bool) *mat.Dense {
		x := mat.NewDense(5, 2, nil)
		s := &sampler.Settings{Grid: []float64{1, 0.5}, Corrector: c, CorrectorFirst: first}
		require.NoError(t, sampler.Sample(context.Background(), x, g.problem(), sampler.DDIM{}, s))
		return x
	}
	sameBits(t, run(nil, false), run(sampler.Gibbs{}, true))
	require.NotEqual(t, run(nil, false), run(sampler.Gibbs{}, false))
}

func TestTablesAskForTimesInTheUnitInterval(t *testing.T) {
	t.Parallel()
	g := standard(sde.EDM{})
	table, err := sde.VE{}.Discrete(10)
	require.NoError(t, err)
	for _, pred := range []sampler.Predictor{sampler.ReverseDiffusion{Table: table}, sampler.Ancestral{Table: table}} {
		err := sampler.Sample(context.Background(), mat.NewDense(1, 2, nil), g.problem(), pred, nil)
		require.ErrorIs(t, err, sampler.ErrRange)
		require.ErrorContains(t, err, "Table: is at t = 10")
		require.ErrorContains(t, err, "want a time in [0, 1]")
	}
}

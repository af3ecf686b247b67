package sde_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sde"
)

// mixtureScore is the exact score of two blobs with weights.
func mixtureScore(p sde.SDE, w ...float64) sde.Scorer {
	law, err := dataset.NewIsotropicMixture(w, mat.NewDense(2, 2, []float64{1, 0, -1, 0.5}), []float64{0.4, 0.6}, nil)
	if err != nil {
		panic(err)
	}
	return sde.Analytic(p, law.Diffuse)
}

// perRow is a scorer whose rows differ: row i is that of scores[i].
type perRow struct{ scores []sde.Scorer }

func (p perRow) Score(dst, x *mat.Dense, t []float64) {
	for i, s := range p.scores {
		s.Score(dst.Slice(i, i+1, 0, 2).(*mat.Dense), x.Slice(i, i+1, 0, 2).(*mat.Dense), t[min(i, len(t)-1):][:1])
	}
}

func (p perRow) Select(rows []int) sde.Scorer {
	var chosen []sde.Scorer
	for _, i := range rows {
		chosen = append(chosen, p.scores[i])
	}
	return perRow{chosen}
}

// guide is Guide of two scores of a process.
func guide(t *testing.T, p sde.SDE, c, u sde.Scorer, w float64) sde.Scorer {
	t.Helper()
	g, err := sde.Guide(sde.Problem{SDE: p, Score: c}, sde.Problem{SDE: p, Score: u}, w)
	require.NoError(t, err)
	return g.Score
}

// Checks sde (14).
func TestGuideIsLinearInItsWeight(t *testing.T) {
	p, at := sde.VP{}, []float64{0.3}
	c, u := mixtureScore(p, 1, 0), mixtureScore(p, 1, 2)
	x, v := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), mat.NewDense(3, 2, []float64{1, 0, 0.5, 2, -1, 1})
	type values struct{ score, div, jvp, logp []float64 }
	of := func(s sde.Scorer) values {
		dst, jv, div := mat.NewDense(3, 2, nil), mat.NewDense(3, 2, nil), make([]float64, 3)
		d, ok := sde.As[sde.Divergencer](s)
		require.True(t, ok)
		d.JVP(dst, jv, x, v, at)
		d.Divergence(dst, div, x, at)
		pull, ok := sde.As[sde.Pullback](s)
		require.True(t, ok)
		jtv := mat.NewDense(3, 2, nil)
		pull.VJP(dst, jtv, x, v, at)
		require.True(t, mat.EqualApprox(jv, jtv, 1e-14), "the Jacobians of exact scores are symmetric")
		plain, many, along := mat.NewDense(3, 2, nil), mat.NewDense(3, 2, nil), []*mat.Dense{mat.NewDense(3, 2, nil), mat.NewDense(3, 2, nil)}
		s.Score(plain, x, at)
		require.Equal(t, plain, dst)
		sde.JVPs(d, many, along, x, []*mat.Dense{v, v}, at)
		require.Equal(t, plain, many)
		require.Equal(t, jv, along[1])
		logp := make([]float64, 3)
		l, ok := sde.As[sde.LogProber](s)
		require.True(t, ok)
		l.LogProb(logp, x, at)
		return values{dst.RawMatrix().Data, div, jv.RawMatrix().Data, logp}
	}
	a, b := of(c), of(u)
	for _, w := range []float64{0, 0.5, 1, 3} {
		g := of(guide(t, p, c, u, w))
		for _, k := range [][3][]float64{{g.score, a.score, b.score}, {g.div, a.div, b.div}, {g.jvp, a.jvp, b.jvp}, {g.logp, a.logp, b.logp}} {
			for i := range k[0] {
				require.InDelta(t, k[2][i]+w*(k[1][i]-k[2][i]), k[0][i], 1e-13)
			}
		}
	}
}

func TestGuideHasWhatBothScorersHave(t *testing.T) {
	p := sde.VP{}
	c, u := mixtureScore(p, 1, 0), mixtureScore(p, 1, 2)
	rows := perRow{[]sde.Scorer{c, u, c}}
	_, divergencer := sde.As[sde.Divergencer](guide(t, p, rows, u, 2))
	require.False(t, divergencer)

	frame := sde.Frame{Shift: []float64{1, 2}}
	first := sde.Problem{SDE: p, Score: rows, Frame: frame, Rows: 3, Conditional: true, Breakpoints: []float64{0.5, 0.25}}
	second := sde.Problem{SDE: p, Score: u, Frame: frame, Breakpoints: []float64{0.25, 0.125}, UnitRoundoff: 0x1p-24}
	g, err := sde.Guide(first, second, 2)
	require.NoError(t, err)
	require.Equal(t, frame, g.Frame)
	require.Equal(t, 3, g.Rows)
	require.True(t, g.Conditional)
	require.Equal(t, []float64{0.125, 0.25, 0.5}, g.Breakpoints)
	require.Equal(t, 0x1p-24, g.UnitRoundoff)

	x, at := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), []float64{0.3}
	whole, part := mat.NewDense(3, 2, nil), mat.NewDense(2, 2, nil)
	g.Score.Score(whole, x, at)
	g.Select([]int{1, 2}).Score(part, x.Slice(1, 3, 0, 2).(*mat.Dense), at)
	require.True(t, mat.Equal(whole.Slice(1, 3, 0, 2), part))
}

func TestGuideRefusesScoresOfOtherMeaning(t *testing.T) {
	p := sde.VP{}
	c := sde.Problem{SDE: p, Score: mixtureScore(p, 1, 0), Rows: 3}
	for says, u := range map[string]sde.Problem{
		"Problem.SDE":   {SDE: sde.VP{BetaMax: 10}, Score: c.Score},
		"Problem.Frame": {SDE: p, Score: c.Score, Frame: sde.Frame{Scale: []float64{1, 2}}},
		"Problem.Rows":  {SDE: p, Score: c.Score, Rows: 2},
		"without a":     {SDE: p},
	} {
		_, err := sde.Guide(c, u, 2)
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, says)
	}
	_, err := sde.Guide(c, c, math.NaN())
	require.ErrorContains(t, err, "w: is NaN")
	_, err = sde.Guide(c, sde.Problem{SDE: p, Score: c.Score, Frame: sde.Frame{Shift: []float64{0, 0}}}, 1)
	require.NoError(t, err, "the same frame, said in another way")
}

// zero is a score without allocations of its own.
type zero struct{}

func (zero) Score(dst, _ *mat.Dense, _ []float64) { dst.Zero() }

func TestGuideDoesNotAllocate(t *testing.T) {
	x, dst := mat.NewDense(64, 2, nil), mat.NewDense(64, 2, nil)
	g, at := guide(t, sde.VP{}, zero{}, zero{}, 2), []float64{0.3}
	g.Score(dst, x, at)
	require.Zero(t, testing.AllocsPerRun(20, func() { g.Score(dst, x, at) }))
}

func TestTermsOfAGuidedScoreAddUpToIt(t *testing.T) {
	good := sde.Problem{SDE: sde.EDM{}, Score: scaled(-1)}
	bad := sde.Problem{SDE: sde.EDM{}, Score: scaled(-3)}
	p, err := sde.Guide(good, bad, 2.5)
	require.NoError(t, err)
	p, err = sde.Within(p, good, 0.5, 2)
	require.NoError(t, err)
	x, dst := mat.NewDense(1, 1, []float64{2}), mat.NewDense(1, 1, nil)
	var sum func(p sde.Problem, at float64) float64
	sum = func(p sde.Problem, at float64) (total float64) {
		mixed, ok := sde.As[sde.Mixed](p.Score)
		if !ok {
			p.Score.Score(dst, x, []float64{at})
			return dst.At(0, 0)
		}
		terms, weights := mixed.Terms(at)
		for i, q := range terms {
			total += weights[i] * sum(q, at)
		}
		return total
	}
	for at, want := range map[float64]float64{0.1: -2, 0.5: 2.5*-2 + -1.5*-6, 1: 2.5*-2 + -1.5*-6, 3: -2} {
		require.InDelta(t, want, sum(p, at), 1e-12, "t = %v", at)
	}
}

// scaled is the score s(x) = c x.
type scaled float64

func (c scaled) Score(dst, x *mat.Dense, _ []float64) { dst.Scale(float64(c), x) }

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
	return sde.Analytic(p, func(alpha, sigma float64) sde.Density { return law.Diffuse(alpha, sigma) })
}

// perRow is a scorer whose rows differ: row i is that of scores[i].
type perRow struct{ scores []sde.Scorer }

func (p perRow) Score(dst, x *mat.Dense, t []float64) {
	for i, s := range p.scores {
		s.Score(dst.Slice(i, i+1, 0, 2).(*mat.Dense), x.Slice(i, i+1, 0, 2).(*mat.Dense), t)
	}
}

func (p perRow) Select(rows []int) sde.Scorer {
	var chosen []sde.Scorer
	for _, i := range rows {
		chosen = append(chosen, p.scores[i])
	}
	return perRow{chosen}
}

func TestGuideIsLinearInItsWeight(t *testing.T) {
	p, at := sde.VP{}, []float64{0.3}
	c, u := mixtureScore(p, 1, 0), mixtureScore(p, 1, 2)
	x, v := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), mat.NewDense(3, 2, []float64{1, 0, 0.5, 2, -1, 1})
	type values struct{ score, div, jvp []float64 }
	of := func(s sde.Scorer) values {
		dst, jv, div := mat.NewDense(3, 2, nil), mat.NewDense(3, 2, nil), make([]float64, 3)
		d := s.(sde.Divergencer)
		d.JVP(dst, jv, x, v, at)
		d.Divergence(dst, div, x, at)
		plain := mat.NewDense(3, 2, nil)
		s.Score(plain, x, at)
		require.Equal(t, plain, dst)
		return values{dst.RawMatrix().Data, div, jv.RawMatrix().Data}
	}
	a, b := of(c), of(u)
	for _, w := range []float64{0, 0.5, 1, 3} {
		g := of(sde.Guide(c, u, w))
		for _, k := range [][3][]float64{{g.score, a.score, b.score}, {g.div, a.div, b.div}, {g.jvp, a.jvp, b.jvp}} {
			for i := range k[0] {
				require.InDelta(t, k[2][i]+w*(k[1][i]-k[2][i]), k[0][i], 1e-13)
			}
		}
	}
}

func TestGuideHasWhatItsScorersHave(t *testing.T) {
	p := sde.VP{}
	c, u := mixtureScore(p, 1, 0), mixtureScore(p, 1, 2)
	rows := perRow{[]sde.Scorer{c, u, c}}
	_, divergencer := sde.Guide(rows, u, 2).(sde.Divergencer)
	require.False(t, divergencer)
	shift, scale := sde.Guide(c, u, 2).(sde.Framed).Frame()
	require.Nil(t, shift)
	require.Nil(t, scale)
	require.True(t, math.IsNaN(sde.Guide(c, u, 2).(sde.Kinked).Kink()))
	require.Equal(t, 0.25, sde.Guide(kinked{c}, u, 2).(sde.Kinked).Kink())

	x, at := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), []float64{0.3}
	whole, part := mat.NewDense(3, 2, nil), mat.NewDense(2, 2, nil)
	g := sde.Guide(rows, u, 2)
	g.Score(whole, x, at)
	g.(sde.Selector).Select([]int{1, 2}).Score(part, x.Slice(1, 3, 0, 2).(*mat.Dense), at)
	require.True(t, mat.Equal(whole.Slice(1, 3, 0, 2), part))
	_, selector := sde.Select(c, []int{5}).(sde.Selector)
	require.False(t, selector, "to which rows are alike")
}

type kinked struct{ sde.Scorer }

func (kinked) Kink() float64 { return 0.25 }

// zero is a score without allocations of its own.
type zero struct{}

func (zero) Score(dst, _ *mat.Dense, _ []float64) { dst.Zero() }

func TestGuideDoesNotAllocate(t *testing.T) {
	x, dst := mat.NewDense(64, 2, nil), mat.NewDense(64, 2, nil)
	g, at := sde.Guide(zero{}, zero{}, 2), []float64{0.3}
	g.Score(dst, x, at)
	require.Zero(t, testing.AllocsPerRun(20, func() { g.Score(dst, x, at) }))
}

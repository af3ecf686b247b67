package posterior

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Rows that need a matrix each are taken in parts, which changes no bit.
func TestScoresOfManyRowsAreThoseOfFew(t *testing.T) {
	t.Parallel()
	const n, d, m = 980, 34, 33
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(r, c int) *mat.Dense {
		a := mat.NewDense(r, c, nil)
		a.Apply(func(int, int, float64) float64 { return rng.NormFloat64() }, a)
		return a
	}
	x, y, times := random(n, d), random(n, m), make([]float64, n)
	for i := range times {
		times[i] = 0.1 + rng.Float64()
	}
	p := sde.Problem{SDE: sde.EDM{}, Score: unit{}}
	q, err := PiGDM{}.Given(p, Observation{Matrix{random(m, d)}, y, Noise{Deviation: .3}})
	require.NoError(t, err)
	all, some := mat.NewDense(n, d, nil), mat.NewDense(3, d, nil)
	q.Score.Score(all, x, times)
	for _, lo := range []int{0, 961, 977} {
		q.Select([]int{lo, lo + 1, lo + 2}).Score(some, mat.DenseCopyOf(x.Slice(lo, lo+3, 0, d)), times[lo:lo+3])
		require.True(t, mat.Equal(some, all.Slice(lo, lo+3, 0, d)))
	}
}

// Rows at few times of their own share what belongs to a time.
func TestRowsOfOneTimeShareTheirMatrix(t *testing.T) {
	t.Parallel()
	p := sde.Problem{SDE: sde.EDM{}, Score: unit{}}
	q, err := PiGDM{}.Given(p, Observation{Mask{2, []int{0}}, mat.NewDense(1, 1, []float64{1}), Noise{Deviation: .3}})
	require.NoError(t, err)
	x, dst := mat.NewDense(6, 2, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3}), mat.NewDense(6, 2, nil)
	g, ok := q.Score.(*guided)
	require.True(t, ok)
	all := PiGDM{}.factors(g.at(dst, x, []float64{1, 2, 1, 3, 2, 1}))
	require.Same(t, all[0], all[2])
	require.Same(t, all[0], all[5])
	require.Same(t, all[1], all[4])
	require.NotSame(t, all[0], all[1])
}

// unit is the score of N(0, I) on EDM.
type unit struct{}

func (unit) Score(dst, x *mat.Dense, t []float64) {
	dst.Apply(func(i, _ int, v float64) float64 { s := t[min(i, len(t)-1)]; return -v / (1 + s*s) }, x)
}

func (u unit) VJP(dst, jtu, x, v *mat.Dense, t []float64) { u.Score(dst, x, t); u.Score(jtu, v, t) }

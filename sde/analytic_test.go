package sde_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// gaussian is N(m, S), which diffused is N(αm, α²S + σ²I).
type gaussian struct {
	mean []float64
	cov  *mat.SymDense
}

func standard() gaussian {
	return gaussian{[]float64{0.7, -0.4}, mat.NewSymDense(2, []float64{0.50, 0.18, 0.18, 0.288})}
}

func (g gaussian) at(alpha, sigma float64) (mean []float64, cov *mat.SymDense) {
	d := len(g.mean)
	mean, cov = make([]float64, d), mat.NewSymDense(d, nil)
	for i := range d {
		mean[i] = alpha * g.mean[i]
		for j := range i + 1 {
			cov.SetSym(i, j, alpha*alpha*g.cov.At(i, j))
		}
		cov.SetSym(i, i, cov.At(i, i)+sigma*sigma)
	}
	return mean, cov
}

func (g gaussian) density(alpha, sigma float64) sde.Density {
	mean, cov := g.at(alpha, sigma)
	normal, ok := distmv.NewNormal(mean, cov, nil)
	if !ok {
		panic("covariance is not positive definite")
	}
	return normal
}

func mixture(t *testing.T) *dataset.Mixture {
	m, err := dataset.NewMixture([]float64{0.5, 0.3, 0.2},
		mat.NewDense(3, 2, []float64{-1, 0.3, 0.8, 1, 0.2, -1.1}),
		[]*mat.SymDense{
			mat.NewSymDense(2, []float64{0.20, 0.05, 0.05, 0.10}),
			mat.NewSymDense(2, []float64{0.07, -0.02, -0.02, 0.09}),
			mat.NewSymDense(2, []float64{0.05, 0, 0, 0.3}),
		}, nil)
	require.NoError(t, err)
	return m
}

func TestAnalyticScoreOfAGaussianIsLinear(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, p := range processes {
		g, x := standard(), random(rng, 5, 2)
		start, end := p.Span()
		times := []float64{start, 0.3 * end, 0.3 * end, 0.5 * end, end}
		got := mat.NewDense(5, 2, nil)
		sde.Analytic(p, g.density).Score(got, x, times)
		for i, at := range times {
			mean, cov := g.at(p.Kernel(at))
			var want mat.VecDense
			want.SubVec(mat.NewVecDense(2, mean), x.RowView(i))
			require.NoError(t, want.SolveVec(cov, &want))
			require.InEpsilonSlice(t, want.RawVector().Data, got.RawRowView(i), 1e-12)
		}
	}
}

func TestAnalyticScoreAndDerivativesOfAMixture(t *testing.T) {
	m := mixture(t)
	p := sde.VP{}
	s := sde.Analytic(p, m.Diffuse)
	exact, ok := s.(sde.Divergencer)
	require.True(t, ok)

	rng := rand.New(rand.NewPCG(4, 4))
	times := []float64{1e-3, 0.05, 0.05, 0.3, 0.8, 1}
	n := len(times)
	x, v := random(rng, n, 2), random(rng, n, 2)
	score, again, jv := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
	div := make([]float64, n)
	s.Score(score, x, times)
	exact.Divergence(again, div, x, times)
	require.Equal(t, score, again)
	exact.JVP(again, jv, x, v, times)
	require.Equal(t, score, again)

	for i, at := range times {
		diffused := m.Diffuse(p.Kernel(at))
		numeric := fd.Gradient(nil, diffused.LogProb, x.RawRowView(i), &fd.Settings{Formula: fd.Central, Step: 1e-5})
		require.InDeltaSlice(t, numeric, score.RawRowView(i), 1e-5)

		jacobian := mat.NewDense(2, 2, nil)
		fd.Jacobian(jacobian, func(y, x []float64) { diffused.ScoreInput(y, x) }, x.RawRowView(i),
			&fd.JacobianSettings{Formula: fd.Central, Step: 1e-5})
		scale := 1e-6 * (1 + mat.Norm(jacobian, 2))
		require.InDelta(t, mat.Trace(jacobian), div[i], scale)
		var want mat.VecDense
		want.MulVec(jacobian, v.RowView(i))
		require.InDeltaSlice(t, want.RawVector().Data, jv.RawRowView(i), scale)
	}
}

// Checks sde (8) and (9).
func TestConvertedScoreIsTheMixturesDenoiser(t *testing.T) {
	m := mixture(t)
	for _, p := range processes {
		start, end := p.Span()
		x := random(rand.New(rand.NewPCG(8, 8)), 10, 2)
		s := sde.Analytic(p, m.Diffuse)
		for _, at := range []float64{start, 0.1 * end, end} {
			score, denoised := mat.NewDense(10, 2, nil), mat.NewDense(10, 2, nil)
			s.Score(score, x, []float64{at})
			sde.Convert(denoised, x, score, p, at, sde.Score, sde.Denoised)
			alpha, sigma := p.Kernel(at)
			exact := m.Diffuse(alpha, sigma)
			for i := range 10 {
				want := exact.Denoise(nil, x.RawRowView(i))
				// Where little of the data is left in x the score determines the
				// denoiser only through a difference of numbers of size |x|/α.
				require.InDeltaSlice(t, want, denoised.RawRowView(i), 1e-13*(1+mat.Norm(x, 2)/alpha))
			}
		}
	}
}

func TestNoRowsAreNoWork(t *testing.T) {
	calls := 0
	s := sde.Analytic(sde.VP{}, func(alpha, sigma float64) sde.Density {
		calls++
		return standard().density(alpha, sigma)
	})
	calls = 0
	s.Score(new(mat.Dense), new(mat.Dense), []float64{0.5})
	s.Score(new(mat.Dense), new(mat.Dense), nil)
	sde.Reverse{SDE: sde.VP{}, Scorer: s}.Drift(new(mat.Dense), new(mat.Dense), 0.5)
	require.Zero(t, calls)
}

func TestAnalyticIsADivergencerExactlyWhenTheDensityAllowsIt(t *testing.T) {
	_, ok := sde.Analytic(sde.VP{}, standard().density).(sde.Divergencer)
	require.False(t, ok, "distmv.Normal has no ScoreJacobian")
}

func TestAnalyticTimesInCommonOrByRowGiveTheSameBits(t *testing.T) {
	var calls atomic.Int64
	s := sde.Analytic(sde.VE{}, func(alpha, sigma float64) sde.Density {
		calls.Add(1)
		return standard().density(alpha, sigma)
	})
	x := random(rand.New(rand.NewPCG(5, 5)), 4, 2)
	common, repeated := mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil)

	score := func(dst *mat.Dense, times ...float64) int64 {
		calls.Store(0)
		s.Score(dst, x, times)
		return calls.Load()
	}
	require.EqualValues(t, 1, score(common, 0.4))
	require.EqualValues(t, 1, score(repeated, 0.4, 0.4, 0.4, 0.4))
	require.Equal(t, common, repeated)
	require.EqualValues(t, 3, score(repeated, 0.4, 0.5, 0.5, 0.4))
	require.Equal(t, common.RawRowView(3), repeated.RawRowView(3))
	require.NotEqual(t, common.RawRowView(1), repeated.RawRowView(1))
}

func TestAnalyticIsSafeForConcurrentUse(t *testing.T) {
	m := mixture(t)
	s := sde.Analytic(sde.VP{}, m.Diffuse).(sde.Divergencer)
	x := random(rand.New(rand.NewPCG(6, 6)), 20, 2)
	times := make([]float64, 20)
	for i := range times {
		times[i] = 0.05 * float64(i/2+1)
	}
	want, wantDiv := mat.NewDense(20, 2, nil), make([]float64, 20)
	s.Divergence(want, wantDiv, x, times)

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, div := mat.NewDense(20, 2, nil), make([]float64, 20)
			for range 20 {
				s.Divergence(got, div, x, times)
				if !mat.Equal(want, got) {
					t.Error("scores differ between goroutines")
				}
			}
		})
	}
	wg.Wait()
}

func TestAnalyticChecksShapes(t *testing.T) {
	m := mixture(t)
	s := sde.Analytic(sde.VP{}, m.Diffuse).(sde.Divergencer)
	a, b := mat.NewDense(3, 2, nil), mat.NewDense(2, 2, nil)
	div, one := make([]float64, 3), []float64{0.5}
	for i, f := range []func(){
		func() { s.Score(b, a, one) },
		func() { s.Score(a, a, []float64{0.5, 0.5}) },
		func() { s.Score(a, a, nil) },
		func() { s.Divergence(b, div, a, one) },
		func() { s.Divergence(a, div[:2], a, one) },
		func() { s.JVP(a, b, a, a, one) },
		func() { s.JVP(a, a, a, b, one) },
	} {
		panicsAbout(t, "sde: dimension mismatch: ", f, "case %d", i)
	}
}

func ExampleAnalytic() {
	// The distribution of αx₀ + σz for x₀ ~ N(2, ¼).
	score := sde.Analytic(sde.EDM{}, func(alpha, sigma float64) sde.Density {
		variance := 0.25*alpha*alpha + sigma*sigma
		normal, _ := distmv.NewNormal([]float64{2 * alpha}, mat.NewSymDense(1, []float64{variance}), nil)
		return normal
	})
	x, s := mat.NewDense(2, 1, []float64{1, 3}), mat.NewDense(2, 1, nil)
	score.Score(s, x, []float64{0.5})
	fmt.Printf("%.3f %.3f\n", s.At(0, 0), s.At(1, 0))
	// Output: 2.000 -2.000
}

package inference

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// gaussian is the law N(mean, cov) with its exact score at all times.
func gaussian(p sde.SDE, mean []float64, cov *mat.SymDense) sde.Scorer {
	d := len(mean)
	return sde.Analytic(p, func(alpha, sigma float64) linear {
		c := mat.NewSymDense(d, nil)
		c.ScaleSym(alpha*alpha, cov)
		for j := range d {
			c.SetSym(j, j, c.At(j, j)+sigma*sigma)
		}
		m := make([]float64, d)
		for j := range m {
			m[j] = alpha * mean[j]
		}
		law, _ := distmv.NewNormal(m, c, nil)
		var inv mat.SymDense
		var chol mat.Cholesky
		chol.Factorize(c)
		_ = chol.InverseTo(&inv)
		return linear{law, &inv}
	})
}

// linear is a normal law with the Jacobian of its score.
type linear struct {
	*distmv.Normal
	precision *mat.SymDense
}

func (l linear) ScoreJacobian(dst *mat.Dense, _ []float64) { dst.Scale(-1, l.precision) }

// conjugate are n observations x_i = θ + N(0, R_i) of θ ~ N(m, S): the exact posterior of
// each, and of all.
func conjugate(n int, seed uint64) (prior moments, single []moments, all moments) {
	const d = 3
	rng := rand.New(rand.NewPCG(seed, 1))
	random := func(scale float64) *mat.SymDense {
		a := mat.NewDense(d, d, nil)
		for i := range d {
			for j := range d {
				a.Set(i, j, rng.NormFloat64())
			}
		}
		s := mat.NewSymDense(d, nil)
		s.SymOuterK(scale/d, a)
		for j := range d {
			s.SetSym(j, j, s.At(j, j)+0.2*scale)
		}
		return s
	}
	invert := func(a *mat.SymDense) *mat.SymDense {
		var c mat.Cholesky
		c.Factorize(a)
		var inv mat.SymDense
		_ = c.InverseTo(&inv)
		return &inv
	}
	prior = moments{[]float64{0.5, -1, 0.2}, random(1)}
	precision, weighted := mat.NewSymDense(d, nil), make([]float64, d)
	precision.CopySym(invert(prior.cov))
	addProduct(weighted, 1, precision, prior.mean)
	for range n {
		r := invert(random(2))
		x := make([]float64, d)
		for j := range x {
			x[j] = 0.7 + rng.NormFloat64()
		}
		p, w := mat.NewSymDense(d, nil), make([]float64, d)
		p.AddSym(invert(prior.cov), r)
		addProduct(w, 1, invert(prior.cov), prior.mean)
		addProduct(w, 1, r, x)
		m := make([]float64, d)
		addProduct(m, 1, invert(p), w)
		single = append(single, moments{m, invert(p)})
		precision.AddSym(precision, r)
		addProduct(weighted, 1, r, x)
	}
	all = moments{make([]float64, d), invert(precision)}
	addProduct(all.mean, 1, all.cov, weighted)
	return prior, single, all
}

// poolOf returns the pooled score of exact ones, the shifts of whose coordinates are their
// means.
func poolOf(t *testing.T, p sde.SDE, method Method, prior moments, single []moments) *pooled {
	g, err := newNormal(prior)
	require.NoError(t, err)
	all := &pooled{process: p, prior: g, method: method}
	for _, m := range single {
		all.parts = append(all.parts, part{score: gaussian(p, make([]float64, len(m.mean)), m.cov), shift: m.mean, precision: g.narrower(m.cov)})
	}
	return all
}

// Checks score/inference (7).
func TestPooledScoreOfNormalPosteriorsIsExact(t *testing.T) {
	for _, process := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		for _, n := range []int{1, 2, 7, 60} {
			prior, single, all := conjugate(n, uint64(n))
			exact := gaussian(process, all.mean, all.cov)
			start, end := process.Span()
			x := mat.NewDense(4, 3, nil)
			rng := rand.New(rand.NewPCG(1, 2))
			for _, w := range []float64{0, 0.03, 0.3, 0.9, 1} {
				at := start + w*(end-start)
				alpha, sigma := process.Kernel(at)
				for i := range 4 {
					for j := range 3 {
						x.Set(i, j, alpha*all.mean[j]+math.Sqrt(alpha*alpha*all.cov.At(j, j)+sigma*sigma)*rng.NormFloat64())
					}
				}
				want, got := mat.NewDense(4, 3, nil), mat.NewDense(4, 3, nil)
				exact.Score(want, x, []float64{at})
				for _, method := range []Method{GAUSS, JAC} {
					poolOf(t, process, method, prior, single).Score(got, x, []float64{at})
					got.Sub(got, want)
					require.Less(t, mat.Norm(got, 2), 1e-7*mat.Norm(want, 2), "%v, n = %d, t = %v", method, n, at)
				}
			}
		}
	}
}

// Checks score/inference (6).
func TestPooledScoresAddUpAtTimeZero(t *testing.T) {
	prior, single, all := conjugate(5, 3)
	process := sde.EDM{SigmaMin: 1e-5}
	x := mat.NewDense(1, 3, []float64{0.1, 0.4, -0.3})
	want, got := mat.NewDense(1, 3, nil), mat.NewDense(1, 3, nil)
	at := []float64{1e-5}
	gaussian(process, all.mean, all.cov).Score(want, x, at)
	for _, method := range []Method{GAUSS, JAC, FNPE} {
		poolOf(t, process, method, prior, single).Score(got, x, at)
		require.InDeltaSlice(t, want.RawRowView(0), got.RawRowView(0), 1e-6, method)
	}
}

func TestPooledDerivativesAreThoseOfTheScore(t *testing.T) {
	prior, single, _ := conjugate(4, 9)
	process := sde.EDM{}
	all := poolOf(t, process, GAUSS, prior, single)
	d, ok := sde.As[tangent](all)
	require.True(t, ok)
	x, v := mat.NewDense(2, 3, []float64{1, 2, 3, -1, 0, 1}), mat.NewDense(2, 3, []float64{1, 0, 0, 0.5, 1, -1})
	times := []float64{0.3, 2}
	s, jv, up, down := mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil)
	d.JVP(s, jv, x, v, times)
	const h = 1e-4
	var moved mat.Dense
	moved.Scale(h, v)
	moved.Add(&moved, x)
	all.Score(up, &moved, times)
	moved.Scale(-h, v)
	moved.Add(&moved, x)
	all.Score(down, &moved, times)
	up.Sub(up, down)
	up.Scale(1/(2*h), up)
	require.InDeltaSlice(t, up.RawMatrix().Data, jv.RawMatrix().Data, 1e-7)

	for _, method := range []Method{JAC, FNPE} {
		_, ok := sde.As[tangent](poolOf(t, process, method, prior, single))
		require.False(t, ok, method)
	}
}

// erring is a score with Jacobians that are off by so much of the unit of x/σ².
type erring struct {
	sde.Scorer
	process sde.SDE
	off     float64
}

func (e erring) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	s, _ := sde.As[tangent](e.Scorer)
	s.JVP(dst, jv, x, v, t)
	_, sigma := e.process.Kernel(t[0])
	var more mat.Dense
	more.Scale(e.off/(sigma*sigma), v)
	jv.Add(jv, &more)
}

// A hundredth more or less than I is nothing to a network, and all of I + σ²∂s/∂y at σ = 80.
func TestJACStandsErrorsOfTheJacobians(t *testing.T) {
	long(t)
	prior, single, all := conjugate(3, 5)
	process := sde.EDM{}
	for _, off := range []float64{0.01, -0.01} {
		pool := poolOf(t, process, JAC, prior, single)
		for i := range pool.parts {
			pool.parts[i].score = erring{pool.parts[i].score, process, off * float64(1-2*(i%2))}
		}
		x := mat.NewDense(200, 3, nil)
		require.NoError(t, sampler.Sample(t.Context(), x, sde.Problem{SDE: process, Score: pool, Conditional: true}, sampler.Default(process), nil))
		got := momentsOf(x)
		for j := range 3 {
			sd := math.Sqrt(all.cov.At(j, j))
			require.InDelta(t, all.mean[j], got.mean[j], 0.5*sd, "%v", off)
			require.InDelta(t, 1, math.Sqrt(got.cov.At(j, j))/sd, 0.3, "%v", off)
		}
	}
}

// Samples of every method have the moments of the exact posterior.
func TestPooledSamplesAreThoseOfTheExactPosterior(t *testing.T) {
	long(t)
	prior, single, all := conjugate(8, 5)
	process := sde.EDM{}
	for _, method := range []Method{GAUSS, JAC, FNPE} {
		n := 300
		if method == JAC {
			n = 100
		}
		v := &View{method: method, problem: sde.Problem{SDE: process, Score: poolOf(t, process, method, prior, single), Conditional: true}}
		s := SampleSettings{Predictor: sampler.Default(process)}
		if method == FNPE {
			v.anneal(&s)
		}
		x := mat.NewDense(n, 3, nil)
		require.NoError(t, sampler.Sample(t.Context(), x, v.problem, s.Predictor, &s.Settings))
		got := momentsOf(x)
		for j := range 3 {
			sd := math.Sqrt(all.cov.At(j, j))
			require.InDelta(t, all.mean[j], got.mean[j], 4*sd/math.Sqrt(float64(n)), "%v: mean", method)
			require.InDelta(t, 1, math.Sqrt(got.cov.At(j, j))/sd, 4.2/math.Sqrt(2*float64(n)), "%v: deviation", method)
		}
	}
}

func TestPosteriorsOfTwoModesAreNotTakenForNormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	draws := mat.NewDense(512, 2, nil)
	fill := func(apart float64) {
		for i := range 512 {
			draws.SetRow(i, []float64{rng.NormFloat64(), apart*float64(2*(i%2)-1) + rng.NormFloat64()})
		}
	}
	fill(0)
	_, kurtosis := leastNormal(draws)
	require.Less(t, math.Abs(kurtosis-3), float64(notMesokurtic))
	fill(4)
	j, kurtosis := leastNormal(draws)
	require.Equal(t, 1, j)
	require.Less(t, kurtosis, 3.0-notMesokurtic)
}

func TestManyObservationsAreWarnedOf(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	x := mat.NewDense(20, 2, nil)
	v, err := post.GivenAll(t.Context(), x, &AllSettings{Draws: 32, Method: JAC})
	require.NoError(t, err)
	require.Contains(t, v.Warnings[len(v.Warnings)-1], "the network in 20 scores")
}

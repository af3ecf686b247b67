package sde_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// blobs is a mixture of isotropic normals in two dimensions, and its exact score.
func blobs(t *testing.T, p sde.SDE, weights, means, std []float64) sde.Problem {
	t.Helper()
	law, err := dataset.NewIsotropicMixture(weights, mat.NewDense(len(weights), 2, means), std, nil)
	require.NoError(t, err)
	return sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)}
}

// The tilt of two normals of one covariance is a normal, and its noised forms have the
// guided score.
func TestGuidingNormalsOfOneCovarianceIsExact(t *testing.T) {
	const w = 2.5
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}, sde.Cosine{}} {
		g, err := sde.Guide(blobs(t, p, []float64{1}, []float64{1, 2}, []float64{0.3}), blobs(t, p, []float64{1}, []float64{-1, 0}, []float64{0.3}), w)
		require.NoError(t, err)
		tilt := blobs(t, p, []float64{1}, []float64{w*1 - (1-w)*1, w * 2}, []float64{0.3})
		x, want, got := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), mat.NewDense(3, 2, nil), mat.NewDense(3, 2, nil)
		start, end := p.Span()
		for _, at := range []float64{start, 0.1, 0.5, end} {
			tilt.Score.Score(want, x, []float64{at})
			g.Score.Score(got, x, []float64{at})
			require.True(t, mat.EqualApprox(want, got, 1e-9*(1+mat.Norm(want, math.Inf(1)))), "%T at %v", p, at)
		}
	}
}

// A bad model that is too wide, as bad models are: the guided flow of two normals about
// one mean is linear, and on EDM
//
//	log x(0)/x(T) = ½ w log v/(v + T²) + ½ (1 − w) log v'/(v' + T²).
func TestAutoguidanceOfNormalsHasTheSpreadOfItsFlow(t *testing.T) {
	const w, v, bad, top = 2, 0.3 * 0.3, 0.5 * 0.5, 80
	p := sde.EDM{}
	g, err := sde.Guide(blobs(t, p, []float64{1}, []float64{1, 2}, []float64{0.3}), blobs(t, p, []float64{1}, []float64{1, 2}, []float64{0.5}), w)
	require.NoError(t, err)
	x := mat.NewDense(2, 2, []float64{1, 2, 1 + top, 2 - 3*top})
	start, _ := p.Span()
	s := &sampler.Settings{Grid: []float64{top, start}, Final: sampler.FinalState}
	require.NoError(t, sampler.Continue(context.Background(), x, g, sampler.DormandPrince{RTol: 1e-10, ATol: 1e-10}, s))
	factor := func(v float64) float64 { return 0.5 * math.Log((v+start*start)/(v+top*top)) }
	want := top * math.Exp(w*factor(v)+(1-w)*factor(bad))
	require.Less(t, want, 0.3, "narrower than the good model")
	require.InDeltaSlice(t, []float64{1, 2, 1 + want, 2 - 3*want}, x.RawMatrix().Data, 1e-8)
}

// classOf is ∇ₓ log p(c | x_t) of a mixture's component c, one for each row, with
// its log-probability: exact at every time.
type classOf struct {
	sde.SDE
	law   *dataset.Mixture
	class []int
}

func (c classOf) LogProb(dst []float64, x *mat.Dense, t []float64) {
	for i := range dst {
		a, s := c.Kernel(t[min(i, len(t)-1)])
		dst[i] = math.Log(c.law.Noised(a, s).Responsibilities(nil, x.RawRowView(i))[c.class[i]])
	}
}

// Score adds up (J_k − ḡ) of the components' scores J_k by finite differences of LogProb.
func (c classOf) Score(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	up, down := make([]float64, n), make([]float64, n)
	const h = 1e-4
	for j := range d {
		moved := mat.DenseCopyOf(x)
		for i := range n {
			moved.Set(i, j, x.At(i, j)+h)
		}
		c.LogProb(up, moved, t)
		for i := range n {
			moved.Set(i, j, x.At(i, j)-h)
		}
		c.LogProb(down, moved, t)
		for i := range n {
			dst.Set(i, j, (up[i]-down[i])/(2*h))
		}
	}
}

func (c classOf) Select(rows []int) sde.Scorer {
	all := c.class
	c.class = nil
	for _, r := range rows {
		c.class = append(c.class, all[r])
	}
	return c
}

// Checks sde (15).
func TestClassifierGuidanceIsTheScoreOfTheTiltedMixture(t *testing.T) {
	p := sde.VP{}
	weights, means, std := []float64{1, 2}, []float64{1, 0, -1, 0.5}, []float64{0.4, 0.6}
	law, err := dataset.NewIsotropicMixture(weights, mat.NewDense(2, 2, means), std, nil)
	require.NoError(t, err)
	all := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)}
	classifier := sde.Problem{SDE: p, Score: classOf{p, law, []int{0, 1, 1}}, Rows: 3}
	parts := []sde.Problem{blobs(t, p, []float64{1}, means[:2], std[:1]), blobs(t, p, []float64{1}, means[2:], std[1:])}
	x, got, want := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), mat.NewDense(3, 2, nil), mat.NewDense(1, 2, nil)
	at := []float64{0.3}
	for _, w := range []float64{0, 1, 2.5} {
		g, err := sde.GuideByClassifier(all, classifier, w)
		require.NoError(t, err)
		require.Equal(t, 3, g.Rows)
		require.True(t, g.Conditional)
		require.NoError(t, g.Validate(3, 2))
		require.Error(t, g.Validate(4, 2))
		g.Score.Score(got, x, at)
		density, ok := sde.As[sde.LogProber](g.Score)
		require.True(t, ok)
		const h = 1e-4
		for i := range 3 {
			for j := range 2 { // the tilted density's own slope
				up, down := make([]float64, 3), make([]float64, 3)
				moved := mat.DenseCopyOf(x)
				moved.Set(i, j, x.At(i, j)+h)
				density.LogProb(up, moved, at)
				moved.Set(i, j, x.At(i, j)-h)
				density.LogProb(down, moved, at)
				require.InDelta(t, (up[i]-down[i])/(2*h), got.At(i, j), 1e-6)
			}
			if w == 1 { // Bayes' rule
				row := x.Slice(i, i+1, 0, 2).(*mat.Dense)
				parts[min(i, 1)].Score.Score(want, row, at)
				require.InDeltaSlice(t, want.RawRowView(0), got.RawRowView(i), 1e-6)
			}
		}
		some := mat.NewDense(1, 2, nil)
		g.Select([]int{2}).Score(some, x.Slice(2, 3, 0, 2).(*mat.Dense), at)
		require.Equal(t, got.RawRowView(2), some.RawRowView(0))
	}
	_, err = sde.GuideByClassifier(all, classifier, math.Inf(1))
	require.ErrorIs(t, err, sde.ErrRange)
	require.ErrorContains(t, err, "w: is +Inf")
	classifier.SDE = sde.EDM{}
	_, err = sde.GuideByClassifier(all, classifier, 1)
	require.ErrorContains(t, err, "that of the classifier's score")
}

// Checks sde (16).
func TestWithinIsOneScoreInsideAndTheOtherOutside(t *testing.T) {
	p := sde.EDM{}
	a, b := blobs(t, p, []float64{1, 2}, []float64{1, 0, -1, 0.5}, []float64{0.4, 0.6}), blobs(t, p, []float64{1}, []float64{0, 0}, []float64{1})
	both, err := sde.Within(a, b, 0.5, 2)
	require.NoError(t, err)
	require.NoError(t, both.Validate(3, 2))
	x, v := mat.NewDense(3, 2, []float64{0.2, -1, 3, 0.4, -0.7, 0.1}), mat.NewDense(3, 2, []float64{1, 0, 0.5, 2, -1, 1})
	type values struct {
		score, again, third, fourth, jv, jtu *mat.Dense
		div, logp                            []float64
	}
	of := func(p sde.Scorer, at ...float64) values {
		d, _ := sde.As[sde.Divergencer](p)
		l, _ := sde.As[sde.LogProber](p)
		b, _ := sde.As[sde.Pullback](p)
		m := func() *mat.Dense { return mat.NewDense(3, 2, nil) }
		r := values{m(), m(), m(), m(), m(), m(), make([]float64, 3), make([]float64, 3)}
		p.Score(r.score, x, at)
		d.Divergence(r.again, r.div, x, at)
		d.JVP(r.third, r.jv, x, v, at)
		b.VJP(r.fourth, r.jtu, x, v, at)
		l.LogProb(r.logp, x, at)
		return r
	}
	for _, at := range []float64{0.5, 1, 2} {
		require.Equal(t, of(a.Score, at), of(both.Score, at))
	}
	for _, at := range []float64{0.1, math.Nextafter(0.5, 0), math.Nextafter(2, 3), 50} {
		require.Equal(t, of(b.Score, at), of(both.Score, at))
	}
	in, out, mixed := of(a.Score, 1), of(b.Score, 3), of(both.Score, 1, 3, 1)
	for i, want := range []values{in, out, in} {
		require.Equal(t, want.score.RawRowView(i), mixed.score.RawRowView(i))
		require.Equal(t, want.score.RawRowView(i), mixed.again.RawRowView(i))
		require.Equal(t, want.score.RawRowView(i), mixed.third.RawRowView(i))
		require.Equal(t, want.score.RawRowView(i), mixed.fourth.RawRowView(i))
		require.Equal(t, want.jtu.RawRowView(i), mixed.jtu.RawRowView(i))
		require.Equal(t, want.jv.RawRowView(i), mixed.jv.RawRowView(i))
		require.Equal(t, want.div[i], mixed.div[i])
		require.Equal(t, want.logp[i], mixed.logp[i])
	}

	// Rows with conditions of their own.
	rows := sde.Problem{SDE: p, Score: perRow{[]sde.Scorer{a.Score, b.Score, a.Score}}, Rows: 3}
	both, err = sde.Within(rows, b, 0.5, 2)
	require.NoError(t, err)
	require.Equal(t, 3, both.Rows)
	whole, part := mat.NewDense(3, 2, nil), mat.NewDense(2, 2, nil)
	both.Score.Score(whole, x, []float64{1})
	both.Select([]int{1, 2}).Score(part, x.Slice(1, 3, 0, 2).(*mat.Dense), []float64{1})
	require.True(t, mat.Equal(whole.Slice(1, 3, 0, 2), part))
}

func TestWithinRefusesLevelsThatAreNone(t *testing.T) {
	a := blobs(t, sde.VP{}, []float64{1}, []float64{0, 0}, []float64{1})
	for _, k := range [][2]float64{{-1, 2}, {2, 2}, {3, 2}, {math.NaN(), 2}, {1, math.NaN()}, {1e4, 1e5}, {1e-9, 1e-8}} {
		_, err := sde.Within(a, a, k[0], k[1])
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, "low, high: are")
	}
	p, err := sde.Within(a, a, 0, math.Inf(1))
	require.NoError(t, err)
	require.Empty(t, p.Breakpoints)
	p, err = sde.Within(a, a, 1e-9, 1)
	require.NoError(t, err)
	require.Len(t, p.Breakpoints, 2)
	_, err = sde.Within(a, blobs(t, sde.EDM{}, []float64{1}, []float64{0, 0}, []float64{1}), 0.1, 1)
	require.ErrorContains(t, err, "that of the outside score")
}

// uncalled is a score that must not be evaluated.
type uncalled struct{ sde.Scorer }

func (uncalled) Score(*mat.Dense, *mat.Dense, []float64) { panic("evaluated") }

func TestScoresWithoutWeightAreNotEvaluated(t *testing.T) {
	p := blobs(t, sde.VP{}, []float64{1}, []float64{1, 2}, []float64{0.3})
	idle := sde.Problem{SDE: p.SDE, Score: uncalled{p.Score}}
	x, want, got := mat.NewDense(2, 2, []float64{1, 0, 2, -1}), mat.NewDense(2, 2, nil), mat.NewDense(2, 2, nil)
	p.Score.Score(want, x, []float64{0.3})
	for name, do := range map[string]func() (sde.Problem, error){
		"conditional":   func() (sde.Problem, error) { return sde.Guide(p, idle, 1) },
		"unconditional": func() (sde.Problem, error) { return sde.Guide(idle, p, 0) },
		"no classifier": func() (sde.Problem, error) { return sde.GuideByClassifier(p, idle, 0) },
		"outside":       func() (sde.Problem, error) { return sde.Within(idle, p, 1e-2, 2e-2) },
	} {
		g, err := do()
		require.NoError(t, err)
		g.Score.Score(got, x, []float64{0.3})
		require.Equal(t, want, got, name)
	}
}

// A time whose level is a bound, or next to it, is on the side that the bound says.
func TestWithinKeepsItsBoundsToTheBit(t *testing.T) {
	t.Parallel()
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}, sde.VE{}, sde.Cosine{}, sde.SubVP{}} {
		inside := sde.Problem{SDE: p, Score: constant(1)}
		outside := sde.Problem{SDE: p, Score: constant(0)}
		level := func(t float64) float64 {
			alpha, sigma := p.Kernel(t)
			return sigma / alpha
		}
		for _, bounds := range [][2]float64{{1, 3}, {0.1, 0.3}, {0.02, 0.7}, {0.5, 7}} {
			low, high := bounds[0], bounds[1]
			q, err := sde.Within(inside, outside, low, high)
			require.NoError(t, err)
			for _, bound := range bounds {
				at := sde.TimeAt(p, -math.Log(bound))
				for range 40 {
					at = math.Nextafter(at, 0)
				}
				for range 80 {
					at = math.Nextafter(at, math.Inf(1))
					dst := mat.NewDense(1, 1, nil)
					q.Score.Score(dst, mat.NewDense(1, 1, nil), []float64{at})
					want := 0.0
					if v := level(at); low <= v && v <= high {
						want = 1
					}
					require.Equal(t, want, dst.At(0, 0), "%T at t = %v with the level %v", p, at, level(at))
				}
			}
		}
	}
}

// constant is a score that is the same number everywhere.
type constant float64

func (c constant) Score(dst, _ *mat.Dense, _ []float64) {
	dst.Apply(func(int, int, float64) float64 { return float64(c) }, dst)
}

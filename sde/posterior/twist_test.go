package posterior

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sde"
)

// What a twister is made of adds up to its score, and the slope that PiGDM follows is that of ψ.
func TestTwistersAreMadeOfWhatTheyScore(t *testing.T) {
	const n, d, h = 4, 3, 1e-5
	law, err := dataset.NewMixture([]float64{1, 2}, normals(2, d, 1), []*mat.SymDense{covarianceOf(d, 2), covarianceOf(d, 3)}, nil)
	require.NoError(t, err)
	p := sde.Problem{SDE: sde.VP{}, Score: sde.Analytic(sde.VP{}, law.Diffuse), Frame: sde.Frame{Shift: []float64{1, 2, 3}, Scale: []float64{2, .5, 1}}}
	linear := Observation{Matrix{normals(2, d, 4)}, normals(n, 2, 5), Noise{Cov: covarianceOf(2, 6)}}
	curved := Observation{squares{d}, normals(1, d-1, 5), Noise{Deviation: .5}}
	for _, o := range []Observation{linear, curved} {
		_, straight := o.Operator.(Linear)
		for _, m := range []Method{DPS{}, DPS{Step: 1}, PiGDM{}, MMPS{Iterations: 30}} {
			q, err := m.Given(p, o)
			require.NoError(t, err)
			twist, ok := sde.As[Twister](q.Score)
			require.True(t, ok)
			x, at := normals(n, d, 7), []float64{.4, .1, .5, .4}
			score, prior, guide, want := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
			log := make([]float64, n)
			twist.Twist(score, guide, log, x, at)
			p.Score.Score(prior, x, at)
			require.Equal(t, prior, score)
			q.Score.Score(want, x, at)
			score.Add(score, guide)
			if _, own := m.(DPS); own || straight { // of others the bend of h is no part of the score
				require.True(t, mat.EqualApprox(want, score, 1e-8*(1+mat.Norm(want, 2))), "%T", m)
			}
			without := make([]float64, n)
			twist.Twist(score, nil, without, x, at)
			require.Equal(t, log, without)
			if _, ok := m.(PiGDM); !ok || !straight {
				continue // they follow what is not quite the slope
			}
			for j := range d {
				up, down := make([]float64, n), make([]float64, n)
				for k, values := range [][]float64{up, down} {
					moved := mat.DenseCopyOf(x)
					for i := range n {
						moved.Set(i, j, x.At(i, j)+h*float64(1-2*k))
					}
					twist.Twist(score, nil, values, moved, at)
				}
				for i := range n {
					slope := (up[i] - down[i]) / (2 * h)
					require.InDelta(t, slope, guide.At(i, j), 1e-5*(1+math.Abs(slope)), "%T", m)
				}
			}
		}
	}
	_, ok := sde.As[Twister](problemOf(t, TMPD{}, p, linear).Score)
	require.False(t, ok)
}

func problemOf(t *testing.T, m Method, p sde.Problem, o Observation) sde.Problem {
	t.Helper()
	q, err := m.Given(p, o)
	require.NoError(t, err)
	return q
}

// Of normal data ψ is p(y | x_t), up to a constant, where derivatives are trusted; of
// independent columns of variance 1 at every level.
func TestTwistOfNormalDataIsExact(t *testing.T) {
	const n, d = 5, 3
	o := Observation{Matrix{normals(2, d, 4)}, normals(1, 2, 5), Noise{Cov: covarianceOf(2, 6)}}
	for _, c := range []struct {
		cov    *mat.SymDense
		levels []float64
	}{{covarianceOf(d, 2), []float64{.01, 1, trusted}}, {identity(d, 1), []float64{.01, 1, 20}}} {
		law, err := dataset.NewMixture([]float64{1}, normals(1, d, 1), []*mat.SymDense{c.cov}, nil)
		require.NoError(t, err)
		post, err := law.Observe(o.Operator.(Matrix).A, o.Y.RawRowView(0), o.Noise.Cov, nil)
		require.NoError(t, err)
		p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
		twist, _ := sde.As[Twister](problemOf(t, MMPS{}, p, o).Score)
		for _, σ := range c.levels {
			x, log := normals(n, d, 7), make([]float64, n)
			twist.Twist(mat.NewDense(n, d, nil), nil, log, x, []float64{σ})
			exact := func(i int) float64 { // Bayes' rule at time t
				return post.Noised(1, σ).LogProb(x.RawRowView(i)) - law.Noised(1, σ).LogProb(x.RawRowView(i))
			}
			for i := 1; i < n; i++ {
				require.InDelta(t, exact(i)-exact(0), log[i]-log[0], 1e-7*(1+math.Abs(log[i])))
			}
		}
	}
}

// curves is h(x) = (x₁², x₁ x₂, x₂, tanh 5x₁).
type curves struct{}

func (curves) Dims() (in, out int) { return 2, 4 }

func (curves) Apply(dst, x *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		a, b := x.At(i, 0), x.At(i, 1)
		dst.SetRow(i, []float64{a * a, a * b, b, math.Tanh(5 * a)})
	}
}

func (curves) slopes(x *mat.Dense, i int) *mat.Dense {
	a, b := x.At(i, 0), x.At(i, 1)
	return mat.NewDense(4, 2, []float64{2 * a, 0, b, a, 0, 1, 5 / math.Pow(math.Cosh(5*a), 2), 0})
}

func (c curves) JVP(dst, x, v *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		var y mat.VecDense
		y.MulVec(c.slopes(x, i), v.RowView(i))
		dst.SetRow(i, y.RawVector().Data)
	}
}

func (c curves) VJP(dst, x, u *mat.Dense) {
	for i := range x.RawMatrix().Rows {
		var y mat.VecDense
		y.MulVec(c.slopes(x, i).T(), u.RowView(i))
		dst.SetRow(i, y.RawVector().Data)
	}
}

// The mean and the variances of h are those of its distribution, about, whatever its slope
// at the mean is; those of a linear number are exact.
func TestMomentsOfNonlinearNumbersAreThoseOfTheirDistribution(t *testing.T) {
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, normal(t, []float64{0, 0}, identity(2, 1)).Diffuse)}
	g, err := newGuided(p, Observation{curves{}, mat.NewDense(1, 4, nil), Noise{Deviation: .1}}, PiGDM{})
	require.NoError(t, err)
	for _, c := range []struct{ d, mean, variance []float64 }{
		{[]float64{0, 0}, []float64{1, 0, 0, 0}, []float64{2, 1, 1, .76}},
		{[]float64{3, 1}, []float64{10, 3, 1, 1}, []float64{38, 11, 1, 0}},
	} {
		x := mat.NewDense(1, 2, []float64{c.d[0] * 6401, c.d[1] * 6401})
		at := g.at(mat.NewDense(1, 2, nil), x, []float64{80})
		r, s := at.residual(), at.gram(PiGDM{}.variances(0, at), 0)
		at.bend(PiGDM{}).of(s, r.RawRowView(0), 0)
		for k, v := range c.variance {
			require.InDelta(t, v, s.At(k, k), .05+.4*v, "number %d", k)
			require.InDelta(t, c.mean[k], -r.At(0, k), .05+.4*math.Sqrt(v), "number %d", k)
		}
		require.InDelta(t, 6400./6401, s.At(2, 2), 1e-9)
	}
}

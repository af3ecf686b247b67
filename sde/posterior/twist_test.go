package posterior

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sde"
)

// What a twister is made of adds up to its score, and where ψ has the slope that is
// followed, that is what is found.
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
			x, at := normals(n, d, 7), []float64{.4, .1, .7, .4}
			score, prior, guide, want := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
			log := make([]float64, n)
			twist.Twist(score, guide, log, x, at)
			p.Score.Score(prior, x, at)
			require.Equal(t, prior, score)
			q.Score.Score(want, x, at)
			score.Add(score, guide)
			require.True(t, mat.EqualApprox(want, score, 1e-8*(1+mat.Norm(want, 2))), "%T", m)
			without := make([]float64, n)
			twist.Twist(score, nil, without, x, at)
			require.Equal(t, log, without)
			if m == Method(DPS{}) {
				continue // it follows a part of the slope
			}
			if by, ok := m.(conservative); !ok || !straight && !by.conserves(&Likelihood{}) {
				continue
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

// Of normal data ψ is p(y | x_t), up to a constant.
func TestTwistOfNormalDataIsExact(t *testing.T) {
	const n, d = 5, 3
	cov := covarianceOf(d, 2)
	law, err := dataset.NewMixture([]float64{1}, normals(1, d, 1), []*mat.SymDense{cov}, nil)
	require.NoError(t, err)
	o := Observation{Matrix{normals(2, d, 4)}, normals(1, 2, 5), Noise{Cov: covarianceOf(2, 6)}}
	post, err := law.Observe(o.Operator.(Matrix).A, o.Y.RawRowView(0), o.Noise.Cov, nil)
	require.NoError(t, err)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	twist, _ := sde.As[Twister](problemOf(t, MMPS{}, p, o).Score)
	for _, σ := range []float64{.01, 1, 20} {
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

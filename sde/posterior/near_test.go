package posterior

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// A step of a linear observation is affine in u, z and e: from unit vectors come its
// mean and covariance exactly, and they are those of the posterior at every rate.
func TestMovesLeaveTheirDistributionAsItIs(t *testing.T) {
	const d, m, r = 3, 2, .7
	frame := sde.Frame{Shift: []float64{1, -2, 0}, Scale: []float64{2, .5, 1}}
	a, cov := normals(m, d, 1), covarianceOf(m, 2)
	l, err := NewLikelihood(Observation{Matrix{a}, normals(1, m, 3), Noise{Cov: cov}}, frame)
	require.NoError(t, err)
	rows := 1 + d + d + m
	mean := mat.NewDense(rows, d, nil)
	for i := range rows {
		mean.SetRow(i, []float64{.3, -1, .4})
	}
	// The posterior of u ~ N(mean, r²I), y in u's coordinates.
	post, err := normal(t, mean.RawRowView(0), identity(d, r*r)).Observe(l.matrix, residualOf(l, mat.NewDense(1, d, nil)), cov, nil)
	require.NoError(t, err)
	var want mat.SymDense
	post.Cov(&want)
	for _, c := range []float64{1, .3} {
		start, z, e := mat.NewDense(rows, d, nil), mat.NewDense(rows, d, nil), mat.NewDense(rows, m, nil)
		for j := range d {
			start.Set(1+j, j, 1)
			z.Set(1+d+j, j, 1)
		}
		for k := range m {
			e.Set(1+2*d+k, k, 1)
		}
		chain := l.Near(mean, r)
		chain.U.Copy(start)
		chain.here = chain.at(chain.U)
		chain.Move(z, e, make([]float64, rows), c)
		u := chain.U
		for i := 1; i < rows; i++ {
			for j := range d {
				u.Set(i, j, u.At(i, j)-u.At(0, j))
			}
		}
		// u' = u₀ + B u + noise: the mean is B mean + u₀, the covariance B C Bᵀ + noise.
		var next, carried, noise mat.Dense
		b := u.Slice(1, 1+d, 0, d).T()
		next.Mul(b, mat.NewVecDense(d, post.Mean(nil)))
		for j, v := range post.Mean(nil) {
			require.InDelta(t, v, next.At(j, 0)+u.At(0, j), 1e-12)
		}
		carried.Product(b, &want, b.T())
		drawn := u.Slice(1+d, rows, 0, d)
		noise.Mul(drawn.T(), drawn)
		carried.Add(&carried, &noise)
		require.True(t, mat.EqualApprox(&want, &carried, 1e-12), "rate %v", c)
	}
}

// A long chain of a nonlinear observation has the moments that quadrature gives.
func TestMovesOfNonlinearObservationsAreExact(t *testing.T) {
	const n, steps = 500, 130
	o := Observation{squares{2}, mat.NewDense(1, 1, []float64{.8}), Noise{Deviation: .3}}
	l, err := NewLikelihood(o, sde.Frame{Scale: []float64{1, 2}})
	require.NoError(t, err)
	mean := mat.NewDense(n, 2, nil)
	for i := range n {
		mean.SetRow(i, []float64{.2, .1})
	}
	const r = .7
	chain := l.Near(mean, r)
	var got, want [2]float64
	accept := make([]float64, n)
	for k := range steps {
		uniforms := normals(n, 1, uint64(1000+k))
		for i := range accept {
			accept[i] = .5 * math.Erfc(-uniforms.At(i, 0)/math.Sqrt2)
		}
		chain.Move(normals(n, 2, uint64(k)), normals(n, 1, uint64(500+k)), accept, .4)
		if k < 60 {
			continue
		}
		for i := range n {
			got[0] += chain.U.At(i, 0) * chain.U.At(i, 0) / n / (steps - 60)
			got[1] += chain.U.At(i, 1) / n / (steps - 60)
		}
	}
	total := 0.0
	for a := -4.0; a < 4; a += .02 {
		for b := -4.0; b < 4; b += .02 {
			miss := .8 - a*a - 2*b
			w := math.Exp(-.5*((a-.2)*(a-.2)+(b-.1)*(b-.1))/(r*r) - .5*miss*miss/.09)
			total += w
			want[0] += a * a * w
			want[1] += b * w
		}
	}
	require.InDelta(t, want[0]/total, got[0], .03)
	require.InDelta(t, want[1]/total, got[1], .03)
}

// residualOf returns y − h(u) of one row.
func residualOf(l *Likelihood, u *mat.Dense) []float64 {
	_, m := l.Dims()
	r := mat.NewDense(1, m, nil)
	l.Residual(r, u)
	return r.RawRowView(0)
}

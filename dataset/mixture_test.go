package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"
)

// wishart returns a random covariance.
func wishart(d int, rng *rand.Rand) *mat.SymDense {
	s := mat.NewSymDense(d, nil)
	v := mat.NewVecDense(d, nil)
	for range d + 2 {
		for i := range d {
			v.SetVec(i, rng.NormFloat64())
		}
		s.SymRankOne(s, 0.3, v)
	}
	return s
}

func randomMixture(k, d int, seed uint64) *Mixture {
	rng := rand.New(rand.NewPCG(seed, 3))
	w, means := make([]float64, k), mat.NewDense(k, d, nil)
	covs := make([]*mat.SymDense, k)
	for i := range k {
		w[i], covs[i] = 0.1+rng.Float64(), wishart(d, rng)
		for j := range d {
			means.Set(i, j, rng.NormFloat64())
		}
	}
	return constant(NewMixture(w, means, covs, rand.NewPCG(seed, 4)))
}

func TestOneComponentIsANormal(t *testing.T) {
	for _, d := range []int{1, 2, 5, 40} {
		m := randomMixture(1, d, uint64(d))
		var cov mat.SymDense
		m.Cov(&cov)
		normal, ok := distmv.NewNormal(m.Mean(nil), &cov, nil)
		require.True(t, ok)
		for range 5 {
			x := m.Rand(nil)
			require.InEpsilon(t, normal.LogProb(x), m.LogProb(x), 1e-10)
			require.InDeltaSlice(t, normal.ScoreInput(nil, x), m.ScoreInput(nil, x), 1e-9*norm(m.ScoreInput(nil, x)))
			var inv, jac mat.Dense
			require.NoError(t, inv.Inverse(&cov))
			inv.Scale(-1, &inv)
			m.ScoreJacobian(&jac, x)
			require.True(t, mat.EqualApprox(&inv, &jac, 1e-8))
			require.InEpsilon(t, mat.Trace(&jac), m.Divergence(x), 1e-12)
		}
	}
}

func norm(v []float64) float64 { return mat.Norm(mat.NewVecDense(len(v), v), 2) }

func TestIsotropicEqualsFull(t *testing.T) {
	for _, d := range []int{1, 3, 35} {
		iso := isoMixture(d, nil)
		covs := make([]*mat.SymDense, iso.Len())
		for k := range covs {
			covs[k] = mat.NewSymDense(d, nil)
			for i := range d {
				covs[k].SetSym(i, i, iso.vars[k])
			}
		}
		full := constant(NewMixture(iso.weights, mat.NewDense(iso.Len(), d, iso.means), covs, nil))
		rng := rand.New(rand.NewPCG(5, 5))
		for _, k := range kernels {
			p, q := iso.Noised(k[0], k[1]), full.Noised(k[0], k[1])
			x := make([]float64, d)
			for i := range x {
				x[i] = rng.NormFloat64() * (k[0] + k[1])
			}
			require.InDelta(t, p.LogProb(x), q.LogProb(x), 1e-12*(1+math.Abs(p.LogProb(x))))
			require.InDeltaSlice(t, p.ScoreInput(nil, x), q.ScoreInput(nil, x), 1e-11*(1+norm(p.ScoreInput(nil, x))))
			require.InDeltaSlice(t, p.Denoise(nil, x), q.Denoise(nil, x), 1e-10*(1+norm(p.Denoise(nil, x))))
			require.InDeltaSlice(t, p.Responsibilities(nil, x), q.Responsibilities(nil, x), 1e-11)
			var a, b mat.Dense
			p.ScoreJacobian(&a, x)
			q.ScoreJacobian(&b, x)
			require.True(t, mat.EqualApprox(&a, &b, 1e-11*(1+mat.Norm(&a, 2))))
			var c, e mat.SymDense
			p.Cov(&c)
			q.Cov(&e)
			require.True(t, mat.EqualApprox(&c, &e, 1e-12*mat.Norm(&c, 2)))
		}
	}
}

func TestHighDimensionalDerivatives(t *testing.T) {
	m := randomMixture(4, 5, 9)
	for _, k := range [][2]float64{{0.9, 0.4}, {1, 3}} {
		p := m.Noised(k[0], k[1])
		for range 10 {
			x := p.Rand(nil)
			s, d := p.ScoreInput(nil, x), p.Denoise(nil, x)
			var jac mat.Dense
			p.ScoreJacobian(&jac, x)
			for i := range x {
				want := derivative(x, i, 1e-3, p.LogProb)
				require.InDelta(t, want, s[i], 1e-8)
				require.InDelta(t, k[0]*d[i], x[i]+k[1]*k[1]*s[i], 1e-12)
				for j := range x {
					want := derivative(x, j, 1e-3, func(x []float64) float64 { return p.ScoreInput(nil, x)[i] })
					require.InDelta(t, want, jac.At(i, j), 1e-8)
				}
			}
			require.InEpsilon(t, mat.Trace(&jac), p.Divergence(x), 1e-12)
		}
	}
}

func TestMomentsMatchDraws(t *testing.T) {
	const n, d = 50_000, 3
	full := randomMixture(4, d, 21)
	for name, m := range map[string]*Mixture{
		"full": full, "iso": isoMixture(d, rand.NewPCG(1, 1)),
		"noised": &full.Noised(0.6, 0.8).Mixture,
	} {
		t.Run(name, func(t *testing.T) {
			x := Sample(m, n)
			mean := m.Mean(nil)
			var cov mat.SymDense
			m.Cov(&cov)
			for i := range d {
				require.InDelta(t, mean[i], stat.Mean(mat.Col(nil, i, x), nil), 4*math.Sqrt(cov.At(i, i)/n))
				for j := range d {
					prod := make([]float64, n)
					for r := range prod {
						prod[r] = (x.At(r, i) - mean[i]) * (x.At(r, j) - mean[j])
					}
					got, std := stat.MeanStdDev(prod, nil)
					require.InDelta(t, cov.At(i, j), got, 4*std/math.Sqrt(n))
				}
			}
		})
	}
}

func TestNoisingComposes(t *testing.T) {
	m := randomMixture(3, 2, 31)
	once := m.Noised(0.9*0.5, math.Hypot(0.5*0.3, 0.7))
	twice := m.Noised(0.9, 0.3).Noised(0.5, 0.7)
	for range 10 {
		x := once.Rand(nil)
		require.InDelta(t, once.LogProb(x), twice.LogProb(x), 1e-12)
		require.InDeltaSlice(t, once.ScoreInput(nil, x), twice.ScoreInput(nil, x), 1e-12)
	}
}

func TestNoNoiseIsTheIdentity(t *testing.T) {
	for _, m := range []*Mixture{randomMixture(3, 2, 32), isoMixture(2, rand.NewPCG(1, 1))} {
		p := m.Noised(1, 0)
		x := m.Rand(nil)
		require.InDelta(t, m.LogProb(x), p.LogProb(x), 1e-14)
		require.InDeltaSlice(t, x, p.Denoise(nil, x), 1e-14)
	}
}

func TestPureNoiseDenoisesToTheMean(t *testing.T) {
	full, iso := fullMixture(nil), isoMixture(2, nil)
	for name, dist := range map[string]struct {
		Diffusible
		mean []float64
	}{
		"full": {full, full.Mean(nil)}, "iso": {iso, iso.Mean(nil)}, "ring": {NewRing(nil), []float64{0, 0}},
		"moons": {NewMoons(nil), []float64{0, 0}}, "checkerboard": {NewCheckerboard(nil), []float64{0, 0}},
	} {
		p := dist.Diffuse(0, 2)
		x := []float64{1, -3}
		require.InDeltaSlice(t, dist.mean, p.Denoise(nil, x), 1e-13, name)
		require.InDeltaSlice(t, []float64{-0.25, 0.75}, p.ScoreInput(nil, x), 1e-14, name)
		require.InEpsilon(t, -10.0/8-math.Log(8*math.Pi), p.LogProb(x), 1e-13, name)
	}
}

func TestResponsibilitiesAreBayesRule(t *testing.T) {
	m := randomMixture(5, 3, 41)
	x := m.Rand(nil)
	r := m.Responsibilities(nil, x)
	for k := range r {
		var cov mat.SymDense
		one := constant(NewMixture([]float64{1}, mat.NewDense(1, 3, m.mean(k)), []*mat.SymDense{covariance(m, k)}, nil))
		one.Cov(&cov)
		require.InEpsilon(t, m.weights[k]*math.Exp(one.LogProb(x)-m.LogProb(x)), r[k], 1e-10)
	}
}

func covariance(m *Mixture, k int) *mat.SymDense {
	cov := mat.NewSymDense(m.dim, nil)
	m.addSpread(cov, k, 1, m.vars)
	return cov
}

func TestManyComponentsAndDimensionsBeyondTheStack(t *testing.T) {
	const k, d = stackComponents + 3, stackDim + 1
	rng := rand.New(rand.NewPCG(3, 3))
	w, std, means := make([]float64, k), make([]float64, k), mat.NewDense(k, d, nil)
	for i := range k {
		w[i], std[i] = 1, 0.5
		for j := range d {
			means.Set(i, j, 0.2*rng.NormFloat64())
		}
	}
	m := constant(NewIsotropicMixture(w, means, std, rand.NewPCG(1, 1)))
	x := m.Rand(nil)
	s := m.ScoreInput(nil, x)
	require.InDelta(t, derivative(x, 7, 1e-3, m.LogProb), s[7], 1e-8)
	var jac mat.Dense
	m.ScoreJacobian(&jac, x)
	require.InEpsilon(t, mat.Trace(&jac), m.Divergence(x), 1e-12)
}

func TestZeroWeightsAreNeverDrawn(t *testing.T) {
	means := mat.NewDense(3, 1, []float64{-5, 0, 5})
	m := constant(NewIsotropicMixture([]float64{0, 1, 0}, means, []float64{0.1, 0.1, 0.1}, rand.NewPCG(1, 1)))
	for range 1000 {
		require.Less(t, math.Abs(m.Rand(nil)[0]), 1.0)
	}
	require.Equal(t, 1, m.pick(1))
	require.Equal(t, []float64{0, 1, 0}, m.Responsibilities(nil, []float64{5}))
}

func TestImpossiblePointsAreNotFinite(t *testing.T) {
	m := randomMixture(2, 2, 51)
	require.True(t, math.IsInf(m.LogProb([]float64{1e200, 0}), -1))
	require.True(t, math.IsNaN(m.LogProb([]float64{math.NaN(), 0})))
	require.True(t, math.IsNaN(m.ScoreInput(nil, []float64{math.NaN(), 0})[1]))
}

func TestMixtureRefusesBadParameters(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	good := mat.NewDense(2, 2, []float64{0, 0, 1, 1})
	unit := mat.NewSymDense(2, []float64{1, 0, 0, 1})
	for _, c := range []struct {
		weights, std []float64
		means        *mat.Dense
		cov          *mat.SymDense
		err          error
		text         string
	}{
		{weights: []float64{1, -2}, err: ErrRange, text: "weights[1] is -2"},
		{weights: []float64{nan, 1}, err: ErrRange, text: "weights[0] is NaN"},
		{weights: []float64{1, inf}, err: ErrRange, text: "weights[1] is +Inf"},
		{weights: []float64{0, 0}, err: ErrRange, text: "weights are all 0"},
		{means: mat.NewDense(2, 2, []float64{0, 0, nan, 0}), err: ErrNonFinite, text: "means at row 1, column 0 is NaN"},
		{std: []float64{1, 0}, err: ErrRange, text: "std[1] is 0"},
		{std: []float64{-1, 1}, err: ErrRange, text: "std[0] is -1"},
		{std: []float64{nan, 1}, err: ErrRange, text: "std[0] is NaN"},
		{std: []float64{1e200, 1}, err: ErrRange, text: "std[0] is 1e+200"},
		{std: []float64{1e-200, 1}, err: ErrRange, text: "std[0] is 1e-200"},
		{cov: mat.NewSymDense(2, []float64{1, 2, 2, 1}), err: ErrRange, text: "covs[1] has eigenvalues from -1 to 3"},
		{cov: mat.NewSymDense(2, []float64{1, 1, 1, 1}), err: ErrRange, text: "covs[1] has eigenvalues"},
		{cov: mat.NewSymDense(2, []float64{0, 0, 0, 0}), err: ErrRange, text: "covs[1] has eigenvalues from 0 to 0"},
		{cov: mat.NewSymDense(2, []float64{1, nan, nan, 1}), err: ErrNonFinite, text: "covs[1] at (0, 1) is NaN"},
	} {
		t.Run(c.text, func(t *testing.T) {
			if c.weights == nil {
				c.weights = []float64{1, 1}
			}
			if c.means == nil {
				c.means = good
			}
			var err error
			if c.cov != nil {
				_, err = NewMixture(c.weights, c.means, []*mat.SymDense{unit, c.cov}, nil)
			} else {
				if c.std == nil {
					c.std = []float64{1, 1}
				}
				_, err = NewIsotropicMixture(c.weights, c.means, c.std, nil)
			}
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.text)
		})
	}
	one := []float64{1}
	require.PanicsWithValue(t, "dataset: NewIsotropicMixture: means is 2×2, weights has 1 elements and std 1, want one a row", func() { _, _ = NewIsotropicMixture(one, good, one, nil) })
	require.PanicsWithValue(t, "dataset: NewIsotropicMixture: means is 2×2, weights has 2 elements and std 1, want one a row", func() { _, _ = NewIsotropicMixture([]float64{1, 1}, good, one, nil) })
	require.PanicsWithValue(t, "dataset: NewMixture: covs[1] is nil", func() { _, _ = NewMixture([]float64{1, 1}, good, []*mat.SymDense{unit, nil}, nil) })
	require.PanicsWithValue(t, "dataset: NewMixture: covs[1] is 1×1, want 2×2", func() {
		_, _ = NewMixture([]float64{1, 1}, good, []*mat.SymDense{unit, mat.NewSymDense(1, []float64{1})}, nil)
	})
	m := randomMixture(2, 2, 1)
	require.PanicsWithValue(t, "dataset: dst has 1 elements, want 2", func() { m.Mean(one) })
	require.PanicsWithValue(t, "dataset: dst is 1×1, want 2×2 or empty", func() { m.Cov(mat.NewSymDense(1, nil)) })
	require.PanicsWithValue(t, "dataset: dst has 1 elements, want 2", func() { m.Responsibilities(one, []float64{0, 0}) })
	require.PanicsWithValue(t, "dataset: x has 1 elements, want 2", func() { m.Divergence(one) })
}

func TestMixtureKeepsNoReferenceToItsArguments(t *testing.T) {
	w, std := []float64{1, 3}, []float64{1, 2}
	means := mat.NewDense(2, 1, []float64{-1, 1})
	m := constant(NewIsotropicMixture(w, means, std, nil))
	x := []float64{0.3}
	before := m.LogProb(x)
	w[0], std[0] = 9, 9
	means.Set(0, 0, 9)
	require.Equal(t, before, m.LogProb(x))
}

func ExampleMixture() {
	means := mat.NewDense(2, 1, []float64{-1, 1})
	m, err := NewIsotropicMixture([]float64{1, 1}, means, []float64{0.5, 0.5}, rand.NewPCG(1, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	p := m.Noised(0.6, 0.8) // x_t = 0.6 x₀ + 0.8 z
	x := []float64{0.4}
	fmt.Printf("log p_t(x) = %.4f\n", p.LogProb(x))
	fmt.Printf("score      = %.4f\n", p.ScoreInput(nil, x))
	fmt.Printf("E[x₀|x_t]  = %.4f\n", p.Denoise(nil, x))
	// Output:
	// log p_t(x) = -1.0647
	// score      = [-0.2871]
	// E[x₀|x_t]  = [0.3605]
}

func TestScoreJVPIsTheProductWithTheJacobian(t *testing.T) {
	for _, m := range []*Mixture{randomMixture(3, 4, 1), isoMixture(3, nil), randomMixture(2, 40, 2)} {
		d := m.Dim()
		rng := rand.New(rand.NewPCG(6, 6))
		x, v, s, jv := make([]float64, d), make([]float64, d), make([]float64, d), make([]float64, d)
		for range 5 {
			for j := range d {
				x[j], v[j] = rng.NormFloat64(), rng.NormFloat64()
			}
			m.ScoreJVP(s, jv, x, v)
			require.Equal(t, m.ScoreInput(nil, x), s)
			var jac mat.Dense
			m.ScoreJacobian(&jac, x)
			var want mat.VecDense
			want.MulVec(&jac, mat.NewVecDense(d, v))
			require.InDeltaSlice(t, want.RawVector().Data, jv, 1e-12*norm(jv))
		}
	}
	require.Panics(t, func() {
		isoMixture(3, nil).ScoreJVP(make([]float64, 3), make([]float64, 3), make([]float64, 3), make([]float64, 2))
	})
}

package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// numbers returns an r×c matrix of them.
func numbers(r, c int, seed uint64) []float64 { return normals(r*c, 1, seed) }

// rotation returns an orthogonal n×n matrix.
func rotation(n int, seed uint64) *mat.Dense {
	var qr mat.QR
	qr.Factorize(mat.NewDense(n, n, numbers(n, n, seed)))
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

// layer returns the parameters of a Weight of r−1 rows and its Bias.
func layer(r, c int) *nn.Params {
	var params nn.Params
	b := nn.NewBuild(&params)
	b.Bias("b", b.Weight("w", r-1, c, nn.Zeros{}), nn.Zeros{})
	return &params
}

// bound is o, told of the parameters.
func bound[T ad.Float](o optim.Optimizer[T], p *nn.Params) optim.Optimizer[T] {
	if err := optim.Bind(o, p); err != nil {
		panic(err)
	}
	return o
}

func product(a, b mat.Matrix) *mat.Dense {
	var c mat.Dense
	c.Mul(a, b)
	return &c
}

func TestSOAPStepsOfARotatedProblemAreRotated(t *testing.T) {
	const n, steps = 6, 45
	for _, both := range []bool{false, true} {
		u, v := rotation(n, 1), rotation(n, 2)
		if !both {
			v = mat.NewDense(n, n, nil)
			for i := range n {
				v.Set(i, i, 1)
			}
		}
		// The gradient of ½‖AW − B‖² with an A that changes; W = U W̃ Vᵀ.
		gradient := func(w mat.Matrix, step int) *mat.Dense {
			a := mat.NewDense(n, n, numbers(n, n, uint64(100+step)))
			left := product(a, w)
			left.Sub(left, mat.NewDense(n, n, numbers(n, n, 7)))
			return product(a.T(), left)
		}
		plain, turned := mat.NewDense(n, n, numbers(n, n, 3)), new(mat.Dense)
		turned.CloneFrom(product(u.T(), product(plain, v)))
		o, p := bound(&optim.SOAP[float64]{BothSides: both}, layer(n, n)), bound(&optim.SOAP[float64]{BothSides: both}, layer(n, n))
		for step := range steps {
			g := gradient(plain, step)
			h := product(u.T(), product(gradient(product(u, product(turned, v.T())), step), v))
			optim.Step(o, plain.RawMatrix().Data, g.RawMatrix().Data, step, 0.01)
			optim.Step(p, turned.RawMatrix().Data, h.RawMatrix().Data, step, 0.01)
			require.InDeltaSlice(t, product(u.T(), product(plain, v)).RawMatrix().Data, turned.RawMatrix().Data, 1e-7, "step %d", step)
		}
		require.Greater(t, math.Abs(plain.At(0, 0)-numbers(n, n, 3)[0]), 0.05)
	}
}

func TestSOAPIsFastOnAnIllConditionedQuadratic(t *testing.T) {
	// ½ tr WᵀHW with eigenvalues from 1 to 1e-4 in directions of no single weight.
	const r, c, steps = 12, 5, 400
	u, h := rotation(r, 5), mat.NewDense(r, r, nil)
	for i := range r {
		h.Set(i, i, math.Pow(1e-4, float64(i)/(r-1)))
	}
	h = product(u, product(h, u.T()))
	loss := func(make func() optim.Optimizer[float64]) float64 {
		least := math.Inf(1)
		for _, peak := range []float64{0.003, 0.01, 0.03, 0.1, 0.3} { // each at its best
			o, w := make(), mat.NewDense(r, c, numbers(r, c, 6))
			rate := optim.Cosine{Peak: peak, Steps: steps}
			for step := range steps {
				optim.Step(o, w.RawMatrix().Data, product(h, w).RawMatrix().Data, step, rate.At(step))
			}
			least = min(least, mat.Trace(product(w.T(), product(h, w)))/2)
		}
		return least
	}
	adam := loss(func() optim.Optimizer[float64] { return new(optim.Adam[float64]) })
	for _, both := range []bool{false, true} {
		soap := loss(func() optim.Optimizer[float64] { return bound(&optim.SOAP[float64]{BothSides: both}, layer(r, c)) })
		require.Less(t, 100*soap, adam, "both sides: %v", both)
	}
}

// matrices are new optimisers of matrices.
func matrices[T ad.Float]() map[string]optim.Optimizer[T] {
	return map[string]optim.Optimizer[T]{
		"SOAP":    &optim.SOAP[T]{FactorEvery: 2, BasisEvery: 3},
		"both":    &optim.SOAP[T]{BothSides: true, FactorEvery: 1, BasisEvery: 2},
		"small":   &optim.SOAP[T]{BothSides: true, Largest: 5},
		"Muon":    &optim.Muon[T]{},
		"grouped": &optim.GroupDecay[T]{Optimizer: new(optim.SOAP[T]), Groups: []optim.Group{{"*", 0.1}}},
	}
}

func TestDegenerateMatricesMakeFiniteSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, c := rapid.IntRange(1, 12).Draw(t, "rows"), rapid.IntRange(1, 12).Draw(t, "cols")
		size := rapid.SampledFrom([]float64{0, 1e-40, 1e-30, 1e-10, 1, 1e15, 1e30, 3e38}).Draw(t, "size")
		rank := rapid.IntRange(0, 2).Draw(t, "rank")
		var params nn.Params
		nn.NewBuild(&params).Weight("w", r, c, nn.Zeros{})
		for name, o := range matrices[float32]() {
			o, theta := bound(o, &params), make([]float32, r*c)
			for step := range 25 {
				grad := make([]float32, r*c)
				left, right := numbers(r, 2, uint64(step)), numbers(2, c, uint64(step/3))
				for i := range grad {
					for k := range rank {
						grad[i] += float32(left[i/c*2+k] * right[k*c+i%c] / 10 * size)
					}
				}
				optim.ClipNorm(grad, math.MaxFloat32)
				for i := range grad {
					grad[i] = max(-math.MaxFloat32, min(math.MaxFloat32, grad[i]))
				}
				optim.Step(o, theta, grad, step, 0.01)
				for _, v := range append(slices.Clone(o.State()), theta) {
					for _, x := range v {
						if math.IsInf(float64(x), 0) || x != x {
							t.Fatalf("%s: %v after step %d", name, x, step)
						}
					}
				}
			}
			for _, x := range theta { // RMS steps of up to √(r+c) of the rate, each up to 10 times for a beginner
				if math.Abs(float64(x)) > 25*0.01*10*math.Sqrt(float64(r*c)) {
					t.Fatalf("%s: a weight of %v", name, x)
				}
			}
		}
	})
}

func TestRowsAndColumnsAreMovedByAdam(t *testing.T) {
	var row, column nn.Params
	nn.NewBuild(&row).Weight("w", 1, 4, nn.Zeros{})
	nn.NewBuild(&column).Weight("w", 4, 1, nn.Zeros{})
	for _, c := range []struct {
		o optim.Optimizer[float32]
		p *nn.Params
	}{
		{&optim.SOAP[float32]{WeightDecay: 0.1}, &row},
		{&optim.SOAP[float32]{WeightDecay: 0.1, BothSides: true, Largest: 3}, &column},
		{&optim.Muon[float32]{WeightDecay: 0.1}, &row},
		{&optim.Muon[float32]{WeightDecay: 0.1}, &column},
	} {
		o, adam := bound(c.o, c.p), &optim.Adam[float32]{WeightDecay: 0.1}
		x, y := []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}
		for step := range 20 {
			g := convert[float32](numbers(4, 1, uint64(step)))
			optim.Step(o, x, g, step, 0.1)
			optim.Step(adam, y, g, step, 0.1)
		}
		require.Equal(t, y, x, "%T", c.o)
	}
}

func TestSOAPFindsTheEigenvectors(t *testing.T) {
	// Gradients with the second moment H: after enough steps that of the rotated ones
	// is diagonal, by decreasing size.
	const n = 5
	q, h := rotation(n, 8), mat.NewDense(n, n, nil)
	for i := range n {
		h.Set(i, i, math.Pow(3, float64(n-i)))
	}
	root := product(q, h)
	o := &optim.SOAP[float64]{FactorBeta: 0.998, FactorEvery: 1, BasisEvery: 3}
	bound[float64](o, layer(n, n))
	theta := make([]float64, n*n)
	for step := range 2000 {
		g := product(root, mat.NewDense(n, n, numbers(n, n, uint64(step))))
		optim.Step[float64](o, theta, g.RawMatrix().Data, step, 1e-3)
	}
	e := mat.NewDense(n, n, o.State()[3])
	along := product(e, q)
	for i := range n {
		for j := range n {
			want := 0.
			if i == j {
				want = 1
			}
			require.InDelta(t, want, math.Abs(along.At(i, j)), 0.05)
			require.InDelta(t, want, product(e, e.T()).At(i, j), 1e-12)
		}
	}
}

func TestMuonStepsAreNearlyOrthogonal(t *testing.T) {
	for _, shape := range [][2]int{{6, 6}, {4, 9}, {9, 4}, {33, 20}} {
		r, c := shape[0], shape[1]
		var params nn.Params
		nn.NewBuild(&params).Weight("w", r, c, nn.Zeros{})
		theta := make([]float32, r*c)
		o := bound[float32](new(optim.Muon[float32]), &params)
		g := convert[float32](numbers(r, c, 3))
		optim.Step(o, theta, g, 0, -1)
		var svd mat.SVD
		require.True(t, svd.Factorize(mat.NewDense(r, c, convert64(theta)), mat.SVDNone))
		for _, s := range svd.Values(nil) {
			s /= 0.2 * math.Sqrt(float64(max(r, c)))
			require.InDelta(t, 0.95, s, 0.3)
		}
		// The same singular vectors: ⟨G, X⟩ is near the sum of G's singular values.
		along := 0.
		for i := range g {
			along += float64(g[i] * theta[i])
		}
		require.True(t, svd.Factorize(mat.NewDense(r, c, convert64(g)), mat.SVDNone))
		require.InEpsilon(t, mat.Sum(mat.NewVecDense(min(r, c), svd.Values(nil)))*0.2*math.Sqrt(float64(max(r, c))), along, 0.2)
	}
}

func TestOptimisersOfMatricesHaveToKnowTheParameters(t *testing.T) {
	require.PanicsWithValue(t, "optim: SOAP: Bind has not been called", func() { optim.Step(&optim.SOAP[float64]{}, nil, nil, 0, 1) })
	require.PanicsWithValue(t, "optim: Muon: Bind has not been called", func() { optim.Step(&optim.Muon[float64]{}, nil, nil, 0, 1) })
	for _, o := range []optim.Optimizer[float64]{new(optim.SOAP[float64]), new(optim.Muon[float64])} {
		bound(o, layer(3, 2))
		o.Begin(6, 0, 1)
		require.PanicsWithValue(t, "optim: Update of the elements 0 to 4 cuts a block", func() { o.Update(make([]float64, 5), make([]float64, 5), 0) })
		require.PanicsWithValue(t, "optim: Update of the elements 2 to 5 cuts a block", func() { o.Update(make([]float64, 4), make([]float64, 4), 2) })
		bound(o, layer(4, 2)) // other parameters
		require.PanicsWithValue(t, "optim: "+map[bool]string{true: "SOAP", false: "Muon"}[len(o.State()) == 4]+": theta has length 6, want 8", func() { o.Begin(6, 1, 1) })
		o.Begin(8, 0, 1)
		require.Len(t, o.State()[0], 8)
	}
}

// Bind between two steps, to the parameters that it knows, keeps the state.
func TestSOAPGoesOnWhenBoundAgain(t *testing.T) {
	params := layer(5, 3)
	steps := func(again bool) []float64 {
		o, theta := bound[float64](&optim.SOAP[float64]{BothSides: true}, params), numbers(5, 3, 1)
		for step := range 12 {
			if again && step%5 == 3 {
				bound(o, params)
			}
			o.Begin(len(theta), step, 0.1)
			o.Update(theta, numbers(5, 3, uint64(step)), 0)
		}
		return theta
	}
	require.Equal(t, steps(false), steps(true))
}

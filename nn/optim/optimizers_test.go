package optim_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// optimizers returns a new one of each optimiser with the given weight decay.
func optimizers[T ad.Float](decay float64) map[string]optim.Optimizer[T] {
	return map[string]optim.Optimizer[T]{
		"SGD":      &optim.SGD[T]{WeightDecay: decay},
		"Momentum": &optim.SGD[T]{Momentum: 0.9, WeightDecay: decay},
		"Nesterov": &optim.SGD[T]{Momentum: 0.9, Nesterov: true, WeightDecay: decay},
		"Adam":     &optim.Adam[T]{WeightDecay: decay},
		"AMSGrad":  &optim.AMSGrad[T]{WeightDecay: decay},
		"RAdam":    &optim.RAdam[T]{WeightDecay: decay},
		"NAdam":    &optim.NAdam[T]{WeightDecay: decay},
		"RMSprop":  &optim.RMSprop[T]{WeightDecay: decay},
		"centred":  &optim.RMSprop[T]{Momentum: 0.5, Centered: true, WeightDecay: decay},
		"Adagrad":  &optim.Adagrad[T]{WeightDecay: decay},
		"grouped":  grouped(new(optim.Adam[T]), decay, 4),
		"SOAP":     square(&optim.SOAP[T]{WeightDecay: decay}),
		"Shampoo":  square(&optim.SOAP[T]{BothSides: true, WeightDecay: decay}),
		"Muon":     square(&optim.Muon[T]{WeightDecay: decay}),
	}
}

// grouped gives o a weight decay of the one parameter "w" of n weights.
func grouped[T ad.Float](o optim.Optimizer[T], decay float64, n int) optim.Optimizer[T] {
	var params nn.Params
	nn.NewBuild(&params).Param("w", n, 1, nn.Zeros{})
	g := &optim.GroupDecay[T]{Optimizer: o, Groups: []optim.Group{{"w", decay}}}
	if err := g.Bind(&params); err != nil {
		panic(err)
	}
	return g
}

// square tells o of one 2×2 Weight.
func square[T ad.Float](o optim.Optimizer[T]) optim.Optimizer[T] {
	var params nn.Params
	nn.NewBuild(&params).Weight("w", 2, 2, nn.Zeros{})
	if err := optim.Bind(o, &params); err != nil {
		panic(err)
	}
	return o
}

func TestStateContinuesARun(t *testing.T) {
	gradient := func(step int) []float64 { return normals(4, 1, uint64(100+step)) }
	for name, straight := range optimizers[float64](0.1) {
		theta := normals(4, 1, 1)
		for step := range 6 {
			optim.Step(straight, theta, gradient(step), step, 0.1)
		}
		require.NotEqual(t, normals(4, 1, 1), theta)
		first, resumed, other := optimizers[float64](0.1)[name], optimizers[float64](0.1)[name], normals(4, 1, 1)
		for step := range 3 {
			optim.Step(first, other, gradient(step), step, 0.1)
		}
		optim.Step(resumed, make([]float64, 4), make([]float64, 4), 0, 0) // gives the state its length
		for i, v := range first.State() {
			copy(resumed.State()[i], v)
		}
		for step := 3; step < 6; step++ {
			optim.Step(resumed, other, gradient(step), step, 0.1)
		}
		require.Equal(t, theta, other, name)

		again := normals(4, 1, 1)
		for step := range 6 { // step 0 forgets the run before
			optim.Step(straight, again, gradient(step), step, 0.1)
		}
		require.Equal(t, theta, again, name)
	}
}

func TestOptimizersKeepStillWithoutGradient(t *testing.T) {
	for name, o := range optimizers[float32](0) {
		theta := []float32{1, -3, 0, 7}
		for step := range 8 {
			optim.Step(o, theta, make([]float32, 4), step, 0.1)
		}
		require.Equal(t, []float32{1, -3, 0, 7}, theta, name)
	}
}

func TestWeightDecayIsDecoupledFromTheGradient(t *testing.T) {
	for name, o := range optimizers[float64](0.5) {
		theta, plain := []float64{1, -3, 0, 7}, []float64{1, -3, 0, 7}
		for step := range 3 {
			optim.Step(o, theta, make([]float64, 4), step, 0.1)
		}
		keep := math.Pow(0.95, 3)
		require.InDeltaSlice(t, []float64{keep, -3 * keep, 0, 7 * keep}, theta, 1e-14, name)

		// A step with a gradient: what decays is θ, by the same factor.
		with, without := optimizers[float64](0.5)[name], optimizers[float64](0)[name]
		theta = slices.Clone(plain)
		g := normals(4, 1, 3)
		optim.Step(with, theta, g, 0, 0.1)
		start := slices.Clone(plain)
		optim.Step(without, plain, g, 0, 0.1)
		for i := range theta {
			require.InDelta(t, plain[i]-0.05*start[i], theta[i], 1e-14, name)
		}
	}
}

func TestOptimizersFindAMinimum(t *testing.T) {
	const steps = 2000
	unit := map[string]float64{"Adagrad": 10, "Momentum": 0.2, "Nesterov": 0.2} // of the rate
	for name, o := range optimizers[float32](0) {
		theta := []float32{0, 5, -2, 1}
		rate := optim.Cosine{Peak: 0.05, Floor: 1e-5, Steps: steps}
		for step := range steps {
			g := make([]float32, 4)
			for i := range g {
				g[i] = float32(1+i) * (theta[i] - 3)
			}
			optim.Step(o, theta, g, step, rate.At(step)*cmp.Or(unit[name], 1))
		}
		for i := range theta {
			require.InDelta(t, 3, theta[i], 2e-3, "%s, element %d", name, i)
		}
	}
}

func TestHugeGradientsMakeFiniteSteps(t *testing.T) {
	for name, o := range optimizers[float32](0) {
		theta := []float32{1, 1, 1, 1}
		for step := range 5 {
			g := []float32{math.MaxFloat32, -math.MaxFloat32 / 4, math.SmallestNonzeroFloat32, -1e-40}
			require.Greater(t, optim.ClipNorm(g, 1), 1e38)
			optim.Step(o, theta, g, step, 0.01)
		}
		for i, v := range theta {
			// The longest steps are RMSprop's first, η/√(1−α) = 10η, twice
			// that with a momentum of ½.
			require.LessOrEqual(t, math.Abs(float64(v)-1), 5*20*0.01, "%s, element %d", name, i)
		}
	}
}

func TestSinglePrecisionFollowsDouble(t *testing.T) {
	for name, o := range optimizers[float64](0.1) {
		single := optimizers[float32](0.1)[name]
		theta, small := normals(4, 1, 1), convert[float32](normals(4, 1, 1))
		for step := range 50 {
			g := normals(4, 1, uint64(step))
			optim.Step(o, theta, g, step, 0.01)
			optim.Step(single, small, convert[float32](g), step, 0.01)
		}
		require.InDeltaSlice(t, theta, convert64(small), 2e-5, name)
	}
}

func TestOptimizersPanicOnWrongLengths(t *testing.T) {
	for name, o := range optimizers[float64](0) {
		step := func(theta, grad, step int) func() {
			return func() { optim.Step(o, make([]float64, theta), make([]float64, grad), step, 1) }
		}
		require.PanicsWithValue(t, "optim: Step: grad has length 5, want 4", step(4, 5, 0), name)
		begun := optimizers[float64](0)[name]
		optim.Step(begun, make([]float64, 4), make([]float64, 4), 0, 1)
		vectors := len(begun.State())
		if vectors == 0 {
			require.Equal(t, "SGD", name)
			continue
		}
		require.PanicsWithValue(t, fmt.Sprintf("optim: step 1 without the state of step 0: 0 vectors, want %d", vectors), step(4, 4, 1), name)
		step(4, 4, 0)()
		if of, ok := map[string]string{"grouped": "GroupDecay", "SOAP": "SOAP", "Shampoo": "SOAP", "Muon": "Muon"}[name]; ok {
			require.PanicsWithValue(t, "optim: "+of+": theta has length 3, want 4", step(3, 3, 1))
			continue
		}
		require.PanicsWithValue(t, "optim: theta has length 3, that of the state of steps before is 4", step(3, 3, 1), name)
	}
	require.PanicsWithValue(t, "optim: EMA.Update: shadow has length 3, want 2", func() { optim.EMA[float64]{}.Update(make([]float64, 3), make([]float64, 2), 0) })
	require.PanicsWithValue(t, "optim: NewUpdater: o is nil, want an Optimizer", func() { optim.NewUpdater(nil, optim.EMA[float32]{}, nil) })
}

func testNoAllocations[T ad.Float](t *testing.T) {
	for name, o := range optimizers[T](0.1) {
		for _, e := range []optim.EMA[T]{{}, {By: optim.PowerFunction{}}, {By: optim.HalfLife{Steps: 9}}} {
			theta, grad, shadow := convert[T](normals(4, 1, 1)), convert[T](normals(4, 1, 2)), make([]T, 4)
			rate, u := optim.RecipeRate(1000), optim.NewUpdater(o, e, nil)
			u.Clip(grad, 1)
			optim.Step(o, theta, grad, 0, 0.1)
			step := 11 // SOAP's eigenvectors are behind it
			require.Zero(t, testing.AllocsPerRun(20, func() {
				optim.ClipNorm(grad, 1)
				optim.ClipValue(grad, 1)
				optim.Step(o, theta, grad, step, rate.At(step))
				e.Update(shadow, theta, step)
				u.Clip(grad, 1)
				u.Step(theta, grad, shadow, step+1, 0.1)
				step += 2
			}), name)
		}
	}
}

func TestOptimizerStepDoesNotAllocate(t *testing.T) {
	testNoAllocations[float32](t)
	testNoAllocations[float64](t)
}

func TestZeroValuesAreTheirDocumentedDefaults(t *testing.T) {
	for name, pair := range map[string][2]optim.Optimizer[float32]{
		"AMSGrad": {&optim.AMSGrad[float32]{}, &optim.AMSGrad[float32]{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}},
		"RAdam":   {&optim.RAdam[float32]{}, &optim.RAdam[float32]{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}},
		"NAdam":   {&optim.NAdam[float32]{}, &optim.NAdam[float32]{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, MomentumDecay: 0.004}},
		"RMSprop": {&optim.RMSprop[float32]{}, &optim.RMSprop[float32]{Alpha: 0.99, Epsilon: 1e-8}},
		"Adagrad": {&optim.Adagrad[float32]{}, &optim.Adagrad[float32]{Epsilon: 1e-10}},
		"SOAP": {square(&optim.SOAP[float32]{}), square(&optim.SOAP[float32]{
			Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, FactorBeta: 0.99, FactorEvery: 4, BasisEvery: 20, Largest: 2048,
		})},
		"Muon": {square(&optim.Muon[float32]{}), square(&optim.Muon[float32]{Momentum: 0.95, Iterations: 5, Scale: 0.2})},
	} {
		x, y := []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}
		for step := range 50 {
			g := convert[float32](normals(4, 1, uint64(step)))
			optim.Step(pair[0], x, g, step, 0.1)
			optim.Step(pair[1], y, g, step, 0.1)
		}
		require.Equal(t, x, y, name)
	}
}

// weightsAndBiases returns parameters of two layers, 6 + 3 + 3 + 1 weights.
func weightsAndBiases() *nn.Params {
	var params nn.Params
	nn.Sequential{nn.Linear{Out: 3}, nn.Linear{Out: 1}}.Apply(nn.NewBuild(&params), ad.Input("x", 2))
	return &params
}

func TestGroupsDecayByName(t *testing.T) {
	params := weightsAndBiases()
	o := &optim.GroupDecay[float64]{
		Optimizer: &optim.SGD[float64]{},
		Groups:    []optim.Group{{"1.weight", 2}, {"*weight", 1}},
	}
	require.NoError(t, o.Bind(params))
	theta := repeat(1, params.Len())
	optim.Step(o, theta, make([]float64, params.Len()), 0, 0.1)
	want := map[string]float64{"0.weight": 0.9, "0.bias": 1, "1.weight": 0.8, "1.bias": 1}
	for name, w := range want {
		part, _, _ := nn.View(params, theta, name)
		require.InDeltaSlice(t, repeat(w, len(part)), part, 1e-15, name)
	}
}

func TestGroupsThatFitNoParameterAreRefused(t *testing.T) {
	params := weightsAndBiases()
	for want, groups := range map[string][]optim.Group{
		`optim: GroupDecay.Groups[1].Names: is "hiden*", which decides for no parameter`:    {{"*", 1}, {"hiden*", 1}},
		`optim: GroupDecay.Groups[1].Names: is "*weight", which decides for no parameter`:   {{"*", 1}, {"*weight", 1}},
		`optim: GroupDecay.Groups[0].Names: is [, want a pattern of package path`:           {{"[", 1}},
		`optim: GroupDecay.Groups[0].Names: is "0.gain", which decides for no parameter: o`: {{"0.gain", 1}},
	} {
		o := &optim.GroupDecay[float64]{Optimizer: &optim.SGD[float64]{}, Groups: groups}
		err := optim.Bind(o, params)
		require.ErrorIs(t, err, nn.ErrRange)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, optim.Bind(&optim.SGD[float64]{}, params))
	inner := &optim.GroupDecay[float64]{Optimizer: &optim.SGD[float64]{}, Groups: []optim.Group{{"none", 1}}}
	require.ErrorIs(t, optim.Bind(&optim.GroupDecay[float64]{Optimizer: inner}, params), nn.ErrRange)
}

func TestGroupDecayHasToKnowTheParameters(t *testing.T) {
	o := &optim.GroupDecay[float64]{Optimizer: &optim.SGD[float64]{}}
	require.PanicsWithValue(t, "optim: GroupDecay: Bind has not been called", func() { optim.Step(o, nil, nil, 0, 1) })
	require.NoError(t, o.Bind(weightsAndBiases()))
	require.PanicsWithValue(t, fmt.Sprintf("optim: GroupDecay: theta has length 3, want %d", weightsAndBiases().Len()), func() { optim.Step(o, make([]float64, 3), make([]float64, 3), 0, 1) })
}

func TestClipValueBoundsElements(t *testing.T) {
	g := []float64{3, 0, -4, 0.5}
	require.Equal(t, 4., optim.ClipValue(g, 5))
	require.Equal(t, 4., optim.ClipValue(g, math.Inf(1)))
	require.Equal(t, []float64{3, 0, -4, 0.5}, g)
	require.Equal(t, 4., optim.ClipValue(g, 1))
	require.Equal(t, []float64{1, 0, -1, 0.5}, g)
	require.Zero(t, optim.ClipValue([]float32{}, 1))
}

func TestClippingLeavesNonFiniteGradientsAlone(t *testing.T) {
	for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		for name, clip := range map[string]func(g []float64) float64{
			"value": func(g []float64) float64 { return optim.ClipValue(g, 0.1) },
			"1":     func(g []float64) float64 { return optim.ClipPNorm(g, 1, 0.1) },
			"3":     func(g []float64) float64 { return optim.ClipPNorm(g, 3, 0.1) },
			"inf":   func(g []float64) float64 { return optim.ClipPNorm(g, math.Inf(1), 0.1) },
		} {
			g := []float64{1, bad, 2}
			norm := clip(g)
			require.False(t, norm <= math.MaxFloat64, name)
			require.Equal(t, math.IsNaN(bad), math.IsNaN(norm), name)
			require.Equal(t, []float64{1, 2}, []float64{g[0], g[2]}, name)
		}
	}
	for _, limit := range []float64{0, -1, math.NaN()} {
		require.PanicsWithValue(t, "optim: ClipValue: limit is not positive", func() { optim.ClipValue([]float64{1}, limit) })
		require.PanicsWithValue(t, "optim: ClipNorm: limit is not positive", func() { optim.ClipPNorm([]float64{1}, 1, limit) })
	}
	for _, p := range []float64{0.5, -1, math.NaN()} {
		require.PanicsWithValue(t, "optim: ClipPNorm: p is less than 1", func() { optim.ClipPNorm([]float64{1}, p, 1) })
	}
}

func TestClipPNormMeasuresItsNorm(t *testing.T) {
	for p, want := range map[float64]float64{1: 7, 2: 5, 3: math.Cbrt(91), math.Inf(1): 4} {
		t.Run(fmt.Sprint(p), func(t *testing.T) {
			g := []float64{3, 0, -4}
			require.InEpsilon(t, want, optim.ClipPNorm(g, p, 100), 1e-15)
			require.Equal(t, []float64{3, 0, -4}, g)
			optim.ClipPNorm(g, p, 0.5)
			require.InDeltaSlice(t, []float64{1.5 / want, 0, -2 / want}, g, 1e-15)
			require.Zero(t, optim.ClipPNorm(make([]float64, 3), p, 1))
			h := []float32{1e30, -1e30}
			require.InEpsilon(t, 1e30*math.Pow(2, 1/p), optim.ClipPNorm(h, p, 1), 1e-6)
		})
	}
}

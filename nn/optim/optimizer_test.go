package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

func TestAdamIsItsEquation(t *testing.T) {
	const rate, beta1, beta2, epsilon, decay = 0.02, 0.8, 0.9, 1e-3, 0.3
	a := &optim.Adam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: epsilon, WeightDecay: decay}
	theta, m, v := []float64{0.5, -2}, make([]float64, 2), make([]float64, 2)
	want := slices.Clone(theta)
	for step := range 9 {
		g := normals(2, 1, uint64(step))
		optim.Step(a, theta, g, step, rate)
		for i := range want {
			m[i] = beta1*m[i] + (1-beta1)*g[i]
			v[i] = beta2*v[i] + (1-beta2)*g[i]*g[i]
			mHat := m[i] / (1 - math.Pow(beta1, float64(step+1)))
			vHat := v[i] / (1 - math.Pow(beta2, float64(step+1)))
			want[i] += -rate*decay*want[i] - rate*mHat/(math.Sqrt(vHat)+epsilon)
		}
		require.InDeltaSlice(t, want, theta, 1e-14)
		require.InDeltaSlice(t, m, a.State()[0], 1e-14)
		require.InDeltaSlice(t, v, a.State()[1], 1e-14)
	}
}

func TestZeroAdamIsTheRecipe(t *testing.T) {
	a, b := &optim.Adam[float32]{}, &optim.Adam[float32]{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}
	x, y := []float32{1, 2}, []float32{1, 2}
	for step := range 5 {
		g := convert[float32](normals(2, 1, uint64(step)))
		optim.Step(a, x, g, step, 0.1)
		optim.Step(b, y, g, step, 0.1)
	}
	require.Equal(t, x, y)
}

func TestFirstAdamStepHasTheLengthOfTheRate(t *testing.T) {
	a := &optim.Adam[float64]{}
	theta := make([]float64, 3)
	optim.Step(a, theta, []float64{1e-3, -5, 1e6}, 0, 0.01)
	require.InDeltaSlice(t, []float64{-0.01, 0.01, -0.01}, theta, 1e-6)
}

func convert64(v []float32) []float64 {
	c := make([]float64, len(v))
	for i, x := range v {
		c[i] = float64(x)
	}
	return c
}

func TestClipNormShortensLongGradientsOnly(t *testing.T) {
	g := []float64{3, 0, -4}
	require.Equal(t, 5., optim.ClipNorm(g, 5))
	require.Equal(t, 5., optim.ClipNorm(g, math.Inf(1)))
	require.Equal(t, []float64{3, 0, -4}, g)
	require.Equal(t, 5., optim.ClipNorm(g, 2.5))
	require.Equal(t, []float64{1.5, 0, -2}, g)
	require.Zero(t, optim.ClipNorm(make([]float64, 3), 1))
	require.Zero(t, optim.ClipNorm([]float32{}, 1))
	h := []float32{1e30, -1e30}
	require.InEpsilon(t, 1e30*math.Sqrt2, optim.ClipNorm(h, 1), 1e-7, "float32 squares do not overflow")
	require.InDeltaSlice(t, []float64{math.Sqrt(.5), -math.Sqrt(.5)}, convert64(h), 1e-7)
}

func TestClipNormLeavesNonFiniteGradientsAlone(t *testing.T) {
	for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		g := []float64{1, bad, 2}
		norm := optim.ClipNorm(g, 0.1)
		require.False(t, norm <= math.MaxFloat64)
		require.Equal(t, math.IsNaN(bad), math.IsNaN(norm))
		require.Equal(t, []float64{1, 2}, []float64{g[0], g[2]})
	}
	for _, limit := range []float64{0, -1, math.NaN()} {
		require.PanicsWithValue(t, "optim: ClipNorm: limit is not positive", func() { optim.ClipNorm([]float64{1}, limit) })
	}
}

func TestEMAWarmsUp(t *testing.T) {
	const decay = 0.3
	shadow, want := []float64{0}, 0.0
	for step, beta := range []float64{2. / 11, 3. / 12, decay, decay} { // 4/13 > 0.3
		theta := float64(step + 1)
		optim.EMA[float64]{Decay: decay}.Update(shadow, []float64{theta}, step)
		want = beta*want + (1-beta)*theta
		require.InDelta(t, want, shadow[0], 1e-15)
	}
	fixed := []float64{1}
	optim.EMA[float64]{Plain: true}.Update(fixed, []float64{0}, 0)
	require.InDelta(t, 0.999, fixed[0], 1e-15)
}

func TestEMAStaysBetweenItsWeights(t *testing.T) {
	theta, shadow := normals(30, 1, 1), normals(30, 1, 2)
	for step := range 40 {
		before := slices.Clone(shadow)
		optim.EMA[float64]{}.Update(shadow, theta, step)
		for i := range shadow {
			require.Greater(t, shadow[i], min(before[i], theta[i]))
			require.Less(t, shadow[i], max(before[i], theta[i]))
		}
	}
}

func TestRatesFollowTheirCurves(t *testing.T) {
	require.Equal(t, 0.2, optim.Constant(0.2).At(1234))
	c := optim.Cosine{Peak: 3, Floor: 1, Steps: 10}
	require.Equal(t, 3., c.At(0))
	require.InDelta(t, 2, c.At(5), 1e-15)
	require.Equal(t, 1., c.At(10))
	require.Equal(t, 1., c.At(1000))
	w := optim.WarmUp{Steps: 4, Then: c}
	require.Equal(t, 0., w.At(-1))
	require.Equal(t, 0.75, w.At(0))
	require.Equal(t, 3., w.At(3))
	require.Equal(t, 3., w.At(4))
	require.InDelta(t, 2, w.At(9), 1e-15)
	require.Equal(t, 3., optim.WarmUp{Then: c}.At(0), "no warm-up")
	for _, steps := range []int{1, 7, 100, 20000} {
		r := optim.RecipeRate(steps)
		require.NoError(t, nn.Validate(r))
		require.InDelta(t, 6e-3, r.At(min(500, steps/8)), 1e-15)
		require.InDelta(t, 6e-5, r.At(steps), 1e-15)
	}
	require.InDelta(t, 6e-3/500, optim.RecipeRate(4000).At(0), 1e-15)
}

func TestBadHyperParametersAreNamed(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		v    any
		want string
	}{
		{&optim.Adam[float32]{Beta1: 1}, "optim: Adam.Beta1: is 1, want"},
		{&optim.Adam[float32]{Beta2: -0.5}, "optim: Adam.Beta2: is -0.5, want"},
		{&optim.Adam[float32]{Epsilon: nan}, "optim: Adam.Epsilon: is NaN, want"},
		{&optim.Adam[float32]{Epsilon: inf}, "optim: Adam.Epsilon: is +Inf, want"},
		{&optim.Adam[float64]{WeightDecay: -1}, "optim: Adam.WeightDecay: is -1, want"},
		{&optim.AMSGrad[float32]{Beta2: 1}, "optim: AMSGrad.Beta2: is 1, want"},
		{&optim.RAdam[float32]{Beta1: nan}, "optim: RAdam.Beta1: is NaN, want"},
		{&optim.NAdam[float32]{Epsilon: -1}, "optim: NAdam.Epsilon: is -1, want"},
		{&optim.NAdam[float32]{MomentumDecay: inf}, "optim: NAdam.MomentumDecay: is +Inf, want"},
		{&optim.SGD[float32]{Momentum: 1}, "optim: SGD.Momentum: is 1, want"},
		{&optim.SGD[float32]{Momentum: 0.5, Dampening: -0.1}, "optim: SGD.Dampening: is -0.1, want"},
		{&optim.SGD[float32]{Nesterov: true}, "optim: SGD.Nesterov: is true, want false, or Momentum > 0"},
		{&optim.SGD[float32]{Nesterov: true, Momentum: 0.5, Dampening: 0.5}, "optim: SGD.Nesterov: is true, want"},
		{&optim.SGD[float32]{WeightDecay: nan}, "optim: SGD.WeightDecay: is NaN, want"},
		{&optim.RMSprop[float32]{Alpha: 1}, "optim: RMSprop.Alpha: is 1, want"},
		{&optim.RMSprop[float32]{Momentum: -1}, "optim: RMSprop.Momentum: is -1, want"},
		{&optim.Adagrad[float32]{Initial: -1}, "optim: Adagrad.Initial: is -1, want"},
		{&optim.Adagrad[float32]{Epsilon: inf}, "optim: Adagrad.Epsilon: is +Inf, want"},
		{&optim.SOAP[float32]{Beta1: 1}, "optim: SOAP.Beta1: is 1, want"},
		{&optim.SOAP[float32]{FactorBeta: 1}, "optim: SOAP.FactorBeta: is 1, want"},
		{&optim.SOAP[float32]{FactorEvery: -1}, "optim: SOAP.FactorEvery: is -1, want"},
		{&optim.SOAP[float32]{BasisEvery: -1}, "optim: SOAP.BasisEvery: is -1, want"},
		{&optim.SOAP[float32]{Largest: -1}, "optim: SOAP.Largest: is -1, want"},
		{&optim.SOAP[float32]{Largest: 1<<14 + 1}, "optim: SOAP.Largest: is 16385, want"},
		{&optim.Muon[float32]{Momentum: 1}, "optim: Muon.Momentum: is 1, want"},
		{&optim.Muon[float32]{Iterations: -1}, "optim: Muon.Iterations: is -1, want"},
		{&optim.Muon[float32]{Iterations: 101}, "optim: Muon.Iterations: is 101, want a number from 1 to 100"},
		{&optim.Muon[float32]{Scale: inf}, "optim: Muon.Scale: is +Inf, want"},
		{&optim.GroupDecay[float32]{}, "optim: GroupDecay.Optimizer: is <nil>, want an Optimizer"},
		{&optim.GroupDecay[float32]{Optimizer: &optim.SGD[float32]{Momentum: 2}}, "optim: SGD.Momentum: is 2, want"},
		{&optim.GroupDecay[float32]{Optimizer: &optim.SGD[float32]{}, Groups: []optim.Group{{"*", 0}, {"[", 1}}}, "optim: GroupDecay.Groups[1].Names: is [, want a pattern"},
		{&optim.GroupDecay[float32]{Optimizer: &optim.SGD[float32]{}, Groups: []optim.Group{{"*", -1}}}, "optim: GroupDecay.Groups[0].WeightDecay: is -1, want"},
		{optim.EMA[float32]{By: optim.HalfLife{}}, "optim: HalfLife.Steps: is 0, want"},
		{optim.HalfLife{Steps: 1, RampUp: nan}, "optim: HalfLife.RampUp: is NaN, want"},
		{optim.PowerFunction{Width: 0.3}, "optim: PowerFunction.Width: is 0.3, want"},
		{optim.PowerRamp{Min: 1}, "optim: PowerRamp.Min: is 1, want"},
		{optim.PowerRamp{Max: 1.5}, "optim: PowerRamp.Max: is 1.5, want"},
		{optim.PowerRamp{Steps: -1}, "optim: PowerRamp.Steps: is -1, want"},
		{optim.PowerRamp{Power: -1}, "optim: PowerRamp.Power: is -1, want"},
		{optim.StepDecay{Peak: 1}, "optim: StepDecay.Every: is 0, want"},
		{optim.StepDecay{Peak: 1, Every: 2, Factor: 2}, "optim: StepDecay.Factor: is 2, want"},
		{optim.Milestones{Peak: 1, Steps: []int{3, 3}}, "optim: Milestones.Steps: is [3 3], want increasing"},
		{optim.Exponential{Peak: 1}, "optim: Exponential.Factor: is 0, want"},
		{optim.Polynomial{From: -1, Steps: 1}, "optim: Polynomial.From: is -1, want"},
		{optim.Polynomial{From: 1, To: inf, Steps: 1}, "optim: Polynomial.To: is +Inf, want"},
		{optim.InversePower{Peak: 1}, "optim: InversePower.Steps: is 0, want"},
		{optim.InversePower{Peak: 1, Steps: 1, Floor: 2}, "optim: InversePower.Floor: is 2, want"},
		{optim.CosineRestarts{Peak: 1, Steps: 1, Growth: -1}, "optim: CosineRestarts.Growth: is -1, want"},
		{optim.OneCycle{Peak: 1, Steps: 3}, "optim: OneCycle.Climb: is 0, want more than a step"},
		{optim.OneCycle{Peak: 1, Steps: 30, Climb: 0.5, ThreePhases: true}, "optim: OneCycle.Climb: is 0.5, want"},
		{optim.OneCycle{Peak: 1, Steps: 30, Divide: 0.5}, "optim: OneCycle.Divide: is 0.5, want"},
		{optim.OneCycle{Peak: 1, Steps: 30, FinalDivide: nan}, "optim: OneCycle.FinalDivide: is NaN, want"},
		{optim.SlowStart{Factor: 1, Then: optim.Constant(1)}, "optim: SlowStart.Factor: is 1, want"},
		{optim.SlowStart{}, "optim: SlowStart.Then: is <nil>, want a Rate"},
		{optim.EMA[float32]{Decay: 1}, "optim: EMA.Decay: is 1, want"},
		{optim.EMA[float32]{Decay: nan}, "optim: EMA.Decay: is NaN, want"},
		{optim.Constant(0), "optim: Constant: is 0, want"},
		{optim.Constant(inf), "optim: Constant: is +Inf, want"},
		{optim.WarmUp{Steps: -1, Then: optim.Constant(1)}, "optim: WarmUp.Steps: is -1, want"},
		{optim.WarmUp{Steps: 1}, "optim: WarmUp.Then: is <nil>, want a Rate"},
		{optim.WarmUp{Steps: 1, Then: optim.Constant(-2)}, "optim: Constant: is -2, want"},
		{optim.Cosine{Steps: 3}, "optim: Cosine.Peak: is 0, want"},
		{optim.Cosine{Peak: 1, Floor: 2, Steps: 3}, "optim: Cosine.Floor: is 2, want"},
		{optim.Cosine{Peak: 1}, "optim: Cosine.Steps: is 0, want"},
	} {
		err := nn.Validate(c.v)
		require.ErrorIs(t, err, nn.ErrRange)
		require.ErrorContains(t, err, c.want)
	}
	for _, v := range []any{&optim.Adam[float32]{}, &optim.Adam[float32]{WeightDecay: 0.1}, optim.EMA[float32]{}, optim.Constant(1),
		optim.WarmUp{Then: optim.Constant(1)}, optim.Cosine{Peak: 1, Steps: 1}, nil, 3,
		&optim.AMSGrad[float32]{}, &optim.RAdam[float32]{}, &optim.NAdam[float32]{}, &optim.SGD[float32]{}, &optim.RMSprop[float32]{}, &optim.Adagrad[float32]{}, &optim.SOAP[float32]{Largest: 1 << 14}, &optim.Muon[float32]{},
		&optim.GroupDecay[float32]{Optimizer: &optim.SGD[float32]{}, Groups: []optim.Group{{"*", 1}}}, optim.HalfLife{Steps: 1}, optim.PowerFunction{},
		optim.PowerFunction{Width: 1 / math.Sqrt(12)}, optim.PowerRamp{}, optim.StepDecay{Peak: 1, Every: 1}, optim.Milestones{Peak: 1},
		optim.Exponential{Peak: 1, Factor: 0.9}, optim.Polynomial{To: 1, Steps: 1}, optim.InversePower{Peak: 1, Steps: 1},
		optim.CosineRestarts{Peak: 1, Steps: 1}, optim.OneCycle{Peak: 1, Steps: 4}, optim.SlowStart{Then: optim.Constant(1)}} {
		require.NoError(t, nn.Validate(v))
	}
}

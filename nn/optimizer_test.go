package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
)

func TestAdamIsItsEquation(t *testing.T) {
	const rate, beta1, beta2, epsilon, decay = 0.02, 0.8, 0.9, 1e-3, 0.3
	a := &nn.Adam[float64]{Beta1: beta1, Beta2: beta2, Epsilon: epsilon, WeightDecay: decay}
	theta, m, v := []float64{0.5, -2}, make([]float64, 2), make([]float64, 2)
	want := slices.Clone(theta)
	for step := range 9 {
		g := normals(2, 1, uint64(step))
		a.Step(theta, g, step, rate)
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
	a, b := &nn.Adam[float32]{}, &nn.Adam[float32]{Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}
	x, y := []float32{1, 2}, []float32{1, 2}
	for step := range 5 {
		g := convert[float32](normals(2, 1, uint64(step)))
		a.Step(x, g, step, 0.1)
		b.Step(y, g, step, 0.1)
	}
	require.Equal(t, x, y)
}

func TestFirstAdamStepHasTheLengthOfTheRate(t *testing.T) {
	a := &nn.Adam[float64]{}
	theta := make([]float64, 3)
	a.Step(theta, []float64{1e-3, -5, 1e6}, 0, 0.01)
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
	require.Equal(t, 5., nn.ClipNorm(g, 5))
	require.Equal(t, 5., nn.ClipNorm(g, math.Inf(1)))
	require.Equal(t, []float64{3, 0, -4}, g)
	require.Equal(t, 5., nn.ClipNorm(g, 2.5))
	require.Equal(t, []float64{1.5, 0, -2}, g)
	require.Zero(t, nn.ClipNorm(make([]float64, 3), 1))
	require.Zero(t, nn.ClipNorm([]float32{}, 1))
	h := []float32{1e30, -1e30}
	require.InEpsilon(t, 1e30*math.Sqrt2, nn.ClipNorm(h, 1), 1e-7, "float32 squares do not overflow")
	require.InDeltaSlice(t, []float64{math.Sqrt(.5), -math.Sqrt(.5)}, convert64(h), 1e-7)
}

func TestClipNormLeavesNonFiniteGradientsAlone(t *testing.T) {
	for _, bad := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		g := []float64{1, bad, 2}
		norm := nn.ClipNorm(g, 0.1)
		require.False(t, norm <= math.MaxFloat64)
		require.Equal(t, math.IsNaN(bad), math.IsNaN(norm))
		require.Equal(t, []float64{1, 2}, []float64{g[0], g[2]})
	}
	for _, limit := range []float64{0, -1, math.NaN()} {
		require.PanicsWithValue(t, "nn: ClipNorm: limit is not positive", func() { nn.ClipNorm([]float64{1}, limit) })
	}
}

func TestEMAWarmsUp(t *testing.T) {
	const decay = 0.3
	shadow, want := []float64{0}, 0.0
	for step, beta := range []float64{2. / 11, 3. / 12, decay, decay} { // 4/13 > 0.3
		theta := float64(step + 1)
		nn.EMA[float64]{Decay: decay}.Update(shadow, []float64{theta}, step)
		want = beta*want + (1-beta)*theta
		require.InDelta(t, want, shadow[0], 1e-15)
	}
	fixed := []float64{1}
	nn.EMA[float64]{NoWarmUp: true}.Update(fixed, []float64{0}, 0)
	require.InDelta(t, 0.999, fixed[0], 1e-15)
}

func TestEMAStaysBetweenItsWeights(t *testing.T) {
	theta, shadow := normals(30, 1, 1), normals(30, 1, 2)
	for step := range 40 {
		before := slices.Clone(shadow)
		nn.EMA[float64]{}.Update(shadow, theta, step)
		for i := range shadow {
			require.Greater(t, shadow[i], min(before[i], theta[i]))
			require.Less(t, shadow[i], max(before[i], theta[i]))
		}
	}
}

func TestRatesFollowTheirCurves(t *testing.T) {
	require.Equal(t, 0.2, nn.Constant(0.2).At(1234))
	c := nn.Cosine{Peak: 3, Floor: 1, Steps: 10}
	require.Equal(t, 3., c.At(0))
	require.InDelta(t, 2, c.At(5), 1e-15)
	require.Equal(t, 1., c.At(10))
	require.Equal(t, 1., c.At(1000))
	w := nn.WarmUp{Steps: 4, Then: c}
	require.Equal(t, 0., w.At(-1))
	require.Equal(t, 0.75, w.At(0))
	require.Equal(t, 3., w.At(3))
	require.Equal(t, 3., w.At(4))
	require.InDelta(t, 2, w.At(9), 1e-15)
	require.Equal(t, 3., nn.WarmUp{Then: c}.At(0), "no warm-up")
	for _, steps := range []int{1, 7, 100, 20000} {
		r := nn.RecipeRate(steps)
		require.NoError(t, nn.Validate(r))
		require.InDelta(t, 6e-3, r.At(min(500, steps/8)), 1e-15)
		require.InDelta(t, 6e-5, r.At(steps), 1e-15)
	}
	require.InDelta(t, 6e-3/500, nn.RecipeRate(4000).At(0), 1e-15)
}

func TestBadHyperParametersAreNamed(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		v    any
		want string
	}{
		{&nn.Adam[float32]{Beta1: 1}, "nn: Adam.Beta1 = 1, want"},
		{&nn.Adam[float32]{Beta2: -0.5}, "nn: Adam.Beta2 = -0.5, want"},
		{&nn.Adam[float32]{Epsilon: nan}, "nn: Adam.Epsilon = NaN, want"},
		{&nn.Adam[float32]{Epsilon: inf}, "nn: Adam.Epsilon = +Inf, want"},
		{&nn.Adam[float64]{WeightDecay: -1}, "nn: Adam.WeightDecay = -1, want"},
		{&nn.AMSGrad[float32]{Beta2: 1}, "nn: AMSGrad.Beta2 = 1, want"},
		{&nn.RAdam[float32]{Beta1: nan}, "nn: RAdam.Beta1 = NaN, want"},
		{&nn.NAdam[float32]{Epsilon: -1}, "nn: NAdam.Epsilon = -1, want"},
		{&nn.NAdam[float32]{MomentumDecay: inf}, "nn: NAdam.MomentumDecay = +Inf, want"},
		{&nn.SGD[float32]{Momentum: 1}, "nn: SGD.Momentum = 1, want"},
		{&nn.SGD[float32]{Momentum: 0.5, Dampening: -0.1}, "nn: SGD.Dampening = -0.1, want"},
		{&nn.SGD[float32]{Nesterov: true}, "nn: SGD.Nesterov = true, want false, or Momentum > 0"},
		{&nn.SGD[float32]{Nesterov: true, Momentum: 0.5, Dampening: 0.5}, "nn: SGD.Nesterov = true, want"},
		{&nn.SGD[float32]{WeightDecay: nan}, "nn: SGD.WeightDecay = NaN, want"},
		{&nn.RMSprop[float32]{Alpha: 1}, "nn: RMSprop.Alpha = 1, want"},
		{&nn.RMSprop[float32]{Momentum: -1}, "nn: RMSprop.Momentum = -1, want"},
		{&nn.Adagrad[float32]{Initial: -1}, "nn: Adagrad.Initial = -1, want"},
		{&nn.Adagrad[float32]{Epsilon: inf}, "nn: Adagrad.Epsilon = +Inf, want"},
		{&nn.GroupDecay[float32]{}, "nn: GroupDecay.Optimizer = <nil>, want an Optimizer"},
		{&nn.GroupDecay[float32]{Optimizer: &nn.SGD[float32]{Momentum: 2}}, "nn: SGD.Momentum = 2, want"},
		{&nn.GroupDecay[float32]{Optimizer: &nn.SGD[float32]{}, Groups: []nn.Group{{"*", 0}, {"[", 1}}}, "nn: GroupDecay.Groups[1].Names = [, want a pattern"},
		{&nn.GroupDecay[float32]{Optimizer: &nn.SGD[float32]{}, Groups: []nn.Group{{"*", -1}}}, "nn: GroupDecay.Groups[0].WeightDecay = -1, want"},
		{nn.EMA[float32]{By: nn.HalfLife{}}, "nn: HalfLife.Steps = 0, want"},
		{nn.HalfLife{Steps: 1, RampUp: nan}, "nn: HalfLife.RampUp = NaN, want"},
		{nn.PowerFunction{Width: 0.3}, "nn: PowerFunction.Width = 0.3, want"},
		{nn.PowerRamp{Min: 1}, "nn: PowerRamp.Min = 1, want"},
		{nn.PowerRamp{Max: 1.5}, "nn: PowerRamp.Max = 1.5, want"},
		{nn.PowerRamp{Steps: -1}, "nn: PowerRamp.Steps = -1, want"},
		{nn.PowerRamp{Power: -1}, "nn: PowerRamp.Power = -1, want"},
		{nn.StepDecay{Peak: 1}, "nn: StepDecay.Every = 0, want"},
		{nn.StepDecay{Peak: 1, Every: 2, Factor: 2}, "nn: StepDecay.Factor = 2, want"},
		{nn.Milestones{Peak: 1, Steps: []int{3, 3}}, "nn: Milestones.Steps = [3 3], want increasing"},
		{nn.Exponential{Peak: 1}, "nn: Exponential.Factor = 0, want"},
		{nn.Polynomial{From: -1, Steps: 1}, "nn: Polynomial.From = -1, want"},
		{nn.Polynomial{From: 1, To: inf, Steps: 1}, "nn: Polynomial.To = +Inf, want"},
		{nn.InversePower{Peak: 1}, "nn: InversePower.Steps = 0, want"},
		{nn.InversePower{Peak: 1, Steps: 1, Floor: 2}, "nn: InversePower.Floor = 2, want"},
		{nn.CosineRestarts{Peak: 1, Steps: 1, Growth: -1}, "nn: CosineRestarts.Growth = -1, want"},
		{nn.OneCycle{Peak: 1, Steps: 3}, "nn: OneCycle.Climb = 0, want more than a step"},
		{nn.OneCycle{Peak: 1, Steps: 30, Climb: 0.5, ThreePhases: true}, "nn: OneCycle.Climb = 0.5, want"},
		{nn.OneCycle{Peak: 1, Steps: 30, Divide: 0.5}, "nn: OneCycle.Divide = 0.5, want"},
		{nn.OneCycle{Peak: 1, Steps: 30, FinalDivide: nan}, "nn: OneCycle.FinalDivide = NaN, want"},
		{nn.SlowStart{Factor: 1, Then: nn.Constant(1)}, "nn: SlowStart.Factor = 1, want"},
		{nn.SlowStart{}, "nn: SlowStart.Then = <nil>, want a Rate"},
		{nn.EMA[float32]{Decay: 1}, "nn: EMA.Decay = 1, want"},
		{nn.EMA[float32]{Decay: nan}, "nn: EMA.Decay = NaN, want"},
		{nn.Constant(0), "nn: Constant = 0, want"},
		{nn.Constant(inf), "nn: Constant = +Inf, want"},
		{nn.WarmUp{Steps: -1, Then: nn.Constant(1)}, "nn: WarmUp.Steps = -1, want"},
		{nn.WarmUp{Steps: 1}, "nn: WarmUp.Then = <nil>, want a Rate"},
		{nn.WarmUp{Steps: 1, Then: nn.Constant(-2)}, "nn: Constant = -2, want"},
		{nn.Cosine{Steps: 3}, "nn: Cosine.Peak = 0, want"},
		{nn.Cosine{Peak: 1, Floor: 2, Steps: 3}, "nn: Cosine.Floor = 2, want"},
		{nn.Cosine{Peak: 1}, "nn: Cosine.Steps = 0, want"},
	} {
		err := nn.Validate(c.v)
		require.ErrorIs(t, err, nn.ErrRange)
		require.ErrorContains(t, err, c.want)
	}
	for _, v := range []any{&nn.Adam[float32]{}, &nn.Adam[float32]{WeightDecay: 0.1}, nn.EMA[float32]{}, nn.Constant(1),
		nn.WarmUp{Then: nn.Constant(1)}, nn.Cosine{Peak: 1, Steps: 1}, nil, 3,
		&nn.AMSGrad[float32]{}, &nn.RAdam[float32]{}, &nn.NAdam[float32]{}, &nn.SGD[float32]{}, &nn.RMSprop[float32]{}, &nn.Adagrad[float32]{},
		&nn.GroupDecay[float32]{Optimizer: &nn.SGD[float32]{}, Groups: []nn.Group{{"*", 1}}}, nn.HalfLife{Steps: 1}, nn.PowerFunction{},
		nn.PowerFunction{Width: 1 / math.Sqrt(12)}, nn.PowerRamp{}, nn.StepDecay{Peak: 1, Every: 1}, nn.Milestones{Peak: 1},
		nn.Exponential{Peak: 1, Factor: 0.9}, nn.Polynomial{To: 1, Steps: 1}, nn.InversePower{Peak: 1, Steps: 1},
		nn.CosineRestarts{Peak: 1, Steps: 1}, nn.OneCycle{Peak: 1, Steps: 4}, nn.SlowStart{Then: nn.Constant(1)}} {
		require.NoError(t, nn.Validate(v))
	}
}

package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
)

func TestImpossibleSettingsAreRefused(t *testing.T) {
	nan := math.NaN()
	for want, s := range map[string]Settings{
		"Settings.Steps: is -1, want a positive number":                                         {Steps: -1},
		"Settings.Batch: is -3, want a positive number":                                         {Batch: -3},
		"Settings.Workers: is -1, want a positive number":                                       {Workers: -1},
		"Settings.Validation.Every: is -1, want a positive number":                              {Validation: Validation{Every: -1}},
		"Settings.Validation.Patience: is -2, want a positive number":                           {Validation: Validation{Patience: -2}},
		"Settings.Checkpoints.Every: is -3, want a positive number":                             {Checkpoints: Checkpoints{Every: -3}},
		"Settings.Validation.Rows: is 5, but *score.Drawn cannot be split":                      {Validation: Validation{Rows: 5}},
		"Settings.EMA: is NaN, want a positive number, 0 for the default, or None":              {EMA: nan},
		"Settings.EMA: is 1, want a decay below 1":                                              {EMA: 1},
		"Settings.Clip: is NaN, want a positive number, 0 for the default, or None":             {Clip: nan},
		"Settings.Clip: is +Inf, want a positive number, 0 for the default, or None":            {Clip: math.Inf(1)},
		"Settings.References: is -2, want a positive number, 0 for the default, or None":        {References: -2},
		"Settings.DropCond: is -0.5, want a positive number":                                    {DropCond: -0.5},
		"Settings.Checkpoints.Keep: is -7, want":                                                {Checkpoints: Checkpoints{Keep: -7}},
		"Settings.ClipValue: is NaN, want a positive number":                                    {ClipValue: nan},
		"Settings.ClipValue: is -0.5, want a positive number, or 0 for none":                    {ClipValue: -0.5},
		"Settings.Rate: optim: Constant: is -1, want a positive number":                         {Rate: optim.Constant(-1)},
		"Settings.Rate: optim: Cosine.Steps: is 0":                                              {Rate: optim.WarmUp{Then: optim.Cosine{Peak: 1}}},
		"Settings.Optimizer: optim: Adam.Beta1: is 1.5":                                         {Optimizer: &optim.Adam[float32]{Beta1: 1.5}},
		"Settings.Averaging: optim: HalfLife.Steps: is 0, want":                                 {Averaging: optim.HalfLife{}},
		"Settings.Optimizer: optim: GroupDecay.Groups[0].Names: is \"x\", which decides for no": {Optimizer: &optim.GroupDecay[float32]{Optimizer: &optim.Adam[float32]{}, Groups: []optim.Group{{Names: "x"}}}},
		"Settings.Weight: EDMWeight.Variance: is -1, want a positive":                           {Weight: EDMWeight{Variance: -1}},
		"Settings.Times: LogNormal.Std: is 0, want a positive number":                           {Times: LogNormal{Mean: -1}},
		"Settings.Times: LogNormal.Std: is -2, want a positive number":                          {Times: LogNormal{Std: -2}},
		"Settings.Times: LogNormal.Mean: is NaN, want a finite number":                          {Times: LogNormal{Mean: nan, Std: 1}},
		"Settings.Times: LogNormal.Std: is +Inf, want a positive numbe":                         {Times: LogNormal{Std: math.Inf(1)}},
	} {
		t.Run(want, func(t *testing.T) {
			m := newModel(t, 2, Config{})
			before := append([]float32(nil), m.theta...)
			r, err := Fit(background, m, moons(), &s)
			require.Nil(t, r)
			require.ErrorIs(t, err, ErrRange)
			require.ErrorContains(t, err, "score: Fit: "+want)
			require.Equal(t, before, m.theta)
			require.False(t, m.calibrated)
		})
	}
}

func TestArgumentsThatDoNotFitAreRefused(t *testing.T) {
	m := newModel(t, 2, Config{})
	for want, c := range map[string]struct {
		m        *Model
		data     Data
		sentinel error
	}{
		"m: is nil, want a Model":                    {nil, moons(), ErrRange},
		"data: is nil, want rows":                    {m, nil, ErrRange},
		"m: is a Float64 model":                      {m.Float64(), moons(), ErrRange},
		"data: have 3 columns, want 2":               {m, standard(3), ErrShape},
		"data: have 4 columns of conditions, want 0": {m, conditioned{moons()}, ErrShape},
		"data: have 2 columns, want 0":               {&Model{}, moons(), ErrShape},
	} {
		r, err := Fit(background, c.m, c.data, quick(3))
		require.Nil(t, r)
		require.ErrorIs(t, err, c.sentinel)
		require.ErrorContains(t, err, "score: Fit: "+want)
	}
}

type conditioned struct{ Data }

func (conditioned) Dims() (d, cond int) { return 2, 4 }

// shaped is an objective of some other shape.
type shaped func(d Batch) *ad.Expr

func (s shaped) Loss(_ *nn.Build, _ Fields, d Batch) *ad.Expr { return s(d) }

func TestObjectiveOfAnotherShapeIsRefused(t *testing.T) {
	for name, o := range map[string]shaped{
		"nothing":     func(Batch) *ad.Expr { return nil },
		"two columns": func(d Batch) *ad.Expr { return d.X0 },
		"uniform":     func(Batch) *ad.Expr { return ad.Const(1) },
		"summed":      func(d Batch) *ad.Expr { return ad.SumRows(d.T) },
	} {
		m := newModel(t, 2, Config{})
		s := quick(3)
		s.Objective = o
		r, err := Fit(background, m, moons(), s)
		require.Nil(t, r, name)
		require.ErrorIs(t, err, ErrShape, name)
		require.ErrorContains(t, err, "Settings.Objective: has to give one number for each row")
		require.False(t, m.calibrated)
	}
}

func TestFitLeavesItsSettingsAlone(t *testing.T) {
	s := &Settings{Steps: 2, Batch: 5}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	require.Equal(t, &Settings{Steps: 2, Batch: 5}, s)
}

func TestDefaultsAreTheDocumentedOnes(t *testing.T) {
	s, err := (*Settings)(nil).withDefaults()
	require.NoError(t, err)
	require.Equal(t, []int{20000, 512, 1024}, []int{s.Steps, s.Batch, s.References})
	require.Equal(t, []int{100, 0, 1000, 3}, []int{s.Validation.Every, s.Validation.Patience, s.Checkpoints.Every, s.Checkpoints.Keep})
	require.Equal(t, []float64{0.999, 1}, []float64{s.EMA, s.Clip})
	require.Equal(t, optim.RecipeRate(20000), s.Rate)
	require.Equal(t, &optim.Adam[float32]{}, s.Optimizer)
	s, err = (&Settings{Batch: 10, EMA: None, Clip: None, References: None}).withDefaults()
	require.NoError(t, err)
	require.Equal(t, None, s.References)
}

func TestClippingCanBeSwitchedOff(t *testing.T) {
	raw := map[float64][]float32{}
	for _, clip := range []float64{-1, 1e30, 1e-3} {
		s := quick(3)
		s.Clip = clip
		s.Optimizer = &plain{}
		raw[clip] = fit(t, newModel(t, 2, Config{}), moons(), s).Raw
	}
	require.Equal(t, raw[1e30], raw[-1])
	require.NotEqual(t, raw[1e-3], raw[-1])
}

// The step is that of the gradient whose elements are bounded first and its norm
// then; what is recorded is the norm before both.
func TestGradientsAreClippedByValueBeforeTheirNorm(t *testing.T) {
	const value, limit, rate = 0.02, 0.05, 0.5
	one := func(clip, clipValue float64) (step []float64, norm float64) {
		s, seen := quick(1), &recorded{}
		s.Clip, s.ClipValue, s.Optimizer, s.Rate, s.Recorder = clip, clipValue, &plain{}, optim.Constant(rate), seen
		m := newModel(t, 2, Config{})
		before := widen(m.theta)
		for i, w := range fit(t, m, moons(), s).Raw {
			step = append(step, (before[i]-float64(w))/rate)
		}
		return step, seen.metrics[0].GradNorm
	}
	grad, norm := one(-1, 0)
	sum, most := 0.0, 0.0
	for i, g := range grad {
		most = max(most, math.Abs(g))
		grad[i] = math.Copysign(min(math.Abs(g), value), g)
		sum += grad[i] * grad[i]
	}
	require.Greater(t, most, value)
	require.Greater(t, math.Sqrt(sum), limit)

	const rounding = 1e-6 // of weights near 1, over the rate
	got, recorded := one(-1, value)
	require.Equal(t, norm, recorded)
	require.InDeltaSlice(t, grad, got, rounding)
	for i := range grad {
		grad[i] *= limit / math.Sqrt(sum)
	}
	got, recorded = one(limit, value)
	require.Equal(t, norm, recorded)
	require.InDeltaSlice(t, grad, got, rounding)
}

// plain is gradient descent.
type plain struct{ rate float32 }

func (p *plain) Begin(_, _ int, rate float64) bool {
	p.rate = float32(rate)
	return true
}

func (p *plain) Update(theta, grad []float32, _ int) {
	for i, g := range grad {
		theta[i] -= p.rate * g
	}
}

func (*plain) State() [][]float32 { return nil }

// backwards is a process whose noise falls.
type backwards struct{ sde.VP }

func (b backwards) Kernel(t float64) (float64, float64) { return b.VP.Kernel(1.1 - t) }
func (backwards) Validate() error                       { return nil }

type ofColumns int

func (n ofColumns) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	return nn.Linear{Out: int(n)}.Apply(b, x)
}

type constant struct{}

func (constant) Apply(b *nn.Build, _ *ad.Expr) *ad.Expr { return b.Param("c", 1, 2, nn.Zeros{}) }

type identity struct{}

func (identity) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr { return x }

func TestImpossibleModelsAreRefused(t *testing.T) {
	for want, c := range map[string]struct {
		d        int
		config   Config
		sentinel error
	}{
		"d: is 0, want at least 1":    {0, Config{}, ErrRange},
		"d: is -2, want at least 1":   {-2, Config{}, ErrRange},
		"VP.BetaMin: is -1":           {2, Config{Process: sde.VP{BetaMin: -1}}, ErrRange},
		"log(α/σ) of score.backwards": {2, Config{Process: backwards{}}, ErrRange},
		"Config.MinNoise: is NaN":     {2, Config{MinNoise: math.NaN()}, ErrRange},
		"Config.MinNoise: is +Inf":    {2, Config{MinNoise: math.Inf(1)}, ErrRange},
		"Config.MinNoise: is -Inf":    {2, Config{MinNoise: math.Inf(-1)}, ErrRange},
		"Config.MinNoise: is 81, want at most 80, the highest noise level":                          {2, Config{MinNoise: 81}, ErrRange},
		"Config.Precond: EDM.Variance: is -1, want a positive number on [1e-12, 1e+12], or 0 for 1": {2, Config{Precond: EDM{Variance: -1}}, ErrRange},
		"Config.Precond: Epsilon.Variance: is NaN, want a positive number":                          {2, Config{Precond: Epsilon{math.NaN()}}, ErrRange},
		"Config.Precond: X0.Variance: is +Inf, want a positive number":                              {2, Config{Precond: X0{math.Inf(1)}}, ErrRange},
		"Config.Precond: V.Variance: is -2, want a positive number on [1e-12, 1e+12], or 0 for 1":   {2, Config{Precond: V{-2}}, ErrRange},
		"the network's output has 3 columns, want 2":                                                {2, Config{Net: ofColumns(3)}, ErrShape},
		"the network's output does not depend on its input":                                         {2, Config{Net: constant{}}, ErrShape},
		"the network has no parameters":                                                             {2, Config{Net: identity{}}, ErrShape},
		"Config.Net: nn: shape mismatch: layer \"0\", nn.Columns of r×2: ":                          {2, Config{Net: nn.Sequential{nn.Columns{From: 5, To: 9}, small}}, ErrShape},
		"Config.Net: nn: Module: Sequential[0]: is <nil>":                                           {2, Config{Net: nn.Sequential{nil}}, ErrRange},
		"LayerNorm.Epsilon":                       {2, Config{Net: nn.Sequential{small, nn.LayerNorm{Epsilon: -1}}}, ErrRange},
		"Config.Cond.Embed: nn: shape mismatch: ": {2, Config{Cond: Conditions{Columns: 1, Embed: nn.Columns{From: 3, To: 4}}}, ErrShape},
	} {
		m, err := New(c.d, &c.config)
		require.True(t, m == nil)
		require.ErrorIs(t, err, c.sentinel)
		require.ErrorContains(t, err, "score: New: ")
		require.ErrorContains(t, err, want)
	}
}

func TestNewHasWorkingDefaults(t *testing.T) {
	m, err := New(2, nil)
	require.NoError(t, err)
	require.Equal(t, sde.EDM{}, m.Process())
	require.Equal(t, 2, m.Dim())
	require.Equal(t, 40718, m.params.Len())
	_, err = New(2, &Config{Process: sde.EDM{SigmaMin: 1e-4, SigmaMax: 0.003}})
	require.NoError(t, err, "the default freeze gives way to the process")
}

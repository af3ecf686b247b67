package score

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// Variances that no data in model coordinates have gave samples of 1e-10, or a loss
// that is NaN.
func TestVariancesFarFromOneAreRefused(t *testing.T) {
	for _, bad := range []float64{5e-324, 1e-300, 0.9e-12, 1.1e12, 1e300, math.MaxFloat64} {
		for field, v := range map[string]any{
			"EDM.Variance": EDM{Variance: bad}, "EDM.Detail": EDM{Detail: bad}, "Epsilon.Variance": Epsilon{bad}, "X0.Variance": X0{bad}, "V.Variance": V{bad}, "Velocity.Variance": Velocity{bad},
			"EDMWeight.Variance": EDMWeight{bad}, "SoftMinSNR.Variance": SoftMinSNR{bad}, "MinSNR.Gamma": MinSNR{bad}, "CosineTimes.Variance": CosineTimes{Variance: bad},
		} {
			err := nn.Validate(v)
			require.ErrorIs(t, err, ErrRange, field)
			require.ErrorContains(t, err, fmt.Sprintf("%s: is %v, want a positive number on [1e-12, 1e+12], or 0 for ", field, bad))
			if c, ok := v.(Precond); ok {
				_, err = New(2, &Config{Precond: c})
				require.ErrorContains(t, err, "score: New: Config.Precond: "+field)
			}
			if w, ok := v.(Weight); ok {
				s := quick(1)
				s.Weight = w
				_, err = Fit(background, newModel(t, 2, Config{}), moons(), s)
				require.ErrorContains(t, err, "score: Fit: Settings.Weight: "+field)
			}
		}
	}
}

// Whatever number a part accepts can be trained with, and gives a score.
func TestNumbersThatAreAcceptedAreTrainedWith(t *testing.T) {
	long(t)
	linear := func(m nn.Module) nn.Module { return nn.Sequential{m, nn.Linear{Out: 2}} }
	for _, part := range []any{
		&EDM{}, &Epsilon{}, &X0{}, &V{}, &EDMWeight{}, &SoftMinSNR{}, &MinSNR{}, &FDSSM{}, &LogNormal{Mean: -1, Std: 1}, &LogUniform{},
		&LogLogistic{}, &SplitLogNormal{-1, 1, 1}, &CosineTimes{}, &Settings{},
		&nn.Fourier{}, &nn.TimeFourier{}, &nn.LayerNorm{}, &nn.RMSNorm{}, &nn.Dropout{}, &nn.LeakyReLU{}, &nn.ELU{}, &nn.Residual{Body: nn.Linear{Out: 2}}, &nn.Normal{},
	} {
		r := reflect.ValueOf(part).Elem()
		for i := range r.NumField() {
			if r.Field(i).Kind() != reflect.Float64 {
				continue
			}
			before := r.Field(i).Float()
			for _, v := range []float64{5e-324, 1e-300, 1e-60, 1e-39, 0x1p-126, 1e-12, 1e-6, 1e-3, 1 - 0x1p-53, 10, 1000, 1e6, 1 << 24, 1e12, 1e38, 1e300} {
				for _, v := range []float64{v, -v} {
					r.Field(i).SetFloat(v)
					what := fmt.Sprintf("%s.%s = %v", r.Type(), r.Type().Field(i).Name, v)
					if nn.Validate(part) != nil {
						continue
					}
					c, s := Config{Net: small}, *quick(2)
					switch p := part.(type) {
					case *LogNormal, *LogUniform, *LogLogistic, *SplitLogNormal, *CosineTimes: // which have the method of a Weight
						s.Times = p.(Times)
					case Precond:
						c.Precond = p
					case Weight:
						s.Weight = p
					case Objective:
						s.Objective = p
					case *Settings:
						s.EMA, s.Clip, s.ClipValue, s.DropCond = p.EMA, p.Clip, p.ClipValue, p.DropCond
					case *nn.TimeFourier:
						c.Net = nn.MLP{Hidden: []int{4}, Time: p}
					case nn.Init:
						c.Net = nn.Linear{Out: 2, Init: p}
					case nn.Module:
						c.Net = linear(p)
					default:
						require.Fail(t, what)
					}
					m, err := New(2, &c)
					require.NoError(t, err, what)
					result, err := Fit(background, m, moons(), &s)
					if result == nil {
						require.IsType(t, &Settings{}, part, what) // which Fit validates
						require.ErrorIs(t, err, ErrRange, what)
						continue
					}
					require.NoError(t, err, what)
					x := mat.NewDense(5, 2, nil)
					m.Unconditional().Score(x, normals(5, 2, 1), spread(m.process, 5))
					require.Equal(t, -1, indexNonFinite(x.RawMatrix().Data), what)
				}
			}
			r.Field(i).SetFloat(before)
		}
	}
}

// A difference over a step of 1e300 was NaN, 2⁴⁰ directions or rows never ended or
// were a panic of another package.
func TestRunsThatWouldNeverEndAreRefused(t *testing.T) {
	for want, s := range map[string]Settings{
		"Objective: FDSSM.Step: is 1e+300, want a positive number on [1e-06, 10], or 0 for 0.05": {Objective: FDSSM{Step: 1e300}},
		"Objective: FDSSM.Step: is 1e-300, want":                                                 {Objective: FDSSM{Step: 1e-300}},
		"Objective: FDSSM.Step: is 5e-324, want":                                                 {Objective: FDSSM{Step: 5e-324}},
		"Objective: Probes.N: is 1073741824, want a positive number up to 4096":                  {Objective: FDSSM{Probes: Probes{N: 1 << 30}}},
		"Objective: Probes.N: is 4097, want a positive number up to 4096, or 0 for 1":            {Objective: SSM{Probes: Probes{N: mostProbes + 1}}},
		"Objective: Probes.N: is 9223372036854775807, want":                                      {Objective: SSMVR{Probes: Probes{N: math.MaxInt}}},
		"Batch: is 1073741824, want at most 16777216":                                            {Batch: 1 << 30},
		"Batch: is 9223372036854775807, want at most 16777216":                                   {Batch: math.MaxInt},
		"References: is 1073741824, want at most 16777216":                                       {References: 1 << 30},
		"References: is 9223372036854775807, want at most 16777216":                              {References: math.MaxInt},
		"References: is 16777216 for a Batch of 16777216, want None, or at most 1024":            {Batch: 1 << 24},
		"Validation.Rows: is 1073741824, want at most 8388608":                                   {Validation: Validation{Data: moons(), Rows: 1 << 30}},
		"Validation.Rows: is 9223372036854775807, want at most 8388608":                          {Validation: Validation{Data: moons(), Rows: math.MaxInt}},
		"Workers: is 1073741824, want at most 65536":                                             {Workers: 1 << 30},
		"Clip: is 5e-324, want at least 1e-12":                                                   {Clip: 5e-324},
		"ClipValue: is 1e-300, want at least 1e-12":                                              {ClipValue: 1e-300},
		"Times: LogNormal.Mean: is 1e+300, want a finite number of magnitude up to 1000":         {Times: LogNormal{1e300, 1}},
		"Times: LogNormal.Std: is 1e+308, want a positive number up to 1000":                     {Times: LogNormal{1, 1e308}},
		"Optimizer: optim: Adam.WeightDecay: is 1e+17, want a number ≥ 0, up to 100":             {Optimizer: &optim.Adam[float32]{WeightDecay: 1e17}},
	} {
		r, err := Fit(background, newModel(t, 2, Config{}), moons(), &s)
		require.Nil(t, r)
		require.ErrorIs(t, err, ErrRange, want)
		require.ErrorContains(t, err, "score: Fit: Settings."+want)
	}
	const d = 1 << 12
	m, err := New(d, &Config{Net: nn.LayerNorm{}})
	require.NoError(t, err)
	for want, s := range map[string]Settings{
		"Batch: takes 65537 rows of 4096 columns, want at most 65536 rows of so many":            {Batch: 1<<16 + 1, References: None},
		"References: takes 65537 rows of 4096 columns, want at most 65536 rows of so many":       {References: 1<<16 + 1},
		"Validation.Rows: takes 131072 rows of 4096 columns, want at most 65536 rows of so many": {Validation: Validation{Data: standard(d), Rows: 1 << 16}},
	} {
		r, err := Fit(background, m, standard(d), &s)
		require.Nil(t, r)
		require.ErrorIs(t, err, ErrRange, want)
		require.ErrorContains(t, err, "score: Fit: Settings."+want)
	}
}

// Columns, classes and widths that no memory holds were a panic of makeslice, or the
// end of the process.
func TestModelsThatNoMemoryHoldsAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	huge := []int{1 << 30, math.MaxInt}
	for _, n := range huge {
		for want, c := range map[string]Config{
			"score: New: Config.Cond.Columns: is %d, want 0 or more, up to 16777216":                        {Cond: Conditions{Columns: n}},
			"score: New: Config.Cond.Classes[0]: is %d, want at most 16777216":                              {Cond: Conditions{Classes: []int{n, n, 3}}},
			"score: New: Config.Net: nn: Module: Linear.Out: is %d, want":                                   {Net: nn.Linear{Out: n}},
			"score: New: Config.Net: nn: Module: MLP.Hidden[0]: is %d, want":                                {Net: nn.MLP{Hidden: []int{n}}},
			"score: New: Config.Cond.Embed: nn: Module: Embedding.Out: is %d, want a positive number up to": {Cond: Conditions{Classes: []int{2}, Embed: nn.Embedding{Classes: 2, Out: n}}},
		} {
			_, err := New(2, &c)
			require.ErrorIs(t, err, ErrRange)
			require.ErrorContains(t, err, fmt.Sprintf(want, n))
		}
		_, err := New(n, nil)
		require.ErrorIs(t, err, ErrRange)
		require.EqualError(t, err, fmt.Sprintf("score: New: d: is %d, want at most 16777216: out of range", n))
	}
	for want, c := range map[string]struct {
		d      int
		config Config
	}{
		`layer "hidden0", nn.Linear of r×16777216: nn: parameter hidden0.weight is 16777216×116, beside 0 weights before it, want at most 268435456 in all`: {1 << 24, Config{}},
		`nn: parameter hidden0.scale is 16777225×116`:   {2, Config{Cond: Conditions{Columns: 1 << 24}}},
		`nn: parameter hidden1.weight is 65536×65536, `: {2, Config{Net: nn.MLP{Hidden: []int{1 << 16, 1 << 16}}}},
		`nn: parameter hidden0.scale is 50331657×16`:    {2, Config{Net: small, Cond: Conditions{Classes: []int{1 << 24, 1 << 24, 1 << 24}}}},
	} {
		_, err := New(c.d, &c.config)
		require.ErrorIs(t, err, ErrShape)
		require.ErrorContains(t, err, want)
	}
}

// written saves what change makes of the file of a small model, with a checksum that
// is right.
func written(t *testing.T, change func(f *checkpoint.File)) string {
	path := filepath.Join(t.TempDir(), "m")
	require.NoError(t, newModel(t, 2, Config{}).SaveFile(path))
	f, err := checkpoint.ReadFile(path)
	require.NoError(t, err)
	change(f)
	require.NoError(t, checkpoint.WriteFile(path, f))
	return path
}

// A file of a hundred thousand layers took Open more than twelve seconds, and one of
// a dozen energies inside each other for ever.
func TestFilesOfTooManyPartsAreRefusedAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	many := func(n int) string {
		return "nn.Sequential{" + strings.Repeat("nn.Tanh{}, ", n) + "nn.Linear{Out:2}}"
	}
	for want, net := range map[string]string{
		"gradlogp.network: the description has more than 10000 parts and widths": many(100_000),
		"more than 10000 parts and widths":                                       "nn.MLP{Hidden:[]int{" + strings.Repeat("1, ", 20_000) + "1}}",
		"network: the description has more than 10000 parts":                     many(mostParts - 2),
		"the description has more than 10000":                                    "nn.Parallel{" + strings.Repeat(many(99)+", ", 200) + "nn.SiLU{}}",
		"an energy inside 3 others, want at most 3 inside each other":            strings.Repeat("nn.Energy{Net:", 12) + "nn.MLP{Hidden:[]int{16, 16}, Out:1}" + strings.Repeat("}", 12),
		"the network has 6 weights, the file ":                                   many(mostParts - 3),
	} {
		path := written(t, func(f *checkpoint.File) { f.Metadata[metaNet] = net })
		_, err := Open(path)
		require.ErrorContains(t, err, want)
	}
}

// Any word but "true" counted as a model that is not calibrated, whose frame the next
// run measures again.
func TestCalibratedIsTrueOrFalse(t *testing.T) {
	for _, bad := range []string{"", "True", "1", "yes", "false "} {
		path := written(t, func(f *checkpoint.File) { f.Metadata[metaFitted] = bad })
		_, err := Open(path)
		require.ErrorIs(t, err, ErrMismatch)
		require.ErrorContains(t, err, fmt.Sprintf("gradlogp.calibrated is %q, want true or false", bad))
		m := newModel(t, 2, Config{})
		require.ErrorIs(t, m.LoadFile(path), ErrMismatch)
	}
}

// A run went on from moments that are infinite, and failed many steps later or stood
// still.
func TestStatesThatAreNotFiniteAreNotResumed(t *testing.T) {
	s := quick(4)
	s.Checkpoints = Checkpoints{Dir: t.TempDir()}
	fit(t, newModel(t, 2, Config{}), moons(), s)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	for _, name := range []string{tensorOptimizer + "0", tensorOptimizer + "1", tensorRaw, tensorEMA} {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			f, err := checkpoint.ReadFile(path)
			require.NoError(t, err)
			v, err := f.Tensor(name)
			require.NoError(t, err)
			v.Data.([]float32)[7] = float32(bad)
			spoilt := filepath.Join(t.TempDir(), "spoilt")
			require.NoError(t, checkpoint.WriteFile(spoilt, f))
			r, err := Resume(background, newModel(t, 2, Config{}), moons(), s, spoilt)
			require.Nil(t, r)
			require.ErrorIs(t, err, ErrNonFinite)
			require.ErrorContains(t, err, fmt.Sprintf("number 7 of tensor %s is %v", name, bad))
		}
	}
	for _, step := range []float64{math.NaN(), math.Inf(1), 0, 1.5, 5} {
		f, err := checkpoint.ReadFile(path)
		require.NoError(t, err)
		v, err := f.Tensor(tensorChecks)
		require.NoError(t, err)
		v.Shape, v.Data = []int{1, 4}, []float64{step, 0, 0, 0}
		spoilt := filepath.Join(t.TempDir(), "spoilt")
		require.NoError(t, checkpoint.WriteFile(spoilt, f))
		_, err = Resume(background, newModel(t, 2, Config{}), moons(), s, spoilt)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, fmt.Sprintf("tensor run.checks has a check after step %v, want a step on [1, 4]", step))
	}
}

// A model, rows or denoisers that are nil were a nil pointer somewhere inside.
func TestTheOracleNamesWhatIsNil(t *testing.T) {
	var none func(alpha, sigma float64) Denoiser
	exact := func(_, _ float64) Denoiser { return nil }
	x := mat.NewDense(1, 2, nil)
	require.PanicsWithValue(t, "score: KLBound: m is nil, want a Model", func() { _, _ = KLBound(nil, x, exact, 1) })
	require.PanicsWithValue(t, "score: KLBound: m is nil, want a Model", func() { _, _ = (&Oracle{noisy: [boundLevels]*mat.Dense{x}}).KLBound(nil) })
	require.PanicsWithValue(t, "score: KLBound: clean is nil, want rows", func() { _, _ = KLBound(newModel(t, 2, Config{}), nil, exact, 1) })
	require.PanicsWithValue(t, "score: NewOracle: clean is nil, want rows", func() { NewOracle(nil, exact, 1) })
	require.PanicsWithValue(t, "score: NewOracle: diffuse is nil, want the exact denoisers", func() { NewOracle(x, none, 1) })
	require.PanicsWithValue(t, "score: NewOracle: diffuse is nil, want the exact denoisers", func() { _, _ = KLBound(newModel(t, 2, Config{}), x, none, 1) })
}

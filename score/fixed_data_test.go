package score

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// threeClasses returns rows with labels: class k is N(c_k, 0.09 I), the third is
// rare.
func threeClasses(n int) (x, cond *mat.Dense) {
	rng := rand.New(rand.NewPCG(4, uint64(n)))
	centres := [][]float64{{-2, 0}, {2, 1}, {3, -2}}
	x, cond = mat.NewDense(n, 2, nil), mat.NewDense(n, 1, nil)
	for i := range n {
		k := i % 2
		if i%20 == 0 {
			k = 2
		}
		cond.Set(i, 0, float64(k))
		for j := range 2 {
			x.Set(i, j, centres[k][j]+0.3*rng.NormFloat64())
		}
	}
	return x, cond
}

// Rows with conditions were neither split nor trained for a shorter time with the
// plain target, and were learnt by heart without a word.
func TestRowsWithConditionsAreSplitAsOthersAre(t *testing.T) {
	x, cond := threeClasses(600)
	plain, err := Rows(x, nil)
	require.NoError(t, err)
	given, err := Rows(x, cond)
	require.NoError(t, err)
	want, got := Settings{}.with(Recommend(600, 2, nil), plain), Settings{}.with(Recommend(600, 2, nil), given)
	require.Equal(t, want, got)
	require.Equal(t, 2000, got.Steps)
	require.Equal(t, -1, got.References)
	train, held, err := got.heldOut(given)
	require.NoError(t, err)
	require.Equal(t, 60, held.(inOrder).len())

	// Every row keeps its own condition, on both sides.
	label := map[float64]float64{}
	for i := range 600 {
		label[x.At(i, 0)] = cond.At(i, 0)
	}
	for _, data := range []Data{train, held} {
		a, c := mat.NewDense(900, 2, nil), mat.NewDense(900, 1, nil)
		require.NoError(t, data.Batch(a, c, 0, 0, rand.New(rand.NewPCG(1, 1))))
		for i := range 900 {
			require.Equal(t, label[a.At(i, 0)], c.At(i, 0))
		}
	}

	m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3}}})
	require.NoError(t, err)
	s := quick(200)
	s.References = 0
	r := fit(t, m, given, s)
	require.Positive(t, r.BestStep)
	require.Positive(t, r.HeldOut)
	require.Empty(t, r.Warnings)
}

// lines is a RowSet of one's own: row i is (i, i²) and its condition i mod 3.
type lines struct {
	n   int
	bad int // a row that has a NaN
}

func (l lines) Len() int       { return l.n }
func (lines) Dims() (d, c int) { return 2, 1 }
func (l lines) Row(i int, x, cond []float64) error {
	x[0], x[1], cond[0] = float64(i), float64(i*i), float64(i%3)
	if l.bad > 0 && i == l.bad {
		x[1] = math.NaN()
	}
	return nil
}

// A finite source of one's own could not say so: it was trained on like an endless
// one.
func TestRowSetsAreSplitAndOthersThatRepeatAreWarnedOf(t *testing.T) {
	data, err := RowsOf(lines{n: 300})
	require.NoError(t, err)
	s := Settings{}.with(Recommend(300, 2, nil), data)
	require.Equal(t, []int{2000, -1}, []int{s.Steps, s.References})
	train, held, err := s.heldOut(data)
	require.NoError(t, err)
	require.Equal(t, []int{270, 30}, []int{train.(rows).len(), held.(inOrder).len()})

	config := Config{Net: small, Cond: Conditions{Classes: []int{3}}}
	m, err := New(2, &config)
	require.NoError(t, err)
	require.Empty(t, fit(t, m, data, quick(3)).Warnings)

	type hidden struct{ Data } // which rows these are Fit cannot know
	m, err = New(2, &config)
	require.NoError(t, err)
	r := fit(t, m, hidden{data}, quick(3))
	require.Len(t, r.Warnings, 1)
	require.Contains(t, r.Warnings[0], "16084 of 16384 rows of the data are copies of others")
	quiet := quick(3)
	quiet.Validation.Rows = None
	m, err = New(2, &config)
	require.NoError(t, err)
	require.Empty(t, fit(t, m, hidden{data}, quiet).Warnings, "somebody has thought of it")

	data, err = RowsOf(lines{n: 300, bad: 117})
	require.NoError(t, err)
	m, err = New(2, &config)
	require.NoError(t, err)
	_, err = Fit(background, m, data, quick(3))
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "score: Fit: data: row 117, column 1: is NaN, want a finite number")
	for _, set := range []RowSet{nil, (*pointed)(nil), lines{}} {
		_, err = RowsOf(set)
		require.ErrorIs(t, err, ErrShape)
	}
}

type pointed struct{ lines }

// forgetful is a RowSet that leaves something out of a row.
type forgetful struct {
	lines
	condition bool
}

func (f forgetful) Row(i int, x, cond []float64) error {
	if i != 7 {
		return f.lines.Row(i, x, cond)
	}
	if f.condition {
		x[0], x[1] = 1, 1
	} else {
		x[0], cond[0] = 1, 1
	}
	return nil
}

// What a source left out was what stood there before.
func TestWhatARowSetLeavesOutIsFound(t *testing.T) {
	for want, set := range map[string]RowSet{
		"row 7, column 1: is NaN":           forgetful{lines{n: 300}, false},
		"row 7, condition column 0: is NaN": forgetful{lines{n: 300}, true},
	} {
		data, err := RowsOf(set)
		require.NoError(t, err)
		m, err := New(2, &Config{Net: small, Cond: Conditions{Columns: 1}})
		require.NoError(t, err)
		s := quick(20)
		s.References = 1 << 12
		_, err = Fit(background, m, data, s)
		require.ErrorIs(t, err, ErrNonFinite)
		require.ErrorContains(t, err, want)
	}
}

// samples returns rows of a model.
func samples(t testing.TB, m *Model, n int) *mat.Dense {
	x := mat.NewDense(n, m.Dim(), nil)
	s := &sampler.Settings{Grid: grid.Default(m.Process(), 20), Seed: 5}
	require.NoError(t, sampler.Sample(background, x, m.Problem(), sampler.DPMpp2M{}, s))
	return x
}

// ksDistance returns the Kolmogorov–Smirnov distance of two columns.
func ksDistance(a, b *mat.Dense, j int) float64 {
	sorted := func(x *mat.Dense) []float64 {
		column := mat.Col(nil, j, x)
		slices.Sort(column)
		return column
	}
	return stat.KolmogorovSmirnov(sorted(a), nil, sorted(b), nil)
}

// Columns of different scale had one scale, in which the narrow ones drowned: at
// 2⁻¹² : 1 : 2¹⁴ the first came out 23,556 times too wide.
func TestColumnsOfDifferentUnitsTrainAsUnitColumnsDo(t *testing.T) {
	long(t)
	const n, test = 3000, 1000
	units := []float64{0x1p-12, 1, 0x1p14}
	rng := rand.New(rand.NewPCG(8, 1))
	plain := mat.NewDense(n+test, 3, nil)
	plain.Apply(func(_, j int, _ float64) float64 {
		return 0.4*rng.NormFloat64() + float64(rng.IntN(2)*2-1)
	}, plain)
	var scaled mat.Dense
	scaled.Apply(func(_, j int, v float64) float64 { return units[j] * v }, plain)

	run := func(x *mat.Dense, scaling Scaling) (*mat.Dense, *Result) {
		data, err := Rows(x.Slice(0, n, 0, 3).(*mat.Dense), nil)
		require.NoError(t, err)
		m, err := New(3, &Config{Net: nn.MLP{Hidden: []int{24, 24}}})
		require.NoError(t, err)
		r := fit(t, m, data, &Settings{Steps: 500, Batch: 64, Scaling: scaling, EMA: 0.98, Rate: optim.Constant(5e-3)})
		return samples(t, m, test), r
	}
	got, r := run(&scaled, AutoScale)
	require.Equal(t, ColumnScales, r.Scaling)
	want, _ := run(plain, ColumnScales)
	common, r := run(plain, AutoScale)
	require.Equal(t, CommonScale, r.Scaling)
	fresh := scaled.Slice(n, n+test, 0, 3).(*mat.Dense)
	for j, unit := range units {
		for i := range test {
			require.Equal(t, unit*want.At(i, j), got.At(i, j), "the same numbers in other units")
		}
		require.Less(t, ksDistance(got, fresh, j), ksDistance(common, plain.Slice(n, n+test, 0, 3).(*mat.Dense), j)+0.03, "column %d", j)
		require.Less(t, ksDistance(got, fresh, j), 0.1, "column %d", j)
	}
	m := newModel(t, 3, Config{})
	m.calibrated = true
	s := quick(1)
	s.Scaling = ColumnScales
	require.Equal(t, []string{"Settings.Scaling is columns, but the model keeps the scale that it has, unscaled"}, fit(t, m, standard(3), s).Warnings)
	_, r = run(plain, Unscaled)
	require.Equal(t, Unscaled, r.Scaling)
	require.Empty(t, r.Warnings)
	one := mat.DenseCopyOf(plain)
	for i := range n + test {
		one.Set(i, 1, 1)
	}
	_, r = run(one, Unscaled)
	require.Empty(t, r.Warnings, "a constant is learned as it is")
	_, r = run(&scaled, Unscaled)
	require.Contains(t, strings.Join(r.Warnings, ""), "Settings.Scaling is unscaled, but the root mean square of the data is")
	bad, r := run(&scaled, CommonScale)
	require.Equal(t, CommonScale, r.Scaling)
	require.Greater(t, ksDistance(bad, fresh, 0), 0.3, "what the default was")
}

// A column whose deviation was below 1e-12 of its mean was taken as constant, and
// came out with the deviation of the noise.
func TestTimestampsKeepTheirSpread(t *testing.T) {
	t.Parallel()
	const n = 400
	x := normals(n, 3, 3)
	for i := range n {
		x.Set(i, 0, 1.7e18+1e6*x.At(i, 0)) // nanoseconds
		x.Set(i, 2, 7e-9)
	}
	data, err := Rows(x, nil)
	require.NoError(t, err)
	m, err := New(3, &Config{Net: small})
	require.NoError(t, err)
	r := fit(t, m, data, &Settings{Steps: 300, Batch: 64, EMA: 0.98, Rate: optim.Constant(5e-3)})
	scale := m.Frame().Scale
	require.InDelta(t, 1e6, scale[0], 1e5)
	require.Equal(t, ColumnScales, r.Scaling)
	require.Equal(t, []string{"column 2: spread by less than four units in the last place; taken as constant, so that log-densities are those of the other columns but for a number that means nothing"}, r.Warnings)
	got := samples(t, m, 500)
	require.Less(t, ksDistance(got, x, 0), 0.15)
	for i := range 500 {
		require.InEpsilon(t, 7e-9, got.At(i, 2), 1e-13)
	}
}

// A column that a sample of the rows found constant is looked at in all of them.
func TestRareValuesAreNotTakenForNone(t *testing.T) {
	t.Parallel()
	x := normals(9000, 2, 3)
	x.Apply(func(i, j int, v float64) float64 {
		if j == 0 {
			return v
		}
		return 0
	}, x)
	x.Set(4321, 1, 5)
	data, err := Rows(x, nil)
	require.NoError(t, err)
	for seed := range uint64(12) {
		m, err := New(2, &Config{Net: small})
		require.NoError(t, err)
		s := quick(1)
		s.Seed = seed
		require.Empty(t, fit(t, m, data, s).Warnings)
		scale := m.Frame().Scale
		require.InDelta(t, 5/math.Sqrt(9000), scale[1], 0.08)
	}
}

// Labels were encoded as a number for each class and row, 3.5 GB for 20,000 classes
// of 10,000 rows, which products read and multiplied.
func TestManyClassesNeedNoMemoryOfRowsTimesClasses(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const n, classes = 10000, 20000
	x, cond := normals(n, 2, 1), mat.NewDense(n, 1, nil)
	for i := range n {
		cond.Set(i, 0, float64(i*7%classes))
	}
	data, err := Rows(x, cond)
	require.NoError(t, err)
	for _, c := range []Config{
		{Net: nn.MLP{Hidden: []int{4}}, Cond: Conditions{Classes: []int{classes}}},
		{Net: small, Cond: Conditions{Classes: []int{classes}, Embed: nn.Linear{Out: 8, Bias: nn.None{}}}},
		{Net: small, Cond: Conditions{Classes: []int{classes}, Embed: nn.Embedding{Classes: classes, Out: 8}}},
	} {
		m, err := New(2, &c)
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := fit(t, m, data, &Settings{Steps: firstCheck, Batch: 64, Validation: Validation{Every: firstCheck}, Workers: 2})
		drawn := mat.NewDense(n, 2, nil)
		require.NoError(t, sampler.Sample(t.Context(), drawn, m.Given(cond).Problem(), sampler.DDIM{}, &sampler.Settings{Grid: grid.Default(m.Process(), 5), Workers: 2}))
		m.Given(cond).Score(drawn, x, []float64{1})
		runtime.ReadMemStats(&after)
		require.Len(t, r.Diagnoses, 1)
		const dense = n * classes * 4
		require.Less(t, int(after.TotalAlloc-before.TotalAlloc), dense/20, "bytes allocated; the dense codes are %d", dense)
		require.Len(t, r.Warnings, 1)
		require.Contains(t, r.Warnings[0], "condition column 0: 11000 of 20000 classes have no row to train on: ")
	}
}

// A class without a row passed in silence; a wrong label was found when a batch
// came upon it, under the number it had there.
func TestLabelsAreCheckedBeforeTheFirstStep(t *testing.T) {
	x, cond := threeClasses(600)
	one := func(classes ...int) (*Result, error) {
		data, err := Rows(x, cond)
		require.NoError(t, err)
		m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: classes}})
		require.NoError(t, err)
		return Fit(background, m, data, quick(1))
	}
	r, err := one(5)
	require.NoError(t, err)
	require.Equal(t, []string{"condition column 0: 2 of 5 classes have no row to train on: 3, 4"}, r.Warnings)
	r, err = one(2)
	require.Nil(t, r)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "score: Fit: data: row 0, condition column 0: is 2, want a label 0, …, 1")
	for _, v := range []float64{3, -1, 0.5} {
		cond.Set(417, 0, v)
		_, err = one(3)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "row 417, condition column 0: is ")
	}
	cond.Set(417, 0, math.NaN())
	_, err = Rows(x, cond)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "score: Rows: cond: row 417, column 0: is NaN")
}

// A generator that is none was a panic in a step.
func TestGeneratorsThatAreNoneAreNamed(t *testing.T) {
	for want, data := range map[string]Data{
		"open: is nil":                       Draws[gaussian](2, nil),
		"open: returns a nil *dataset.Moons": Draws(2, func(rand.Source) *dataset.Moons { return nil }),
		"d: is 0, want at least 1":           Draws(0, dataset.NewMoons),
		"k: is 2, want 0, …, 1":              Draws(2, dataset.NewMoons).WithConditions(2),
		"WithConditions: k: is -1, want":     Draws(2, dataset.NewMoons).WithConditions(-1),
	} {
		m, err := New(2, &Config{Net: small})
		require.NoError(t, err)
		_, err = Fit(background, m, data, quick(1))
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, want)
	}
	m := newModel(t, 2, Config{})
	r, err := Fit(background, m, Draws(2, func(rand.Source) nothing { return nothing{} }), quick(1))
	require.NotNil(t, r)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "Rand of score.nothing: returns 0 numbers, want the 2 of a row")
}

type nothing struct{}

func (nothing) Rand([]float64) []float64 { return nil }

// One code for a missing value set the scale of its column, so that samples were
// wrong a hundredfold, without a word.
func TestRowsFarOutAreWarnedOf(t *testing.T) {
	warnings := func(x *mat.Dense) []string {
		data, err := Rows(x, nil)
		require.NoError(t, err)
		return fit(t, newModel(t, 2, Config{}), data, quick(1)).Warnings
	}
	x := normals(2000, 2, 1)
	require.Empty(t, warnings(x))
	x.Set(77, 1, -99999)
	all := warnings(x)
	require.Len(t, all, 1)
	require.Contains(t, all[0], "column 1: its deviation")
	require.Contains(t, all[0], "such as -99999")
	for i := range 2000 { // a heavy tail is no fault
		x.Set(i, 1, math.Exp(1.5*x.At(i, 0)))
	}
	require.Empty(t, warnings(x))
}

// Pixels that are black in most pictures, with noise within their shade, were told one by
// one to be far out, though the scale is that of all of them together.
func TestDarkPixelsAreNotFarOutOnACommonScale(t *testing.T) {
	long(t)
	const n, d = 400, 12
	x := normals(n, d, 1)
	for i := range n {
		for j := range d {
			x.Set(i, j, -1+0.004*math.Tanh(x.At(i, j)))
		}
		if i%5 == 0 {
			x.Set(i, i/5%d, 1)
		}
	}
	warnings := func(scaling Scaling) []string {
		data, err := Rows(x, nil)
		require.NoError(t, err)
		s := quick(1)
		s.Scaling = scaling
		return fit(t, newModel(t, d, Config{}), data, s).Warnings
	}
	require.Empty(t, warnings(CommonScale))
	all := warnings(ColumnScales)
	require.Len(t, all, 1, "one warning, not one a column")
	require.Contains(t, all[0], "column 0: its deviation")
	require.Contains(t, all[0], "likewise column 1, 2, 3, 4, 5 and 6 more; pictures and signals want CommonScale")
	x.Set(7, 3, 1e5)
	all = warnings(CommonScale)
	require.Len(t, all, 1)
	require.Contains(t, all[0], "column 3: its deviation")
}

// A scale that had been measured on other rows of the same data, from as many far out, was
// taken for one of all columns together.
func TestRowsFarOutAreToldOfAgain(t *testing.T) {
	m := newModel(t, 2, Config{})
	for seed := range uint64(3) {
		x := normals(4000, 2, seed)
		for i := range 80 + int(seed) {
			x.Set(50*i%3999, 1, 1e5)
		}
		data, err := Rows(x, nil)
		require.NoError(t, err)
		all := fit(t, m, data, quick(1)).Warnings
		require.Len(t, all, 1, "run %d", seed)
		require.Contains(t, all[0], "column 1: its deviation")
	}
}

// Pixels at the border, which hardly vary, got the noise of their own deviation under a
// U-Net, and nobody was told.
func TestPicturesWantTheirScaleToBeChosen(t *testing.T) {
	long(t)
	x := normals(400, 16, 1)
	for i := range 400 {
		x.Set(i, 0, 0.1*x.At(i, 0))
	}
	data, err := Rows(x, nil)
	require.NoError(t, err)
	square := []int{4, 4}
	for _, c := range []struct {
		name   string
		config Config
		scale  Scaling
		want   bool
	}{
		{"U-Net", Config{Net: nn.UNet{Size: square, Channels: []int{4}}}, AutoScale, true},
		{"energy", Config{Net: nn.Energy{Net: nn.Sequential{nn.Conv{Size: square, Out: 1}, nn.SiLU{}, nn.Linear{Out: 1}}}}, AutoScale, true},
		{"patches", Config{Net: nn.Mixer{Size: square, Patch: 2, Width: 4, Blocks: 1}}, AutoScale, true},
		{"one scale", Config{Net: nn.UNet{Size: square, Channels: []int{4}}}, CommonScale, false},
		{"meant so", Config{Net: nn.UNet{Size: square, Channels: []int{4}}}, ColumnScales, false},
		{"MLP", Config{}, AutoScale, false},
		{"table", Config{Net: nn.TabularTransformer{Width: 4, Blocks: 1}, ColumnLevels: true}, AutoScale, false},
	} {
		m, err := New(16, &c.config)
		require.NoError(t, err)
		s := quick(1)
		s.Scaling = c.scale
		require.Equal(t, c.want, strings.Contains(strings.Join(fit(t, m, data, s).Warnings, ""), "set Settings.Scaling to CommonScale"), c.name)
	}
}

// The columns of a generator that knows them were met as a panic of the generator.
func TestDrawsOfOtherColumnsAreNamed(t *testing.T) {
	_, err := Fit(background, newModel(t, 3, Config{}), Draws(3, dataset.NewMoons), quick(1))
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "score: Draws: d: is 3, want 2, the columns of a *dataset.Moons")
}

// Far from its mean every time of a LogLogistic was the last, for the share below it
// had been rounded to 1.
func TestLogLogisticTimesAreRightInBothTails(t *testing.T) {
	for _, mean := range []float64{-50, -3, 0, 50} {
		l, p := LogLogistic{Mean: mean, Low: 0.1, High: 10}, sde.EDM{}
		last := 0.0
		for _, u := range []float64{0.01, 0.25, 0.5, 0.75, 0.99} {
			at := l.Quantile(p, u)
			require.Greater(t, at, last, "mean %v, u = %v", mean, u)
			last = at
		}
		if mean == -50 { // where the density is that of e^{−ln σ}
			require.InEpsilon(t, 1/(0.5/0.1+0.5/10), l.Quantile(p, 0.5), 1e-9)
		}
	}
}

// The distributions of times could be taken for weights, and trained nonsense.
func TestTimesAreNoWeights(t *testing.T) {
	for _, times := range []any{LogNormal{}, UniformTimes{}, LevelTimes{}, LogUniform{}, LogLogistic{}, SplitLogNormal{}, CosineTimes{}} {
		_, ok := times.(Weight)
		require.False(t, ok, "%T", times)
	}
}

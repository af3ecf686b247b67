package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// framed returns a model with levels of columns and random weights, whose columns
// have units that differ by six orders of magnitude.
func framed(t testing.TB, c Config) *Model {
	c.ColumnLevels = true
	m := newModel(t, 3, c)
	m.shift, m.scale, m.calibrated = []float64{5, 0, -1e3}, []float64{1e-3, 1, 1e3}, true
	return m.Float64()
}

// scores evaluates a view at model coordinates.
func scoreOfView(v *View, x *mat.Dense, t []float64) *mat.Dense {
	n, d := x.Dims()
	s := mat.NewDense(n, d, nil)
	v.Score(s, x, t)
	return s
}

func observed(v ...float64) Observed { return Observed{Values: mat.NewDense(1, len(v), v)} }

func TestNoisyKnownCellsGoOverIntoKnownAndDrawnOnes(t *testing.T) {
	for name, p := range processes {
		m := framed(t, Config{Process: p})
		x := normals(40, 3, 1)
		at := spread(p, 40)
		values := []float64{5.0007, nan, -400}
		within := func(τ float64) *mat.Dense {
			o := observed(values...)
			o.Deviations = mat.NewDense(1, 3, []float64{τ * m.scale[0], nan, τ * m.scale[2]})
			return scoreOfView(m.Observe(o), x, at)
		}
		known, free := scoreOfView(m.Observe(observed(values...)), x, at), scoreOfView(m.Unconditional(), x, at)
		none, most := within(1e-9), within(1e9)
		for i := range 40 {
			for j := range 3 {
				size := 1 + math.Abs(known.At(i, j))
				require.InDelta(t, known.At(i, j), none.At(i, j), 1e-6*size, "%s: column %d", name, j)
				require.InDelta(t, free.At(i, j), most.At(i, j), 1e-6*(1+math.Abs(free.At(i, j))), "%s: column %d", name, j)
			}
		}
	}
}

// The score is that of one observation of both, computed here the direct way.
func TestNoisyKnownCellsAreOneObservationWithTheState(t *testing.T) {
	p := sde.VP{}
	m := framed(t, Config{Process: p, MinNoise: None})
	const y, τ, at = .7, .5, .4
	o := observed(5+1e-3*y, nan, nan)
	o.Deviations = mat.NewDense(1, 3, []float64{1e-3 * τ, 0, 0})
	x := normals(1, 3, 4)
	got := scoreOfView(m.Observe(o), x, []float64{at})
	α, σ := p.Kernel(at)
	Σ := 1 / math.Sqrt(α*α/(σ*σ)+1/(τ*τ))
	μ := Σ * Σ * (α/(σ*σ)*x.At(0, 0) + y/(τ*τ))
	// The denoiser at level Σ of the first column: rows of a network that is told
	// levels Σ, σ/α, σ/α.
	seen := sde.TimeAt(p, -math.Log(Σ))
	αs, _ := p.Kernel(seen)
	first, rest := m.precond.Coeffs(p, seen), m.precond.Coeffs(p, at)
	c := make([]float64, 18)
	for j := range 3 {
		k, in := rest, rest.In*x.At(0, j)
		if j == 0 {
			k, in = first, first.In*αs*μ
		}
		c[cellValue*3+j], c[cellLevel*3+j], c[cellOnF*3+j] = in, k.Noise, 1
	}
	f := mat.NewDense(1, 3, nil)
	m.eval.score(f, mat.NewDense(1, 3, nil), place{coeffs: c})
	D := first.Skip*αs*μ + first.Out*f.At(0, 0)
	require.InDelta(t, (α*D-x.At(0, 0))/(σ*σ), got.At(0, 0), 1e-9)
	for j := 1; j < 3; j++ {
		require.InDelta(t, (α*(rest.Skip*x.At(0, j)+rest.Out*f.At(0, j))-x.At(0, j))/(σ*σ), got.At(0, j), 1e-9)
	}
}

func TestScoresOfCellsThatAreNotDrawnLeadToWhatIsKnown(t *testing.T) {
	for name, p := range processes {
		m := framed(t, Config{Process: p})
		x, at := normals(30, 3, 1), spread(p, 30)
		s := scoreOfView(m.Observe(observed(5.002, inf, nan)), x, at)
		for i := range 30 {
			α, σ := p.Kernel(at[i])
			require.InEpsilon(t, (2*α-x.At(i, 0))/(σ*σ), s.At(i, 0), 1e-6, name)
			require.InEpsilon(t, -x.At(i, 1)/(α*α+σ*σ), s.At(i, 1), 1e-12, name)
		}
		for i := range 30 { // whatever is there
			x.Set(i, 0, nan)
			x.Set(i, 1, 1e300)
		}
		again := scoreOfView(m.Observe(observed(5.002, inf, nan)), x, at)
		for i := range 30 {
			require.Equal(t, s.At(i, 2), again.At(i, 2), name)
		}
	}
}

func TestDerivativesAreThoseOfTheDrawnCells(t *testing.T) {
	m := framed(t, Config{})
	o := Observed{Values: mat.NewDense(2, 3, []float64{5.001, nan, nan, nan, inf, 200}), Deviations: mat.NewDense(2, 3, []float64{0, 0, 0, 0, 0, 100})}
	v := m.Observe(o)
	x, at := normals(2, 3, 2), []float64{.8}
	s, jv, div := mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil), make([]float64, 2)
	v.Divergence(s, div, x, at)
	require.True(t, mat.Equal(scoreOfView(v, x, at), s))
	drawn := [2][]int{{1, 2}, {0, 2}}
	const h = 1e-5
	for i := range 2 {
		sum := 0.0
		for j := range 3 {
			along, up, down := mat.NewDense(2, 3, nil), mat.DenseCopyOf(x), mat.DenseCopyOf(x)
			along.Set(i, j, 1)
			up.Set(i, j, x.At(i, j)+h)
			down.Set(i, j, x.At(i, j)-h)
			v.JVP(s, jv, x, along, at)
			a, b := scoreOfView(v, up, at), scoreOfView(v, down, at)
			for k := range 3 {
				want := 0.0
				if has(drawn[i], k) {
					want = (a.At(i, k) - b.At(i, k)) / (2 * h)
				}
				require.InDelta(t, want, jv.At(i, k), 1e-6*(1+math.Abs(want)), "row %d: d%d/d%d", i, k, j)
				if k == j {
					sum += want
				}
			}
		}
		require.InDelta(t, sum, div[i], 1e-5)
	}
	many := []*mat.Dense{mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil)}
	v.JVPs(s, many, x, []*mat.Dense{normals(2, 3, 5), normals(2, 3, 6)}, at)
	require.Zero(t, many[0].At(0, 0))
	require.True(t, mat.Equal(scoreOfView(v, x, at), s))
}

func has(all []int, k int) bool {
	for _, v := range all {
		if v == k {
			return true
		}
	}
	return false
}

func TestRowsOfDifferentPatternsAreWhatTheyAreAlone(t *testing.T) {
	m := newModel(t, 3, Config{ColumnLevels: true})
	o := Observed{
		Values:     mat.NewDense(4, 3, []float64{.3, nan, nan, nan, inf, 1, nan, nan, nan, .2, .1, nan}),
		Deviations: mat.NewDense(4, 3, []float64{0, 0, 0, 0, 0, .4, 0, 0, 0, .3, 0, 0}),
	}
	v, x := m.Observe(o), normals(4, 3, 1)
	for _, at := range [][]float64{{.5}, {.01, .5, 7, 60}} {
		all := scoreOfView(v, x, at)
		for i := range 4 {
			one := Observed{mat.NewDense(1, 3, o.Values.RawRowView(i)), mat.NewDense(1, 3, o.Deviations.RawRowView(i))}
			row := x.Slice(i, i+1, 0, 3).(*mat.Dense)
			alone := scoreOfView(m.Observe(one), row, at[min(i, len(at)-1):][:1])
			require.Equal(t, all.RawRowView(i), alone.RawRowView(0), "row %d", i)
			some := mat.NewDense(1, 3, nil)
			v.Select([]int{i}).Score(some, row, at[min(i, len(at)-1):][:1])
			require.Equal(t, all.RawRowView(i), some.RawRowView(0), "row %d", i)
		}
	}
}

func TestNothingObservedIsTheScoreOfAll(t *testing.T) {
	m := newModel(t, 3, Config{ColumnLevels: true})
	x, at := normals(5, 3, 1), spread(m.process, 5)
	require.True(t, mat.Equal(scoreOfView(m.Unconditional(), x, at), scoreOfView(m.Observe(observed(nan, nan, nan)), x, at)))
	require.False(t, m.Problem().Conditional)
}

func TestObservationsFollowTheConditions(t *testing.T) {
	m := newModel(t, 2, Config{ColumnLevels: true, Cond: Conditions{Classes: []int{3}}})
	given := m.Given(mat.NewDense(2, 1, []float64{0, 2}))
	v := given.Observe(observed(nan, .5))
	require.Equal(t, 2, v.Problem().Rows)
	x := normals(2, 2, 1)
	all := scoreOfView(v, x, []float64{1})
	one := scoreOfView(m.Given(mat.NewDense(1, 1, []float64{2})).Observe(observed(nan, .5)), x.Slice(1, 2, 0, 2).(*mat.Dense), []float64{1})
	require.Equal(t, all.RawRowView(1), one.RawRowView(0))
	require.NotEqual(t, all.At(0, 0), scoreOfView(m.Observe(observed(nan, .5)), x, []float64{1}).At(0, 0))

	guided, err := sde.Guide(v.Problem(), m.Observe(observed(nan, .5)).Problem(), 2)
	require.NoError(t, err)
	y := mat.NewDense(2, 2, nil)
	require.NoError(t, sampler.Sample(t.Context(), y, guided, sampler.DDIM{}, nil))
	require.Equal(t, .5, y.At(1, 1))
	_, err = sde.Guide(v.Problem(), m.Problem(), 2)
	require.ErrorContains(t, err, "Problem.Observed")

	three := Observed{Values: mat.NewDense(3, 2, nil)}
	require.ErrorContains(t, given.CheckObserve(three), "have 3 rows, there are conditions for 2")
}

func TestObservationsThatCannotBeAreNamed(t *testing.T) {
	m := newModel(t, 2, Config{ColumnLevels: true})
	v := m.Unconditional()
	for want, o := range map[string]Observed{
		"0 rows and 0 columns":                {},
		"1 rows and 3 columns":                observed(1, 2, 3),
		"Values: row 0, column 1: is −Inf":    observed(1, math.Inf(-1)),
		"Deviations: are 1×1":                 {Values: mat.NewDense(1, 2, nil), Deviations: mat.NewDense(1, 1, nil)},
		"Deviations: row 0, column 1: is -1":  {Values: mat.NewDense(1, 2, nil), Deviations: mat.NewDense(1, 2, []float64{0, -1})},
		"Deviations: row 0, column 0: is NaN": {Values: mat.NewDense(1, 2, nil), Deviations: mat.NewDense(1, 2, []float64{nan, 0})},
	} {
		require.ErrorContains(t, v.CheckObserve(o), want)
		require.Panics(t, func() { v.Observe(o) })
	}
	plain := newModel(t, 2, Config{})
	err := plain.Unconditional().CheckObserve(observed(1, nan))
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "Config.ColumnLevels")
	_, err = New(2, &Config{ColumnLevels: true, Net: spherical})
	require.ErrorIs(t, err, ErrRange)
}

func TestModelsWithLevelsAreSavedAndOpened(t *testing.T) {
	m := newModel(t, 3, Config{ColumnLevels: true})
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, m.SaveFile(path))
	again, err := Open(path)
	require.NoError(t, err)
	x, o := normals(4, 3, 1), observed(.3, nan, inf)
	require.True(t, mat.Equal(scoreOfView(m.Observe(o), x, []float64{1}).Slice(0, 4, 0, 3), scoreOfView(again.Observe(o), x, []float64{1})))
	require.ErrorIs(t, newModel(t, 3, Config{}).LoadFile(path), ErrMismatch)
	require.InDelta(t, scoreOfView(m.Observe(o), x, []float64{1}).At(0, 1), scoreOfView(m.Float64().Observe(o), x, []float64{1}).At(0, 1), 1e-4)
}

func TestEveryVerbRunsOnObservations(t *testing.T) {
	m := framed(t, Config{})
	rows := mat.NewDense(4, 3, []float64{5.001, nan, nan, nan, 1, 300, nan, nan, nan, 5, .1, nan})
	o := Observed{Values: rows, Deviations: mat.NewDense(4, 3, []float64{0, 0, 0, 0, .2, 0, 0, 0, 0, 0, 0, 0})}
	x, p := mat.NewDense(4, 3, nil), m.Observe(o).Problem()
	require.True(t, p.Conditional)
	require.NoError(t, sampler.Sample(t.Context(), x, p, sampler.Default(m.Process()), nil))
	for i := range 4 {
		for j, k := range rows.RawRowView(i) {
			if finite(k) && o.Deviations.At(i, j) == 0 {
				require.Equal(t, k, x.At(i, j))
			}
			require.True(t, finite(x.At(i, j)), fmt.Sprint(i, j))
		}
	}
	require.NotEqual(t, 1.0, x.At(1, 1))
	logp := make([]float64, 4)
	_, err := sampler.LogProb(t.Context(), logp, x, p, nil)
	require.NoError(t, err)
	require.Equal(t, -1, indexNonFinite(logp))

	missing := mat.DenseCopyOf(rows)
	_, err = sampler.LogProb(t.Context(), logp, missing, m.Marginal(missing).Problem(), nil)
	require.NoError(t, err)
	require.Zero(t, logp[2]) // there is nothing
	require.NotZero(t, logp[0])
}

func TestPatternsDrawEveryColumnFromEveryOther(t *testing.T) {
	const n, d = 4000, 4
	rng := rand.New(rand.NewPCG(1, 2))
	var whole, own, drawn int
	seen := map[string]bool{}
	counts := make([]int, d+1)
	for i := range n {
		cells := make([]Cell, d)
		Subsets{}.Pattern(cells, i, rng)
		k := 0
		for _, c := range cells {
			if c == DrawnCell {
				k++
			}
		}
		if slices.Contains(cells, OwnLevelCell) {
			require.Zero(t, k)
			require.NotContains(t, cells, KnownCell)
			own++
			continue
		}
		require.Positive(t, k)
		seen[fmt.Sprint(cells)] = true
		if i%2 == 1 {
			require.Equal(t, d, k)
			whole++
		} else {
			counts[k]++
			drawn += k
		}
	}
	require.Equal(t, n/2, whole)
	require.Len(t, seen, 81-16)
	require.InDelta(t, n/4, own, 120)
	for k := 1; k <= d; k++ {
		require.InDelta(t, n/16, counts[k], 70, "%d columns", k)
	}
	none := make([]Cell, 2)
	for i := range 100 {
		Subsets{Whole: 1}.Pattern(none, i, rng)
		require.Equal(t, []Cell{DrawnCell, DrawnCell}, none)
	}
	require.ErrorIs(t, Subsets{LeaveOut: 2}.Validate(), ErrRange)
}

func TestSettingsThatDoNotSuitLevelsAreRefused(t *testing.T) {
	m := newModel(t, 2, Config{ColumnLevels: true})
	for _, o := range []Objective{DDPM{}, NCSN{}, FlowMatching{}, ISM{}, SSM{}, SSMVR{}, FDSSM{}, ControlVariate{}, LogVariance{Objective: ISM{}}} {
		_, err := Fit(t.Context(), m, moons(), &Settings{Objective: o, References: None})
		require.ErrorIs(t, err, ErrRange, "%T", o)
		require.ErrorContains(t, err, "want DSM")
	}
	_, err := Fit(t.Context(), newModel(t, 2, Config{}), moons(), &Settings{Patterns: Subsets{}})
	require.ErrorContains(t, err, "Settings.Patterns")
	_, err = Fit(t.Context(), m, moons(), &Settings{Patterns: Subsets{Whole: 3}})
	require.ErrorContains(t, err, "Subsets.Whole")
	s := quick(30)
	s.Objective = LogVariance{}
	_, err = Fit(t.Context(), m, moons(), s)
	require.NoError(t, err)
}

// holed returns rows with holes, of columns of different units.
func holed(n int) *mat.Dense {
	x := normals(n, 3, 5)
	rng := rand.New(rand.NewPCG(8, 9))
	x.Apply(func(_, j int, v float64) float64 {
		if rng.Float64() < .3 {
			return nan
		}
		return []float64{1e6, 0, 3}[j] + []float64{10, 1e-3, 1}[j]*v
	}, x)
	return x
}

func TestMissingValuesAreLeftOut(t *testing.T) {
	x := holed(300)
	data, err := Incomplete(x, nil)
	require.NoError(t, err)
	m := newModel(t, 3, Config{ColumnLevels: true})
	s := quick(60)
	s.References = 200
	res, err := Fit(t.Context(), m, data, s)
	require.NoError(t, err)
	require.Equal(t, ColumnScales, res.Scaling)
	require.InDelta(t, 1e6, m.shift[0], 3)
	require.InEpsilon(t, 10, m.scale[0], .2)
	require.InEpsilon(t, 1e-3, m.scale[1], .2)
	require.NotZero(t, res.HeldOut)

	_, err = Fit(t.Context(), newModel(t, 3, Config{}), data, quick(10))
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "Config.ColumnLevels")
	_, err = Rows(x, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "Incomplete")

	for i := range 300 {
		x.Set(i, 1, nan)
	}
	_, err = Fit(t.Context(), newModel(t, 3, Config{ColumnLevels: true}), data, quick(10))
	require.ErrorContains(t, err, "column 1: is NaN in all")
	x.Set(4, 2, inf)
	_, err = Incomplete(x, nil)
	require.ErrorContains(t, err, "row 4, column 2: is +Inf")
}

// What a batch with levels of columns holds.
func TestBatchesWithLevelsHoldWhatThePatternsSay(t *testing.T) {
	data, err := Incomplete(holed(400), nil)
	require.NoError(t, err)
	m := newModel(t, 3, Config{ColumnLevels: true})
	m.shift, m.scale, m.calibrated = []float64{1e6, 0, 3}, []float64{10, 1e-3, 1}, true
	s := quick(10)
	s.References, s.Batch, s.Validation.Rows = 256, 128, None
	run, err := prepare(t.Context(), m, data, s)
	require.NoError(t, err)
	b := run.batch
	run.batch.inputs()
	require.NoError(t, b.fill(3))
	top := float32(m.highest())
	kinds := map[string]int{}
	for i := range s.Batch {
		c := b.cols[i*blocks*3 : (i+1)*blocks*3]
		for j := range 3 {
			in, level, weight := c[j], c[colNoise*3+j], c[blockWeight*3+j]
			clean := float32(b.clean.At(i%64, j))
			switch {
			case in == 0:
				require.Equal(t, top, level)
				require.Zero(t, weight)
				require.Zero(t, b.xt[i*3+j])
				kinds["out"]++
			case weight == 0:
				require.Equal(t, float32(m.clean(0)[1]), level)
				require.Equal(t, clean, b.xt[i*3+j])
				kinds["known"]++
			default:
				require.False(t, math.IsNaN(float64(clean)))
				kinds["drawn"]++
			}
			require.Equal(t, c[j], b.cols[(i+64)%128*blocks*3+j], "pairs share the pattern")
		}
	}
	require.Len(t, kinds, 3)
	require.Equal(t, -1, indexNonFinite(b.x0))
	require.Equal(t, -1, indexNonFinite(b.xt))
}

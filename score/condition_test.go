package score

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// labelled draws a label and a row of the mixture that belongs to it.
type labelled struct {
	rng  *rand.Rand
	laws []*dataset.Mixture
}

func (l labelled) Rand(x []float64) []float64 {
	k := l.rng.IntN(len(l.laws))
	copy(x, l.laws[k].Rand(nil))
	x[len(x)-1] = float64(k)
	return x
}

// classes are the distributions of three labels, the third of two parts, and that of
// all, whose mean is 0 and whose mean square is 1: model coordinates.
func classes(src rand.Source) (laws []*dataset.Mixture, all *dataset.Mixture) {
	means := [][]float64{{1.2, 0.3}, {-1.2, 0.3}, {0, 0.9, 0, -1.5}}
	var flat, weights []float64
	for _, m := range means {
		n := len(m) / 2
		flat = append(flat, m...)
		for range n {
			weights = append(weights, 1/float64(n))
		}
		law, err := dataset.NewIsotropicMixture(weights[len(weights)-n:], mat.NewDense(n, 2, m), repeated(0.3, n), src)
		if err != nil {
			panic(err)
		}
		laws = append(laws, law)
	}
	all, err := dataset.NewIsotropicMixture(weights, mat.NewDense(len(weights), 2, flat), repeated(0.3, len(weights)), nil)
	if err != nil {
		panic(err)
	}
	return laws, all
}

func labelledData() Data {
	return Draws(3, func(src rand.Source) labelled {
		laws, _ := classes(src)
		return labelled{rand.New(src), laws}
	}).WithConditions(1)
}

// exactScore is the score of a mixture in the coordinates of a model.
func exactScore(m *Model, law *dataset.Mixture) sde.Scorer {
	frame := m.Frame()
	shift, scale := frame.Shift, frame.Scale
	return framedExact{sde.Analytic(m.Process(), func(α, σ float64) sde.Density { return law.Diffuse(α, σ*scale[0]) }), m.Process(), shift, scale[0]}
}

// framedExact maps y to x = scale·y + α·shift, the distribution of x_t in data coordinates.
type framedExact struct {
	sde.Scorer
	p     sde.SDE
	shift []float64
	scale float64
}

func (f framedExact) Score(dst, y *mat.Dense, t []float64) {
	x := mat.DenseCopyOf(y)
	α, _ := f.p.Kernel(t[0])
	x.Apply(func(_, j int, v float64) float64 { return f.scale*v + α*f.shift[j] }, x)
	f.Scorer.Score(dst, x, t)
	dst.Scale(f.scale, dst)
}

// guide is sde.Guide of Problems that fit.
func guide(t *testing.T, c, u sde.Problem, w float64) sde.Problem {
	t.Helper()
	p, err := sde.Guide(c, u, w)
	require.NoError(t, err)
	return p
}

func TestConditionalScoresAreThoseOfTheLabels(t *testing.T) {
	long(t)
	m, err := New(2, &Config{Net: nn.RecipeMLP(2, 32), Cond: Conditions{Classes: []int{3}}, Seed: 1})
	require.NoError(t, err)
	s := &Settings{Steps: 1200, Batch: 256, Seed: 2, DropCond: 0.2}
	fit(t, m, labelledData(), s)
	laws, all := classes(nil)
	const n = 1000
	for _, σ := range []float64{0.3, 1} {
		y, at := normals(n, 2, 3), []float64{σ}
		y.Scale(math.Hypot(1, σ)*0.8, y)
		score := func(s sde.Scorer) *mat.Dense {
			dst := mat.NewDense(n, 2, nil)
			s.Score(dst, y, at)
			return dst
		}
		away := func(a, b *mat.Dense) float64 {
			var d mat.Dense
			d.Sub(a, b)
			return σ * σ * mat.Dot(flat(&d), flat(&d)) / n
		}
		free := score(exactScore(m, all))
		require.Less(t, away(score(m.Unconditional()), free), 0.05, "unconditional at %v", σ)
		for k, law := range laws {
			exact := score(exactScore(m, law))
			given := m.Given(mat.NewDense(1, 1, []float64{float64(k)}))
			require.Less(t, away(score(given), exact), 0.1*away(free, exact), "label %d at %v", k, σ)
			guided := score(guide(t, sde.Problem{SDE: m.Process(), Score: exactScore(m, law)}, sde.Problem{SDE: m.Process(), Score: exactScore(m, all)}, 2).Score)
			require.Less(t, away(score(guide(t, given.Problem(), m.Problem(), 2).Score), guided), 0.1*away(free, guided), "label %d at %v, guided", k, σ)
		}
	}
}

func flat(m *mat.Dense) *mat.VecDense {
	return mat.NewVecDense(len(m.RawMatrix().Data), m.RawMatrix().Data)
}

// newConditional returns a model with random weights under labels and a
// continuous condition.
func newConditional(t *testing.T, c Conditions) *Model {
	return newModel(t, 2, Config{Cond: c})
}

func TestSamplesOfEachRowFollowItsCondition(t *testing.T) {
	long(t)
	predictors := []sampler.Predictor{sampler.DPMpp2M{}, sampler.EulerMaruyama{}, sampler.DormandPrince{}, sampler.AdaptiveSDE{}, sampler.DPMAdaptive{}}
	for kind, c := range []Conditions{{Classes: []int{2}}, {Columns: 1}, {Columns: 1, Embed: nn.Sequential{nn.Linear{Out: 5}, nn.Tanh{}}}} {
		if kind > 0 {
			predictors = predictors[:2] // a row's own steps have been seen to depend on its own condition
		}
		m := newConditional(t, c)
		const n = 70
		cond := mat.NewDense(n, 1, nil)
		for i := range n {
			cond.Set(i, 0, float64(i*i%3%2))
		}
		draw := func(p sde.Problem, pred sampler.Predictor, settings sampler.Settings, n int) *mat.Dense {
			x := mat.NewDense(n, 2, nil)
			settings.Grid = grid.Default(m.Process(), 8)
			require.NoError(t, sampler.Sample(context.Background(), x, p, pred, &settings))
			return x
		}
		for _, pred := range predictors {
			each := draw(m.Given(cond).Problem(), pred, sampler.Settings{}, n)
			for k := range 2 {
				same := draw(m.Given(mat.NewDense(1, 1, []float64{float64(k)})).Problem(), pred, sampler.Settings{}, n)
				for i := range n {
					if cond.At(i, 0) == float64(k) {
						require.Equal(t, same.RawRowView(i), each.RawRowView(i), "%T, row %d", pred, i)
					} else {
						require.NotEqual(t, same.RawRowView(i), each.RawRowView(i), "%T, row %d", pred, i)
					}
				}
			}
			guided := guide(t, m.Given(cond).Problem(), m.Problem(), 1.5)
			whole := draw(guided, pred, sampler.Settings{Workers: 2}, n)
			rest := draw(guided, pred, sampler.Settings{FirstRow: 40, Workers: 1}, 30)
			require.True(t, mat.Equal(whole.Slice(40, n, 0, 2), rest), "%T", pred)
		}
	}
}

func TestConditionsHaveTheSameBitsCommonAndRepeated(t *testing.T) {
	m := newModel(t, 2, Config{Net: spherical, Cond: Conditions{Columns: 2, Classes: []int{3, 2}}})
	const n = 9
	x, v := normals(n, 2, 1), normals(n, 2, 2)
	one := []float64{0.3, -2, 1, 0}
	cond := mat.NewDense(n, 4, nil)
	for i := range n {
		cond.SetRow(i, one)
	}
	common, each := m.Given(mat.NewDense(1, 4, one)), m.Given(cond)
	for _, at := range [][]float64{{0.5}, repeated(0.5, n)} {
		all := func(c *View) [][]float64 {
			s, jv, div, e := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil), make([]float64, n), make([]float64, n)
			c.Divergence(s, div, x, at)
			c.JVP(s, jv, x, v, at)
			c.Score(s, x, at)
			c.Energy(e, x, at)
			return [][]float64{s.RawMatrix().Data, jv.RawMatrix().Data, div, e}
		}
		require.Equal(t, all(common), all(each))
		s := mat.NewDense(n, 2, nil)
		m.Unconditional().Score(s, x, at)
		require.NotEqual(t, s.RawMatrix().Data, all(common)[0])
	}
	require.Panics(t, func() { each.Score(mat.NewDense(2, 2, nil), normals(2, 2, 1), []float64{1}) })
}

func TestBatchesCarryConditions(t *testing.T) {
	m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3}}})
	require.NoError(t, err)
	s := Settings{Batch: 400, References: 600, DropCond: 0.25, Seed: 3}
	b := batchOf(t, m, labelledData(), s)
	dropped := 0
	for step := range 5 {
		require.NoError(t, b.fill(step))
		for i := range b.own {
			if b.dropped[i] {
				dropped++
			}
			w := m.cond.width
			given := b.given[i*w : (i+1)*w]
			require.Equal(t, given, b.given[(i+b.own)*w:(i+b.own+1)*w], "a pair shares it")
			want := []float32{-1, 0}
			if !b.dropped[i] {
				want = []float32{float32(b.cond.At(i, 0)), 1}
			}
			require.Equal(t, want, given)
		}
	}
	require.InDelta(t, 0.25, float64(dropped)/float64(5*b.own), 4*math.Sqrt(0.25*0.75/float64(5*b.own)))

	// The target averages over the references with the row's label, over all
	// without.
	for i := range b.s.Batch {
		k := i % b.own
		keep := []float64{}
		for j := range 600 {
			if b.dropped[k] || b.cond.At(j, 0) == b.cond.At(k, 0) {
				keep = append(keep, b.clean.RawRowView(j)...)
			}
		}
		want := bruteForce(b.noisy.RawRowView(i), mat.NewDense(len(keep)/2, 2, keep), b.at[k].α, b.at[k].σ)
		for j := range 2 {
			require.InDelta(t, want[j], float64(b.x0[i*2+j]), 2e-4, "row %d", i)
		}
	}

	many, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3, 40}}})
	require.NoError(t, err)
	require.Nil(t, newBatcher(many, nil, b.s, b.crew).posterior)
}

func TestContinuousConditionsAreStandardised(t *testing.T) {
	long(t)
	const n = 3000
	x, cond := normals(n, 2, 1), mat.NewDense(n, 2, nil)
	x.Apply(func(_, _ int, v float64) float64 { return 0.2 * v }, x)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		c := rng.NormFloat64()
		cond.SetRow(i, []float64{1000 + 50*c, 7})
		x.Set(i, 0, x.At(i, 0)+c)
	}
	data, err := Rows(x, cond)
	require.NoError(t, err)
	m, err := New(2, &Config{Net: small, Cond: Conditions{Columns: 2}})
	require.NoError(t, err)
	s := &Settings{Scaling: CommonScale, Steps: 1500, Batch: 128, Rate: optim.Constant(1e-2), EMA: 0.98, Seed: 1}
	fit(t, m, data, s)
	require.InDelta(t, 1000, m.cond.shift[0], 4*50/math.Sqrt(n))
	require.InDelta(t, 50, m.cond.scale[0], 4)
	require.Equal(t, 1.0, m.cond.scale[1], "a constant column")

	frame := m.Frame()
	shift, scale := frame.Shift, frame.Scale
	for _, c := range []float64{-1, 0.5} { // x | c ~ N((c, 0), 0.04 I)
		const σ = 0.7
		given := m.Given(mat.NewDense(1, 2, []float64{1000 + 50*c, 7}))
		mean, v := []float64{(c - shift[0]) / scale[0], -shift[1] / scale[1]}, 0.2/scale[0]
		y, got := normals(200, 2, 5), mat.NewDense(200, 2, nil)
		y.Apply(func(_, j int, z float64) float64 { return mean[j] + math.Hypot(v, σ)*z }, y)
		given.Score(got, y, []float64{σ})
		var off, whole float64
		for i := range 200 {
			for j := range 2 {
				want := (mean[j] - y.At(i, j)) / (v*v + σ*σ)
				off += (got.At(i, j) - want) * (got.At(i, j) - want)
				whole += want * want
			}
		}
		require.Less(t, off/whole, 0.02)
	}

	var file bytes.Buffer
	require.NoError(t, m.Save(&file))
	saved := file.Bytes()
	other, err := New(2, &Config{Net: small, Cond: Conditions{Columns: 2}, Seed: 9})
	require.NoError(t, err)
	require.NoError(t, other.Load(bytes.NewReader(saved)))
	require.Equal(t, m.cond, other.cond)
	require.Equal(t, m.theta, other.theta)
	for _, c := range []Conditions{{}, {Columns: 3}, {Columns: 1, Classes: []int{1}}} {
		wrong, err := New(2, &Config{Net: small, Cond: c})
		require.NoError(t, err)
		require.ErrorIs(t, wrong.Load(bytes.NewReader(saved)), ErrMismatch)
	}
}

func TestBadConditionsAreRefused(t *testing.T) {
	for _, c := range []Conditions{{Columns: -1}, {Classes: []int{0}}, {Classes: []int{ad.MostClasses + 1}}, {Embed: nn.Linear{Out: 2}}} {
		_, err := New(2, &Config{Cond: c})
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "Config.Cond.")
	}
	m, err := New(2, &Config{Net: small, Cond: Conditions{Columns: 1, Classes: []int{3}}})
	require.NoError(t, err)
	for _, c := range []struct {
		row  []float64
		want error
		text string
	}{
		{[]float64{0, 3}, ErrRange, "row 1, condition column 1: is 3, want a label 0, …, 2"},
		{[]float64{0, 0.5}, ErrRange, "column 1: is 0.5"},
		{[]float64{0, -1}, ErrRange, "column 1: is -1"},
		{[]float64{math.NaN(), 1}, ErrNonFinite, "row 1, condition column 0: is NaN"},
		{[]float64{0, math.Inf(1)}, ErrNonFinite, "column 1: is +Inf"},
	} {
		cond := mat.NewDense(2, 2, append([]float64{0, 1}, c.row...))
		err := m.CheckGiven(cond)
		require.ErrorIs(t, err, c.want)
		require.ErrorContains(t, err, c.text)
		require.Panics(t, func() { m.Given(cond) })
		if !math.IsNaN(c.row[0]) && !math.IsInf(c.row[1], 0) {
			data, err := Rows(normals(2, 2, 1), cond)
			require.NoError(t, err)
			_, err = Fit(background, m, data, quick(3))
			require.ErrorIs(t, err, c.want)
			require.False(t, m.calibrated)
		}
	}
	require.ErrorIs(t, m.CheckGiven(mat.NewDense(1, 3, nil)), ErrShape)
	require.Panics(t, func() { m.Given(mat.NewDense(1, 3, nil)) })
	require.Panics(t, func() { newModel(t, 2, Config{}).Given(mat.NewDense(1, 1, nil)) })
	_, err = Fit(background, m, moons(), quick(3))
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "data: have 0 columns of conditions, want 2")
	_, err = Fit(background, m, moons(), &Settings{DropCond: 1.5})
	require.ErrorContains(t, err, "Settings.DropCond: is 1.5, want a probability")

	_, err = Rows(normals(3, 2, 1), normals(4, 1, 1))
	require.ErrorIs(t, err, ErrShape)
	_, err = Rows(normals(3, 2, 1), &mat.Dense{})
	require.ErrorIs(t, err, ErrShape)
	require.ErrorIs(t, labelledData().Batch(mat.NewDense(3, 2, nil), nil, 0, 0, rand.New(rand.NewPCG(1, 1))), ErrShape)
	given, err := Rows(normals(3, 2, 1), normals(3, 1, 1))
	require.NoError(t, err)
	require.ErrorIs(t, given.Batch(mat.NewDense(3, 2, nil), nil, 0, 0, rand.New(rand.NewPCG(1, 1))), ErrShape)
}

func TestConditionalTrainingHasTheSameBitsForAnyWorkers(t *testing.T) {
	var want []float32
	for _, workers := range []int{1, 2, 7} {
		m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3}, Embed: nn.Linear{Out: 4, Bias: nn.None{}}}})
		require.NoError(t, err)
		s := quick(30)
		s.Workers, s.Batch, s.References = workers, 130, 150
		r := fit(t, m, labelledData(), s)
		if want == nil {
			want = r.Raw
		}
		require.Equal(t, want, r.Raw)
	}
}

func TestConditionalStepsDoNotAllocate(t *testing.T) {
	m, err := New(2, &Config{Net: small, Cond: Conditions{Classes: []int{3}}})
	require.NoError(t, err)
	laws, _ := classes(rand.NewPCG(1, 2))
	x, cond := mat.NewDense(300, 2, nil), mat.NewDense(300, 1, nil)
	for i := range 300 {
		cond.Set(i, 0, float64(i%3))
		laws[i%3].Rand(x.RawRowView(i))
	}
	data, err := Rows(x, cond)
	require.NoError(t, err)
	s, err := quick(1000).withDefaults()
	require.NoError(t, err)
	trainer, err := newTrainer(background, m, data, s)
	require.NoError(t, err)
	step := func() { require.NoError(t, trainer.one()) }
	step()
	require.Zero(t, testing.AllocsPerRun(20, step))
}

func TestAsymmetryIsZeroForEnergiesOnly(t *testing.T) {
	x, at, dst := normals(6, 3, 1), []float64{0.6}, make([]float64, 6)
	Asymmetry(dst, newModel(t, 3, Config{Net: spherical}).Float64().Unconditional(), x, at)
	for _, a := range dst {
		require.Less(t, a, 1e-13)
	}
	m := newModel(t, 3, Config{}).Float64()
	Asymmetry(dst, m.Unconditional(), x, at)
	const h = 1e-5
	up, down, high, low := mat.DenseCopyOf(x), mat.DenseCopyOf(x), mat.NewDense(6, 3, nil), mat.NewDense(6, 3, nil)
	jacobian := make([]*mat.Dense, 6)
	for j := range 3 {
		up.Copy(x)
		down.Copy(x)
		for i := range 6 {
			up.Set(i, j, x.At(i, j)+h)
			down.Set(i, j, x.At(i, j)-h)
		}
		m.Unconditional().Score(high, up, at)
		m.Unconditional().Score(low, down, at)
		for i := range 6 {
			if jacobian[i] == nil {
				jacobian[i] = mat.NewDense(3, 3, nil)
			}
			for k := range 3 {
				jacobian[i].Set(k, j, (high.At(i, k)-low.At(i, k))/(2*h))
			}
		}
	}
	for i, j := range jacobian {
		var skew mat.Dense
		skew.Sub(j, j.T())
		require.InDelta(t, mat.Norm(&skew, 2)/mat.Norm(j, 2), dst[i], 1e-6)
		require.Greater(t, dst[i], 0.01)
	}
	require.Panics(t, func() { Asymmetry(dst[:2], m.Unconditional(), x, at) })
	flat := newModel(t, 3, Config{Net: killed{small}, Precond: Epsilon{}, MinNoise: None})
	Asymmetry(dst, flat.Unconditional(), x, at)
	require.Equal(t, make([]float64, 6), dst)
}

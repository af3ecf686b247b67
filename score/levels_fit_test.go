package score

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// leaning is a mixture of two normals in two columns of which one tells of the other.
func leaning(src rand.Source) *dataset.Mixture {
	m, err := dataset.NewMixture([]float64{1, 1}, mat.NewDense(2, 2, []float64{-1, 1, 1.5, .5}),
		[]*mat.SymDense{mat.NewSymDense(2, []float64{1, .8, .8, 1}), mat.NewSymDense(2, []float64{1, -.8, -.8, 1})}, src)
	if err != nil {
		panic(err)
	}
	return m
}

// conditionalError returns the root mean square error of the denoiser of x₁ given x₀, and
// with x₀ left out, at one noise level.
func conditionalError(t *testing.T, m *Model) float64 {
	const σ = 1.5
	at := []float64{sde.TimeAt(m.process, -math.Log(σ/m.scale[1]))}
	square, n := 0.0, 0.0
	for _, known := range []float64{-2, -1, 0, 1, 2, inf} {
		law, err := leaning(nil).Given([]float64{known, nan}, nil)
		require.NoError(t, err)
		for _, noisy := range []float64{-1.5, 0, 1.5, 3} {
			y := mat.NewDense(1, 2, []float64{nan, (noisy - m.shift[1]) / m.scale[1]})
			s := scoreOfView(m.Observe(observed(known, nan)), y, at)
			off := noisy + σ*σ/m.scale[1]*s.At(0, 1) - law.Noised(1, σ).Denoise(nil, []float64{noisy})[0]
			square, n = square+off*off, n+1
		}
	}
	return math.Sqrt(square / n)
}

func TestOneNetworkLearnsConditionalsAndMarginals(t *testing.T) {
	long(t)
	for name, data := range map[string]Data{
		"complete": Draws(2, leaning),
		"missing": edited{Draws(2, leaning), func(x *mat.Dense, step, row int) {
			rng := rand.New(rand.NewPCG(uint64(step+5), uint64(row)))
			x.Apply(func(_, _ int, v float64) float64 {
				if rng.Float64() < .3 {
					return nan
				}
				return v
			}, x)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := New(2, &Config{ColumnLevels: true, Net: nn.RecipeColumns(2, 32)})
			require.NoError(t, err)
			fit(t, m, data, &Settings{Steps: 800, Batch: 128, References: 256, Rate: optim.RecipeRate(800), Seed: 2})
			off := conditionalError(t, m)
			t.Logf("error of the denoiser: %.3f", off)
			require.Less(t, off, .3) // without x₀ it would be .6, after 3,000 steps it is .05
		})
	}
}

func TestPosteriorMeanByColumnEqualsBruteForce(t *testing.T) {
	const n, d = 60, 3
	refs := normals(n, d, 4)
	for j := range n {
		if j%3 == 0 {
			refs.Set(j, j%d, nan)
		}
	}
	p := newPosterior(d, n, 1, 0, true)
	p.load(refs, nil)
	for _, σ := range [][]float64{{.5, .5, .5}, {.1, 2, inf}, {inf, .3, 40}, {inf, inf, inf}} {
		y := normals(1, d, 8).RawRowView(0)
		exponent, total := make([]float64, n), 0.0
		least, want := inf, make([]float64, d)
		for j := range n {
			for k, r := range refs.RawRowView(j) {
				if finite(σ[k]) { // NaN where a value is missing
					exponent[j] += (y[k] - r) * (y[k] - r) / (2 * σ[k] * σ[k])
				}
			}
			if !math.IsNaN(exponent[j]) {
				least = min(least, exponent[j])
			}
		}
		for j := range n {
			if math.IsNaN(exponent[j]) {
				continue
			}
			w := math.Exp(least - exponent[j])
			total += w
			for k, r := range refs.RawRowView(j) {
				want[k] += w * r
			}
		}
		p.setByColumn(0, y, σ, least)
		p.run(nil)
		got := make([]float64, d)
		require.True(t, p.mean(got, 0))
		for k := range want {
			if finite(σ[k]) {
				require.InDelta(t, want[k]/total, got[k], 1e-5)
			}
		}
		p.skip(0)
		require.False(t, p.mean(got, 0))
	}
}

// Patterns are what they would be on complete rows, as long as there are enough of those.
func TestMissingValuesLeavePatternsAlone(t *testing.T) {
	data, err := Incomplete(holed(3000), nil)
	require.NoError(t, err)
	m := newModel(t, 3, Config{ColumnLevels: true})
	m.calibrated = true
	s := quick(10)
	s.Batch, s.Validation.Rows = 200, None
	run, err := prepare(t.Context(), m, data, s)
	require.NoError(t, err)
	b := run.batch
	b.inputs()
	whole, batches := 0, 10
	for step := range batches {
		require.NoError(t, b.fill(step))
		for i := range b.own {
			if !anyNaN(b.clean.RawRowView(i)) {
				whole++
			}
		}
		seen := map[uint64]int{}
		for i := range b.clean.RawMatrix().Rows {
			seen[hashRow(0, b.clean.RawRowView(i))]++
		}
		require.Greater(t, len(seen), 300) // rows change places, none is lost
	}
	// Half of the rows are drawn as a whole, and more than a third of the others are complete.
	require.Greater(t, float64(whole)/float64(batches*b.own), .6)
}

func TestRunsWithLevelsHaveTheSameBitsForAnyWorkersAndResume(t *testing.T) {
	data, err := Incomplete(holed(300), nil)
	require.NoError(t, err)
	run := func(dir string, steps, workers int) *Model {
		m := newModel(t, 3, Config{ColumnLevels: true})
		s := quick(steps)
		s.Workers, s.Checkpoints.Dir, s.Checkpoints.Every = workers, dir, 10
		fit(t, m, data, s)
		return m
	}
	whole := run("", 30, 1)
	require.Equal(t, whole.theta, run("", 30, 3).theta)
	dir := t.TempDir()
	run(dir, 10, 2)
	path, err := Latest(dir)
	require.NoError(t, err)
	m := newModel(t, 3, Config{ColumnLevels: true})
	s := quick(30)
	s.Checkpoints.Dir, s.Checkpoints.Every = dir, 10
	_, err = Resume(background, m, data, s, path)
	require.NoError(t, err)
	require.Equal(t, whole.theta, m.theta)
	s.Patterns = Subsets{Whole: .3}
	_, err = Resume(background, newModel(t, 3, Config{ColumnLevels: true}), data, s, path)
	require.ErrorIs(t, err, ErrMismatch)
}

// With labels the references are those of the same label.
func TestLabelsAndLevelsGoTogether(t *testing.T) {
	m := newModel(t, 2, Config{ColumnLevels: true, Cond: Conditions{Classes: []int{2}}})
	x, labels := normals(400, 2, 3), mat.NewDense(400, 1, nil)
	for i := range 400 {
		labels.Set(i, 0, float64(i%2))
		if i%5 == 0 {
			x.Set(i, i%2, nan)
		}
	}
	data, err := Incomplete(x, labels)
	require.NoError(t, err)
	s := quick(40)
	s.References = 100
	fit(t, m, data, s)
	y := mat.NewDense(3, 2, nil)
	p := m.Given(mat.NewDense(1, 1, []float64{1})).Observe(observed(nan, .25)).Problem()
	require.NoError(t, sampler.Sample(t.Context(), y, p, sampler.DDIM{}, &sampler.Settings{Grid: grid.Karras(p, 80, .002, 7, 8)}))
	require.Equal(t, .25, y.At(2, 1))
}

func TestEveryPreconditioningTakesLevels(t *testing.T) {
	betas := make([]float64, 200)
	for i := range betas {
		betas[i] = 1e-4 + .1*float64(i)/200
	}
	table, err := sde.NewDDPM(betas)
	require.NoError(t, err)
	for name, c := range map[string]Config{
		"VP, v": {Process: sde.VP{}, Precond: V{}}, "linear, velocity": {Process: sde.Linear{}, Precond: Velocity{}},
		"cosine, epsilon": {Process: sde.Cosine{}, Precond: Epsilon{}}, "x0": {Precond: X0{}},
		"table": {Process: table},
	} {
		c.ColumnLevels = true
		m := newModel(t, 2, c)
		s := quick(10)
		s.Times = UniformTimes{}
		fit(t, m, moons(), s)
		y := mat.NewDense(2, 2, nil)
		o := observed(.2, .3)
		o.Deviations = mat.NewDense(1, 2, []float64{0, .1})
		require.NoError(t, sampler.Sample(t.Context(), y, m.Observe(o).Problem(), sampler.DDIM{}, nil), name)
		require.Equal(t, .2, y.At(0, 0))
	}
}

// factor is a normal in d columns that share a factor, and a second one that shares it
// with the opposite sign in every other column.
func factor(d int) func(src rand.Source) *dataset.Mixture {
	return func(src rand.Source) *dataset.Mixture {
		means, covs := mat.NewDense(2, d, nil), []*mat.SymDense{mat.NewSymDense(d, nil), mat.NewSymDense(d, nil)}
		for i := range d {
			means.Set(0, i, .7)
			means.Set(1, i, -.7)
			for j := range i {
				covs[0].SetSym(i, j, .7)
				covs[1].SetSym(i, j, .7-1.4*float64((i+j)%2))
			}
			covs[0].SetSym(i, i, 1)
			covs[1].SetSym(i, i, 1)
		}
		m, err := dataset.NewMixture([]float64{1, 1}, means, covs, src)
		if err != nil {
			panic(err)
		}
		return m
	}
}

// Over all levels and random patterns of drawn, known and left out columns, in
// the power of what the exact conditional denoiser adds to one that knows nothing.
func TestConditionalScoresOfManyColumnsApproachTheExactOnes(t *testing.T) {
	long(t)
	for _, d := range []int{2, 4, 8} {
		law := factor(d)
		m, err := New(d, &Config{ColumnLevels: true, Net: nn.RecipeColumns(d, 48)})
		require.NoError(t, err)
		const steps = 400
		fit(t, m, Draws(d, law), &Settings{Steps: steps, Batch: 128, References: 256, Rate: optim.RecipeRate(steps), Seed: 3, Scaling: CommonScale})
		rng := rand.New(rand.NewPCG(5, uint64(d)))
		rows := dataset.Sample(law(rng), 60)
		var off, whole float64
		for i := range 60 {
			row, seen, noisy := rows.RawRowView(i), make([]float64, d), make([]float64, d)
			for j := range d {
				seen[j] = []float64{nan, row[j], inf}[rng.IntN(3)]
			}
			seen[i%d] = nan
			given, err := law(nil).Given(seen, nil)
			require.NoError(t, err)
			for _, σ := range []float64{.02, .1, .3, .6, 1, 2, 5} {
				var sub []float64
				for j := range d {
					noisy[j] = row[j] + σ*rng.NormFloat64()
					if math.IsNaN(seen[j]) {
						sub = append(sub, noisy[j])
					}
				}
				y := mat.NewDense(1, d, noisy)
				m.Frame().ToModel(y, y)
				s := scoreOfView(m.Observe(observed(seen...)), y, []float64{sde.TimeAt(m.process, -math.Log(σ/m.scale[0]))})
				want := given.Noised(1, σ).Denoise(nil, sub)
				for j, k := 0, 0; j < d; j++ {
					if !math.IsNaN(seen[j]) {
						continue
					}
					x := m.shift[j] + m.scale[0]*y.At(0, j)
					D := x + σ*σ/m.scale[0]*s.At(0, j)
					plain := m.shift[j] + (x-m.shift[j])/(1+σ*σ/(m.scale[0]*m.scale[0])) // F = 0
					off += (D - want[k]) * (D - want[k]) / (σ * σ)
					whole += (plain - want[k]) * (plain - want[k]) / (σ * σ)
					k++
				}
			}
		}
		t.Logf("d = %d: %.3f of what is to be learned is missing", d, off/whole)
		require.Less(t, off/whole, .3)
	}
}

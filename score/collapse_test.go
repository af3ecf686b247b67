package score

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/sde"
)

// shrinking starts a network with weights of a hundredth of their size.
type shrinking struct{}

func (shrinking) Fill(dst []float64, rows, cols int, rng *rand.Rand) {
	nn.He{}.Fill(dst, rows, cols, rng)
	for i := range dst {
		dst[i] *= 0.01
	}
}

var deadModels = map[string]Config{
	"output 0": {Net: killed{nn.Linear{Out: 2}}, Process: sde.VP{}},
	"shrinking initialisation": {Net: nn.Sequential{
		nn.Linear{Out: 8, Init: shrinking{}}, nn.SiLU{}, nn.Linear{Out: 8, Init: shrinking{}}, nn.SiLU{},
		nn.Linear{Out: 8, Init: shrinking{}}, nn.SiLU{}, nn.Linear{Out: 2, Init: shrinking{}},
	}},
}

// pinwheel has structure, but the covariance of a round Gaussian, so that the
// best linear answer is F = 0.
func pinwheel() Data {
	return Draws(2, func(src rand.Source) arms { return arms{rand.New(src)} })
}

type arms struct{ rng *rand.Rand }

func (a arms) Rand(x []float64) []float64 {
	r, across, arm := 1+0.3*a.rng.NormFloat64(), 0.1*a.rng.NormFloat64(), float64(a.rng.IntN(5))
	sin, cos := math.Sincos(2*math.Pi*arm/5 + 0.25*math.Exp(math.Hypot(r, across)))
	x[0], x[1] = cos*r-sin*across, sin*r+cos*across
	return x
}

func TestDeadRunIsReported(t *testing.T) {
	t.Parallel()
	for name, c := range deadModels {
		for where, data := range map[string]Data{"moons": moons(), "pinwheel": pinwheel()} {
			m := newDead(t, 2, c)
			s := &Settings{Steps: 600, Batch: 16, References: None, Rate: optim.Constant(1e-4)}
			r, err := Fit(background, m, data, s)
			require.ErrorIs(t, err, ErrCollapsed, "%s, %s", name, where)
			require.ErrorContains(t, err, "after 500 steps")
			require.Equal(t, 500, r.Steps)
			require.Len(t, r.Diagnoses, 1)
			require.Equal(t, 500, r.Diagnoses[0].Step)
			require.Less(t, math.Abs(r.Diagnoses[0].Explained), 0.01)
			require.Less(t, r.Diagnoses[0].StandardErrors, 5.0)
			require.Greater(t, r.Diagnoses[0].Explainable, 0.07, "toys have .074 and more")
			require.NotEmpty(t, r.Raw)
			require.Positive(t, r.Loss)
		}
	}
}

// newDead returns a model with the weights that its network starts with.
func newDead(t *testing.T, d int, c Config) *Model {
	m, err := New(d, &c)
	require.NoError(t, err)
	return m
}

// With x₀ prediction F = 0 is worse than the linear answer, which the network
// reaches first: it is young there, not dead.
func TestYoungRunIsNotDead(t *testing.T) {
	t.Parallel()
	run := func(steps int) (*Result, error) {
		m := newDead(t, 2, Config{Precond: X0{}, Net: nn.RecipeMLP(2, 16)})
		return Fit(background, m, moons(), &Settings{Steps: steps, Batch: 8, References: None, Rate: optim.Constant(3e-4)})
	}
	r, err := run(501)
	require.Len(t, r.Diagnoses, 2, "the check after 500 steps lets it go on")
	require.Less(t, r.Diagnoses[0].Explained, -0.02)
	require.ErrorIs(t, err, ErrCollapsed, "as the result of a run it is nothing")
	require.Greater(t, r.Diagnoses[1].Explainable, 0.07)
}

// For Gaussian data F = 0 is the truth.
func TestGaussianDataRaiseNoAlarm(t *testing.T) {
	long(t)
	for d := 1; d <= 3; d++ {
		m := newDead(t, d, Config{Net: killed{nn.Linear{Out: d}}})
		r := fit(t, m, standard(d), &Settings{Steps: 500, Batch: 4, References: None})
		require.Empty(t, r.Warnings)
		require.Len(t, r.Diagnoses, 1)
		for _, c := range r.Diagnoses {
			require.Less(t, math.Abs(c.Explained), 1e-5)
			require.Less(t, math.Abs(c.Explainable), 0.005)
		}
	}
}

func TestDeadRunInManyDimensionsIsAWarning(t *testing.T) {
	m := newDead(t, 5, Config{Net: killed{nn.Linear{Out: 5}}})
	r := fit(t, m, standard(5), &Settings{Steps: 700, Batch: 4, References: None})
	require.Len(t, r.Warnings, 1)
	require.Contains(t, r.Warnings[0], "no structure found beyond a Gaussian")
	require.Len(t, r.Diagnoses, 2)
	require.True(t, math.IsNaN(r.Diagnoses[0].Explainable))
}

func TestChecksComeAtTheirSteps(t *testing.T) {
	for steps, want := range map[int][]int{499: nil, 500: {500}, 2100: {500, 1000, 2000, 2100}} {
		m := newDead(t, 4, Config{Net: killed{nn.Linear{Out: 4}}})
		r := fit(t, m, standard(4), &Settings{Steps: steps, Batch: 1, References: None})
		var got []int
		for _, c := range r.Diagnoses {
			got = append(got, c.Step)
		}
		require.Equal(t, want, got)
	}
}

// A process that never has the levels of the detector raises no alarm.
func TestDetectorStaysWithinTheSpan(t *testing.T) {
	t.Parallel()
	m := newDead(t, 2, Config{Net: killed{nn.Linear{Out: 2}}, Process: sde.EDM{SigmaMin: 20, SigmaMax: 80}})
	r := fit(t, m, pinwheel(), &Settings{Steps: 500, Batch: 4, References: None})
	require.Less(t, r.Diagnoses[0].Explainable, 0.02)
}

// R is what it says: for a network that knows part of the answer it is the part
// that it explains. The data are ±1, of which D = tanh(y/σ²) is exact.
func TestDetectorMeasuresTheExplainedPart(t *testing.T) {
	t.Parallel()
	m := newDead(t, 1, Config{Net: killed{nn.Linear{Out: 1}}})
	two := edited{standard(1), func(x *mat.Dense, _, _ int) {
		x.Apply(func(_, _ int, v float64) float64 { return math.Copysign(1, v) }, x)
	}}
	d, err := newDetector(batchOf(t, m, two, Settings{}))
	require.NoError(t, err)
	r, z := d.explained(m)
	require.InDelta(t, 0, r, 1e-9)
	require.Less(t, z, 5.0)
	for i, σ := range d.σ {
		require.True(t, σ >= 0.3 && σ <= 1)
		require.InDelta(t, 1, math.Abs(d.clean.At(i, 0)), 1e-3)
	}
	gain, err := d.gain(batchOf(t, m, two, Settings{}))
	require.NoError(t, err)
	available := 0.0 // E(tanh(y/σ²) − y/(1+σ²))²(1+σ²)/σ² on the same rows
	for i, σ := range d.σ {
		y := d.noisy.At(i, 0)
		T := target(math.Tanh(y/(σ*σ)), y, σ)
		available += T * T / float64(len(d.σ))
	}
	require.InDelta(t, available, gain, 0.01)
}

// R and its score are put together here from the denoiser of the model.
func TestDetectorAgreesWithItsDefinition(t *testing.T) {
	for name, p := range map[string]sde.SDE{"EDM": sde.EDM{}, "VP": sde.VP{}} {
		m := newModel(t, 2, Config{Process: p})
		d, err := newDetector(batchOf(t, m, pinwheel(), Settings{}))
		require.NoError(t, err)
		r, z := d.explained(m)
		gains, power := make([]float64, len(d.σ)), 0.0
		for i, σ := range d.σ {
			at := sde.TimeAt(p, -math.Log(σ))
			α, _ := p.Kernel(at)
			x, D := mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
			x.Scale(α, d.noisy.Slice(i, i+1, 0, 2))
			m.Unconditional().Score(D, x, []float64{at})
			sde.Convert(D, x, D, p, at, sde.Score, sde.Denoised)
			k := EDM{}.Coeffs(sde.EDM{}, σ)
			for j := range 2 {
				T := (d.clean.At(i, j) - k.Skip*d.noisy.At(i, j)) / k.Out
				F := (D.At(0, j) - k.Skip*d.noisy.At(i, j)) / k.Out
				power += T * T
				gains[i] += T*T - (F-T)*(F-T)
			}
		}
		total := 0.0
		for _, g := range gains {
			total += g
		}
		require.InEpsilon(t, total/power, r, 1e-5, name)
		require.InEpsilon(t, zScore(gains), z, 1e-3, name)
	}
}

// L*(t) = Σ α²s/(α²s + σ²) is the least mean error of a noise prediction for
// Gaussian data with variances s; a linear network reaches it.
func TestTrainingReachesTheOptimumOfGaussianData(t *testing.T) {
	long(t)
	variances := []float64{1.6, 0.4}
	data := edited{standard(2), func(x *mat.Dense, _, _ int) {
		x.Apply(func(_, j int, v float64) float64 { return math.Sqrt(variances[j])*v + 3 }, x)
	}}
	p := sde.VP{}
	for _, at := range []float64{0.1, 0.5} {
		for _, references := range []int{-1, 256} {
			m := newDead(t, 2, Config{Process: p, Precond: Epsilon{}, Net: nn.Linear{Out: 2}})
			fit(t, m, data, &Settings{
				Steps: 499, Batch: 256, References: references, Weight: Simple{}, Times: fixed(at), EMA: 0.9,
				Rate: optim.Cosine{Peak: 0.03, Floor: 3e-5, Steps: 499}, Seed: 2,
			})
			α, σ := p.Kernel(at)
			least := 0.0
			scale := m.Frame().Scale
			for _, s := range variances {
				s /= scale[0] * scale[0]
				least += α * α * s / (α*α*s + σ*σ)
			}
			// The answer on fresh rows, in model coordinates.
			const n = 20000
			clean, z, x, s := normals(n, 2, 1), normals(n, 2, 2), mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
			x.Apply(func(i, j int, v float64) float64 {
				return α*math.Sqrt(variances[j])/scale[0]*clean.At(i, j) + σ*z.At(i, j)
			}, x)
			m.Unconditional().Score(s, x, []float64{at})
			excess := make([]float64, n)
			for i := range n {
				for j := range 2 {
					e := -σ*s.At(i, j) - z.At(i, j)
					excess[i] += e * e
				}
				excess[i] -= least
			}
			mean := 0.0
			for _, e := range excess {
				mean += e / n
			}
			require.Less(t, math.Abs(zScore(excess)), 4.0, "t = %v, L* = %v, excess %v", at, least, mean)
			for j, v := range variances { // the score's slope is −1/(α²s + σ²)
				jv, e := mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
				e.Set(0, j, 1)
				m.Unconditional().JVP(mat.NewDense(1, 2, nil), jv, mat.NewDense(1, 2, nil), e, []float64{at})
				want := -1 / (α*α*v/(scale[0]*scale[0]) + σ*σ)
				require.InDelta(t, want, jv.At(0, j), 0.03/σ, "t = %v", at)
				require.InDelta(t, 0, jv.At(0, 1-j), 0.03/σ, "t = %v", at)
			}
		}
	}
}

// The detector took 4,096 rows of any length several times: 270 MB and more for 2,048
// columns.
func TestDetectorOfLongRowsTakesLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const d = 2048
	m := newDead(t, d, Config{Net: nn.MLP{Hidden: []int{8}}})
	s, err := quick(1).withDefaults()
	require.NoError(t, err)
	b := newBatcher(m, standard(d), &s, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found, err := newDetector(b)
	require.NoError(t, err)
	r, z := found.explained(m)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(60<<20))
	require.Less(t, r, 0.0)
	require.Less(t, z, 0.0)
}

// Which rows are evaluated together changes no bit of what the detector finds.
func TestDetectorFindsTheSameInParts(t *testing.T) {
	long(t)
	const d = 96
	m := newModel(t, d, Config{Cond: Conditions{Classes: []int{2}}})
	x, cond := normals(50, d, 1), mat.NewDense(50, 1, nil)
	for i := range 25 {
		cond.Set(i, 0, 1)
	}
	data, err := Rows(x, cond)
	require.NoError(t, err)
	fit(t, m, data, quick(5))
	s, err := quick(1).withDefaults()
	require.NoError(t, err)
	all, err := newDetector(newBatcher(m, data, &s, nil))
	require.NoError(t, err)
	require.Greater(t, len(all.σ), detectedAtOnce(d), "several parts")

	α := make([]float64, len(all.σ))
	times, noisy := make([]float64, len(all.σ)), mat.DenseCopyOf(all.noisy)
	for i, σ := range all.σ {
		times[i] = sde.TimeAt(m.process, -math.Log(σ))
		α[i], _ = m.process.Kernel(times[i])
		for j := range d {
			noisy.Set(i, j, α[i]*noisy.At(i, j))
		}
	}
	score := mat.NewDense(len(α), d, nil)
	(&View{m: m, cond: all.cond}).Score(score, noisy, times)
	var power, better float64
	for i, σ := range all.σ {
		var a, e float64
		for j := range d {
			_, σt := m.process.Kernel(times[i])
			y := all.noisy.At(i, j)
			T := target(all.clean.At(i, j), y, σ)
			F := target((noisy.At(i, j)+σt*σt*score.At(i, j))/α[i], y, σ)
			a, e = a+T*T, e+(F-T)*(F-T)
		}
		power, better = power+a, better+a-e
	}
	r, _ := all.explained(m)
	require.InEpsilon(t, better/power, r, 1e-12)
}

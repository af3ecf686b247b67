package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// projected is y = x₁ + .3 x₂ + N(0, τ²), for every row of values.
func projected(τ float64, y ...float64) posterior.Observation {
	return posterior.Observation{
		Operator: posterior.Matrix{A: mat.NewDense(1, 2, []float64{1, 0.3})},
		Y:        mat.NewDense(len(y), 1, y), Noise: posterior.Noise{Deviation: τ},
	}
}

// posteriorOf returns the posterior and log p(y) of an observation of a mixture.
func posteriorOf(t testing.TB, law *dataset.Mixture, o posterior.Observation, i int) (*dataset.Mixture, float64) {
	t.Helper()
	a, y := o.Operator.(posterior.Matrix).A, o.Y.RawRowView(i)
	cov := mat.NewSymDense(1, []float64{o.Noise.Deviation * o.Noise.Deviation})
	all, err := law.Project(a, cov, nil)
	require.NoError(t, err)
	post, err := law.Observe(a, y, cov, nil)
	require.NoError(t, err)
	return post, all.LogProb(y)
}

// particles runs Twisted on the posterior of a method, or Steered on the prior without one.
func particles(t testing.TB, p sde.Problem, m posterior.Method, o posterior.Observation, n, steps int, c sampler.Particles) (*mat.Dense, *sampler.Trace) {
	t.Helper()
	_, d := o.Operator.(posterior.Matrix).A.Dims()
	x := mat.NewDense(n, d, nil)
	c.Trace = new(sampler.Trace)
	s := &sampler.Settings{Grid: grid.Conditional(p.SDE, steps), Seed: 7}
	if m == nil {
		l, err := posterior.NewLikelihood(o, sde.Frame{})
		require.NoError(t, err)
		require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.Steered{Reward: l, Particles: c}, s))
		return x, c.Trace
	}
	q, err := m.Given(p, o)
	require.NoError(t, err)
	require.NoError(t, sampler.Sample(context.Background(), x, q, sampler.Twisted{Particles: c}, s))
	return x, c.Trace
}

// varianceOfChain is that of a column in which the particles of a linear score and the last
// denoise end, on a conditional grid, for data N(0, v): of the pair of x and D before, the
// covariance is carried along.
func varianceOfChain(p sde.SDE, v float64, steps int) float64 {
	times := grid.Conditional(p, steps)
	denoise := func(t float64) float64 {
		α, σ := p.Kernel(t)
		return α * v / (α*α*v + σ*σ)
	}
	α, σ := p.Kernel(times[0])
	cov, before := mat.NewDense(2, 2, []float64{α*α*v + σ*σ, 0, 0, 0}), 0.0
	for k, u := range times[1:] {
		t := times[k]
		at, st := p.Kernel(t)
		au, su := p.Kernel(u)
		kept, h := su*su*at/(st*st*au), sde.LogSNR(p, u)-sde.LogSNR(p, t)
		gain, next := au*(1-math.Exp(-2*h)), 0.0
		if k > 0 {
			next = gain * h / (2 * before)
		}
		d, step := denoise(t), mat.NewDense(2, 2, nil)
		step.Set(0, 0, kept+(gain+next)*d)
		step.Set(0, 1, -next)
		step.Set(1, 0, d)
		cov.Product(step, cov, step.T())
		cov.Set(0, 0, cov.At(0, 0)+su*su*(1-math.Exp(-2*h)))
		before = h
	}
	last := denoise(times[len(times)-1])
	return last * last * cov.At(0, 0)
}

// A normal stays one in steps, and has an evidence in closed form: whatever the
// twisting function and the resampling, the mean of the estimates is that. The standard
// error that each run gives of itself is how far they are apart.
//
// Checks sampler (38) and (39).
func TestEvidenceOfParticlesIsUnbiased(t *testing.T) {
	arithmetic(t)
	const groups, number, steps, v = 60, 24, 16, 0.5
	law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, nil), []float64{math.Sqrt(v)}, nil)
	require.NoError(t, err)
	for _, p := range []sde.SDE{sde.EDM{}} {
		problem := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse), Prior: sde.Prior{Mean: []float64{0, 0}, Variance: []float64{v, v}}}
		variance := 1.09 * varianceOfChain(problem.SDE, v, steps)

		for _, c := range []struct {
			m posterior.Method
			τ float64
			sampler.Particles
		}{
			{posterior.MMPS{}, 0.2, sampler.Particles{}},
			{posterior.PiGDM{}, 0.2, sampler.Particles{Threshold: 1, Resampler: sampler.Multinomial{}}},
			{posterior.PiGDM{}, 0.2, sampler.Particles{Threshold: 1, Resampler: sampler.Stratified{}}},
			{nil, 0.8, sampler.Particles{Resampler: sampler.Residual{}}},
		} {
			c.Number = number
			want := -0.5 * (math.Log(2*math.Pi*(variance+c.τ*c.τ)) + 1/(variance+c.τ*c.τ))
			_, trace := particles(t, problem, c.m, projected(c.τ, 1), groups*number, steps, c.Particles)
			ratios, said := make([]float64, groups), 0.0
			for g, v := range trace.LogEvidence {
				ratios[g] = math.Exp(v - want)
				said += trace.StdErr[g] * trace.StdErr[g] / groups
			}
			mean, std := stat.MeanStdDev(ratios, nil)
			require.InDelta(t, 1, mean, 4*std/math.Sqrt(groups)+2e-4, "%T %T", p, c.m)
			require.Less(t, std, 0.6, "%T %T", p, c.m)
			if c.Threshold < 1 {
				require.InDelta(t, 1, math.Sqrt(said)/std, 0.5, "%T %T", p, c.m)
			}
			t.Logf("%T %T: %.4f ± %.4f, apart %.3f, said %.3f", p, c.m, mean, std/math.Sqrt(groups), std, math.Sqrt(said))
		}
	}
}

// The right answer to a mixture, in units of its own, where the methods alone have
// another one.
func TestParticlesFollowThePosteriorOfAMixture(t *testing.T) {
	arithmetic(t)
	const n, steps = 1500, 50
	law := threeLaw(t)
	frame := sde.Frame{Shift: []float64{1e6, -3}, Scale: []float64{1e3, 1e-3}}
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		problem := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse), Frame: frame}
		o := projected(0.1, 0.1)
		post, log := posteriorOf(t, law, o, 0)
		// The same in data's coordinates: A u = A (x − shift)/scale.
		a := mat.NewDense(1, 2, []float64{1e-3, 300})
		o.Operator = posterior.Matrix{A: a}
		o.Y = mat.NewDense(1, 1, []float64{0.1 + 1e3 - 3*300})
		for _, m := range []posterior.Method{posterior.PiGDM{}, posterior.MMPS{}} {
			x, trace := particles(t, problem, m, o, n, steps, sampler.Particles{})
			frame.ToModel(x, x)
			var cov mat.SymDense
			post.Cov(&cov)
			for j, want := range post.Mean(nil) {
				mean, std := stat.MeanStdDev(mat.Col(nil, j, x), nil)
				sd := math.Sqrt(cov.At(j, j))
				require.InDelta(t, want, mean, 0.15*sd, "%T %T", p, m)
				require.InDelta(t, sd, std, 0.15*sd, "%T %T", p, m)
			}
			require.InDelta(t, log, trace.LogEvidence[0], 4*trace.StdErr[0]+0.05, "%T %T", p, m)
			require.Len(t, trace.EffectiveSize, steps)
		}
	}
}

func TestErrorOfParticlesFallsWithTheRootOfTheirNumber(t *testing.T) {
	arithmetic(t)
	p := threeModes(t, sde.EDM{})
	o := projected(0.1, 0.1)
	spread := func(number, groups int) (mean, evidence float64) {
		x, trace := particles(t, p, posterior.PiGDM{}, o, groups*number, 24, sampler.Particles{Number: number})
		means := make([]float64, groups)
		for g := range means {
			means[g] = stat.Mean(mat.Col(nil, 1, x.Slice(g*number, (g+1)*number, 0, 2)), nil)
			trace.LogEvidence[g] = math.Exp(trace.LogEvidence[g])
		}
		mean = stat.StdDev(means, nil)
		m, s := stat.MeanStdDev(trace.LogEvidence, nil)
		return mean, s / m
	}
	mean, evidence := spread(16, 100)
	meanOfMany, evidenceOfMany := spread(192, 30)
	t.Logf("mean %.3f to %.3f, evidence %.3f to %.3f", mean, meanOfMany, evidence, evidenceOfMany)
	require.InDelta(t, -0.5, math.Log(meanOfMany/mean)/math.Log(12), 0.2)
	require.InDelta(t, -0.5, math.Log(evidenceOfMany/evidence)/math.Log(12), 0.2)
}

func TestSeveralObservationsHaveParticlesOfTheirOwn(t *testing.T) {
	arithmetic(t)
	const number = 400
	p, law := threeModes(t, sde.EDM{}), threeLaw(t)
	values := []float64{-1, 0.1, 1.5}
	o := projected(0.5, values...)
	rows := make([]float64, 3*number)
	for i := range rows {
		rows[i] = values[i/number]
	}
	many := projected(0.5, rows...)
	for _, m := range []posterior.Method{posterior.PiGDM{}, nil} {
		x, trace := particles(t, p, m, many, 3*number, 32, sampler.Particles{Number: number})
		for g := range values {
			post, log := posteriorOf(t, law, o, g)
			require.InDelta(t, log, trace.LogEvidence[g], 4*trace.StdErr[g]+0.1, "%T", m)
			require.InDelta(t, post.Mean(nil)[0], stat.Mean(mat.Col(nil, 0, x.Slice(g*number, (g+1)*number, 0, 2)), nil), 0.2, "%T", m)
			for i := g * number; i < (g+1)*number; i++ {
				require.Equal(t, g, trace.Ancestors[i]/number)
				require.InDelta(t, -math.Log(number), trace.LogWeights[i], 1e-12)
			}
		}
	}
	rows[5] = 0
	q, err := posterior.PiGDM{}.Given(p, projected(0.2, rows...))
	require.NoError(t, err)
	err = sampler.Sample(context.Background(), mat.NewDense(3*number, 2, nil), q, sampler.Twisted{Particles: sampler.Particles{Number: number}}, nil)
	require.ErrorIs(t, err, sampler.ErrRange)
	require.ErrorContains(t, err, "rows 0 and 5 are particles of one observation")
}

func TestBitsOfParticlesDoNotDependOnWorkers(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	q, err := posterior.MMPS{}.Given(p, projected(0.1, 0.1))
	require.NoError(t, err)
	l, err := posterior.NewLikelihood(projected(0.1, 0.1), sde.Frame{})
	require.NoError(t, err)
	for _, c := range []struct {
		p    sde.Problem
		pred func(sampler.Particles) sampler.Predictor
	}{
		{q, func(c sampler.Particles) sampler.Predictor { return sampler.Twisted{Particles: c} }},
		{p, func(c sampler.Particles) sampler.Predictor { return sampler.Steered{Reward: l, Particles: c} }},
	} {
		var first *mat.Dense
		var firstTrace *sampler.Trace
		for _, workers := range []int{1, 2, 7} {
			x, trace := mat.NewDense(600, 2, nil), new(sampler.Trace)
			s := &sampler.Settings{Workers: workers, Seed: 3, Grid: grid.Default(p.SDE, 12)}
			require.NoError(t, sampler.Sample(context.Background(), x, c.p, c.pred(sampler.Particles{Number: 300, Trace: trace}), s))
			if first == nil {
				first, firstTrace = x, trace
				continue
			}
			sameBits(t, first, x)
			require.Equal(t, firstTrace, trace)
		}
	}
}

// Weighted particles have the same evidence, and the weights that would have been
// resampled by.
func TestWeightedParticlesKeepTheirWeights(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	_, plain := particles(t, p, posterior.PiGDM{}, projected(0.1, 0.1), 400, 20, sampler.Particles{Number: 200})
	x, trace := particles(t, p, posterior.PiGDM{}, projected(0.1, 0.1), 400, 20, sampler.Particles{Number: 200, Weighted: true})
	require.Equal(t, plain.LogEvidence, trace.LogEvidence)
	require.Equal(t, plain.StdErr, trace.StdErr)
	require.Equal(t, plain.EffectiveSize, trace.EffectiveSize)
	require.True(t, plain.Resampled[19][0])
	require.False(t, trace.Resampled[19][0])
	for g := range 2 {
		sum, square := 0.0, 0.0
		for _, v := range trace.LogWeights[g*200 : (g+1)*200] {
			sum += math.Exp(v)
			square += math.Exp(2 * v)
		}
		require.InDelta(t, 1, sum, 1e-12)
		require.InDelta(t, trace.EffectiveSize[19][g], 1/square, 1e-9)
	}
	require.Greater(t, mat.Max(x), 0.0)
}

// reward is a function of rows.
type reward func(x0 []float64) float64

func (r reward) LogProb(dst []float64, x0 *mat.Dense) {
	for i := range dst {
		dst[i] = r(x0.RawRowView(i))
	}
}

func TestParticlesWithoutWeightAreReplaced(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	right := reward(func(x []float64) float64 {
		if x[0] < 0 {
			return math.Inf(-1)
		}
		return 0
	})
	x := mat.NewDense(300, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.Steered{Reward: right}, nil))
	for i := range 300 {
		require.Greater(t, x.At(i, 0), -0.05, "what the last denoise may change")
	}
}

func TestParticlesThatAllDieAreNamed(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	dies := rewardOfRows(func(dst []float64, _ *mat.Dense) {
		for i := range dst {
			dst[i] = 0
			if i >= 10 {
				dst[i] = math.NaN()
			}
		}
	})
	x, trace := mat.NewDense(20, 2, nil), new(sampler.Trace)
	err := sampler.Sample(context.Background(), x, p, sampler.Steered{Reward: dies, Particles: sampler.Particles{Number: 10, Trace: trace}}, nil)
	require.ErrorIs(t, err, sampler.ErrDepleted)
	var rows sampler.RowErrors
	require.ErrorAs(t, err, &rows)
	require.Len(t, rows, 10)
	require.Equal(t, 10, rows[0].Row)
	require.Equal(t, 39, rows[0].Step, "the last one: a particle may yet come to where the reward is defined")
	require.ErrorContains(t, err, "row 10 after step 39, t = ")
	require.ErrorContains(t, err, "observation 1: no particle of 10")
	require.True(t, math.IsNaN(trace.LogEvidence[1]))
	require.False(t, math.IsNaN(trace.LogEvidence[0]))
	for i := range 20 {
		require.Equal(t, i >= 10, math.IsNaN(x.At(i, 0)))
	}
}

type rewardOfRows func(dst []float64, x0 *mat.Dense)

func (r rewardOfRows) LogProb(dst []float64, x0 *mat.Dense) { r(dst, x0) }

func TestParticlesRefuseWhatTheyCannotWeigh(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	q, err := posterior.PiGDM{}.Given(p, projected(0.1, 0.1))
	require.NoError(t, err)
	exact := projected(0, 0.1)
	noiseless, err := posterior.PiGDM{}.Given(p, exact)
	require.NoError(t, err)
	zero := reward(func([]float64) float64 { return 0 })
	for says, c := range map[string]struct {
		p    sde.Problem
		pred sampler.Predictor
		s    *sampler.Settings
		is   error
	}{
		"want that of a method of package posterior":           {p, sampler.Twisted{}, nil, sampler.ErrUnset},
		"for an observation with noise":                        {noiseless, sampler.Twisted{}, nil, sampler.ErrUnset},
		"Twisted: Particles.Number: is 7, the run has 20 rows": {q, sampler.Twisted{Particles: sampler.Particles{Number: 7}}, nil, sampler.ErrRange},
		"Twisted.Number: is -1":                                {q, sampler.Twisted{Particles: sampler.Particles{Number: -1}}, nil, sampler.ErrRange},
		"Twisted.Threshold: is 2":                              {q, sampler.Twisted{Particles: sampler.Particles{Threshold: 2}}, nil, sampler.ErrRange},
		"Steered.Reward: is nil":                               {p, sampler.Steered{}, nil, sampler.ErrUnset},
		"the state is not what it was after the last":          {q, sampler.Twisted{}, &sampler.Settings{Corrector: sampler.Langevin{}}, sampler.ErrRange},
		"Steered: the state is not what it was":                {p, sampler.Steered{Reward: zero}, &sampler.Settings{Corrector: sampler.Langevin{}}, sampler.ErrRange},
		"Twisted.Resampler: is a nil *sampler_test.":           {q, sampler.Twisted{Particles: sampler.Particles{Resampler: (*noResampler)(nil)}}, nil, sampler.ErrUnset},
	} {
		x := mat.NewDense(20, 2, []float64{39: 1})
		err := sampler.Sample(context.Background(), x, c.p, c.pred, c.s)
		require.ErrorIs(t, err, c.is, says)
		require.ErrorContains(t, err, says)
		require.Equal(t, 1.0, x.At(19, 1), "x is unchanged")
	}
}

type noResampler struct{ sampler.Systematic }

// On the default grid the spread of normal data comes out, where steps of DDIM{Eta: 1} gave
// .88 of it, whatever the number of particles.
func TestParticlesOfDefaultGridAreAsWideAsThePosterior(t *testing.T) {
	arithmetic(t)
	const n = 3000
	cov := mat.NewSymDense(2, []float64{1, 0.6, 0.6, 1})
	law, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, nil), []*mat.SymDense{cov}, nil)
	require.NoError(t, err)
	o := projected(0.3, 1)
	post, log := posteriorOf(t, law, o, 0)
	var exact mat.SymDense
	post.Cov(&exact)
	q, err := posterior.PiGDM{}.Given(sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}, o)
	require.NoError(t, err)
	x, trace := mat.NewDense(n, 2, nil), new(sampler.Trace)
	require.NoError(t, sampler.Sample(context.Background(), x, q, sampler.Twisted{Particles: sampler.Particles{Trace: trace}}, &sampler.Settings{Seed: 3}))
	for j, mean := range post.Mean(nil) {
		m, s := stat.MeanStdDev(mat.Col(nil, j, x), nil)
		sd := math.Sqrt(exact.At(j, j))
		require.InDelta(t, mean, m, 0.08*sd)
		require.InEpsilon(t, sd, s, 0.06)
	}
	require.InDelta(t, log, trace.LogEvidence[0], 0.05)
}

// When one particle is the ancestor of all, nothing is known of the error, and the run says
// so: without a Trace nothing else did. The rows are there.
func TestCollapsedParticlesAreNamed(t *testing.T) {
	t.Parallel()
	const number = 80
	p := normalOf(t, sde.EDM{}, 2)
	l, err := posterior.NewLikelihood(projected(0.3, append(make([]float64, number), copies(100, number)...)...), sde.Frame{})
	require.NoError(t, err)
	trace, x := new(sampler.Trace), mat.NewDense(2*number, 2, nil)
	c := sampler.Steered{Reward: l, Width: 1e9, Particles: sampler.Particles{Number: number, Trace: trace}}
	err = sampler.Sample(context.Background(), x, p, c, &sampler.Settings{Grid: grid.Conditional(p.SDE, 40)})
	require.ErrorIs(t, err, sampler.ErrCollapsed)
	require.ErrorContains(t, err, "observation 1: its 80 particles descend from about 1.0 of the first ones")
	var rows sampler.RowErrors
	require.ErrorAs(t, err, &rows)
	require.Len(t, rows, number)
	require.Equal(t, number, rows[0].Row)
	require.True(t, math.IsInf(trace.StdErr[1], 1), "%v", trace.StdErr)
	for i := range 2 * number {
		require.False(t, math.IsNaN(x.At(i, 0)))
	}
	// Ten particles may all descend from one by chance.
	c = sampler.Steered{Reward: reward(func(x []float64) float64 { return -0.5 * x[0] * x[0] }), Particles: sampler.Particles{Number: 10}}
	require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(400, 2, nil), p, c, nil))
}

// copies is n times v.
func copies(v float64, n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = v
	}
	return all
}

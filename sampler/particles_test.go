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

// normalOf is the problem of data N(0, I).
func normalOf(t *testing.T, p sde.SDE, d int) sde.Problem {
	t.Helper()
	law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, d, nil), []float64{1}, nil)
	require.NoError(t, err)
	return sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)}
}

// Observations that say the same at 0 are told from each other elsewhere.
func TestParticlesOfDifferentObservationsAreNotMixed(t *testing.T) {
	t.Parallel()
	const n = 40
	p := normalOf(t, sde.EDM{}, 2)
	either := func(first, other []float64) *mat.Dense {
		y := mat.NewDense(n, len(first), nil)
		for i := range n {
			y.SetRow(i, first)
			if i >= n/2 {
				y.SetRow(i, other)
			}
		}
		return y
	}
	both, one := posterior.Mask{In: 2, Columns: []int{0, 1}}, posterior.Mask{In: 2, Columns: []int{0}}
	for says, o := range map[string]posterior.Observation{
		"other signs":   {Operator: one, Y: either([]float64{2}, []float64{-2})},
		"other columns": {Operator: both, Y: either([]float64{1.5, 0}, []float64{0, 1.5})},
		"other squares": {Operator: squares{}, Y: either([]float64{2}, []float64{-2})},
		"other numbers": {Operator: logarithm{}, Y: either([]float64{2}, []float64{3})},
	} {
		o.Noise.Deviation = 0.2
		wrong := "rows 0 and 20 are particles of one observation"
		for _, m := range []posterior.Method{posterior.PiGDM{}, posterior.MMPS{}, posterior.DPS{}} {
			q, err := m.Given(p, o)
			require.NoError(t, err)
			err = sampler.Sample(context.Background(), mat.NewDense(n, 2, nil), q, sampler.Twisted{}, nil)
			require.ErrorIs(t, err, sampler.ErrRange, "%s %T", says, m)
			require.ErrorContains(t, err, wrong, "%s %T", says, m)
		}
		l, err := posterior.NewLikelihood(o, sde.Frame{})
		require.NoError(t, err)
		err = sampler.Sample(context.Background(), mat.NewDense(n, 2, nil), p, sampler.Steered{Reward: l}, nil)
		require.ErrorIs(t, err, sampler.ErrRange, says)
		require.ErrorContains(t, err, wrong, says)
	}
}

// squares is h(x) = x₁², of rows of two columns.
type squares struct{}

func (squares) Dims() (in, out int) { return 2, 1 }

func (squares) Apply(dst, x *mat.Dense) {
	ofFirst(dst, x, nil, func(v float64) float64 { return v * v })
}

func (squares) JVP(dst, x, v *mat.Dense) {
	ofFirst(dst, x, v, func(v float64) float64 { return 2 * v })
}

func (squares) VJP(dst, x, u *mat.Dense) {
	ofFirst(dst, x, u, func(v float64) float64 { return 2 * v })
}

// logarithm is h(x) = log(1 + x₁), which is not defined everywhere.
type logarithm struct{}

func (logarithm) Dims() (in, out int) { return 2, 1 }

func (logarithm) Apply(dst, x *mat.Dense) { ofFirst(dst, x, nil, math.Log1p) }

func (logarithm) JVP(dst, x, v *mat.Dense) {
	ofFirst(dst, x, v, func(v float64) float64 { return 1 / (1 + v) })
}

func (logarithm) VJP(dst, x, u *mat.Dense) {
	ofFirst(dst, x, u, func(v float64) float64 { return 1 / (1 + v) })
}

// ofFirst writes f of the first column of x, times that of by unless that is nil, into the
// first column of dst.
func ofFirst(dst, x, by *mat.Dense, f func(float64) float64) {
	dst.Zero()
	for i := range x.RawMatrix().Rows {
		v := f(x.At(i, 0))
		if by != nil {
			v *= by.At(i, 0)
		}
		dst.Set(i, 0, v)
	}
}

// Of data N(0, 1) that have to be positive half are left. Particles whose denoised rows
// are not may yet become so.
func TestHardConstraintsAreExact(t *testing.T) {
	arithmetic(t)
	const groups, number, steps = 10, 200, 40
	p := normalOf(t, sde.EDM{}, 1)
	for says, out := range map[string]float64{"impossible": math.Inf(-1), "undefined": math.NaN()} {
		positive := reward(func(x []float64) float64 {
			if x[0] > 0 {
				return 0
			}
			return out
		})
		x, trace := mat.NewDense(groups*number, 1, nil), new(sampler.Trace)
		s := &sampler.Settings{Seed: 5, Grid: grid.Conditional(p.SDE, steps)}
		require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.Steered{Reward: positive, Particles: sampler.Particles{Number: number, Trace: trace}}, s))
		require.Positive(t, mat.Min(x))
		std := math.Sqrt(varianceOfChain(p.SDE, 1, steps))
		require.InDelta(t, math.Sqrt(2/math.Pi)*std, stat.Mean(mat.Col(nil, 0, x), nil), 0.04, says)
		require.InDelta(t, -math.Ln2, stat.Mean(trace.LogEvidence, nil), 0.06, says)
	}
}

// log(1 + x₁) = N(.5, .5²) of data N(0, I): no row of the posterior is below −1, and what
// particles weigh is what an integral is.
func TestParticlesWhereAnObservationIsUndefinedAreRight(t *testing.T) {
	arithmetic(t)
	const n, steps = 1500, 40
	p := normalOf(t, sde.EDM{}, 2)
	o := posterior.Observation{Operator: logarithm{}, Y: mat.NewDense(1, 1, []float64{0.5}), Noise: posterior.Noise{Deviation: 0.5}}
	l, err := posterior.NewLikelihood(o, sde.Frame{})
	require.NoError(t, err)
	v := varianceOfChain(p.SDE, 1, steps)
	evidence, mean := 0.0, 0.0
	for i := range 20000 {
		x := (float64(i)+0.5)*5e-4 - 1
		off := (math.Log1p(x) - 0.5) / 0.5
		w := math.Exp(-0.5*(x*x/v+off*off)) / (2 * math.Pi * math.Sqrt(v) * 0.5) * 5e-4
		evidence, mean = evidence+w, mean+w*x
	}
	q, err := posterior.PiGDM{}.Given(p, o)
	require.NoError(t, err)
	for _, c := range []struct {
		p    sde.Problem
		pred func(sampler.Particles) sampler.Predictor
	}{
		{q, func(c sampler.Particles) sampler.Predictor { return sampler.Twisted{Particles: c} }},
		{p, func(c sampler.Particles) sampler.Predictor { return sampler.Steered{Reward: l, Particles: c} }},
	} {
		x, trace := mat.NewDense(n, 2, nil), new(sampler.Trace)
		pred := c.pred(sampler.Particles{Trace: trace})
		require.NoError(t, sampler.Sample(context.Background(), x, c.p, pred, &sampler.Settings{Seed: 2, Grid: grid.Conditional(p.SDE, steps)}))
		require.InDelta(t, math.Log(evidence), trace.LogEvidence[0], 0.1, "%T", pred)
		require.InDelta(t, mean/evidence, stat.Mean(mat.Col(nil, 0, x), nil), 0.04, "%T", pred)
		require.Greater(t, mat.Min(x.Slice(0, n, 0, 1)), -1.0)
	}
}

// A process that ends with little noise starts where the posterior is, which the weights
// know of.
func TestEvidenceDoesNotDependOnWhereParticlesStart(t *testing.T) {
	arithmetic(t)
	const groups, number, steps, τ = 30, 100, 24, 0.5
	p := normalOf(t, sde.EDM{SigmaMax: 2}, 1)
	variance := varianceOfChain(p.SDE, 1, steps)
	for _, y := range []float64{1, 3} {
		o := posterior.Observation{Operator: posterior.Mask{In: 1, Columns: []int{0}}, Y: mat.NewDense(1, 1, []float64{y}), Noise: posterior.Noise{Deviation: τ}}
		log := -0.5 * (math.Log(2*math.Pi*(variance+τ*τ)) + y*y/(variance+τ*τ))
		for _, m := range []posterior.Method{posterior.MMPS{}, posterior.PiGDM{}} {
			q, err := m.Given(p, o)
			require.NoError(t, err)
			x, trace := mat.NewDense(groups*number, 1, nil), new(sampler.Trace)
			s := &sampler.Settings{Seed: 3, Grid: grid.Conditional(p.SDE, steps)}
			require.NoError(t, sampler.Sample(context.Background(), x, q, sampler.Twisted{Particles: sampler.Particles{Number: number, Trace: trace}}, s))
			for g, v := range trace.LogEvidence {
				trace.LogEvidence[g] = math.Exp(v - log)
			}
			ratio, std := stat.MeanStdDev(trace.LogEvidence, nil)
			t.Logf("y = %v, %T: %.3f ± %.3f", y, m, ratio, std/math.Sqrt(groups))
			require.InDelta(t, 1, ratio, 4*std/math.Sqrt(groups), "%v %T", y, m)
			require.Less(t, std, 0.3)
			require.InDelta(t, y*variance/(variance+τ*τ), stat.Mean(mat.Col(nil, 0, x), nil), 0.03, "%v %T", y, m)
		}
	}
}

func TestParticlesRefuseRewardsThatAreNone(t *testing.T) {
	t.Parallel()
	p := normalOf(t, sde.EDM{}, 2)
	likelihood := func(y ...float64) sampler.Reward {
		l, err := posterior.NewLikelihood(projected(0.5, y...), sde.Frame{})
		require.NoError(t, err)
		return l
	}
	wide, err := posterior.NewLikelihood(posterior.Observation{
		Operator: posterior.Mask{In: 5, Columns: []int{1}}, Y: mat.NewDense(1, 1, nil), Noise: posterior.Noise{Deviation: 1},
	}, sde.Frame{})
	require.NoError(t, err)
	for says, c := range map[string]struct {
		r     sampler.Reward
		first int
		is    error
	}{
		"Reward: row 0: is +Inf":                         {reward(func([]float64) float64 { return math.Inf(1) }), 0, sampler.ErrNonFinite},
		"Steered.Reward: its Y has 3 rows":               {likelihood(1, 2, 3), 0, sampler.ErrRange},
		"Steered.Reward: its Y has 21 rows":              {likelihood(make([]float64, 21)...), 0, sampler.ErrRange},
		"Steered.Reward: its Operator takes":             {wide, 0, sampler.ErrRange},
		"is 10, the run has 20 rows and begins at row 5": {likelihood(1), 5, sampler.ErrRange},
	} {
		err := sampler.Sample(context.Background(), mat.NewDense(20, 2, nil), p, sampler.Steered{Reward: c.r, Particles: sampler.Particles{Number: 10}}, &sampler.Settings{FirstRow: c.first})
		require.ErrorIs(t, err, c.is, says)
		require.ErrorContains(t, err, says)
	}
}

// A run in parts has the bits of the whole one, where a part has whole observations.
func TestParticlesOfAPartAreThoseOfTheWhole(t *testing.T) {
	t.Parallel()
	y := make([]float64, 40)
	for i := 20; i < 40; i++ {
		y[i] = 1
	}
	p := normalOf(t, sde.EDM{}, 2)
	l, err := posterior.NewLikelihood(projected(0.5, y...), sde.Frame{})
	require.NoError(t, err)
	steered := sampler.Steered{Reward: l, Particles: sampler.Particles{Number: 20}}
	whole, part := mat.NewDense(40, 2, nil), mat.NewDense(20, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), whole, p, steered, nil))
	require.NoError(t, sampler.Sample(context.Background(), part, p, steered, &sampler.Settings{FirstRow: 20, TotalRows: 40}))
	sameBits(t, whole.Slice(20, 40, 0, 2).(*mat.Dense), part)
	err = sampler.Sample(context.Background(), part, p, sampler.Steered{Reward: l}, &sampler.Settings{FirstRow: 20, TotalRows: 40})
	require.ErrorContains(t, err, "Particles.Number: is 40, the run has 20 rows and begins at row 20")
}

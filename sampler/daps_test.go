package sampler_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// Of normal data four steps are as good as any number, also in units of their own and
// with an observation for every row.
//
// Checks sampler (40).
func TestDAPSIsExactOnNormalData(t *testing.T) {
	t.Parallel()
	const n = 4000
	law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, []float64{.3, -.2}), []float64{0.8}, nil)
	require.NoError(t, err)
	frame := sde.Frame{Shift: []float64{1e6, -3}, Scale: []float64{1e3, 1e-3}}
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}, sde.Linear{}} {
		problem := sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse), Frame: frame}
		values := make([]float64, n)
		for i := range values {
			values[i] = []float64{0.1, 1}[i%2] + 1e3 - 3*300
		}
		o := posterior.Observation{Operator: posterior.Matrix{A: mat.NewDense(1, 2, []float64{1e-3, 300})}, Y: mat.NewDense(n, 1, values), Noise: posterior.Noise{Deviation: 0.3}}
		x := mat.NewDense(n, 2, nil)
		s := &sampler.Settings{Grid: grid.Conditional(p, 4), Seed: 1}
		require.NoError(t, sampler.Sample(context.Background(), x, problem, sampler.DAPS{Observation: o, Variance: 0.64}, s))
		frame.ToModel(x, x)
		for k, y := range []float64{0.1, 1} {
			post, _ := posteriorOf(t, law, projected(0.3, y), 0)
			var cov mat.SymDense
			post.Cov(&cov)
			half := mat.NewDense(n/2, 2, nil)
			for i := range n / 2 {
				half.SetRow(i, x.RawRowView(2*i+k))
			}
			for j, want := range post.Mean(nil) {
				sd := math.Sqrt(cov.At(j, j))
				mean, std := stat.MeanStdDev(mat.Col(nil, j, half), nil)
				require.InDelta(t, want, mean, 4*sd/math.Sqrt(n/2)+1e-3, "%T", p)
				require.InDelta(t, sd, std, 4*sd/math.Sqrt(n)+1e-3, "%T", p)
			}
		}
	}
}

// The published settings are not: the rows of the flow have the data's spread already.
func TestDAPSAsPublishedIsTooWide(t *testing.T) {
	t.Parallel()
	const n = 1000
	law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, []float64{.3, -.2}), []float64{0.8}, nil)
	require.NoError(t, err)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	x := mat.NewDense(n, 2, nil)
	published := sampler.DAPS{Observation: projected(0.5, 0.1), FlowSteps: 5, Variance: 1e12}
	require.NoError(t, sampler.Sample(context.Background(), x, p, published, &sampler.Settings{Grid: grid.Conditional(sde.EDM{}, 50), Seed: 1}))
	require.Greater(t, stat.StdDev(mat.Col(nil, 1, x), nil), 0.9, "exact: .775")
}

// cubic is the nonlinear observation y = x₁ + x₁³/3, x₂².
type cubic struct{}

func (cubic) Dims() (in, out int) { return 2, 2 }

func (cubic) Apply(dst, x *mat.Dense) {
	for i := range dst.RawMatrix().Rows {
		a, b := x.At(i, 0), x.At(i, 1)
		dst.SetRow(i, []float64{a + a*a*a/3, b * b})
	}
}

func (c cubic) JVP(dst, x, v *mat.Dense) { c.VJP(dst, x, v) }

func (cubic) VJP(dst, x, u *mat.Dense) {
	for i := range dst.RawMatrix().Rows {
		a, b := x.At(i, 0), x.At(i, 1)
		dst.SetRow(i, []float64{(1 + a*a) * u.At(i, 0), 2 * b * u.At(i, 1)})
	}
}

// Normal data under a nonlinear observation, against draws of the prior weighed by the
// likelihood.
func TestDAPSTakesNonlinearObservations(t *testing.T) {
	arithmetic(t)
	const n = 500
	law, err := dataset.NewIsotropicMixture([]float64{1}, mat.NewDense(1, 2, nil), []float64{1}, rand.NewPCG(1, 2))
	require.NoError(t, err)
	o := posterior.Observation{Operator: cubic{}, Y: mat.NewDense(1, 2, []float64{1.2, 0.8}), Noise: posterior.Noise{Deviation: 0.4}}
	l, err := posterior.NewLikelihood(o, sde.Frame{})
	require.NoError(t, err)
	prior := dataset.Sample(law, 40_000)
	w := make([]float64, 40_000)
	l.LogProb(w, prior)
	for i := range w {
		w[i] = math.Exp(w[i])
	}
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	x := mat.NewDense(n, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.DAPS{Observation: o}, &sampler.Settings{Grid: grid.Conditional(sde.EDM{}, 16), Seed: 1}))
	for j := range 2 {
		want, got := mat.Col(nil, j, prior), mat.Col(nil, j, x)
		for _, column := range [][]float64{want, got} { // the second has two modes, ±
			for i, v := range column {
				column[i] = math.Abs(v)
			}
		}
		mean, std := stat.MeanStdDev(want, w)
		m, s := stat.MeanStdDev(got, nil)
		require.InDelta(t, mean, m, 0.08, "column %d", j)
		require.InDelta(t, std, s, 0.08, "column %d", j)
	}
	require.InDelta(t, 0, stat.Mean(mat.Col(nil, 1, x), nil), 0.15, "both modes")
}

func TestDAPSRowsAreIndependent(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	y := make([]float64, 90)
	for i := range y {
		y[i] = float64(i%7) / 7
	}
	pred := sampler.DAPS{Observation: projected(0.2, y...), FlowSteps: 2}
	whole, part := mat.NewDense(90, 2, nil), mat.NewDense(40, 2, nil)
	s := sampler.Settings{Seed: 5, Grid: grid.Default(sde.VP{}, 8), Workers: 1}
	require.NoError(t, sampler.Sample(context.Background(), whole, p, pred, &s))
	s.FirstRow, s.TotalRows, s.Workers = 50, 90, 3
	require.NoError(t, sampler.Sample(context.Background(), part, p, pred, &s))
	sameBits(t, mat.DenseCopyOf(whole.Slice(50, 90, 0, 2)), part)
}

func TestDAPSRefusesWhatItCannotTake(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.EDM{})
	for says, c := range map[string]struct {
		sampler.DAPS
		is error
	}{
		"DAPS.Observation: posterior: NewLikelihood: Observation.Operator": {sampler.DAPS{}, posterior.ErrRange},
		"want a positive definite":       {sampler.DAPS{Observation: projected(0, 1)}, posterior.ErrRange},
		"DAPS.Variance: is NaN":          {sampler.DAPS{Observation: projected(1, 1), Variance: math.NaN()}, sampler.ErrRange},
		"DAPS.FlowSteps: is -1":          {sampler.DAPS{Observation: projected(1, 1), FlowSteps: -1}, sampler.ErrRange},
		"DAPS.Steps: is -1":              {sampler.DAPS{Observation: projected(1, 1), Steps: -1}, sampler.ErrRange},
		"DAPS.Rate: is 2":                {sampler.DAPS{Observation: projected(1, 1), Rate: 2}, sampler.ErrRange},
		"its Y has 3 rows, the run 20,":  {sampler.DAPS{Observation: projected(1, 1, 2, 3)}, sampler.ErrRange},
		"its Y has 21 rows, the run 20,": {sampler.DAPS{Observation: projected(1, make([]float64, 21)...)}, sampler.ErrRange},
		"takes 5 columns, the run has 2": {sampler.DAPS{Observation: posterior.Observation{
			Operator: posterior.Mask{In: 5, Columns: []int{1}}, Y: mat.NewDense(1, 1, nil), Noise: posterior.Noise{Deviation: 1},
		}}, sampler.ErrRange},
	} {
		err := sampler.Sample(context.Background(), mat.NewDense(20, 2, nil), p, c.DAPS, nil)
		require.ErrorIs(t, err, c.is, says)
		require.ErrorContains(t, err, says)
	}
}

// log(1 + x₁) = N(−1, .3²) of data N(0, I), of which some are impossible: no row is, and those
// that cannot leave where they are are named.
func TestDAPSGoesWhereTheObservationIsDefined(t *testing.T) {
	arithmetic(t)
	const n = 400
	p := normalOf(t, sde.EDM{}, 2)
	o := posterior.Observation{Operator: logarithm{}, Y: mat.NewDense(1, 1, []float64{-1}), Noise: posterior.Noise{Deviation: 0.3}}
	evidence, mean := 0.0, 0.0
	for i := range 20000 {
		x := (float64(i)+0.5)*5e-4 - 1
		off := (math.Log1p(x) + 1) / 0.3
		w := math.Exp(-0.5 * (x*x + off*off))
		evidence, mean = evidence+w, mean+w*x
	}
	x := mat.NewDense(n, 2, nil)
	require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.DAPS{Observation: o}, &sampler.Settings{Grid: grid.Conditional(p.SDE, 30)}))
	require.Greater(t, mat.Min(x.Slice(0, n, 0, 1)), -1.0)
	require.InDelta(t, mean/evidence, stat.Mean(mat.Col(nil, 0, x), nil), 0.1)

	x.Zero()
	x.Set(7, 0, -3)
	err := sampler.Continue(context.Background(), x, p, sampler.DAPS{Observation: o}, &sampler.Settings{Grid: []float64{0.02, 0.01}})
	require.ErrorIs(t, err, sampler.ErrNonFinite)
	require.ErrorContains(t, err, "row 7 after step 1, t = 0.01: the observation, or its derivative, is not defined near the denoised row")
	require.True(t, math.IsNaN(x.At(7, 0)))
}

// No random number serves twice, also where an update within another takes many.
func TestUpdatesWithinOthersHaveNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	p := normalOf(t, sde.EDM{}, 2)
	nonlinear := sampler.DAPS{Observation: posterior.Observation{Operator: squares{}, Y: mat.NewDense(1, 1, nil), Noise: posterior.Noise{Deviation: 0.3}}}
	replace := sampler.Replace{Observation: seen(1), Back: nonlinear}
	for _, c := range []struct{ pred, back sampler.Predictor }{
		{nonlinear, nonlinear},
		{replace, sampler.Replace{Observation: seen(1)}},
		{replace, replace},
	} {
		served := &served{times: map[noise.Draw]int{}}
		s := &sampler.Settings{Corrector: sampler.Gibbs{Back: c.back, Steps: 2, Substeps: 2}, Noise: served, Workers: 1, Grid: grid.Conditional(p.SDE, 6)}
		require.NoError(t, sampler.Sample(context.Background(), mat.NewDense(4, 2, nil), p, c.pred, s))
		for at, times := range served.times {
			require.Equal(t, 1, times, "%T in %T: %+v", c.back, c.pred, at)
		}
	}
}

// served counts how often numbers are asked for.
type served struct{ times map[noise.Draw]int }

func (s *served) Normal(dst *mat.Dense, at noise.Draw) {
	noise.White{Seed: 1}.Normal(dst, at)
	at.T, at.U = 0, 0
	s.times[at]++
}

// What is observed more exactly than the last level has its deviation: it was 1.8 times that
// of ±.007, which the last draw of noise had made of it.
func TestDAPSKeepsWhatIsObserved(t *testing.T) {
	t.Parallel()
	const n = 400
	p := threeModes(t, sde.EDM{})
	for final, τ := range map[sampler.Final]float64{sampler.FinalDenoised: 7e-3, sampler.FinalState: 1e-9, sampler.FinalMean: 1e-9} {
		o := posterior.Observation{Operator: posterior.Mask{In: 2, Columns: []int{0}}, Y: mat.NewDense(1, 1, []float64{0.4}), Noise: posterior.Noise{Deviation: τ}}
		x := mat.NewDense(n, 2, nil)
		require.NoError(t, sampler.Sample(context.Background(), x, p, sampler.DAPS{Observation: o}, &sampler.Settings{Final: final}))
		mean, std := stat.MeanStdDev(mat.Col(nil, 0, x), nil)
		require.InDelta(t, 0.4, mean, 0.3*τ, "%v", final)
		require.InEpsilon(t, τ, std, 0.15, "%v", final)
	}
}

package sampler_test

import (
	"context"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// tangentGauss is a gauss with a JVP, but no Divergence.
type tangentGauss struct{ gauss }

func (g tangentGauss) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	g.Score(dst, x, t)
	g.m = [2]float64{}
	g.Score(jv, v, t) // it is linear
}

func TestHutchinsonVarianceIsThatOfTheMatrix(t *testing.T) {
	long(t)
	const rows, probes = 2000, 4
	g := standard(sde.VP{})
	start, end := g.Span()
	// log p is c + vᵀAv: with the flow's linear map R of y = x/r, A = log R − cI,
	// c the integral of σ²/r² dλ, which VP's α is.
	r := mul(function(inverse(g.at(end).k), math.Sqrt), function(g.at(start).k, math.Sqrt))
	a0, _ := g.Kernel(start)
	a1, _ := g.Kernel(end)
	a := add(function(r, math.Log), eye(2, -math.Log(a1/a0)))
	law, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, 2, g.m[:]), []*mat.SymDense{mat.NewSymDense(2, []float64{g.a, g.b, g.c, g.d})}, nil)
	require.NoError(t, err)
	score := sde.Analytic(g.SDE, law.Diffuse)
	exact := make([]float64, 1)
	_, err = sampler.LogProb(context.Background(), exact, mat.NewDense(1, 2, nil), sde.Problem{SDE: g.SDE, Score: score}, nil)
	require.NoError(t, err)
	off := 2 * (a.At(0, 1)*a.At(0, 1) + a.At(1, 0)*a.At(1, 0))
	for _, c := range []struct {
		gaussian bool
		want     float64
		kurtosis float64 // bounds that of vᵀAv
	}{{false, off, 1}, {true, off + 2*(a.At(0, 0)*a.At(0, 0)+a.At(1, 1)*a.At(1, 1)), 15}} {
		x := mat.NewDense(rows, 2, nil)
		logp := make([]float64, rows)
		res, err := sampler.LogProb(context.Background(), logp, x, sde.Problem{SDE: g.SDE, Score: tangentGauss{g}},
			&sampler.FlowSettings{Probes: probes, GaussianProbes: c.gaussian, Seed: 2})
		require.NoError(t, err)
		mean, variance := stat.MeanVariance(logp, nil)
		require.Less(t, math.Abs(mean-exact[0]), 4*math.Sqrt(c.want/probes/rows)+1e-4)
		slack := 4 * math.Sqrt((c.kurtosis/probes+2)/rows)
		require.InEpsilon(t, c.want/probes, variance, slack)
		square := 0.0
		for _, v := range res.StdErr {
			square += v * v / rows
		}
		require.InEpsilon(t, c.want/probes, square, 4*math.Sqrt((c.kurtosis+2)/probes/rows))
	}
}

// divergent is a score with a Divergence, but no JVP; spoiled is not finite for
// rows beyond 100.
type divergent struct{ d sde.Divergencer }

func (s divergent) Score(dst, x *mat.Dense, t []float64) { s.d.Score(dst, x, t) }
func (s divergent) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	s.d.Divergence(dst, div, x, t)
	for i := range div {
		if x.At(i, 0) > 100 {
			div[i] = math.NaN()
		}
	}
}

func TestLogProbRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	exact := p.Score.(sde.Divergencer)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		ctx   context.Context
		score sde.Scorer
		round float64
		s     sampler.FlowSettings
		is    error
		says  string
	}{
		{nil, standard(sde.VP{}), 0, sampler.FlowSettings{}, sampler.ErrUnset, "Problem.Score: is a sampler_test.gauss, want one with the method Divergence or JVP"},
		{nil, divergent{exact}, 0, sampler.FlowSettings{Probes: 3}, sampler.ErrUnset, "FlowSettings.Probes: is 3"},
		{nil, exact, 0, sampler.FlowSettings{Probes: -1}, sampler.ErrRange, "FlowSettings.Probes: is -1"},
		{nil, exact, 0, sampler.FlowSettings{Probes: 3, Exact: true}, sampler.ErrRange, "FlowSettings.Probes: is 3 with Exact = true"},
		{nil, exact, 0x1p-24, sampler.FlowSettings{RTol: 1e-7}, sampler.ErrRange, "FlowSettings.RTol: is 1e-07 with a score that rounds to a relative 6e-08, want at least 9.6e-07, or a score of double precision, such as a score.Model's Float64"},
		{nil, exact, 0x1p-24, sampler.FlowSettings{ATol: 1e-7}, sampler.ErrRange, "FlowSettings.ATol: is 1e-07"},
		{nil, exact, 0, sampler.FlowSettings{RTol: 1e-16}, sampler.ErrRange, "FlowSettings.RTol: is 1e-16"},
		{nil, exact, 0, sampler.FlowSettings{RTol: -1}, sampler.ErrRange, "FlowSettings.RTol: is -1"},
		{nil, exact, 0, sampler.FlowSettings{ATol: math.NaN()}, sampler.ErrRange, "FlowSettings.ATol: is NaN"},
		{nil, exact, 0, sampler.FlowSettings{MaxEvaluations: -1}, sampler.ErrRange, "FlowSettings.MaxEvaluations: is -1"},
		{nil, exact, 0, sampler.FlowSettings{Start: 1}, sampler.ErrRange, "FlowSettings.Start: is 1, want a time in the span [1e-05, 1]"},
		{nil, exact, 0, sampler.FlowSettings{Start: math.NaN()}, sampler.ErrRange, "FlowSettings.Start: is NaN"},
		{nil, exact, 0, sampler.FlowSettings{Workers: -1}, sampler.ErrRange, "sampler: FlowSettings.Workers: is -1"},
		{nil, exact, 0, sampler.FlowSettings{FirstRow: -2}, sampler.ErrRange, "sampler: FlowSettings.FirstRow: is -2"},
		{nil, exact, 0, sampler.FlowSettings{Prior: sde.Prior{Mean: []float64{0, math.NaN()}}}, sampler.ErrRange, "sampler: FlowSettings.Prior.Mean[1]: is NaN"},
		{nil, exact, 0, sampler.FlowSettings{Prior: sde.Prior{Variance: []float64{-1, 0}}}, sampler.ErrRange, "sampler: FlowSettings.Prior.Variance[0]: is -1"},
		{cancelled, exact, 0, sampler.FlowSettings{}, context.Canceled, "step 1 of 1"},
	} {
		if c.ctx == nil {
			c.ctx = context.Background()
		}
		p.Score, p.UnitRoundoff = c.score, c.round
		x, dst := mat.NewDense(2, 2, []float64{1, 2, 3, 4}), []float64{7, 7}
		for _, verb := range []func() (*sampler.FlowResult, error){
			func() (*sampler.FlowResult, error) { return sampler.LogProb(c.ctx, dst, x, p, &c.s) },
			func() (*sampler.FlowResult, error) { return sampler.SampleLogProb(c.ctx, x, dst, p, &c.s) },
		} {
			r, err := verb()
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
			require.Nil(t, r)
			require.Equal(t, []float64{7, 7}, dst)
			require.Equal(t, []float64{1, 2, 3, 4}, x.RawMatrix().Data)
		}
	}
	require.PanicsWithValue(t, "sampler: dimension mismatch: dst has length 3, want 2, one entry a row of x", func() {
		_, _ = sampler.LogProb(context.Background(), make([]float64, 3), mat.NewDense(2, 2, nil), p, nil)
	})
	p.Score, p.UnitRoundoff = exact, 0x1p-24
	_, err := sampler.LogProb(context.Background(), make([]float64, 1), mat.NewDense(1, 2, nil), p, &sampler.FlowSettings{RTol: 1e-6, ATol: 1e-6})
	require.NoError(t, err)
}

// A default is no choice of the user's that could be refused; one that is too fine is,
// and for less than what is said to be wanted.
func TestDefaultTolerancesFollowTheRoundingOfTheScore(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	x, dst, exact := mat.NewDense(1, 2, []float64{0.5, 0}), make([]float64, 1), make([]float64, 1)
	_, err := sampler.LogProb(t.Context(), exact, x, p, nil)
	require.NoError(t, err)
	for _, round := range []float64{6.3e-7, 1e-3 / 16} {
		p.UnitRoundoff = round
		_, err := sampler.LogProb(t.Context(), dst, x, p, nil)
		require.NoError(t, err)
		require.InDelta(t, exact[0], dst[0], 100*16*round)
		require.NoError(t, sampler.Sample(t.Context(), mat.NewDense(1, 2, nil), p, sampler.DormandPrince{}, &sampler.Settings{Grid: []float64{1, 1e-5}}))
	}
	p.UnitRoundoff = 1.006e-5 / 16
	_, err = sampler.LogProb(t.Context(), dst, x, p, &sampler.FlowSettings{RTol: 1e-5})
	require.ErrorIs(t, err, sampler.ErrRange)
	require.ErrorContains(t, err, "RTol: is 1e-05 with a score that rounds to a relative 6e-07, want at least 1.1e-05")
	_, err = sampler.LogProb(t.Context(), dst, x, p, &sampler.FlowSettings{RTol: 1.1e-5})
	require.NoError(t, err)
}

func TestLogProbGivesUpSingleRows(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	p.Score = divergent{p.Score.(sde.Divergencer)}
	x := mat.NewDense(4, 2, []float64{0.5, 0, 101, 0, math.NaN(), 1, -1, 0.5})
	dst := make([]float64, 4)
	r, err := sampler.LogProb(context.Background(), dst, x, p, &sampler.FlowSettings{FirstRow: 10, Latents: true})
	var failed sampler.RowErrors
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 2)
	require.Equal(t, []int{11, 12}, []int{failed[0].Row, failed[1].Row})
	require.ErrorIs(t, err, sampler.ErrNonFinite)
	for i, bad := range []bool{false, true, true, false} {
		require.Equal(t, bad, math.IsNaN(dst[i]))
		require.Equal(t, bad, math.IsNaN(r.Error[i]))
		require.Equal(t, bad, math.IsNaN(r.LogPrior[i]))
		require.Equal(t, bad, math.IsNaN(r.Latents.At(i, 1)))
	}
	alone := make([]float64, 1)
	_, err = sampler.LogProb(context.Background(), alone, mat.NewDense(1, 2, []float64{-1, 0.5}), p, nil)
	require.NoError(t, err)
	require.Equal(t, alone[0], dst[3])

	_, err = sampler.LogProb(context.Background(), dst, mat.NewDense(4, 2, nil), p, &sampler.FlowSettings{MaxEvaluations: 20})
	require.ErrorIs(t, err, sampler.ErrLimit)
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed, 4)
	start, end := p.Span()
	require.True(t, failed[0].Time > start && failed[0].Time < end, "%g is a time", failed[0].Time)
}

// Checks sampler (49).
func TestBitsPerDimCountsTheStepsOfTheData(t *testing.T) {
	t.Parallel()
	// Uniform on 256 grey levels: 8 bits, whatever the pixels' range.
	require.InDelta(t, 8, sampler.BitsPerDim(0, 5, 1./256), 1e-12)
	require.InDelta(t, 8, sampler.BitsPerDim(-5*math.Ln2, 5, 2./256), 1e-12)
	require.InDelta(t, 2.5, sampler.BitsPerDim(-5*math.Ln2, 2, 1), 1e-12)
}

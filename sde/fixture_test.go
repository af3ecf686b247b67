package sde_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
)

// sdeRecord is one case of the fixture.
type sdeRecord struct {
	SDE        string        `json:"sde"`
	N          int           `json:"N"`
	BetaMin    float64       `json:"beta_min"`
	BetaMax    float64       `json:"beta_max"`
	SigmaMin   float64       `json:"sigma_min"`
	SigmaMax   float64       `json:"sigma_max"`
	End        float64       `json:"T"`
	Mixture    int           `json:"mixture"`
	Times      []float64     `json:"t"`
	X          fixture.Array `json:"x"`
	Score      fixture.Array `json:"score"`
	DriftRate  []float64     `json:"drift_coeff"`
	Drift      fixture.Array `json:"drift"`
	Diffusion  []float64     `json:"diffusion"`
	MeanFactor []float64     `json:"mean_coeff"`
	Mean       fixture.Array `json:"mean"`
	Std        []float64     `json:"std"`
	PriorZ     fixture.Array `json:"prior_z"`
	PriorLogP  []float64     `json:"prior_logp"`
	ReverseSDE reverseRecord `json:"reverse_sde"`
	ReverseODE reverseRecord `json:"reverse_ode"`

	DiscreteIndex     []int         `json:"disc_index"`
	DiscreteDriftRate []float64     `json:"disc_f_coeff"`
	DiscreteDrift     fixture.Array `json:"disc_f"`
	DiscreteDiffusion []float64     `json:"disc_G"`
	Tables            tables        `json:"tables"`
}

type reverseRecord struct {
	Drift             fixture.Array `json:"drift"`
	Diffusion         []float64     `json:"diffusion"`
	DiscreteDrift     fixture.Array `json:"disc_f"`
	DiscreteDiffusion []float64     `json:"disc_G"`
}

// tables are some entries of the peer's tables.
type tables struct {
	Index     []int     `json:"index"`
	FirstLast []float64 `json:"discrete_betas_first_last"`
	Betas     []float64 `json:"discrete_betas"`
	AlphaBars []float64 `json:"alphas_cumprod"`
	Sigmas    []float64 `json:"discrete_sigmas"`
}

// process returns the process of a record and the deviation of its prior: VP
// keeps the variance of data with variance 1 and its prior serves sub-VP too;
// VE takes the mean of data for 0 and its variance too.
func (r sdeRecord) process(t *testing.T) (p sde.SDE, prior float64) {
	switch r.SDE {
	case "VPSDE":
		p = sde.VP{BetaMin: r.BetaMin, BetaMax: r.BetaMax}
		return p, math.Hypot(p.Kernel(r.End))
	case "subVPSDE":
		return sde.SubVP{BetaMin: r.BetaMin, BetaMax: r.BetaMax}, 1
	case "VESDE":
		p = sde.VE{SigmaMin: r.SigmaMin, SigmaMax: r.SigmaMax}
		_, prior = p.Kernel(r.End)
		return p, prior
	}
	require.FailNow(t, "unknown process", r.SDE)
	return nil, 0
}

func TestFixtureSDE(t *testing.T) {
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []sdeRecord       `json:"cases"`
	}](t, "sde")

	fixture.Each(t, file.Cases, func(i int, r sdeRecord) string { return fmt.Sprintf("%d %s", i, r.SDE) }, func(t *testing.T, r sdeRecord) {
		p, prior := r.process(t)
		require.NoError(t, sde.Validate(p))
		_, end := p.Span()
		require.Equal(t, r.End, end)

		mixture := file.Mixtures[r.Mixture].Distribution()
		score := sde.Analytic(p, mixture.Diffuse)
		compareRows(t, r, p, score)
		compareSteps(t, r, p)
		compareTables(t, r, p)
		comparePrior(t, r, prior)
	})
}

// nearTo returns a comparison relative to the largest value wanted.
func nearTo(t *testing.T, tolerance float64, where string) func(what string, want, got []float64) {
	return func(what string, want, got []float64) {
		t.Helper()
		require.Len(t, got, len(want), what)
		scale := 0.0
		for _, v := range want {
			scale = max(scale, math.Abs(v))
		}
		require.InDeltaSlice(t, want, got, tolerance*scale, "%s %s", what, where)
	}
}

func compareRows(t *testing.T, r sdeRecord, p sde.SDE, score sde.Scorer) {
	x := r.X.Dense()
	rows, cols := x.Dims()
	require.Len(t, r.Times, rows)
	scores := mat.NewDense(rows, cols, nil)
	score.Score(scores, x, r.Times)

	out := mat.NewDense(1, cols, nil)
	for i, at := range r.Times {
		// The peer computes 1 − exp without expm1, which shows at small times.
		tolerance := 1e-10
		if at <= 1e-3 {
			tolerance = 1e-7
		}
		near := nearTo(t, tolerance, fmt.Sprintf("at t = %v", at))
		row := x.Slice(i, i+1, 0, cols).(*mat.Dense)
		alpha, sigma := p.Kernel(at)
		f, g2 := p.Rates(at)
		near("mean factor", []float64{r.MeanFactor[i]}, []float64{alpha})
		near("std", []float64{r.Std[i]}, []float64{sigma})
		near("diffusion", []float64{r.Diffusion[i]}, []float64{math.Sqrt(g2)})
		near("drift rate", []float64{r.DriftRate[i]}, []float64{f})
		near("score", r.Score.At(i).Data, scores.RawRowView(i))
		out.Scale(alpha, row)
		near("mean", r.Mean.At(i).Data, out.RawRowView(0))
		out.Scale(f, row)
		near("drift", r.Drift.At(i).Data, out.RawRowView(0))

		for lambda, want := range []reverseRecord{r.ReverseODE, r.ReverseSDE} {
			reverse := sde.Reverse{SDE: p, Scorer: score, Lambda: float64(lambda)}
			reverse.Drift(out, row, at)
			near("reverse drift", want.Drift.At(i).Data, out.RawRowView(0))
			near("reverse diffusion", []float64{want.Diffusion[i]}, []float64{reverse.Diffusion(at)})
		}
	}
}

// table returns the process's table of N steps, nil for sub-VP, which has none.
func (r sdeRecord) table(t *testing.T, p sde.SDE) (d *sde.Discrete) {
	var err error
	switch p := p.(type) {
	case sde.VP:
		d, err = p.Discrete(r.N)
	case sde.VE:
		d, err = p.Discrete(r.N)
	}
	require.NoError(t, err)
	return d
}

// compareSteps checks the steps x + disc_f + disc_G z of the noising process
// and of the two that run backwards, with the recorded scores. The peer's steps
// for sub-VP are those of Euler and Maruyama with 1/N.
func compareSteps(t *testing.T, r sdeRecord, p sde.SDE) {
	x := r.X.Dense()
	_, cols := x.Dims()
	d, mean := r.table(t, p), mat.NewDense(1, cols, nil)
	require.Equal(t, d != nil, len(r.DiscreteIndex) > 0)
	for i, at := range r.Times {
		// Below, 1 − exp in the peer's diffusion of sub-VP shows again.
		tolerance := 1e-10
		if d == nil && at <= 1e-3 {
			tolerance = 1e-7
		}
		near := nearTo(t, tolerance, fmt.Sprintf("at t = %v", at))
		row := x.Slice(i, i+1, 0, cols).(*mat.Dense)
		score := mat.NewDense(1, cols, r.Score.At(i).Data)

		var rate, q float64
		reverse := func(lambda float64) (deviation float64) {
			mean.Scale(1-rate, row)
			onScore := mat.NewDense(1, cols, nil)
			onScore.Scale(0.5*(1+lambda*lambda)*q, score)
			mean.Add(mean, onScore)
			return lambda * math.Sqrt(q)
		}
		if d == nil {
			f, g2 := p.Rates(at)
			rate, q = f/float64(r.N), g2/float64(r.N)
		} else {
			index := d.Index(at / r.End)
			require.Equal(t, r.DiscreteIndex[i], index)
			var a float64
			a, q = d.Step(index)
			rate = a - 1
			reverse = func(lambda float64) float64 { return d.Reverse(mean, row, score, index, lambda) }
		}
		drift := mat.NewDense(1, cols, nil)
		drift.Scale(rate, row)
		near("drift rate of a step", []float64{r.DiscreteDriftRate[i]}, []float64{rate})
		near("drift of a step", r.DiscreteDrift.At(i).Data, drift.RawRowView(0))
		near("diffusion of a step", []float64{r.DiscreteDiffusion[i]}, []float64{math.Sqrt(q)})
		for lambda, want := range []reverseRecord{r.ReverseODE, r.ReverseSDE} {
			near("reverse diffusion of a step", []float64{want.DiscreteDiffusion[i]}, []float64{reverse(float64(lambda))})
			drift.Sub(row, mean)
			near("reverse drift of a step", want.DiscreteDrift.At(i).Data, drift.RawRowView(0))
		}
	}
}

func compareTables(t *testing.T, r sdeRecord, p sde.SDE) {
	d := r.table(t, p)
	require.Equal(t, d != nil, len(r.Tables.Index) > 0)
	if d == nil {
		return
	}
	near := nearTo(t, 1e-10, "")
	value := func(want []float64, of func(a, q, alpha, sigma float64) float64, at []int, what string) {
		var got []float64
		for _, i := range at[:min(len(at), len(want))] {
			a, q := d.Step(i)
			alpha, sigma := d.Kernel(float64(i + 1))
			got = append(got, of(a, q, alpha, sigma))
		}
		for i := range want { // each relative to itself
			near(what, want[i:i+1], got[i:i+1])
		}
	}
	index := r.Tables.Index
	value(r.Tables.FirstLast, func(_, q, _, _ float64) float64 { return q }, []int{0, r.N - 1}, "first and last β")
	value(r.Tables.Betas, func(_, q, _, _ float64) float64 { return q }, index, "β")
	value(r.Tables.AlphaBars, func(_, _, alpha, _ float64) float64 { return alpha * alpha }, index, "ᾱ")
	value(r.Tables.Sigmas, func(_, _, _, sigma float64) float64 { return sigma }, index, "σ")
}

// comparePrior checks log N(z; 0, prior² I).
func comparePrior(t *testing.T, r sdeRecord, prior float64) {
	z := r.PriorZ.Dense()
	rows, cols := z.Dims()
	require.Len(t, r.PriorLogP, rows)
	cov := mat.NewSymDense(cols, nil)
	for j := range cols {
		cov.SetSym(j, j, prior*prior)
	}
	normal, ok := distmv.NewNormal(make([]float64, cols), cov, nil)
	require.True(t, ok)
	for i, want := range r.PriorLogP {
		require.InEpsilon(t, want, normal.LogProb(z.RawRowView(i)), 1e-10)
	}
}

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

// sdeRecord is one case of the fixture, but for what belongs to other parts of
// the library: disc_*, tables and the reverse disc_* (discrete processes) and
// dsm_losses (objectives).
type sdeRecord struct {
	SDE        string        `json:"sde"`
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
}

type reverseRecord struct {
	Drift     fixture.Array `json:"drift"`
	Diffusion []float64     `json:"diffusion"`
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
	var file struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []sdeRecord       `json:"cases"`
	}
	require.NoError(t, fixture.Read("sde", &file))

	ran := 0
	for i, r := range file.Cases {
		ran++
		t.Run(fmt.Sprintf("%d %s", i, r.SDE), func(t *testing.T) {
			p, prior := r.process(t)
			require.NoError(t, sde.Validate(p))
			_, end := p.Span()
			require.Equal(t, r.End, end)

			mixture := file.Mixtures[r.Mixture].Distribution()
			score := sde.Analytic(p, func(alpha, sigma float64) sde.Density { return mixture.Diffuse(alpha, sigma) })
			compareRows(t, r, p, score)
			comparePrior(t, r, prior)
		})
	}
	require.Positive(t, ran)
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
		near := func(what string, want, got []float64) {
			t.Helper()
			require.Len(t, got, len(want), what)
			scale := 0.0
			for _, v := range want {
				scale = max(scale, math.Abs(v))
			}
			require.InDeltaSlice(t, want, got, tolerance*scale, "%s at t = %v", what, at)
		}
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

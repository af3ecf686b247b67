package dataset_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
)

// closeTo compares with a relative tolerance against the size of the numbers.
func closeTo(t *testing.T, want, got []float64, tol float64) {
	t.Helper()
	size := 1.0
	for _, v := range want {
		size = max(size, math.Abs(v))
	}
	require.InDeltaSlice(t, want, got, tol*size)
}

// The conversion records hold the exact denoiser (x1), score and log-density of
// a mixture at the time of each row. The velocities and the ode, likelihood and
// schedule_transform records integrate a flow, which is not done here.
func TestFixtureFlowMixtures(t *testing.T) {
	type record struct {
		Scheduler string
		Options   struct {
			N       *float64 `json:"n"`
			BetaMin *float64 `json:"beta_min"`
			BetaMax *float64 `json:"beta_max"`
		}
		Mixture  int
		T        fixture.Array
		Xt       fixture.Array `json:"x_t"`
		Analytic struct {
			X1    fixture.Array `json:"x1"`
			Score fixture.Array `json:"score"`
			Logp  fixture.Array `json:"logp_t"`
		}
	}
	f := fixture.Load[struct {
		Mixtures    []fixture.Mixture
		Conversions []record
	}](t, "flow")
	fixture.Each(t, f.Conversions, func(i int, c record) string {
		return fmt.Sprintf("%d/%s", i, c.Scheduler)
	}, func(t *testing.T, c record) {
		m := f.Mixtures[c.Mixture].Distribution()
		for r := range c.Xt.Shape[0] {
			option := func(v *float64, byDefault float64) float64 {
				if v == nil {
					return byDefault
				}
				return *v
			}
			low, high := option(c.Options.BetaMin, 0.1), option(c.Options.BetaMax, 20)
			alpha, sigma := path(t, c.Scheduler, c.T.Data[r], option(c.Options.N, 1), low, high)
			p, x := m.Diffuse(alpha, sigma), c.Xt.At(r).Data
			closeTo(t, c.Analytic.X1.At(r).Data, p.Denoise(nil, x), 1e-9)
			closeTo(t, c.Analytic.Score.At(r).Data, p.ScoreInput(nil, x), 1e-9)
			closeTo(t, c.Analytic.Logp.Data[r:r+1], []float64{p.LogProb(x)}, 1e-9)
		}
	})
}

// path returns the factors of data and noise of the flow-matching schedulers,
// whose time runs from noise to data.
func path(t *testing.T, scheduler string, time, n, low, high float64) (alpha, sigma float64) {
	switch scheduler {
	case "CondOTScheduler":
		return time, 1 - time
	case "PolynomialConvexScheduler":
		return math.Pow(time, n), 1 - math.Pow(time, n)
	case "VPScheduler":
		return marginal(t, "VPSDE", [3]float64{low, high}, 1-time)
	case "LinearVPScheduler":
		return time, math.Sqrt(1 - time*time)
	case "CosineScheduler":
		sigma, alpha = math.Sincos(math.Pi / 2 * (1 - time))
		return alpha, sigma
	}
	require.FailNow(t, "unknown scheduler", scheduler)
	return 0, 0
}

// The densities in the likelihood records. Their solver's results (logp_*,
// latent_z, nfe_*, bpd_*) need a flow; prior_logp_at_z is a plain normal.
func TestFixtureLikelihoodDensities(t *testing.T) {
	type record struct {
		SDE     string `json:"sde"`
		Params  [3]float64
		Mixture int
		Eps     float64
		X       fixture.Array
		Z       fixture.Array `json:"latent_z"`
		AtEps   fixture.Array `json:"analytic_logp_at_eps"`
		At0     fixture.Array `json:"analytic_logp_at_0"`
		AtT     fixture.Array `json:"analytic_logp_T_at_z"`
	}
	f := fixture.Load[struct {
		Mixtures []fixture.Mixture
		Cases    []record
	}](t, "likelihood")
	fixture.Each(t, f.Cases, func(i int, c record) string { return fmt.Sprintf("%d/%s", i, c.SDE) }, func(t *testing.T, c record) {
		m := f.Mixtures[c.Mixture].Distribution()
		start, end := m.Diffuse(marginal(t, c.SDE, c.Params, c.Eps)), m.Diffuse(marginal(t, c.SDE, c.Params, 1))
		for r := range c.X.Shape[0] {
			x := c.X.At(r).Data
			for _, v := range []struct {
				dist interface{ LogProb([]float64) float64 }
				x    []float64
				want float64
			}{{m, x, c.At0.Data[r]}, {start, x, c.AtEps.Data[r]}, {end, c.Z.At(r).Data, c.AtT.Data[r]}} {
				closeTo(t, []float64{v.want}, []float64{v.dist.LogProb(v.x)}, 1e-10)
			}
		}
	})
}

// marginal returns the mean factor and standard deviation of the three
// processes of the score-SDE paper.
func marginal(t *testing.T, sde string, p [3]float64, time float64) (alpha, sigma float64) {
	logAlpha := -time*time*(p[1]-p[0])/4 - time*p[0]/2
	switch sde {
	case "VPSDE":
		return math.Exp(logAlpha), math.Sqrt(-math.Expm1(2 * logAlpha))
	case "subVPSDE":
		return math.Exp(logAlpha), -math.Expm1(2 * logAlpha)
	case "VESDE":
		return 1, p[0] * math.Pow(p[1]/p[0], time)
	}
	require.FailNow(t, "unknown process", sde)
	return 0, 0
}

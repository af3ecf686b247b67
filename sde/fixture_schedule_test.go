package sde_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/sdetest"
	"github.com/stretchr/testify/require"
)

// azulaOptions are the settings of azula's schedules.
type azulaOptions struct {
	AlphaMin float64 `json:"alpha_min"`
	SigmaMin float64 `json:"sigma_min"`
	SigmaMax float64 `json:"sigma_max"`
	Gamma    float64 `json:"gamma"`
}

// azulaProcess returns the process of a schedule. But for VE they start from
// σ_min > 0 and end at α_min > 0, as processes of a user.
func azulaProcess(t *testing.T, schedule string, o azulaOptions) sde.SDE {
	// between is the process from α = 1 and σ = σ_min to α_min and 1 along a
	// function that grows from 0 to 1.
	between := func(part func(t float64) (value, derivative float64)) sde.SDE {
		line := func(from, to float64) func(float64) (float64, float64) {
			return func(t float64) (value, derivative float64) {
				value, derivative = part(t)
				return from + (to-from)*value, (to - from) * derivative
			}
		}
		return sde.Schedule{Alpha: line(1, o.AlphaMin), Sigma: line(o.SigmaMin, 1), End: 1}
	}
	// preserving is the process with α² + σ² = 1 + σ_min², given α and
	// 1 − α² without cancellation.
	preserving := func(alpha func(t float64) (value, derivative, rest float64)) sde.SDE {
		return sde.Schedule{
			Alpha: func(t float64) (value, derivative float64) { value, derivative, _ = alpha(t); return },
			Sigma: func(t float64) (value, derivative float64) {
				a, slope, rest := alpha(t)
				sigma := math.Sqrt(rest + o.SigmaMin*o.SigmaMin)
				return sigma, -a * slope / sigma
			},
			End: 1,
		}
	}
	switch schedule {
	case "VESchedule":
		return sde.VE{SigmaMin: o.SigmaMin, SigmaMax: o.SigmaMax}
	case "VPSchedule":
		rate := math.Log(o.AlphaMin)
		return preserving(func(t float64) (value, derivative, rest float64) {
			value = math.Exp(rate * t * t)
			return value, 2 * rate * t * value, -math.Expm1(2 * rate * t * t)
		})
	case "CosineSchedule":
		rate := math.Acos(o.AlphaMin)
		return preserving(func(t float64) (value, derivative, rest float64) {
			sin, cos := math.Sincos(rate * t)
			return cos, -rate * sin, sin * sin
		})
	case "RectifiedSchedule":
		return between(func(t float64) (value, derivative float64) { return t, 1 })
	case "DecaySchedule":
		rate := math.Log(o.Gamma)
		return between(func(t float64) (value, derivative float64) {
			return math.Expm1(rate*t) / (o.Gamma - 1), rate * math.Exp(rate*t) / (o.Gamma - 1)
		})
	}
	require.FailNow(t, "unknown schedule", schedule)
	return nil
}

func TestFixtureAzulaSchedules(t *testing.T) {
	type record struct {
		Schedule string       `json:"schedule"`
		Options  azulaOptions `json:"options"`
		T        []float64    `json:"t"`
		Alpha    []float64    `json:"alpha"`
		Sigma    []float64    `json:"sigma"`
	}
	file := fixture.Load[struct {
		Schedules []record `json:"schedules"`
	}](t, "azula")
	fixture.Each(t, file.Schedules, func(i int, r record) string {
		return fmt.Sprintf("%d %s", i, r.Schedule)
	}, func(t *testing.T, r record) {
		p := azulaProcess(t, r.Schedule, r.Options)
		require.NoError(t, sdetest.Check(p))
		for k, at := range r.T {
			near := nearTo(t, 1e-10, fmt.Sprintf("at t = %v", at))
			alpha, sigma := p.Kernel(at)
			near("α", r.Alpha[k:k+1], []float64{alpha})
			near("σ", r.Sigma[k:k+1], []float64{sigma})
		}
	})
}

// notEDM gives the reason why a preconditioner of edm.json has nothing to say
// about a process.
var notEDM = map[string]string{
	"VEPrecond":  "the record has no times",
	"EDMPrecond": "its time is σ",
}

// The coefficients of the preconditioners belong to networks; here are the
// noise levels of their times. EDM's σ is the ratio σ/α.
func TestFixtureEDMNoiseLevels(t *testing.T) {
	type record struct {
		Name    string `json:"name"`
		Options struct {
			BetaD   float64 `json:"beta_d"`
			BetaMin float64 `json:"beta_min"`
			C1      float64 `json:"C_1"`
			C2      float64 `json:"C_2"`
			M       int     `json:"M"`
		} `json:"options"`
		Sigma    []float64 `json:"sigma"`
		T        []float64 `json:"t"`
		SigmaOfT []float64 `json:"sigma_of_t"`
		TOfSigma []float64 `json:"t_of_sigma"`
		UIndex   []int     `json:"u_index"`
		U        []float64 `json:"u"`
	}
	file := fixture.Load[struct {
		Preconditioning []record `json:"preconditioning"`
	}](t, "edm")
	fixture.EachExcept(t, file.Preconditioning, func(i int, r record) string {
		return fmt.Sprintf("%d %s", i, r.Name)
	}, func(r record) string { return notEDM[r.Name] }, func(t *testing.T, r record) {
		one := func(what string, want, got, tolerance float64) {
			t.Helper()
			nearTo(t, tolerance, "")(what, []float64{want}, []float64{got})
		}
		switch r.Name {
		case "VPPrecond":
			p := sde.VP{BetaMin: r.Options.BetaMin, BetaMax: r.Options.BetaMin + r.Options.BetaD}
			for k, at := range r.T {
				one("σ of t", r.SigmaOfT[k], math.Exp(-sde.LogSNR(p, at)), 1e-10)
			}
			for k, sigma := range r.Sigma {
				// The peer's log(1 + σ²) and difference of roots cancel at small times.
				tolerance := 1e-10
				if r.TOfSigma[k] <= 1e-3 {
					tolerance = 1e-7
				}
				one("t of σ", r.TOfSigma[k], sde.TimeAt(p, -math.Log(sigma)), tolerance)
			}
		case "iDDPMPrecond": // from the noisiest level 0 to the data, level M
			p, m := sde.Cosine{Offset: r.Options.C2}, r.Options.M
			betas := make([]float64, m)
			for i := range betas {
				_, q := sde.Transition(p, float64(i)/float64(m), float64(i+1)/float64(m))
				betas[i] = min(q, 1-r.Options.C1)
			}
			d := discrete(sde.NewDDPM(betas))
			if 1-r.Options.C1 == 0.999 { // as published
				require.Equal(t, d, discrete(p.Discrete(m)))
			}
			for k, j := range r.UIndex {
				one("level", r.U[k], math.Exp(-sde.LogSNR(d, float64(m-j))), 1e-10)
			}
		default:
			require.FailNow(t, "unknown preconditioner")
		}
	})
}

// A noise-predicting network trained on levels, asked for noise in between.
func TestFixtureKDiffusionLevels(t *testing.T) {
	file := fixture.Load[struct {
		Discrete struct {
			AlphaBars   []float64 `json:"alphas_cumprod"`
			Table       []float64 `json:"sigmas_table"`
			QuerySigma  []float64 `json:"query_sigma"`
			Level       []float64 `json:"sigma_to_t"`
			WholeLevel  []float64 `json:"sigma_to_t_quantized"`
			Sigma       []float64 `json:"sigma"`
			OnNetwork   []float64 `json:"c_out"`
			OnNetworkIn []float64 `json:"c_in"`
		} `json:"discrete"`
	}](t, "kdiff")
	r := file.Discrete
	require.NotEmpty(t, r.AlphaBars)
	d := discrete(sde.NewAlphaBar(r.AlphaBars))
	near := nearTo(t, 1e-10, "")
	t.Run("table", func(t *testing.T) {
		for i := range r.Table {
			near("σ/α", r.Table[i:i+1], []float64{math.Exp(-sde.LogSNR(d, float64(i+1)))})
		}
	})
	t.Run("levels", func(t *testing.T) {
		for k, sigma := range r.QuerySigma {
			level := d.Level(-math.Log(sigma))
			near("level", r.Level[k:k+1], []float64{level})
			require.Equal(t, r.WholeLevel[k], math.Round(level))
		}
	})
	// D = x − σ ε(x c_in): c_out is what a noise has of σ/α in the denoiser, and
	// c_in turns k-diffusion's x, which is x/α, into x.
	t.Run("coefficients", func(t *testing.T) {
		for k, sigma := range r.Sigma {
			at := sde.TimeAt(d, -math.Log(sigma))
			alpha, _ := d.Kernel(at)
			onX, onNoise := sde.Between(d, at, sde.Noise, sde.Denoised)
			near("c_in", r.OnNetworkIn[k:k+1], []float64{alpha})
			near("c_out", r.OnNetwork[k:k+1], []float64{onNoise})
			near("x's share", []float64{1}, []float64{onX * alpha})
		}
	})
}

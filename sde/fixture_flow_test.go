package sde_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/sdetest"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The records of flow.json come from a library whose time runs from noise at 0
// to data at 1. Its velocities and derivatives have the other sign.

type flowOptions struct {
	N       float64 `json:"n"`
	BetaMin float64 `json:"beta_min"`
	BetaMax float64 `json:"beta_max"`
}

// flowProcess returns the process of a scheduler.
func flowProcess(t *testing.T, scheduler string, o flowOptions) sde.SDE {
	switch scheduler {
	case "CondOTScheduler":
		return sde.Linear{}
	case "CosineScheduler":
		return sde.Cosine{}
	case "VPScheduler":
		return sde.VP{BetaMin: o.BetaMin, BetaMax: o.BetaMax}
	case "PolynomialConvexScheduler": // α = (1−t)ⁿ, σ = 1 − α
		power := func(t float64) float64 { return o.N * math.Pow(1-t, o.N-1) }
		return sde.Schedule{
			Alpha: func(t float64) (value, derivative float64) { return math.Pow(1-t, o.N), -power(t) },
			Sigma: func(t float64) (value, derivative float64) { return -math.Expm1(o.N * math.Log1p(-t)), power(t) },
			Start: 1e-3, End: 0.999,
		}
	case "LinearVPScheduler": // α = 1 − t, α² + σ² = 1
		return sde.Schedule{
			Alpha: func(t float64) (value, derivative float64) { return 1 - t, -1 },
			Sigma: func(t float64) (value, derivative float64) {
				sigma := math.Sqrt(t * (2 - t))
				return sigma, (1 - t) / sigma
			},
			Start: 1e-3, End: 0.999,
		}
	}
	require.FailNow(t, "unknown scheduler", scheduler)
	return nil
}

func TestFixtureFlowSchedulers(t *testing.T) {
	type record struct {
		Scheduler  string      `json:"scheduler"`
		Options    flowOptions `json:"options"`
		T          []float64   `json:"t"`
		Alpha      []float64   `json:"alpha"`
		Sigma      []float64   `json:"sigma"`
		DAlpha     []float64   `json:"d_alpha"`
		DSigma     []float64   `json:"d_sigma"`
		SNR        []float64   `json:"snr"`
		SNRInverse []float64   `json:"snr_inverse"`
	}
	file := fixture.Load[struct {
		Schedulers []record `json:"schedulers"`
	}](t, "flow")
	fixture.Each(t, file.Schedulers, func(i int, r record) string {
		return fmt.Sprintf("%d %s", i, r.Scheduler)
	}, func(t *testing.T, r record) {
		p := flowProcess(t, r.Scheduler, r.Options)
		require.NoError(t, sdetest.Check(p))
		for k, at := range r.T {
			near := nearTo(t, 1e-10, fmt.Sprintf("at t = %v", at))
			one := func(what string, want, got float64) {
				t.Helper()
				near(what, []float64{want}, []float64{got})
			}
			alpha, sigma := p.Kernel(1 - at)
			f, g2 := p.Rates(1 - at)
			one("α", r.Alpha[k], alpha)
			one("σ", r.Sigma[k], sigma)
			one("dα/dt", r.DAlpha[k], -alpha*f)
			one("dσ/dt", r.DSigma[k], -(g2+2*f*sigma*sigma)/(2*sigma))
			one("α/σ", r.SNR[k], math.Exp(sde.LogSNR(p, 1-at)))
			one("time of α/σ", r.SNRInverse[k], 1-sde.TimeAt(p, math.Log(r.SNR[k])))
		}
	})
}

func TestFixtureFlowConversions(t *testing.T) {
	type record struct {
		Scheduler         string        `json:"scheduler"`
		Options           flowOptions   `json:"options"`
		Mixture           int           `json:"mixture"`
		T                 []float64     `json:"t"`
		X0                fixture.Array `json:"x_0"`
		X1                fixture.Array `json:"x_1"`
		XT                fixture.Array `json:"x_t"`
		DXT               fixture.Array `json:"dx_t"`
		Pred              fixture.Array `json:"pred"`
		TargetToVelocity  fixture.Array `json:"target_to_velocity"`
		EpsilonToVelocity fixture.Array `json:"epsilon_to_velocity"`
		VelocityToTarget  fixture.Array `json:"velocity_to_target"`
		EpsilonToTarget   fixture.Array `json:"epsilon_to_target"`
		VelocityToEpsilon fixture.Array `json:"velocity_to_epsilon"`
		TargetToEpsilon   fixture.Array `json:"target_to_epsilon"`
		Analytic          struct {
			Velocity fixture.Array `json:"velocity"`
			X1       fixture.Array `json:"x1"`
			Score    fixture.Array `json:"score"`
			FromPeer fixture.Array `json:"velocity_from_peer_target_to_velocity"`
		} `json:"analytic"`
	}
	file := fixture.Load[struct {
		Mixtures    []fixture.Mixture `json:"mixtures"`
		Conversions []record          `json:"conversions"`
	}](t, "flow")
	fixture.Each(t, file.Conversions, func(i int, r record) string {
		return fmt.Sprintf("%d %s", i, r.Scheduler)
	}, func(t *testing.T, r record) {
		p := flowProcess(t, r.Scheduler, r.Options)
		mixture := file.Mixtures[r.Mixture].Distribution()
		exact := sde.Analytic(p, mixture.Diffuse)
		for k, at := range r.T {
			time := 1 - at
			near := nearTo(t, 1e-10, fmt.Sprintf("at t = %v", at))
			row := func(a fixture.Array) *mat.Dense { return a.At(k).Dense() }
			x, pred, out := row(r.XT), row(r.Pred), new(mat.Dense)
			out.CloneFrom(x)
			convert := func(src *mat.Dense, from, to sde.Quantity) []float64 {
				out.CloneFrom(src)
				if from == sde.Velocity {
					out.Scale(-1, out)
				}
				sde.Convert(out, x, out, p, time, from, to)
				if to == sde.Velocity {
					out.Scale(-1, out)
				}
				return out.RawRowView(0)
			}

			// x_t and its derivative are linear in data and noise, as are the kernel
			// and a denoiser with its noise.
			alpha, sigma := p.Kernel(time)
			state := mat.NewDense(1, len(x.RawRowView(0)), nil)
			state.Apply(func(_, j int, v float64) float64 { return alpha*v + sigma*r.X0.At(k).Data[j] }, row(r.X1))
			near("x_t", r.XT.At(k).Data, state.RawRowView(0))
			near("dx_t", r.DXT.At(k).Data, convert(row(r.X1), sde.Denoised, sde.Velocity))

			near("target to velocity", r.TargetToVelocity.At(k).Data, convert(pred, sde.Denoised, sde.Velocity))
			near("ε to velocity", r.EpsilonToVelocity.At(k).Data, convert(pred, sde.Noise, sde.Velocity))
			near("velocity to target", r.VelocityToTarget.At(k).Data, convert(pred, sde.Velocity, sde.Denoised))
			near("ε to target", r.EpsilonToTarget.At(k).Data, convert(pred, sde.Noise, sde.Denoised))
			near("velocity to ε", r.VelocityToEpsilon.At(k).Data, convert(pred, sde.Velocity, sde.Noise))
			near("target to ε", r.TargetToEpsilon.At(k).Data, convert(pred, sde.Denoised, sde.Noise))

			score := new(mat.Dense)
			score.CloneFrom(x)
			exact.Score(score, x, []float64{time})
			near("score", r.Analytic.Score.At(k).Data, score.RawRowView(0))
			near("denoiser", r.Analytic.X1.At(k).Data, convert(score, sde.Score, sde.Denoised))
			near("velocity", r.Analytic.Velocity.At(k).Data, convert(score, sde.Score, sde.Velocity))
			near("velocity of the peer", r.Analytic.FromPeer.At(k).Data, convert(score, sde.Score, sde.Velocity))
		}
	})
}

// A velocity learned for one process, read as that of another: at the time with
// the same α/σ, x scaled by the ratio of the α, the denoiser is the same.
func TestFixtureFlowScheduleTransform(t *testing.T) {
	type record struct {
		Original        string      `json:"original"`
		OriginalOptions flowOptions `json:"original_options"`
		New             string      `json:"new"`
		NewOptions      flowOptions `json:"new_options"`
		Mixture         int         `json:"mixture"`
		Points          []struct {
			T        float64       `json:"t"`
			X        fixture.Array `json:"x"`
			U        fixture.Array `json:"u"`
			Analytic fixture.Array `json:"analytic_u"`
		} `json:"points"`
	}
	file := fixture.Load[struct {
		Mixtures   []fixture.Mixture `json:"mixtures"`
		Transforms []record          `json:"schedule_transform"`
	}](t, "flow")
	fixture.Each(t, file.Transforms, func(i int, r record) string {
		return fmt.Sprintf("%d %s to %s", i, r.Original, r.New)
	}, func(t *testing.T, r record) {
		was, is := flowProcess(t, r.Original, r.OriginalOptions), flowProcess(t, r.New, r.NewOptions)
		mixture := file.Mixtures[r.Mixture].Distribution()
		exact := sde.Analytic(was, mixture.Diffuse)
		for _, point := range r.Points {
			near := nearTo(t, 1e-10, fmt.Sprintf("at t = %v", point.T))
			newTime := 1 - point.T
			oldTime := sde.TimeAt(was, sde.LogSNR(is, newTime))
			oldAlpha, _ := was.Kernel(oldTime)
			newAlpha, _ := is.Kernel(newTime)

			x := point.X.Dense()
			scaled, u := new(mat.Dense), new(mat.Dense)
			scaled.Scale(oldAlpha/newAlpha, x)
			u.CloneFrom(x)
			exact.Score(u, scaled, []float64{oldTime})
			sde.Convert(u, scaled, u, was, oldTime, sde.Score, sde.Velocity)
			sde.Convert(u, scaled, u, was, oldTime, sde.Velocity, sde.Denoised)
			sde.Convert(u, x, u, is, newTime, sde.Denoised, sde.Velocity)
			u.Scale(-1, u)
			near("velocity", point.Analytic.Data, u.RawMatrix().Data)
			near("velocity of the peer", point.U.Data, u.RawMatrix().Data)
		}
	})
}

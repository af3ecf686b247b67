package sampler_test

import (
	"fmt"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
)

// sameGrid compares two lists of times or noise levels.
func sameGrid(t *testing.T, want, got []float64) {
	require.Len(t, got, len(want))
	for i, v := range want {
		require.InDelta(t, v, got[i], 1e-10*(v+1e-6), "point %d", i)
	}
}

// anyEDM is EDM on a span that holds every level of the records.
var anyEDM = sde.EDM{SigmaMin: 1e-9, SigmaMax: 1e9}

func TestFixtureSchedulesOfKDiffusion(t *testing.T) {
	arithmetic(t)
	type record struct {
		Name     string    `json:"name"`
		N        int       `json:"n"`
		SigmaMin float64   `json:"sigma_min"`
		SigmaMax float64   `json:"sigma_max"`
		Rho      float64   `json:"rho"`
		BetaD    float64   `json:"beta_d"`
		BetaMin  float64   `json:"beta_min"`
		EpsS     float64   `json:"eps_s"`
		Sigmas   []float64 `json:"sigmas"`
	}
	file := fixture.Load[struct {
		Schedules []record `json:"schedules"`
	}](t, "kdiff")
	fixture.Each(t, file.Schedules, func(i int, c record) string {
		return fmt.Sprintf("%d/%s,n=%d,rho=%g", i, c.Name, c.N, c.Rho)
	}, func(t *testing.T, c record) {
		var times []float64
		switch c.Name {
		case "get_sigmas_karras":
			times = grid.Karras(anyEDM, c.SigmaMax, c.SigmaMin, c.Rho, c.N)
		case "get_sigmas_exponential":
			times = grid.Exponential(anyEDM, c.SigmaMax, c.SigmaMin, c.N)
		case "get_sigmas_polyexponential":
			times = grid.Polyexponential(anyEDM, c.SigmaMax, c.SigmaMin, c.Rho, c.N)
		case "get_sigmas_vp":
			vp := sde.VP{BetaMin: c.BetaMin, BetaMax: c.BetaMin + c.BetaD}
			var err error
			times, err = grid.FromSigmas(anyEDM, grid.Sigmas(vp, grid.UniformTime(1, c.EpsS, c.N)))
			require.NoError(t, err)
		default:
			require.FailNow(t, "unknown schedule", c.Name)
		}
		sameGrid(t, c.Sigmas, append(times, 0))
	})
}

func TestFixtureTimestepsOfEDM(t *testing.T) {
	t.Parallel()
	type options struct {
		Steps          int      `json:"num_steps"`
		SigmaMin       *float64 `json:"sigma_min"`
		SigmaMax       *float64 `json:"sigma_max"`
		Rho            *float64 `json:"rho"`
		EpsilonS       *float64 `json:"epsilon_s"`
		Discretization string   `json:"discretization"`
		Schedule       string   `json:"schedule"`
	}
	type record struct {
		Sampler     string    `json:"sampler"`
		Options     options   `json:"options"`
		NetSigmaMin float64   `json:"net_sigma_min"`
		NetSigmaMax *float64  `json:"net_sigma_max"`
		Times       []float64 `json:"t_steps"`
	}
	file := fixture.Load[struct {
		Cases []record `json:"cases"`
	}](t, "edm")
	given := func(v *float64, otherwise float64) float64 {
		if v == nil {
			return otherwise
		}
		return *v
	}
	// levels returns those of a record; ok is false where they are entries of
	// iDDPM's table.
	levels := func(c record) (levels []float64, ok bool) {
		o, low, high := c.Options, c.NetSigmaMin, given(c.NetSigmaMax, 1e9)
		n := o.Steps
		switch o.Discretization {
		case "", "edm":
			low, high = max(low, given(o.SigmaMin, 0.002)), min(high, given(o.SigmaMax, 80))
			return grid.Sigmas(anyEDM, grid.Karras(anyEDM, high, low, given(o.Rho, 7), n)), true
		case "ve":
			low, high = max(low, given(o.SigmaMin, 0.02)), min(high, given(o.SigmaMax, 100))
			return grid.Sigmas(anyEDM, grid.Exponential(anyEDM, high, low, n)), true
		case "vp": // with the default σ_min and σ_max, which keep β
			return grid.Sigmas(sde.VP{}, grid.UniformTime(1, given(o.EpsilonS, 1e-3), n)), o.SigmaMin == nil && o.SigmaMax == nil
		}
		return nil, false
	}
	fixture.EachExcept(t, file.Cases, func(i int, c record) string {
		o := c.Options
		return fmt.Sprintf("%d/%s,n=%d,%s,%s", i, c.Sampler, o.Steps, o.Discretization, o.Schedule)
	}, func(c record) string {
		o := c.Options
		_, ok := levels(c)
		switch {
		case !ok:
			return "a subset of the levels of iDDPM's table, or a fitted β"
		case o.Schedule == "ve":
			return "the time σ², of a process that the library does not name"
		case o.Schedule == "vp" && o.Discretization != "vp":
			return "times of a VP process with a fitted β"
		}
		return ""
	}, func(t *testing.T, c record) {
		levels, _ := levels(c)
		var process sde.SDE = anyEDM
		if c.Options.Schedule == "vp" {
			process = sde.VP{}
		}
		times, err := grid.FromSigmas(process, append(levels, 0))
		require.NoError(t, err)
		sameGrid(t, c.Times, times)
	})
}

func TestFixtureTimestepsOfAzula(t *testing.T) {
	arithmetic(t)
	type record struct {
		Sampler string    `json:"sampler"`
		Start   float64   `json:"start"`
		Stop    float64   `json:"stop"`
		Steps   int       `json:"steps"`
		Times   []float64 `json:"timesteps"`
	}
	file := fixture.Load[struct {
		Cases []record `json:"cases"`
	}](t, "azula")
	fixture.Each(t, file.Cases, func(i int, c record) string {
		return fmt.Sprintf("%d/%s,%g,%g,%d", i, c.Sampler, c.Start, c.Stop, c.Steps)
	}, func(t *testing.T, c record) {
		sameGrid(t, c.Times, grid.UniformTime(c.Start, c.Stop, c.Steps+1))
	})
}

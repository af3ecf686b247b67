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
	t.Parallel()
	var file struct {
		Schedules []struct {
			Name     string    `json:"name"`
			N        int       `json:"n"`
			SigmaMin float64   `json:"sigma_min"`
			SigmaMax float64   `json:"sigma_max"`
			Rho      float64   `json:"rho"`
			BetaD    float64   `json:"beta_d"`
			BetaMin  float64   `json:"beta_min"`
			EpsS     float64   `json:"eps_s"`
			Sigmas   []float64 `json:"sigmas"`
		} `json:"schedules"`
	}
	require.NoError(t, fixture.Read("kdiff", &file))
	require.NotEmpty(t, file.Schedules)
	for i, c := range file.Schedules {
		t.Run(fmt.Sprintf("%d/%s,n=%d,rho=%g", i, c.Name, c.N, c.Rho), func(t *testing.T) {
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
	t.Logf("%d records reproduced", len(file.Schedules))
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
	var file struct {
		Cases []struct {
			Sampler     string    `json:"sampler"`
			Options     options   `json:"options"`
			NetSigmaMin float64   `json:"net_sigma_min"`
			NetSigmaMax *float64  `json:"net_sigma_max"`
			Times       []float64 `json:"t_steps"`
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("edm", &file))
	given := func(v *float64, otherwise float64) float64 {
		if v == nil {
			return otherwise
		}
		return *v
	}
	// grid returns the levels of a record; ok is false for those that are
	// entries of iDDPM's table.
	times := func(o options, low, high float64) (levels []float64, ok bool) {
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
	ran, left := 0, map[string]int{}
	for i, c := range file.Cases {
		o := c.Options
		levels, ok := times(o, c.NetSigmaMin, given(c.NetSigmaMax, 1e9))
		switch {
		case !ok:
			left["a subset of the levels of iDDPM's table, or a fitted β"]++
			continue
		case o.Schedule == "ve":
			left["the time σ², of a process that the library does not name"]++
			continue
		case o.Schedule == "vp" && (o.Discretization != "vp"):
			left["times of a VP process with a fitted β"]++
			continue
		}
		ran++
		t.Run(fmt.Sprintf("%d/%s,n=%d,%s,%s", i, c.Sampler, o.Steps, o.Discretization, o.Schedule), func(t *testing.T) {
			var process sde.SDE = anyEDM
			if o.Schedule == "vp" {
				process = sde.VP{}
			}
			times, err := grid.FromSigmas(process, append(levels, 0))
			require.NoError(t, err)
			sameGrid(t, c.Times, times)
		})
	}
	t.Logf("%d records reproduced, left out: %v", ran, left)
	require.Positive(t, ran)
}

func TestFixtureTimestepsOfAzula(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			Sampler string    `json:"sampler"`
			Start   float64   `json:"start"`
			Stop    float64   `json:"stop"`
			Steps   int       `json:"steps"`
			Times   []float64 `json:"timesteps"`
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("azula", &file))
	require.NotEmpty(t, file.Cases)
	for i, c := range file.Cases {
		t.Run(fmt.Sprintf("%d/%s,%g,%g,%d", i, c.Sampler, c.Start, c.Stop, c.Steps), func(t *testing.T) {
			sameGrid(t, c.Times, grid.UniformTime(c.Start, c.Stop, c.Steps+1))
		})
	}
	t.Logf("%d records reproduced", len(file.Cases))
}

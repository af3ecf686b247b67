package score

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sde"
)

func TestFixtureKDiffusionPreconditioners(t *testing.T) {
	type record struct {
		Name      string    `json:"name"`
		Data      float64   `json:"sigma_data"`
		Weighting string    `json:"weighting"`
		Sigma     []float64 `json:"sigma"`
		Skip      []float64 `json:"c_skip"`
		Out       []float64 `json:"c_out"`
		In        []float64 `json:"c_in"`
		Time      []float64 `json:"time"`
		Weight    []float64 `json:"loss_weight"` // of ‖F − T‖², hence ours times c_out²
	}
	file := fixture.Load[struct {
		Records []record `json:"preconditioners"`
	}](t, "kdiff")
	fixture.Each(t, file.Records, func(i int, r record) string {
		return fmt.Sprintf("%d %s %s", i, r.Name, r.Weighting)
	}, func(t *testing.T, r record) {
		v := r.Data * r.Data
		c, p := Precond(EDM{Variance: v}), sde.SDE(wide)
		if strings.HasSuffix(r.Name, "VDenoiser") { // whose v is that of a process with α² + σ² = 1
			c, p = V{Variance: v}, unit{wide}
		}
		w := map[string]Weight{"": VWeight{}, "karras": EDMWeight{Variance: v}, "soft-min-snr": SoftMinSNR{Variance: v}, "snr": Simple{}}[r.Weighting]
		for k, σ := range r.Sigma {
			got := c.Coeffs(p, σ)
			α, _ := p.Kernel(σ) // the peer's x is x_t/α
			require.InEpsilon(t, r.Skip[k], got.Skip*α, 1e-10)
			require.InEpsilon(t, r.Out[k], got.Out, 1e-10)
			require.InEpsilon(t, r.In[k], got.In*α, 1e-10)
			if r.Weight != nil {
				require.InEpsilon(t, r.Weight[k], w.At(wide, σ)*got.Out*got.Out, 1e-10)
			}
			if r.Time != nil { // the angle that the peer tells its network: a function of ours
				require.InDelta(t, r.Time[k], math.Atan(math.Exp(4*got.Noise))/(math.Pi/2), 1e-12)
			}
		}
	})
}

// unit is the process with the levels of another and α² + σ² = 1.
type unit struct{ sde.SDE }

func (p unit) Kernel(t float64) (alpha, sigma float64) {
	a, s := p.SDE.Kernel(t)
	return a / math.Hypot(a, s), s / math.Hypot(a, s)
}

func TestFixtureKDiffusionDensities(t *testing.T) {
	type record struct {
		Name    string             `json:"name"`
		Options map[string]float64 `json:"options"`
		Groups  []float64          `json:"stratified_group_groups"`
		Draws   [][]float64        `json:"draws"`
		Sigma   []float64          `json:"sigma"`
	}
	file := fixture.Load[struct {
		Records []record `json:"sigma_densities"`
	}](t, "kdiff")
	fixture.Each(t, file.Records, func(i int, r record) string { return fmt.Sprintf("%d %s", i, r.Name) }, func(t *testing.T, r record) {
		o := r.Options
		v, low, high := o["sigma_data"]*o["sigma_data"], o["min_value"], o["max_value"]
		quantile := func(draw, _ float64) float64 { return draw }
		var law Times
		switch r.Name {
		case "rand_log_normal": // whose quantiles keep away from 0 and 1
			law = LogNormal{Mean: o["loc"], Std: o["scale"]}
			quantile = func(draw, _ float64) float64 { return draw*(1-2e-7) + 1e-7 }
		case "rand_log_logistic":
			law = LogLogistic{Mean: o["loc"], Scale: o["scale"], Low: low, High: high}
		case "rand_log_uniform":
			law = LogUniform{Low: low, High: high}
		case "rand_v_diffusion":
			law = CosineTimes{Variance: v, Low: low, High: high}
		case "rand_cosine_interpolated": // from high to low
			law = CosineTimes{Variance: v, Low: low, High: high, ShiftHigh: o["image_d"] / o["noise_d_low"], ShiftLow: o["image_d"] / o["noise_d_high"]}
			quantile = func(draw, _ float64) float64 { return 1 - draw }
		case "rand_split_log_normal": // the side by one draw, the distance by the other
			law = SplitLogNormal{Mean: o["loc"], Below: o["scale_1"], Above: o["scale_2"]}
			share := o["scale_1"] / (o["scale_1"] + o["scale_2"])
			quantile = func(distance, side float64) float64 {
				beyond := math.Erfc(math.Abs(distance) / math.Sqrt2)
				if side < share {
					return share * beyond
				}
				return 1 - (1-share)*beyond
			}
		default:
			require.FailNow(t, "unknown density", r.Name)
		}
		for k, σ := range r.Sigma {
			u, side := r.Draws[0][k], 0.0
			if len(r.Draws) > 1 {
				side = r.Draws[1][k]
			}
			if g := r.Groups; g != nil {
				u = (g[0] + g[1]*float64(k) + u) / (float64(len(r.Sigma)) * g[1])
			}
			require.InEpsilon(t, σ, law.Quantile(wide, quantile(u, side)), 1e-9)
		}
	})
}

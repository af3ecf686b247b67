package sampler_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// setting is what the records of score_sde have in common.
type setting struct {
	SDE             string     `json:"sde"`
	Params          [3]float64 `json:"params"`
	Mixture         int        `json:"mixture"`
	Predictor       string     `json:"predictor"`
	Corrector       string     `json:"corrector"`
	ProbabilityFlow bool       `json:"probability_flow"`
	SNR             float64    `json:"snr"`
	Inner           int        `json:"n_steps"`
}

// step is one recorded update.
type step struct {
	T        float64       `json:"t"`
	X        fixture.Array `json:"x"`
	Noise    fixture.Array `json:"noise"`
	OutX     fixture.Array `json:"out_x"`
	OutXMean fixture.Array `json:"out_x_mean"`
}

func (c setting) name(i int) string {
	return fmt.Sprintf("%d/%s,%v,mixture=%d,%s,%s,flow=%v,snr=%g,n=%d",
		i, c.SDE, c.Params, c.Mixture, c.Predictor, c.Corrector, c.ProbabilityFlow, c.SNR, c.Inner)
}

// missing says why a record is not reproduced, or nothing.
func (c setting) missing() string {
	switch {
	case c.SDE == "subVPSDE":
		return "the sub-VP process is not part of the library yet"
	case c.Predictor == "reverse_diffusion" || c.Predictor == "ancestral_sampling":
		return "the predictor is not part of the library yet"
	}
	return ""
}

// problem returns the process and the mixture's exact score.
func (c setting) problem(t *testing.T, mixtures []fixture.Mixture) sampler.Problem {
	var p sde.SDE
	switch c.SDE {
	case "VPSDE":
		p = sde.VP{BetaMin: c.Params[0], BetaMax: c.Params[1]}
	case "VESDE":
		p = sde.VE{SigmaMin: c.Params[0], SigmaMax: c.Params[1]}
	default:
		require.FailNow(t, "unknown process", c.SDE)
	}
	mix := mixtures[c.Mixture].Distribution()
	return sampler.Problem{SDE: p, Score: sde.Analytic(p, func(alpha, sigma float64) sde.Density { return mix.Diffuse(alpha, sigma) })}
}

// predictor returns score_sde's Euler–Maruyama, or its "none".
func (c setting) predictor(t *testing.T) sampler.Predictor {
	switch c.Predictor {
	case "euler_maruyama":
		require.False(t, c.ProbabilityFlow)
		return sampler.EulerMaruyama{FixedStep: 1 / c.Params[2]}
	case "none", "":
		return sampler.Hold{}
	}
	require.FailNow(t, "unknown predictor", c.Predictor)
	return nil
}

// corrector returns score_sde's correctors: their scale is 1 for VE and the
// discrete 1 − β̃_i at i = ⌊t(N−1)⌋ for VP.
func (c setting) corrector(t *testing.T) sampler.Corrector {
	l := sampler.Langevin{R: c.SNR, Steps: c.Inner, MinRows: 1}
	if n := c.Params[2]; c.SDE == "VPSDE" {
		l.Scale = func(t float64) float64 {
			i := float64(int(t * (n - 1)))
			return 1 - (c.Params[0]/n + i/(n-1)*(c.Params[1]-c.Params[0])/n)
		}
	}
	switch c.Corrector {
	case "langevin":
		l.BatchNorms = true
	case "ald":
	case "none", "":
		return nil
	default:
		require.FailNow(t, "unknown corrector", c.Corrector)
	}
	return l
}

// near requires agreement relative to the largest entry of the row.
func near(t *testing.T, want fixture.Array, got mat.Matrix, tol float64) {
	w := want.Dense()
	n, d := w.Dims()
	gn, gd := got.Dims()
	require.Equal(t, []int{n, d}, []int{gn, gd})
	for i := range n {
		size := 0.0
		for j := range d {
			size = max(size, w.At(i, j), -w.At(i, j))
		}
		for j := range d {
			require.InDelta(t, w.At(i, j), got.At(i, j), tol*size, "row %d, column %d", i, j)
		}
	}
}

// one runs a single update from t, whose end the parity methods ignore.
func one(t *testing.T, c setting, p sampler.Problem, st step, tape noise.Source, mean bool) *mat.Dense {
	x := st.X.Dense()
	s := &sampler.Settings{
		Grid: []float64{st.T, st.T / 2}, Noise: tape, NoDenoise: true, LastMean: mean,
		Corrector: c.corrector(t), CorrectorFirst: true,
	}
	require.NoError(t, sampler.Continue(context.Background(), x, p, c.predictor(t), s))
	return x
}

func TestFixturePredictors(t *testing.T) {
	var file struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []struct {
			setting
			Steps []step `json:"steps"`
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("predictors", &file))
	ran, left := 0, map[string]int{}
	for i, c := range file.Cases {
		if why := c.missing(); why != "" {
			left[why]++
			continue
		}
		ran++
		t.Run(c.name(i), func(t *testing.T) {
			require.NotEmpty(t, c.Steps)
			p := c.problem(t, file.Mixtures)
			for _, st := range c.Steps {
				tape := noise.Recorded{{Purpose: noise.Predict}: st.Noise.At(0).Dense()}
				near(t, st.OutX, one(t, c.setting, p, st, tape, false), 1e-10)
				near(t, st.OutXMean, one(t, c.setting, p, st, tape, true), 1e-10)
			}
		})
	}
	t.Logf("%d records reproduced, left out: %v", ran, left)
	require.Positive(t, ran)
}

func TestFixtureCorrectors(t *testing.T) {
	var file struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []struct {
			setting
			Steps []step `json:"steps"`
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("correctors", &file))
	ran, left := 0, map[string]int{}
	for i, c := range file.Cases {
		if why := c.missing(); why != "" {
			left[why]++
			continue
		}
		ran++
		t.Run(c.name(i), func(t *testing.T) {
			require.NotEmpty(t, c.Steps)
			p := c.problem(t, file.Mixtures)
			for _, st := range c.Steps {
				tape := noise.Recorded{}
				for slot := range c.Inner {
					tape[noise.Key{Purpose: noise.Correct, Slot: slot}] = st.Noise.At(slot).Dense()
				}
				near(t, st.OutX, one(t, c.setting, p, st, tape, false), 1e-10)
				near(t, st.OutXMean, correctedMean(t, c.setting, p, st, tape), 1e-10)
			}
		})
	}
	t.Logf("%d records reproduced, left out: %v", ran, left)
	require.Positive(t, ran)
}

// correctedMean returns the corrector's last update without its noise.
func correctedMean(t *testing.T, c setting, p sampler.Problem, st step, tape noise.Source) *mat.Dense {
	mean := new(mat.Dense)
	look := predictor(func(s *sampler.Step) error {
		mean.CloneFrom(s.Mean)
		return nil
	})
	s := &sampler.Settings{
		Grid: []float64{st.T, st.T / 2}, Noise: tape, NoDenoise: true,
		Corrector: c.corrector(t), CorrectorFirst: true, Workers: 1,
	}
	require.NoError(t, sampler.Continue(context.Background(), st.X.Dense(), p, look, s))
	return mean
}

// recorder is a predictor that keeps what it is given.
type recorder struct {
	sampler.Predictor
	before, mean []*mat.Dense
}

func (r *recorder) Predict(s *sampler.Step) error {
	r.before = append(r.before, mat.DenseCopyOf(s.X))
	err := r.Predictor.Predict(s)
	r.mean = append(r.mean, mat.DenseCopyOf(s.Mean))
	return err
}

// states is an observer that keeps every state.
type states []*mat.Dense

func (s *states) Observe(_ int, _ float64, x mat.Matrix) error {
	*s = append(*s, mat.DenseCopyOf(x))
	return nil
}

func TestFixtureTrajectories(t *testing.T) {
	var file struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []struct {
			setting
			Eps                float64       `json:"eps"`
			Noise              fixture.Array `json:"noise"`
			T                  []float64     `json:"t"`
			AfterCorrector     fixture.Array `json:"after_corrector"`
			AfterPredictor     fixture.Array `json:"after_predictor"`
			AfterPredictorMean fixture.Array `json:"after_predictor_mean"`
			FinalXMean         fixture.Array `json:"final_x_mean"`
			FinalX             fixture.Array `json:"final_x"`
		} `json:"cases"`
	}
	require.NoError(t, fixture.Read("pc", &file))
	ran, left := 0, map[string]int{}
	for i, c := range file.Cases {
		if why := c.missing(); why != "" {
			left[why]++
			continue
		}
		ran++
		t.Run(c.name(i), func(t *testing.T) {
			p := c.problem(t, file.Mixtures)
			// The draws in the order of their use: prior, then for every
			// time the corrector's and the predictor's.
			next := 0
			draw := func() *mat.Dense {
				next++
				return c.Noise.At(next - 1).Dense()
			}
			tape := noise.Recorded{{Purpose: noise.Prior}: draw()}
			for k := range c.T {
				if c.Corrector != "none" {
					for slot := range c.Inner {
						tape[noise.Key{Purpose: noise.Correct, Step: k, Slot: slot}] = draw()
					}
				}
				if c.Predictor != "none" {
					tape[noise.Key{Purpose: noise.Predict, Step: k}] = draw()
				}
			}
			require.Equal(t, c.Noise.Shape[0], next, "every recorded draw has its place")
			rows, d := c.Noise.Shape[1], c.Noise.Shape[2]

			var seen states
			rec := &recorder{Predictor: c.predictor(t)}
			s := &sampler.Settings{
				// N times make N updates: the last one's end is ignored.
				Grid:      append(append([]float64(nil), c.T...), c.Eps/2),
				Corrector: c.corrector(t), CorrectorFirst: true, NoDenoise: true,
				Noise: tape, Observer: &seen,
			}
			if c.SDE == "VESDE" { // the peer's N(0, σ_max²)
				s.Prior.Variance = make([]float64, d)
			}
			x := mat.NewDense(rows, d, nil)
			require.NoError(t, sampler.Sample(context.Background(), x, p, rec, s))
			require.Len(t, seen, len(c.T)+1)
			for k := range c.T {
				near(t, c.AfterCorrector.At(k), rec.before[k], 1e-8)
				near(t, c.AfterPredictor.At(k), seen[k+1], 1e-8)
				near(t, c.AfterPredictorMean.At(k), rec.mean[k], 1e-8)
			}
			near(t, c.FinalX, x, 1e-8)

			s.LastMean, s.Observer = true, nil
			require.NoError(t, sampler.Sample(context.Background(), x, p, c.predictor(t), s))
			near(t, c.FinalXMean, x, 1e-8)
		})
	}
	t.Logf("%d records reproduced, left out: %v", ran, left)
	require.Positive(t, ran)
}

package sampler_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
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

// problem returns the process and the mixture's exact score.
func (c setting) problem(t *testing.T, mixtures []fixture.Mixture) sde.Problem {
	var p sde.SDE
	switch c.SDE {
	case "VPSDE":
		p = sde.VP{BetaMin: c.Params[0], BetaMax: c.Params[1]}
	case "subVPSDE":
		p = sde.SubVP{BetaMin: c.Params[0], BetaMax: c.Params[1]}
	case "VESDE":
		p = sde.VE{SigmaMin: c.Params[0], SigmaMax: c.Params[1]}
	default:
		require.FailNow(t, "unknown process", c.SDE)
	}
	mix := mixtures[c.Mixture].Distribution()
	return sde.Problem{SDE: p, Score: sde.Analytic(p, mix.Diffuse)}
}

// predictor returns score_sde's predictor. Its reverse diffusion of the sub-VP
// process, which has no table, is Euler's method with the step 1/N.
func (c setting) predictor(t *testing.T) sampler.Predictor {
	switch c.Predictor {
	case "euler_maruyama":
		require.False(t, c.ProbabilityFlow)
		return sampler.EulerMaruyama{FixedStep: 1 / c.Params[2]}
	case "reverse_diffusion":
		table := c.table(t)
		if table == nil {
			lambda := 1.0
			if c.ProbabilityFlow {
				lambda = 0
			}
			return sampler.Euler{Lambda: lambda, FixedStep: 1 / c.Params[2]}
		}
		return sampler.ReverseDiffusion{Flow: c.ProbabilityFlow, Table: table}
	case "ancestral_sampling":
		require.False(t, c.ProbabilityFlow)
		return sampler.Ancestral{Upper: c.SDE == "VPSDE", Table: c.table(t)}
	case "none", "":
		return sampler.NoPredictor{}
	}
	require.FailNow(t, "unknown predictor", c.Predictor)
	return nil
}

// draws is how many normals the peer's predictor takes: one, of which the
// probability flow makes nothing.
func (c setting) draws() int {
	if c.Predictor == "none" {
		return 0
	}
	return 1
}

// table returns the process in discrete time, nil for the one without.
func (c setting) table(t *testing.T) *sde.Discrete {
	var table *sde.Discrete
	var err error
	switch n := int(c.Params[2]); c.SDE {
	case "VPSDE":
		table, err = sde.VP{BetaMin: c.Params[0], BetaMax: c.Params[1]}.Discrete(n)
	case "VESDE":
		table, err = sde.VE{SigmaMin: c.Params[0], SigmaMax: c.Params[1]}.Discrete(n)
	}
	require.NoError(t, err)
	return table
}

// corrector returns score_sde's correctors: their scale is 1 for VE and the
// discrete 1 − β̃_i at i = ⌊t(N−1)⌋ for VP, which the records of sub-VP take too.
func (c setting) corrector(t *testing.T) sampler.Corrector {
	l := sampler.Langevin{SNR: c.SNR, Steps: c.Inner, MinRows: 1}
	if n := c.Params[2]; c.SDE != "VESDE" {
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
func one(t *testing.T, c setting, p sde.Problem, st step, tape noise.Source, final sampler.Final) *mat.Dense {
	x := st.X.Dense()
	s := &sampler.Settings{
		Grid: []float64{st.T, st.T / 2}, Noise: tape, Final: final,
		Corrector: c.corrector(t), CorrectorFirst: true,
	}
	require.NoError(t, sampler.Continue(context.Background(), x, p, c.predictor(t), s))
	return x
}

func TestFixturePredictors(t *testing.T) {
	arithmetic(t)
	type record struct {
		setting
		Steps []step `json:"steps"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"cases"`
	}](t, "predictors")
	fixture.Each(t, file.Cases, func(i int, c record) string { return c.name(i) }, func(t *testing.T, c record) {
		require.NotEmpty(t, c.Steps)
		p := c.problem(t, file.Mixtures)
		for _, st := range c.Steps {
			tape := noise.Recorded{{Purpose: noise.Predict}: st.Noise.At(0).Dense()}
			near(t, st.OutX, one(t, c.setting, p, st, tape, sampler.FinalState), 1e-10)
			near(t, st.OutXMean, one(t, c.setting, p, st, tape, sampler.FinalMean), 1e-10)
		}
	})
}

func TestFixtureCorrectors(t *testing.T) {
	arithmetic(t)
	type record struct {
		setting
		Steps []step `json:"steps"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"cases"`
	}](t, "correctors")
	fixture.Each(t, file.Cases, func(i int, c record) string { return c.name(i) }, func(t *testing.T, c record) {
		require.NotEmpty(t, c.Steps)
		p := c.problem(t, file.Mixtures)
		for _, st := range c.Steps {
			tape := noise.Recorded{}
			for slot := range c.Inner {
				tape[noise.Key{Purpose: noise.Correct, Slot: slot}] = st.Noise.At(slot).Dense()
			}
			near(t, st.OutX, one(t, c.setting, p, st, tape, sampler.FinalState), 1e-10)
			near(t, st.OutXMean, correctedMean(t, c.setting, p, st, tape), 1e-10)
		}
	})
}

// correctedMean returns the corrector's last update without its noise.
func correctedMean(t *testing.T, c setting, p sde.Problem, st step, tape noise.Source) *mat.Dense {
	mean := new(mat.Dense)
	look := predictor(func(s *sampler.Step) error {
		mean.CloneFrom(s.Mean)
		return nil
	})
	s := &sampler.Settings{
		Grid: []float64{st.T, st.T / 2}, Noise: tape, Final: sampler.FinalState,
		Corrector: c.corrector(t), CorrectorFirst: true, Workers: 1,
	}
	require.NoError(t, sampler.Continue(context.Background(), st.X.Dense(), p, look, s))
	return mean
}

// What the peer cannot do is listed, and is done here.
func TestFixturePeerErrors(t *testing.T) {
	t.Parallel()
	type record struct {
		setting
		Exception string `json:"exception"`
	}
	for _, name := range []string{"predictors", "correctors"} {
		file := fixture.Load[struct {
			Mixtures []fixture.Mixture `json:"mixtures"`
			Errors   []record          `json:"errors"`
		}](t, name)
		fixture.Each(t, file.Errors, func(i int, c record) string {
			return fmt.Sprintf("%d/%s/%s%s", i, c.SDE, c.Predictor, c.Corrector)
		}, func(t *testing.T, c record) {
			t.Logf("flow %v: %s", c.ProbabilityFlow, c.Exception)
			c.Params = [3]float64{0.1, 20, 100}
			p := c.problem(t, file.Mixtures)
			var pred sampler.Predictor = sampler.Ancestral{}
			if c.ProbabilityFlow {
				pred = sampler.Euler{} // ancestral sampling has no flow
			}
			s := &sampler.Settings{Grid: grid.Default(p, 20)}
			if c.Corrector != "" {
				s.Corrector = sampler.Langevin{SNR: 0.1, BatchNorms: true}
			}
			x := mat.NewDense(16, file.Mixtures[c.Mixture].Distribution().Dim(), nil)
			require.NoError(t, sampler.Sample(context.Background(), x, p, pred, s))
		})
	}
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
	arithmetic(t)
	type record struct {
		setting
		Eps                float64       `json:"eps"`
		Noise              fixture.Array `json:"noise"`
		T                  []float64     `json:"t"`
		AfterCorrector     fixture.Array `json:"after_corrector"`
		AfterPredictor     fixture.Array `json:"after_predictor"`
		AfterPredictorMean fixture.Array `json:"after_predictor_mean"`
		FinalXMean         fixture.Array `json:"final_x_mean"`
		FinalX             fixture.Array `json:"final_x"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		Cases    []record          `json:"cases"`
		Inpaint  []struct{}        `json:"inpaint"`
	}](t, "pc")
	fixture.Each(t, file.Cases, func(i int, c record) string { return c.name(i) }, func(t *testing.T, c record) {
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
			if c.draws() > 0 {
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
			Corrector: c.corrector(t), CorrectorFirst: true, Final: sampler.FinalState,
			Noise: tape, Observer: &seen,
		}
		// The peer's priors: N(0, σ_max²) for VE, else N(0, I), which sub-VP
		// reaches with the variance v of α²v + σ² = 1.
		s.Prior.Variance = make([]float64, d)
		if alpha, sigma := p.Kernel(c.T[0]); c.SDE != "VESDE" {
			for j := range d {
				s.Prior.Variance[j] = (1 - sigma*sigma) / (alpha * alpha)
			}
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

		s.Final, s.Observer = sampler.FinalMean, nil
		require.NoError(t, sampler.Sample(context.Background(), x, p, c.predictor(t), s))
		near(t, c.FinalXMean, x, 1e-8)
	})
	t.Logf("left out: %d records of inpainting", len(file.Inpaint))
}

// The peer solves the probability flow to 1e-10 by an adaptive method. Any
// method of high order gets there with small steps; the peer's "denoised" is
// one reverse-diffusion step without its noise.
func TestFixtureProbabilityFlowByFixedSteps(t *testing.T) {
	arithmetic(t)
	type record struct {
		setting
		Eps       float64       `json:"eps"`
		Z         fixture.Array `json:"z"`
		X         fixture.Array `json:"x"`
		XDenoised fixture.Array `json:"x_denoised"`
	}
	file := fixture.Load[struct {
		Mixtures []fixture.Mixture `json:"mixtures"`
		ODE      []record          `json:"ode"`
	}](t, "pc")
	fixture.Each(t, file.ODE, func(i int, c record) string { return c.name(i) }, func(t *testing.T, c record) {
		p := c.problem(t, file.Mixtures)
		for _, pred := range []sampler.Predictor{sampler.DEIS{Order: 4}, sampler.DPMSolver{Order: 3}, sampler.UniPC{Order: 3}} {
			x := c.Z.Dense()
			s := &sampler.Settings{Grid: grid.UniformLogSNR(p, 1, c.Eps, 1501), Final: sampler.FinalState}
			require.NoError(t, sampler.Continue(context.Background(), x, p, pred, s))
			near(t, c.X, x, 1e-6)
		}
		c.Predictor = "reverse_diffusion"
		x := c.X.Dense()
		s := &sampler.Settings{Grid: []float64{c.Eps, c.Eps / 2}, Final: sampler.FinalMean}
		require.NoError(t, sampler.Continue(context.Background(), x, p, c.predictor(t), s))
		near(t, c.XDenoised, x, 1e-10)
	})
}

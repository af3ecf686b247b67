package export

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// served is a source that keeps the normals it gives, in the order in which they are
// first asked for: the input of an exported sampler.
type served struct {
	n, d  int
	rng   *rand.Rand
	order map[noise.Draw]*mat.Dense
	all   []*mat.Dense
}

func (s *served) Normal(dst *mat.Dense, at noise.Draw) {
	z, ok := s.order[at]
	if !ok {
		z = mat.NewDense(s.n, s.d, nil)
		z.Apply(func(_, _ int, _ float64) float64 { return float64(float32(s.rng.NormFloat64())) }, z)
		s.order[at] = z
		s.all = append(s.all, z)
	}
	dst.Copy(z)
}

func (s *served) input() (v []float32) {
	for i := range s.n {
		for _, z := range s.all {
			v = append(v, narrow(z.RawRowView(i))...)
		}
	}
	return v
}

// requireSampler checks both forms of a sampler against Sample.
func requireSampler(t *testing.T, p sde.Problem, pred sampler.Predictor, settings sampler.Settings, s *Settings) {
	const n = 12
	d := len(p.Frame.Shift)
	src := &served{n: n, d: d, rng: rand.New(rand.NewPCG(5, 5)), order: map[noise.Draw]*mat.Dense{}}
	settings.Noise, settings.Workers = src, 1
	want := mat.NewDense(n, d, nil)
	require.NoError(t, sampler.Sample(context.Background(), want, p, pred, &settings))
	for _, export := range []func(sde.Problem, sampler.Predictor, *sampler.Settings, *Settings) (*onnx.Graph, error){Sampler, Unrolled} {
		g, err := export(p, pred, &settings, s)
		require.NoError(t, err)
		require.Equal(t, len(src.input())/n, g.Inputs[0].Cols(), "columns of noise")
		worst := requireRows(t, want, evaluate(g, n, src.input())["sample"], 2*tolerance, g.Name)
		t.Logf("%s: %.1e of the row, %s evaluations, %s draws", g.Name, worst, g.Metadata["gradlogp.evaluations"], g.Metadata["gradlogp.draws"])
	}
}

func TestSamplersAreThoseOfPackageSampler(t *testing.T) {
	predictors := []sampler.Predictor{
		sampler.DEIS{}, sampler.Euler{}, sampler.Heun{}, sampler.DDIM{}, sampler.DDIM{Eta: 1}, sampler.Ancestral{}, sampler.EulerMaruyama{}, sampler.EulerAncestral{},
		sampler.DPMpp2M{}, sampler.DPMpp3M{}, sampler.DPMpp2S{}, sampler.DPMpp2SAncestral{}, sampler.DPMpp2MSDE{}, sampler.DPMpp3MSDE{}, sampler.DPMppSDE{},
		sampler.DPM2{}, sampler.DPM2Ancestral{}, sampler.DPMSolver{}, sampler.LMS{}, sampler.UniPC{}, sampler.ReverseDiffusion{}, sampler.RungeKutta{},
	}
	for name, process := range map[string]sde.SDE{"EDM": sde.EDM{}, "VP": sde.VP{}} {
		if testing.Short() && name == "VP" {
			continue
		}
		m := trained(t, 3, &score.Config{Process: process, Net: small(3)})
		for _, pred := range predictors {
			t.Run(fmt.Sprintf("%s/%T%+v", name, pred, pred), func(t *testing.T) {
				requireSampler(t, m.Problem(), pred, sampler.Settings{Grid: grid.Default(process, 9)}, nil)
			})
		}
	}
}

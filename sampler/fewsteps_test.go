package sampler_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sampler/samplertest"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// toData are grids of n steps, the last to σ = 0, from noise of which the data
// show nothing.
var toData = map[string]func(p sde.SDE, n int) []float64{
	"Default": func(p sde.SDE, n int) []float64 { return append(grid.Default(p, n), 0) },
	"Karras":  func(p sde.SDE, n int) []float64 { return append(grid.Karras(p, 80, 0.002, 7, n), 0) },
	"UniformLogSNR": func(p sde.SDE, n int) []float64 {
		ends := grid.Karras(p, 80, 0.002, 7, 2)
		return append(grid.UniformLogSNR(p, ends[0], ends[1], n), 0)
	},
}

// Few steps are long ones. Of third order they ended twice as far from the exact
// flow as those of DDIM, in parts seven times: the denoiser was extrapolated to
// the ends of steps over which it is no polynomial.
func TestHighOrderIsNoWorseThanDDIMInFewSteps(t *testing.T) {
	arithmetic(t)
	const rows = 60
	methods := []sampler.Predictor{
		sampler.DEIS{}, sampler.DEIS{Order: 4}, sampler.DEIS{Form: sampler.VelocityForm}, sampler.DEIS{Form: sampler.AngleForm},
		sampler.DEIS{Order: 2, Form: sampler.X0Form}, sampler.DEIS{Form: sampler.X0Form}, sampler.DEIS{Order: 4, Form: sampler.X0Form},
		sampler.DPMpp3M{}, sampler.DPMpp3M{Published: true}, sampler.LMS{}, sampler.LMS{Order: 3},
		sampler.UniPC{Order: 1}, sampler.UniPC{Order: 2}, sampler.UniPC{}, sampler.UniPC{B1: true},
	}
	ring := dataset.NewRing(nil)
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "EDM": sde.EDM{}, "Cosine": sde.Cosine{}} {
		for law, score := range map[string]sde.Scorer{
			"Gaussian": standard(p),
			"ring":     sde.Analytic(p, func(alpha, sigma float64) sde.Density { return ring.Diffuse(alpha, sigma) }),
		} {
			problem := sde.Problem{SDE: p, Score: score}
			for gridName, of := range toData {
				t.Run(fmt.Sprintf("%s/%s/%s", name, law, gridName), func(t *testing.T) {
					first := of(p, 5)[0]
					start := mat.NewDense(rows, 2, nil)
					noise.White{Seed: 1}.Normal(start, noise.Draw{Purpose: noise.Prior})
					start.Scale(math.Hypot(p.Kernel(first)), start)
					exact := samplertest.Flow(problem, start, first, sde.TimeAt(p, math.Log(400)), 300)
					off := func(pred sampler.Predictor, n int) float64 {
						x := mat.DenseCopyOf(start)
						require.NoError(t, sampler.Continue(context.Background(), x, problem, pred, &sampler.Settings{Grid: of(p, n), Workers: 1}))
						x.Sub(x, exact)
						return mat.Norm(x, 2)
					}
					for n := 5; n <= 10; n++ {
						ddim := off(sampler.DDIM{}, n)
						for _, m := range methods {
							require.LessOrEqual(t, off(m, n), 1.005*ddim, "%T%+v in %d steps", m, m, n)
						}
					}
				})
			}
		}
	}
}

// The same with noise, for the distribution on a Gaussian.
func TestHighOrderWithNoiseIsNoWorseThanDDIMInFewSteps(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]sde.SDE{"VP": sde.VP{}, "EDM": sde.EDM{}, "Cosine": sde.Cosine{}} {
		g := standard(p)
		for gridName, of := range toData {
			prior, _ := priorOf(g, of(p, 5)[0])
			data := moments{mat.NewVecDense(2, g.m[:]), mat.NewDense(2, 2, []float64{g.a, g.b, g.c, g.d})}
			off := func(pred sampler.Predictor, n int) float64 {
				return bures(measured(t, g, pred, sampler.Settings{Grid: of(p, n), Prior: prior}, 1, 0), data)
			}
			for n := 5; n <= 10; n++ {
				ddim := off(sampler.DDIM{Eta: 1}, n)
				for _, m := range []sampler.Predictor{sampler.DPMpp2MSDE{}, sampler.DPMpp3MSDE{}, sampler.DPMpp3MSDE{Published: true}} {
					require.LessOrEqual(t, off(m, n), 1.005*ddim, "%s, %s: %T%+v in %d steps", name, gridName, m, m, n)
				}
			}
		}
	}
}

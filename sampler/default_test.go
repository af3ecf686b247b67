package sampler_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Two sets of 10,000 data of these toys are .02 to .04 apart in the sliced
// Wasserstein-2 distance. From the same starting points that of a sampler to
// the exact flow has no such floor.
func TestDefaultIsWithinTheTwoSampleFloorIn25Evaluations(t *testing.T) {
	long(t)
	const rows, floor = 700, 0.02
	ctx := context.Background()
	p := sde.EDM{}
	ring := dataset.NewRing(rand.NewPCG(1, 1))
	moons := dataset.NewMoons(rand.NewPCG(1, 1))
	board := dataset.NewCheckerboard(rand.NewPCG(1, 1))
	directions := twosample.Directions(32, 2, 1)
	for name, at := range map[string]func(alpha, sigma float64) sde.Density{
		"ring":         func(alpha, sigma float64) sde.Density { return ring.Diffuse(alpha, sigma) },
		"moons":        func(alpha, sigma float64) sde.Density { return moons.Diffuse(alpha, sigma) },
		"checkerboard": func(alpha, sigma float64) sde.Density { return board.Diffuse(alpha, sigma) },
	} {
		t.Run(name, func(t *testing.T) {
			problem := sde.Problem{SDE: p, Score: sde.Analytic(p, at)}
			draw := func(pred sampler.Predictor, n int) *mat.Dense {
				x := mat.NewDense(rows, 2, nil)
				require.NoError(t, sampler.Sample(ctx, x, problem, pred, &sampler.Settings{Grid: grid.Default(p, n)}))
				return x
			}
			exact := draw(sampler.DormandPrince{RTol: 1e-4, ATol: 1e-4}, 2)
			far := func(pred sampler.Predictor, n int) float64 {
				return twosample.SlicedW2(draw(pred, n), exact, directions)
			}
			ten, most := far(sampler.Default(p), 10), far(sampler.Default(p), 25)
			require.Less(t, most, floor/5)
			require.Less(t, ten, floor/2)
			require.Less(t, 3*ten, far(sampler.DPMpp2M{}, 10))
			t.Logf("10 evaluations %.4f, 25 %.4f", ten, most)
		})
	}
}

package inference

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// BenchmarkRounds measures the table in the documentation of Rounds.
func BenchmarkRounds(b *testing.B) {
	const simulations, observations, draws = 3000, 4, 500
	for _, half := range []float64{1, 10} {
		prior := Uniform{Low: []float64{-half, -half}, High: []float64{half, half}}
		for _, c := range []struct{ rounds, steps int }{{1, 600}, {1, 1800}, {2, 600}, {3, 600}} {
			b.Run(fmt.Sprintf("half=%v/rounds=%d/steps=%d", half, c.rounds, c.steps), func(b *testing.B) {
				for b.Loop() {
					var energy, accuracy float64
					for o := range observations {
						x, task := make([]float64, 2), simulator.TwoMoons{}
						require.NoError(b, task.Simulate(x, []float64{0.1, 0.1 * float64(o)}, rand.New(rand.NewPCG(uint64(o), 1))))
						exact, theta := mat.NewDense(draws, 2, nil), mat.NewDense(draws, 2, nil)
						require.NoError(b, task.Reference(b.Context(), exact, x, 1))
						s := &RoundsSettings{Rounds: c.rounds, Draws: 300}
						s.Net, s.Embed, s.Seed = nn.MLP{Hidden: []int{32, 32}}, nn.Sequential{nn.Linear{Out: 24}, nn.SiLU{}}, uint64(10*o)
						s.Training = score.Settings{Steps: c.steps, Batch: 64}
						post, err := Rounds(b.Context(), prior, task, x, simulations/c.rounds, s)
						require.NoError(b, err)
						v, err := post.Given(one(x...))
						require.NoError(b, err)
						require.NoError(b, v.Sample(b.Context(), theta, nil))
						c2st, err := twosample.C2ST(exact, theta, nil)
						require.NoError(b, err)
						accuracy += c2st.Accuracy / observations
						energy += twosample.Energy(exact, theta) / observations
					}
					b.ReportMetric(accuracy, "C2ST")
					b.ReportMetric(energy, "energy")
				}
			})
		}
	}
}

package inference

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/simulator"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// BenchmarkRounds measures the table in the documentation of Rounds: C2ST of the posteriors
// of two_moons' crescents under a uniform prior of some half-width, learned from 3,000
// simulations at once and in rounds.
func BenchmarkRounds(b *testing.B) {
	const simulations, observations = 3000, 3
	for _, c := range []struct {
		name string
		half float64
	}{{"half=1", 1}, {"half=10", 10}} {
		prior := Uniform{Low: []float64{-c.half, -c.half}, High: []float64{c.half, c.half}}
		for _, r := range []struct {
			name   string
			rounds int
		}{{"rounds=1", 1}, {"rounds=2", 2}, {"rounds=3", 3}} {
			b.Run(c.name+"/"+r.name, func(b *testing.B) {
				for b.Loop() {
					sum := 0.0
					for o := range observations {
						x := make([]float64, 2)
						require.NoError(b, simulator.TwoMoons{}.Simulate(x, []float64{0.1, 0.1 * float64(o)}, rand.New(rand.NewPCG(uint64(o), 1))))
						exact, draws := mat.NewDense(1000, 2, nil), mat.NewDense(1000, 2, nil)
						require.NoError(b, simulator.TwoMoons{}.Reference(b.Context(), exact, x, 1))
						s := &RoundsSettings{Rounds: r.rounds}
						s.Seed = uint64(10 * o)
						post, err := Rounds(b.Context(), prior, simulator.TwoMoons{}, x, simulations/r.rounds, s)
						require.NoError(b, err)
						v, err := post.Given(mat.NewDense(1, 2, x))
						require.NoError(b, err)
						require.NoError(b, v.Sample(b.Context(), draws, nil))
						c2st, err := twosample.C2ST(exact, draws, nil)
						require.NoError(b, err)
						b.Logf("observation %d: C2ST %.3f", o, c2st.Accuracy)
						sum += c2st.Accuracy
					}
					b.ReportMetric(sum/observations, "C2ST")
				}
			})
		}
	}
}

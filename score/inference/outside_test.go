package inference

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

func TestNumbersAreToldApart(t *testing.T) {
	require.Equal(t, []string{"1e+06", "1", "2.5"}, apartIn(1e6, 1, 2.5))
	require.Equal(t, []string{"1000001", "1000000", "1000000"}, strings.Fields(strings.ReplaceAll(strings.Join(apartIn(1000001, 1e6, 1e6), " "), "1e+06", "1000000")))
	require.Equal(t, []string{"0.1", "0.1"}, apartIn(0.1, 0.1))
	require.NotEqual(t, apartIn(1, 1+1e-15)[0], apartIn(1, 1+1e-15)[1])
}

// What was the same in all simulations has no say, whatever it is in an observation.
func TestConstantColumnsHaveNoSay(t *testing.T) {
	const n = 300
	rng := rand.New(rand.NewPCG(1, 2))
	for _, constant := range []float64{0, -3, 1e6} {
		theta, x := mat.NewDense(n, 1, nil), mat.NewDense(n, 2, nil)
		for i := range n {
			theta.Set(i, 0, rng.NormFloat64())
			x.SetRow(i, []float64{constant, theta.At(i, 0) + rng.NormFloat64()})
		}
		s := &Settings{Net: nn.MLP{Hidden: []int{16}}, Seed: 1, Workers: 1}
		s.Training = score.Settings{Steps: 60, Batch: 64}
		post, err := Fit(t.Context(), nil, theta, x, s)
		require.NoError(t, err)
		var answers []*mat.Dense
		for _, v := range []float64{constant, constant + 1, -1e300} {
			view, err := post.Given(one(v, 0.3))
			require.NoError(t, err)
			if v != constant {
				require.Contains(t, strings.Join(view.Warnings, ""), "in all simulations")
			}
			draws := mat.NewDense(20, 1, nil)
			require.NoError(t, view.Sample(t.Context(), draws, nil))
			answers = append(answers, draws)
		}
		require.True(t, mat.Equal(answers[0], answers[1]))
		require.True(t, mat.Equal(answers[0], answers[2]))
	}
}

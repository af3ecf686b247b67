package nn_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

func TestABiasBeginsAsItIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		layer nn.Linear
		want  float64
		count int
	}{
		"zeros": {nn.Linear{Out: 2, Init: nn.Ones{}}, 3, 4},
		"ones":  {nn.Linear{Out: 2, Init: nn.Ones{}, Bias: nn.Ones{}}, 4, 4},
		"none":  {nn.Linear{Out: 2, Init: nn.Ones{}, Bias: nn.None{}}, 3, 2},
	} {
		var p nn.Params
		x := ad.Input("x", 1)
		y := nn.NewBuild(&p).Apply(c.layer, x)
		theta := make([]float64, p.Len())
		p.Init(theta, rand.New(rand.NewPCG(1, 2)))
		require.Len(t, theta, c.count, name)
		got := ad.Eval([]*ad.Expr{y}, 1, theta, nil, map[*ad.Expr][]float64{x: {3}})
		require.Equal(t, []float64{c.want, c.want}, got[0], name)
	}
}

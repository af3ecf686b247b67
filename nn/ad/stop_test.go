package ad

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The gradient of ½(wx − stop(wx²))² is (wx − wx²)x, and stop(wx²) has no tangent.
func TestStopIsAConstantToBothModes(t *testing.T) {
	x, w := Input("x", 1), Param("w", 1, 1, 0)
	y, target := MatMul(x, w), Stop(MatMul(Square(x), w))
	loss := Scale(0.5, Square(Sub(y, target)))
	out := []*Expr{loss, Grad(loss, w)[0], Grad(loss, x)[0], JVP(loss, x, Const(1)), JVP(target, x, Const(1))}
	in, theta := []float64{2, -1}, []float64{3}

	p := Compile[float64](out, []*Expr{x})
	var weights Weights[float64]
	p.Pack(&weights, theta, nil)
	got := [][]float64{make([]float64, 2), make([]float64, 1), make([]float64, 2), make([]float64, 2), make([]float64, 2)}
	p.Run(2, &weights, nil, got, [][]float64{in}, nil)
	// x = 2: y = 6, target 12; x = −1: y = −3, target 3.
	want := [][]float64{{18, 18}, {-12 + 6}, {-18, -18}, {-18, -18}, {0, 0}}
	require.Equal(t, want, got)
	require.Equal(t, want, Eval(out, 2, theta, nil, map[*Expr][]float64{x: in}))
	require.NotContains(t, p.String(), "stop")
}

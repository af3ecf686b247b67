package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// energyNetwork returns an energy network of d columns with small weights, and
// its potential.
func energyNetwork(d int, net nn.MLP) (*network, *ad.Expr) {
	net.Out = 1
	m := nn.Energy{Net: net}
	n := newNetwork(m, d, 0, ad.Input("t", 1))
	potential := m.Potential(n.build.Share(), n.x)
	for i := range n.theta {
		n.theta[i] *= 0.5
	}
	return n, potential
}

func TestEnergyFieldIsMinusTheGradientOfItsPotential(t *testing.T) {
	testEnergyField(t, nn.RecipeMLP(2, 12), 3e-4) // the fastest feature has 8 rad per unit
	testEnergyField(t, successor(2, 12), 1e-4)
}

func testEnergyField(t *testing.T, net nn.MLP, h float64) {
	const rows, d = 6, 2
	n, potential := energyNetwork(d, net)
	x, c := normals(rows*d, 1, 1), normals(rows, 1, 2)
	leaves := []*ad.Expr{n.x, n.time}
	field := run[float64](n.out, rows, n.theta, leaves, x, c)
	for i := range x {
		at := func(k float64) float64 {
			y := append([]float64(nil), x...)
			y[i] += k * h
			return run[float64](potential, rows, n.theta, leaves, y, c)[i/d]
		}
		slope := (at(-2) - 8*at(-1) + 8*at(1) - at(2)) / (12 * h)
		require.InDelta(t, -slope, field[i], 1e-9)
	}
}

func TestEnergyFieldHasASymmetricJacobian(t *testing.T) {
	testEnergyJacobian(t, nn.RecipeMLP(3, 12))
	testEnergyJacobian(t, successor(3, 12))
}

func testEnergyJacobian(t *testing.T, net nn.MLP) {
	const rows, d = 6, 3
	n, _ := energyNetwork(d, net)
	x, c := normals(rows*d, 1, 1), normals(rows, 1, 2)
	var columns [d][]float64
	for j := range d {
		unit := make([]float64, d)
		unit[j] = 1
		columns[j] = run[float64](ad.JVP(n.out, n.x, ad.Row(unit)), rows, n.theta, []*ad.Expr{n.x, n.time}, x, c)
	}
	for r := range rows {
		for i := range d {
			for j := range i {
				require.InDelta(t, columns[j][r*d+i], columns[i][r*d+j], 1e-12)
				require.NotZero(t, columns[j][r*d+i])
			}
		}
	}
}

func TestPotentialAndFieldShareTheirWeights(t *testing.T) {
	n, _ := energyNetwork(2, nn.RecipeMLP(2, 12))
	require.Len(t, n.theta, n.params.Len(), "Potential after Apply adds no parameter")
}

func TestEnergyWantsOneColumn(t *testing.T) {
	require.PanicsWithValue(t, "nn: Energy: Net gives r×2, want r×1", func() {
		newNetwork(nn.Energy{Net: nn.RecipeMLP(2, 8)}, 2, 0, nil)
	})
}

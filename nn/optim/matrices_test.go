package optim_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// matricesFixture is the fixture of optimisers of matrices.
type matricesFixture struct {
	Rate    float64
	Blocks  []matrixRecord
	Records []struct {
		Method      string
		Beta1       float64
		Beta2       float64
		Eps         float64
		Decay       float64
		FactorBeta  float64 `json:"factor_beta"`
		FactorEvery int     `json:"factor_every"`
		BasisEvery  int     `json:"basis_every"`
		Both        bool
		Momentum    float64
		Nesterov    bool
		Iterations  int
		After       []struct {
			Step  int
			Theta []float64
		}
	}
}

// matrixRecord is a matrix with the problem that it is to solve.
type matrixRecord struct{ Theta, A, B fixture.Array }

// gradient returns that of ½‖Aθ‖² − ⟨Aᵀb, θ⟩ at a step.
func (r matrixRecord) gradient(theta []float64, step int) []float64 {
	n, c := r.Theta.Shape[0], r.Theta.Shape[1]
	a := slices.Clone(r.A.At(step).Data)
	for i := range a {
		a[i] *= 0.1
		if i%(n+1) == 0 {
			a[i] += math.Exp2(-float64(i / (n + 1)))
		}
	}
	left := make([]float64, n*c)
	for i := range left {
		for k := range n {
			left[i] += a[i/c*n+k] * theta[k*c+i%c]
		}
		left[i] -= r.B.Data[i]
	}
	g := make([]float64, n*c)
	for i := range g {
		for k := range n {
			g[i] += a[k*n+i/c] * left[k*c+i%c]
		}
	}
	return g
}

// fixtureParams are a 5×6 Weight with its Bias, a 7×7 Weight, and three gains.
func fixtureParams() *nn.Params {
	var params nn.Params
	b := nn.NewBuild(&params)
	b.Bias("b", b.Weight("w", 5, 6, nn.Zeros{}), nn.Zeros{})
	b.Weight("v", 7, 7, nn.Zeros{})
	b.Gain("g", 3, nn.Zeros{})
	return &params
}

func TestMatricesFixture(t *testing.T) {
	f := fixture.Load[matricesFixture](t, "matrices")
	for i, r := range f.Records {
		t.Run(numbered(i, r.Method), func(t *testing.T) {
			var o optim.Optimizer[float64] = &optim.Muon[float64]{
				Momentum: r.Momentum, Plain: !r.Nesterov, Iterations: r.Iterations,
				Beta1: r.Beta1, Beta2: r.Beta2, Epsilon: r.Eps, WeightDecay: r.Decay,
			}
			if r.Method == "SOAP" {
				o = &optim.SOAP[float64]{
					Beta1: r.Beta1, Beta2: r.Beta2, Epsilon: r.Eps, WeightDecay: r.Decay, BothSides: r.Both,
					FactorBeta: r.FactorBeta, FactorEvery: r.FactorEvery, BasisEvery: r.BasisEvery,
				}
			}
			require.NoError(t, nn.Validate(o))
			require.NoError(t, optim.Bind(o, fixtureParams()))
			var theta []float64
			for _, b := range f.Blocks {
				theta = append(theta, b.Theta.Data...)
			}
			step := 0
			for _, want := range r.After {
				for ; step < want.Step; step++ {
					var g []float64
					for _, b := range f.Blocks {
						g = append(g, b.gradient(theta[len(g):], step)...)
					}
					optim.Step(o, theta, g, step, f.Rate)
				}
				closeTo(t, want.Theta, theta, 1e-9)
			}
		})
	}
}

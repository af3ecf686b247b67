package sampler

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/integrate/quad"
)

// Weights for nodes at any place are recorded in the peer's own variables:
// u = σ/α for zAB, which serves vAB too, and u = log(σ/α) for the others.
func TestFixtureAzulaWeights(t *testing.T) {
	t.Parallel()
	type record struct {
		Sampler string    `json:"sampler"`
		U       []float64 `json:"u"`
		I       int       `json:"i"`
		N       int       `json:"n"`
		Coeffs  []float64 `json:"coeffs"`
	}
	file := fixture.Load[struct {
		Coefficients []record `json:"coefficients"`
	}](t, "azula")
	fixture.Each(t, file.Coefficients, func(k int, c record) string {
		return fmt.Sprintf("%d/%s,i=%d,n=%d", k, c.Sampler, c.I, c.N)
	}, func(t *testing.T, c record) {
		from, to := c.U[c.I], c.U[c.I+1]
		var r nodes
		for i := range c.Coeffs { // the newest first
			r.add((c.U[c.I-i] - from) / (to - from))
		}
		form, tol := EpsilonForm, 1e-8
		// The factor in front of the sum, with α = 1 and σ = e^u.
		factor, m := to-from, plain()
		switch c.Sampler {
		case "zABSampler":
		case "zEABSampler":
			factor, m = form.integral(1, math.Exp(to), from-to)
		case "xEABSampler":
			factor, m = X0Form.integral(1, math.Exp(to), from-to)
			factor /= -math.Exp(to)
		case "REABSampler": // by a trapezoid rule
			factor, m = AngleForm.integral(1, math.Exp(to), from-to)
			factor /= math.Hypot(1, math.Exp(to))
			tol = 1e-4
		default:
			require.FailNow(t, "unknown sampler", c.Sampler)
		}
		w := r.weights(m)
		for i, want := range c.Coeffs {
			require.InEpsilon(t, want, factor*w[r.n-1-i], tol)
		}
	})
}

func TestPhiIsItsIntegral(t *testing.T) {
	t.Parallel()
	factorial := 1.0
	for k := 1; k <= maxNodes; k++ {
		for _, z := range []float64{-40, -5, -1.01, -1, -0.3, -1e-9, 0, 1e-12, 0.2, 1, 1.01, 3, 25} {
			want := quad.Fixed(func(x float64) float64 {
				return math.Exp((1-x)*z) * math.Pow(x, float64(k-1)) / factorial
			}, 0, 1, 60, nil, 1)
			require.InEpsilon(t, want, phi(k, z), 1e-12, "φ_%d(%g)", k, z)
		}
		factorial *= float64(k)
	}
}

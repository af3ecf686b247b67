package simulator

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

const (
	moonRadius = 0.1
	moonSD     = 0.01
	moonShift  = 0.25
)

// TwoMoons is the task "two_moons": a point on a crescent, moved by θ ~ U[−1, 1]²,
//
//	x = (r cos a + 0.25 − |θ₁ + θ₂|/√2,  r sin a + (θ₂ − θ₁)/√2),
//	a ~ U(−π/2, π/2),   r ~ N(0.1, 0.01²),
//
// whose posterior is two crescents.
type TwoMoons struct{}

// Name returns "two_moons".
func (TwoMoons) Name() string { return "two_moons" }

// Prior returns U[−1, 1]².
func (TwoMoons) Prior() Prior { return box{2, 1} }

// Dim returns 2.
func (TwoMoons) Dim() int { return 2 }

// Simulate implements Task.
func (m TwoMoons) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(m, x, theta)
	if err := finite(m, "theta", theta); err != nil {
		return err
	}
	u, v := crescent(rng)
	x[0] = u - math.Abs(theta[0]+theta[1])/math.Sqrt2
	x[1] = v + (theta[1]-theta[0])/math.Sqrt2
	return nil
}

// crescent draws the point that θ moves.
func crescent(rng *rand.Rand) (u, v float64) {
	sin, cos := math.Sincos(math.Pi * (rng.Float64() - 0.5))
	r := moonRadius + moonSD*rng.NormFloat64()
	return r*cos + moonShift, r * sin
}

// LogLikelihood implements Task. In polar coordinates about (0.25, 0) the point has
// the density N(r; 0.1, 0.01²)/(π|r|), with r negative on the left.
func (m TwoMoons) LogLikelihood(x, theta []float64) float64 {
	sizes(m, x, theta)
	u := x[0] + math.Abs(theta[0]+theta[1])/math.Sqrt2 - moonShift
	v := x[1] - (theta[1]-theta[0])/math.Sqrt2
	r := math.Copysign(math.Hypot(u, v), u)
	return logNormal([]float64{r}, []float64{moonRadius}, moonSD) - math.Log(math.Pi*math.Abs(r))
}

// Reference implements Task, by exact draws: θ ↦ (|θ₁ + θ₂|, θ₂ − θ₁)/√2 keeps areas and is two
// to one, so that crescents are drawn, sent back, and kept within the prior.
func (m TwoMoons) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(m, dst, x); err != nil {
		return err
	}
	return draws(ctx, m, dst, seed, func(theta []float64, rng *rand.Rand) bool {
		u, v := crescent(rng)
		sum, difference := u-x[0], x[1]-v
		if sum < 0 {
			return false
		}
		if rng.Uint64()&1 == 0 {
			sum = -sum
		}
		theta[0], theta[1] = (sum-difference)/math.Sqrt2, (sum+difference)/math.Sqrt2
		return math.Abs(theta[0]) <= 1 && math.Abs(theta[1]) <= 1
	})
}

package calibration

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// The model whose posterior is known: θ ~ N(0, I) in the plane, and
//
//	x = Aθ + ½ε,   θ|x ~ N(4CAᵀx, C),   C = (I + 4AᵀA)⁻¹.
//
// The two parameters have the correlation −.715 given x.
var (
	modelA     = [2][2]float64{{1, 1}, {0.3, -0.2}}
	posteriorC = func() (c [2][2]float64) {
		p := [2][2]float64{{1, 0}, {0, 1}}
		for i := range 2 {
			for j := range 2 {
				for k := range 2 {
					p[i][j] += 4 * modelA[k][i] * modelA[k][j]
				}
			}
		}
		det := p[0][0]*p[1][1] - p[0][1]*p[1][0]
		return [2][2]float64{{p[1][1] / det, -p[0][1] / det}, {-p[1][0] / det, p[0][0] / det}}
	}()
	posteriorRho = posteriorC[0][1] / math.Sqrt(posteriorC[0][0]*posteriorC[1][1])
)

func posteriorMean(x []float64) (mean [2]float64) {
	var v [2]float64
	for j := range 2 {
		v[j] = 4 * (modelA[0][j]*x[0] + modelA[1][j]*x[1])
	}
	for i := range 2 {
		mean[i] = posteriorC[i][0]*v[0] + posteriorC[i][1]*v[1]
	}
	return mean
}

// sampler is a Gaussian posterior, the exact one where all is zero but its scale, 1.
type sampler struct {
	name  string
	scale float64 // of the deviations from the mean
	shift float64 // of the first parameter, in posterior standard deviations
	rho   float64 // correlation, when it is not the right one
	other bool    // use rho
	prior bool    // ignore x
}

var (
	exact      = sampler{name: "exact", scale: 1}
	tooWide    = sampler{name: "too wide", scale: 1.3}
	tooNarrow  = sampler{name: "too narrow", scale: 0.7}
	shifted    = sampler{name: "shifted", scale: 1, shift: 0.4}
	unrelated  = sampler{name: "no correlation", scale: 1, other: true}
	ignoresX   = sampler{name: "ignores x", prior: true}
	everyFault = []sampler{tooWide, tooNarrow, shifted, unrelated, ignoresX}
)

func (s sampler) draw(theta, x []float64, rng *rand.Rand) {
	u, v := rng.NormFloat64(), rng.NormFloat64()
	if s.prior {
		theta[0], theta[1] = u, v
		return
	}
	rho := posteriorRho
	if s.other {
		rho = s.rho
	}
	v = rho*u + math.Sqrt(1-rho*rho)*v
	mean := posteriorMean(x)
	a, b := math.Sqrt(posteriorC[0][0]), math.Sqrt(posteriorC[1][1])
	theta[0] = mean[0] + a*(s.shift+s.scale*u)
	theta[1] = mean[1] + b*s.scale*v
}

// logDensity is that of the draws.
func (s sampler) logDensity(theta, x []float64) float64 {
	if s.prior {
		return -(theta[0]*theta[0] + theta[1]*theta[1]) / 2
	}
	rho := posteriorRho
	if s.other {
		rho = s.rho
	}
	mean := posteriorMean(x)
	u := (theta[0] - mean[0]) / math.Sqrt(posteriorC[0][0])
	v := (theta[1] - mean[1]) / math.Sqrt(posteriorC[1][1])
	u -= s.shift
	return -(u*u - 2*rho*u*v + v*v) / (2 * (1 - rho*rho) * s.scale * s.scale)
}

// logJoint is log p(θ) + log p(x|θ) but for a constant.
func logJoint(theta, x []float64) float64 {
	sum := -(theta[0]*theta[0] + theta[1]*theta[1]) / 2
	for k, row := range modelA {
		e := x[k] - row[0]*theta[0] - row[1]*theta[1]
		sum -= 2 * e * e
	}
	return sum
}

// trials draws n of them.
func (s sampler) trials(n, draws int, seed uint64) *Trials {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &Trials{Theta: mat.NewDense(n, 2, nil), X: mat.NewDense(n, 2, nil), Draws: mat.NewDense(n*draws, 2, nil)}
	for i := range n {
		theta, x := t.Theta.RawRowView(i), t.X.RawRowView(i)
		theta[0], theta[1] = rng.NormFloat64(), rng.NormFloat64()
		for k, row := range modelA {
			x[k] = row[0]*theta[0] + row[1]*theta[1] + rng.NormFloat64()/2
		}
		for l := range draws {
			s.draw(t.Draws.RawRowView(i*draws+l), x, rng)
		}
	}
	return t
}

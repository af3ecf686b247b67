package simulator

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// box is the uniform distribution on [−b, b] in every one of dim directions.
type box struct {
	dim int
	b   float64
}

func (p box) Dim() int { return p.dim }

func (p box) Sample(theta []float64, rng *rand.Rand) {
	parameters(p, theta)
	for i := range theta {
		theta[i] = p.b * (2*rng.Float64() - 1)
	}
}

func (p box) LogProb(theta []float64) float64 {
	parameters(p, theta)
	inside := true
	for _, t := range theta {
		if math.IsNaN(t) {
			return t
		}
		inside = inside && -p.b <= t && t <= p.b
	}
	if !inside {
		return math.Inf(-1)
	}
	return -float64(p.dim) * math.Log(2*p.b)
}

func (p box) Bounds() (low, high []float64) {
	return repeated(-p.b, p.dim), repeated(p.b, p.dim)
}

// normal has independent columns N(0, sd²).
type normal struct {
	dim int
	sd  float64
}

func (p normal) Dim() int { return p.dim }

func (p normal) Sample(theta []float64, rng *rand.Rand) {
	parameters(p, theta)
	for i := range theta {
		theta[i] = p.sd * rng.NormFloat64()
	}
}

func (p normal) LogProb(theta []float64) float64 {
	parameters(p, theta)
	return logNormal(theta, nil, p.sd)
}

func (p normal) Bounds() (low, high []float64) {
	return repeated(math.Inf(-1), p.dim), repeated(math.Inf(1), p.dim)
}

// logNormal returns log N(x; mean, sd² I); nil is a mean of 0.
func logNormal(x, mean []float64, sd float64) float64 {
	l := -float64(len(x)) * (math.Log(sd) + 0.5*math.Log(2*math.Pi))
	for i, v := range x {
		if mean != nil {
			v -= mean[i]
		}
		l -= 0.5 * (v / sd) * (v / sd)
	}
	return l
}

func parameters(p Prior, theta []float64) {
	if len(theta) != p.Dim() {
		panic(fmt.Sprintf("simulator: theta has length %d, want %d", len(theta), p.Dim()))
	}
}

func repeated(v float64, n int) []float64 {
	x := make([]float64, n)
	fill(x, v)
	return x
}

// logNormals has independent columns with log θ_j ~ N(location_j, scale_j²).
type logNormals struct{ location, scale []float64 }

func (p logNormals) Dim() int { return len(p.location) }

func (p logNormals) Sample(theta []float64, rng *rand.Rand) {
	parameters(p, theta)
	for j := range theta {
		theta[j] = rng.NormFloat64()
	}
	p.from(theta, theta)
}

// from maps u ~ N(0, I) to parameters.
func (p logNormals) from(theta, u []float64) {
	for j, v := range u {
		theta[j] = math.Exp(p.location[j] + p.scale[j]*v)
	}
}

func (p logNormals) LogProb(theta []float64) float64 {
	parameters(p, theta)
	var l float64
	outside := false
	for j, v := range theta {
		if math.IsNaN(v) {
			return v
		}
		if outside = outside || !(v > 0) || math.IsInf(v, 1); outside {
			continue
		}
		y := math.Log(v)
		l += logNormal([]float64{y}, p.location[j:j+1], p.scale[j]) - y
	}
	if outside {
		return math.Inf(-1)
	}
	return l
}

func (p logNormals) Bounds() (low, high []float64) {
	return repeated(0, p.Dim()), repeated(math.Inf(1), p.Dim())
}

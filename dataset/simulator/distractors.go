package simulator

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	noiseDim        = 92
	noiseComponents = 20
	noiseFreedom    = 2
)

// SLCPDistractors is the task "slcp_distractors": the eight numbers of SLCP among 92 that say
// nothing of θ, draws from a fixed mixture of 20 Student t distributions of two degrees of
// freedom,
//
//	¹⁄₂₀ Σ_k t₂(15 μ_k, 9 L_k L_kᵀ),
//
// with standard normal μ_k and lower triangles L_k, to whose diagonals exponentials of
// standard normals are added, all shuffled by a fixed permutation. Mixture and permutation are
// the benchmark's. SLCPDistractors are made by NewSLCPDistractors; of others Simulate,
// LogLikelihood, Reference and Signal panic.
type SLCPDistractors struct {
	means   []float64 // 15 μ_k, K×92
	factors []float64 // 3 L_k, K×92×92
	from    []int     // datum j is number from[j] of the eight and the 92
}

// NewSLCPDistractors makes the fixed mixture and permutation.
func NewSLCPDistractors() *SLCPDistractors {
	d := &SLCPDistractors{
		means:   make([]float64, noiseComponents*noiseDim),
		factors: make([]float64, noiseComponents*noiseDim*noiseDim),
	}
	r := newFrozen()
	for i := range d.means {
		d.means[i] = 15 * r.normal()
	}
	for k := range noiseComponents {
		l := d.factor(k)
		for i := range noiseDim {
			for j := range noiseDim {
				if z := r.normal(); j <= i {
					l[i*noiseDim+j] = 3 * z
				}
			}
		}
		for i := range noiseDim {
			l[i*noiseDim+i] += 3 * math.Exp(r.normal())
		}
	}
	d.from = r.permutation(d.Dim())
	return d
}

func (d *SLCPDistractors) factor(k int) []float64 {
	const n = noiseDim * noiseDim
	d.made()
	return d.factors[k*n : (k+1)*n]
}

// made panics for distractors without mixture.
func (d *SLCPDistractors) made() {
	if len(d.factors) == 0 {
		panic("simulator: SLCPDistractors have no mixture, want those made by NewSLCPDistractors")
	}
}

// Name returns "slcp_distractors".
func (*SLCPDistractors) Name() string { return "slcp_distractors" }

// Prior returns U[−3, 3]⁵.
func (*SLCPDistractors) Prior() Prior { return SLCP{}.Prior() }

// Dim returns 100.
func (*SLCPDistractors) Dim() int { return SLCP{}.Dim() + noiseDim }

// Simulate implements Task.
func (d *SLCPDistractors) Simulate(x, theta []float64, rng *rand.Rand) error {
	sizes(d, x, theta)
	if err := finite(d, "theta", theta); err != nil {
		return err
	}
	var all [2*slcpPoints + noiseDim]float64
	if err := simulateSLCP(d, all[:2*slcpPoints], theta, rng); err != nil {
		return err
	}
	d.noise(all[2*slcpPoints:], rng)
	for j, i := range d.from {
		x[j] = all[i]
	}
	return nil
}

// noise draws from the mixture.
func (d *SLCPDistractors) noise(x []float64, rng *rand.Rand) {
	k := rng.IntN(noiseComponents)
	scale := math.Sqrt(noiseFreedom / distuv.ChiSquared{K: noiseFreedom, Src: rng}.Rand())
	var z [noiseDim]float64
	for i := range z {
		z[i] = scale * rng.NormFloat64()
	}
	l := d.factor(k)
	for i := range x {
		x[i] = d.means[k*noiseDim+i]
		for j, v := range l[i*noiseDim : i*noiseDim+i+1] {
			x[i] += v * z[j]
		}
	}
}

// LogLikelihood returns the log density of the eight numbers given θ, which is log p(x | θ) but
// for the density of the others.
func (d *SLCPDistractors) LogLikelihood(x, theta []float64) float64 {
	sizes(d, x, theta)
	return SLCP{}.LogLikelihood(d.Signal(x), theta)
}

// Signal returns the eight numbers of x that belong to SLCP.
func (d *SLCPDistractors) Signal(x []float64) []float64 {
	d.made()
	s := make([]float64, SLCP{}.Dim())
	for j, i := range d.from {
		if i < len(s) {
			s[i] = x[j]
		}
	}
	return s
}

// Reference implements Task, as that of SLCP.
func (d *SLCPDistractors) Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error {
	if err := observation(d, dst, x); err != nil {
		return err
	}
	return referenceSLCP(ctx, d, dst, d.Signal(x), seed)
}

package dataset

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Affine is the distribution of y = ax + b for x of another distribution, with
// a number a ≠ 0:
//
//	log p(y) = log p_x((y − b)/a) − d log|a|,
//
// and as αy + σz is a(αx + σz/a) + αb, it is as Diffusible as the other.
type Affine struct {
	mapped
	dist Diffusible
}

// NewAffine returns the distribution of scale·x + shift. A nil shift is zero.
// It panics when dist is nil, when the scale, its reciprocal or an
// element of the shift is not finite, or when the dimensions differ.
func NewAffine(dist Diffusible, scale float64, shift []float64) *Affine {
	if dist == nil {
		panic("dataset: NewAffine: dist is nil")
	}
	if math.IsNaN(scale-scale) || math.IsInf(1/scale, 0) {
		panic(fmt.Sprintf("dataset: NewAffine: scale is %v, want it and its reciprocal finite", scale))
	}
	b := make([]float64, dist.Dim())
	if shift != nil {
		wantLen("shift", shift, len(b))
		copy(b, shift)
	}
	for i, v := range b {
		if math.IsNaN(v - v) {
			panic(fmt.Sprintf("dataset: NewAffine: shift[%d] is %v, want finite", i, v))
		}
	}
	return &Affine{mapped{dist: dist, a: scale, b: b}, dist}
}

// Dim returns the dimension d.
func (l *Affine) Dim() int { return len(l.b) }

// Rand draws y. A nil y is allocated. It panics when the other distribution
// does.
func (l *Affine) Rand(y []float64) []float64 {
	y = l.dist.Rand(y)
	l.forth(y)
	return y
}

// Diffuse returns the distribution of αy + σz. It panics when that of the other
// distribution does.
func (l *Affine) Diffuse(alpha, sigma float64) Diffused {
	p := l.dist.Diffuse(alpha, sigma/math.Abs(l.a))
	b := make([]float64, len(l.b))
	for i, v := range l.b {
		b[i] = alpha * v
	}
	return &diffusedAffine{mapped{dist: p, a: l.a, b: b}, p, l}
}

// mapped is what an affine distribution and its noised versions share.
type mapped struct {
	dist interface {
		LogProb(x []float64) float64
		ScoreInput(dst, x []float64) []float64
	}
	a     float64
	b     []float64
	spare spare // of points
}

func (m *mapped) forth(x []float64) {
	for i, b := range m.b {
		x[i] = m.a*x[i] + b
	}
}

// back returns (y − b)/a, which goes to m.spare after use.
func (m *mapped) back(y []float64) []float64 {
	wantLen("x", y, len(m.b))
	x := m.spare.get(len(y))
	for i, b := range m.b {
		x[i] = (y[i] - b) / m.a
	}
	return x
}

// LogProb returns log p(y).
func (m *mapped) LogProb(y []float64) float64 {
	x := m.back(y)
	defer m.spare.put(x)
	return m.dist.LogProb(x) - float64(len(x))*math.Log(math.Abs(m.a))
}

// ScoreInput returns ∇ log p(y), in dst when it is not nil.
func (m *mapped) ScoreInput(dst, y []float64) []float64 {
	x := m.back(y)
	defer m.spare.put(x)
	dst = m.dist.ScoreInput(dst, x)
	for i := range dst {
		dst[i] /= m.a
	}
	return dst
}

// diffusedAffine is the distribution of αy + σz.
type diffusedAffine struct {
	mapped
	p    Diffused // of αx + σz/|a|
	base *Affine
}

// ScoreJacobian implements Diffused.
func (d *diffusedAffine) ScoreJacobian(dst *mat.Dense, y []float64) {
	x := d.back(y)
	defer d.spare.put(x)
	d.p.ScoreJacobian(dst, x)
	raw := dst.RawMatrix()
	for i := range raw.Rows {
		for j := range raw.Cols {
			raw.Data[i*raw.Stride+j] /= d.a * d.a
		}
	}
}

// Denoise implements Diffused.
func (d *diffusedAffine) Denoise(dst, y []float64) []float64 {
	x := d.back(y)
	defer d.spare.put(x)
	dst = d.p.Denoise(dst, x)
	d.base.forth(dst)
	return dst
}

var _ Diffusible = (*Affine)(nil)

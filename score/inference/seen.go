package inference

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// seen is a part at a time of the whole, where w, in units of α, has noise of variance r² = (σ/α)²
// and y = A(w − shift) the covariance r²AAᵀ. That is no time of the part, but where A is a multiple
// of the identity. Of a normal part of precision Λ in w the score at noise ρ² of y, in units of α,
// tells that at r² of w nevertheless,
//
//	(I + r²Λ) s_w = Aᵀ(I + ρ²A⁻ᵀΛA⁻¹) s_y,
//
// and of the left side the whole is the sum. ρ is r |det A|^(1/d), so that the determinants of the
// noise are the same.
type seen struct {
	time         float64 // of the part
	alpha, sigma float64 // then
	factor       float64 // α of the part over that of the whole
	weight       mat.Matrix
	half         *mat.SymDense // of JAC: the root of the prior's precision of y
	normal       *mat.SymDense // likewise, that of a normal part
	normalBack   *mat.SymDense // its inverse
}

// see returns part k at time t of m.
func (p *pooled) see(k int, m *moment, t float64) seen {
	of, d := p.parts[k], len(p.prior.mean)
	s := seen{time: t, alpha: m.alpha, sigma: m.sigma, factor: 1}
	ratio := m.sigma / m.alpha
	if of.to != nil {
		log, _ := mat.LogDet(of.to)
		s.time = sde.TimeAt(p.process, -math.Log(ratio)-log/float64(d))
		s.alpha, s.sigma = p.process.Kernel(s.time)
		s.factor = s.alpha / m.alpha
	}
	own := s.sigma / s.alpha
	if p.method == JAC {
		cov := p.prior.power(func(v float64) float64 { return v })
		if of.to != nil {
			cov = between(of.to, cov)
		}
		root := func(v float64) float64 { return math.Sqrt(1 + own*own/max(v, 1e-12)) }
		s.half = withValues(cov, root)
		cov = withValues(of.precision, func(v float64) float64 { return 1 / v })
		if of.to != nil {
			cov = between(of.to, cov)
		}
		s.normal, s.normalBack = withValues(cov, root), withValues(cov, func(v float64) float64 { return 1 / root(v) })
		return s
	}
	if of.to == nil {
		if p.method == GAUSS {
			w := mat.NewSymDense(d, nil)
			w.ScaleSym(own*own, of.precision)
			w.AddSym(w, identity(d))
			s.weight = w
		}
		return s
	}
	var from, precision mat.Dense
	if from.Inverse(of.to) != nil {
		return s
	}
	precision.Mul(of.precision, &from)
	precision.Scale(own*own, &precision)
	precision.Add(&precision, of.to.T())
	precision.Scale(s.factor, &precision)
	if p.method == FNPE {
		var noise mat.Dense
		noise.Scale(ratio*ratio, of.precision)
		noise.Add(&noise, identity(d))
		if precision.Solve(&noise, mat.DenseCopyOf(&precision)) != nil {
			return s
		}
	}
	s.weight = &precision
	return s
}

// between returns a b aᵀ.
func between(a mat.Matrix, b *mat.SymDense) *mat.SymDense {
	var m mat.Dense
	m.Mul(a, b)
	m.Mul(&m, a.T())
	d := b.SymmetricDim()
	s := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			s.SetSym(i, j, (m.At(i, j)+m.At(j, i))/2)
		}
	}
	return s
}

// forth writes f A x into dst.
func (of *part) forth(dst []float64, f float64, x []float64) {
	if of.to == nil {
		floats.ScaleTo(dst, f, x)
		return
	}
	clear(dst)
	addProduct(dst, f, of.to, x)
}

// back adds f Aᵀ x to dst.
func (of *part) back(dst []float64, f float64, x []float64) {
	if of.to == nil {
		floats.AddScaled(dst, f, x)
		return
	}
	addProduct(dst, f, of.to.T(), x)
}

// wide returns the term of Λ of a part that has the precision P of y at its time, both in units
// of α²/σ²: I + (r²/ρ²) Aᵀ(P − I)A.
func (of *part) wide(precision *mat.SymDense, m *moment, s *seen) *mat.SymDense {
	if of.to == nil {
		return precision
	}
	d := precision.SymmetricDim()
	p := mat.NewSymDense(d, nil)
	p.CopySym(precision)
	for j := range d {
		p.SetSym(j, j, p.At(j, j)-1)
	}
	p = between(of.to.T(), p)
	r := m.sigma / m.alpha * s.alpha / s.sigma
	p.ScaleSym(r*r, p)
	p.AddSym(p, identity(d))
	return p
}

// inWide returns the covariance of w for that of y.
func (of *part) inWide(cov *mat.SymDense) *mat.SymDense {
	var from mat.Dense
	if of.to == nil || from.Inverse(of.to) != nil {
		return cov
	}
	return between(&from, cov)
}

// view writes the y of part k for the rows of x and returns their times.
func (p *pooled) view(y, x *mat.Dense, k int, at []*moment) (times []float64) {
	off := make([]float64, len(p.prior.mean))
	for i, m := range at {
		copy(off, x.RawRowView(i))
		floats.AddScaled(off, -m.alpha, p.parts[k].shift)
		p.parts[k].forth(y.RawRowView(i), m.parts[k].factor, off)
		times = append(times, m.parts[k].time)
	}
	return times
}

// part returns observation i in model coordinates of a frame.
func (p *place) part(i int, f sde.Frame) part {
	d := len(f.Scale)
	of := part{shift: make([]float64, d)}
	shift := p.shift.RawRowView(p.at(i))
	if p.logs == nil {
		floats.DivTo(of.shift, shift, f.Scale)
		return of
	}
	from := mat.NewDense(1, d, append([]float64(nil), f.Shift...))
	p.scale(from, i, 1)
	for j, v := range from.RawRowView(0) {
		of.shift[j] = (shift[j] + v - f.Shift[j]) / f.Scale[j]
	}
	of.to = mat.NewDense(d, d, nil)
	for j := range d {
		axis := mat.NewDense(1, d, nil)
		axis.Set(0, j, f.Scale[j])
		p.scale(axis, i, -1)
		for k, v := range axis.RawRowView(0) {
			of.to.Set(k, j, v/f.Scale[k])
		}
	}
	return of
}

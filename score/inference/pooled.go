package inference

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// part is the posterior of one observation: its score in coordinates y = to (w − shift), where
// w are those of all parts, and its precision in w.
type part struct {
	score     sde.Scorer
	shift     []float64
	to        *mat.Dense // nil for the identity
	precision *mat.SymDense
}

// pooled is the score of p(θ | x_1, …, x_n), in model coordinates.
type pooled struct {
	process sde.SDE
	parts   []part
	prior   normal
	method  Method
}

// normal is the prior N(mean, cov) in model coordinates, as its eigenvectors and
// eigenvalues, and the precision.
type normal struct {
	mean      []float64
	vectors   *mat.Dense
	values    []float64
	precision *mat.SymDense
}

func newNormal(m moments) (normal, error) {
	var e mat.EigenSym
	if !e.Factorize(m.cov, true) {
		return normal{}, fmt.Errorf("the covariance of the prior has no eigenvalues: %w", ErrNonFinite)
	}
	g := normal{mean: m.mean, vectors: new(mat.Dense), values: e.Values(nil)}
	e.VectorsTo(g.vectors)
	for j, v := range g.values {
		g.values[j] = max(v, 1e-12)
	}
	g.precision = g.power(func(v float64) float64 { return 1 / v })
	return g, nil
}

// power returns Σ_j f(λ_j) v_j v_jᵀ.
func (g normal) power(f func(v float64) float64) *mat.SymDense {
	d := len(g.values)
	p, column := mat.NewSymDense(d, nil), make([]float64, d)
	for j, v := range g.values {
		mat.Col(column, j, g.vectors)
		p.SymRankOne(p, f(v), mat.NewVecDense(d, column))
	}
	return p
}

// moment is what the rows of one time have in common.
type moment struct {
	alpha, sigma float64
	parts        []seen
	prior        *mat.SymDense // of the prior's score
	diffused     *mat.SymDense // inverse covariance of the prior at this time
	sum          mat.Cholesky  // of Λ
}

// moment returns the weights at a time: Σ_i P_i s_i + (1 − n) P_λ s_λ = Λ s with
// P = Σ⁻¹ + (α²/σ²) I, in units of α²/σ² so that nothing overflows where σ is small.
func (p *pooled) moment(t float64) *moment {
	m := &moment{}
	m.alpha, m.sigma = p.process.Kernel(t)
	ratio := m.sigma * m.sigma / (m.alpha * m.alpha)
	m.diffused = p.prior.power(func(v float64) float64 { return 1 / (m.alpha*m.alpha*v + m.sigma*m.sigma) })
	d := len(p.prior.mean)
	m.parts = make([]seen, len(p.parts))
	for k := range p.parts {
		m.parts[k] = p.see(k, m, t)
	}
	if p.method == FNPE {
		return m
	}
	others := float64(len(p.parts) - 1)
	m.prior = mat.NewSymDense(d, nil)
	m.prior.ScaleSym(ratio, p.prior.precision)
	m.prior.AddSym(m.prior, identity(d))
	m.prior.ScaleSym(-others, m.prior)
	if p.method == JAC {
		return m
	}
	total := mat.NewSymDense(d, nil)
	total.CopySym(m.prior)
	for _, of := range p.parts {
		w := mat.NewSymDense(d, nil)
		w.ScaleSym(ratio, of.precision)
		w.AddSym(w, identity(d))
		total.AddSym(total, w)
	}
	m.sum.Factorize(atLeastOne(total))
	return m
}

// atLeastOne raises eigenvalues below 1 to it: Λ is I and what the observations tell
// beyond the prior.
func atLeastOne(a *mat.SymDense) *mat.SymDense {
	return withValues(a, func(v float64) float64 { return max(v, 1) })
}

// withValues returns the matrix with f of its eigenvalues; the identity for one that has
// none.
func withValues(a *mat.SymDense, f func(v float64) float64) *mat.SymDense {
	g := normal{vectors: new(mat.Dense)}
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		return identity(a.SymmetricDim())
	}
	e.VectorsTo(g.vectors)
	g.values = e.Values(nil)
	return g.power(f)
}

// times returns the moments of the rows, the same pointer for the same time.
func (p *pooled) times(t []float64, n int) []*moment {
	all := make([]*moment, n)
	for i := range all {
		switch {
		case i > 0 && (len(t) == 1 || t[i] == t[i-1]):
			all[i] = all[i-1]
		default:
			all[i] = p.moment(t[i])
		}
	}
	return all
}

// Score implements sde.Scorer.
func (p *pooled) Score(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	at := p.times(t, n)
	sums := mat.NewDense(n, d, nil)
	var local []*mat.SymDense
	if p.method == JAC {
		local = p.prepare(at)
	}
	y, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	jacobian := p.jacobians(n, d)
	for k, of := range p.parts {
		own := p.view(y, x, k, at)
		if p.method == JAC {
			jacobian.evaluate(of.score, s, y, own)
		} else {
			of.score.Score(s, y, own)
		}
		for i := range n {
			by := &at[i].parts[k]
			if p.method != JAC {
				addProduct(sums.RawRowView(i), 1, by.weight, s.RawRowView(i))
				continue
			}
			precision := jacobian.precision(i, by)
			weighted := make([]float64, d)
			addProduct(weighted, 1, precision, s.RawRowView(i))
			of.back(sums.RawRowView(i), by.factor, weighted)
			local[i].AddSym(local[i], of.wide(precision, at[i], by))
		}
	}
	others := float64(len(p.parts) - 1)
	prior := make([]float64, d)
	off := make([]float64, d)
	for i := range n {
		for j, v := range x.RawRowView(i) {
			off[j] = v - at[i].alpha*p.prior.mean[j]
		}
		clear(prior)
		addProduct(prior, -1, at[i].diffused, off)
		row := sums.RawRowView(i)
		if p.method == FNPE {
			floats.AddScaled(row, -others, prior)
			copy(dst.RawRowView(i), row)
			continue
		}
		addProduct(row, 1, at[i].prior, prior)
		chol := &at[i].sum
		if p.method == JAC {
			chol = new(mat.Cholesky)
			chol.Factorize(atLeastOne(local[i]))
		}
		solve(dst.RawRowView(i), chol, row)
	}
}

// JVP writes the scores into dst and their derivatives along v into jv. The weights of
// GAUSS and FNPE depend on the time only; JAC has no derivatives, see pooled.Capabilities.
func (p derivatives) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	n, d := x.Dims()
	p.Score(dst, x, t)
	at := p.times(t, n)
	sums, y, s, js := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	along := mat.NewDense(n, d, nil)
	for k, of := range p.parts {
		own := p.view(y, x, k, at)
		for i := range n {
			of.forth(along.RawRowView(i), at[i].parts[k].factor, v.RawRowView(i))
		}
		p.tangents[k].JVP(s, js, y, along, own)
		for i := range n {
			addProduct(sums.RawRowView(i), 1, at[i].parts[k].weight, js.RawRowView(i))
		}
	}
	prior := make([]float64, d)
	for i := range n {
		clear(prior)
		addProduct(prior, -1, at[i].diffused, v.RawRowView(i))
		addProduct(sums.RawRowView(i), 1, at[i].prior, prior)
		solve(jv.RawRowView(i), &at[i].sum, sums.RawRowView(i))
	}
}

// tangent is the half of sde.Divergencer that is needed here.
type tangent interface {
	JVP(dst, jv, x, v *mat.Dense, t []float64)
}

// derivatives is a pooled score of GAUSS whose parts have derivatives.
type derivatives struct {
	*pooled
	tangents []tangent
}

// Capabilities returns the derivatives, where there are any.
func (p *pooled) Capabilities() []any {
	if p.method != GAUSS {
		return nil
	}
	d := derivatives{pooled: p}
	for _, of := range p.parts {
		t, ok := sde.As[tangent](of.score)
		if !ok {
			return nil
		}
		d.tangents = append(d.tangents, t)
	}
	return []any{d}
}

// addProduct adds f a x to dst, a nil a being the identity.
func addProduct(dst []float64, f float64, a mat.Matrix, x []float64) {
	if a == nil {
		floats.AddScaled(dst, f, x)
		return
	}
	for i := range dst {
		sum := 0.0
		for j, v := range x {
			sum += a.At(i, j) * v
		}
		dst[i] += f * sum
	}
}

// solve writes Λ⁻¹ b into dst, NaN for a b, or a Λ, that is not finite.
func solve(dst []float64, chol *mat.Cholesky, b []float64) {
	var v mat.VecDense
	if chol.IsEmpty() || chol.SolveVecTo(&v, mat.NewVecDense(len(b), b)) != nil {
		for j := range dst {
			dst[j] = math.NaN()
		}
		return
	}
	for j := range dst {
		dst[j] = v.AtVec(j)
	}
}

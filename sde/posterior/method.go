package posterior

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Method makes the Problem of p(x_t | y) from that of p(x_t). The methods of this
// package are values whose zero value is ready to use. They differ in the covariance
// that they take x₀ to have given x_t, see the package's documentation.
//
// The Score of the result is s + ∇ log p(y | x_t); it adds to one evaluation of the
// score as many products with its Jacobian as the method says. The first product of TMPD
// gives the score too when h is linear; what the others multiply waits for it. Everything
// else is the first Problem's, which has to be a score with the method VJP
// (sde.Pullback). Rows may have observations of their own. The derivative of the result is
// not known, so that sampler.LogProb refuses it; PiGDM of a linear h and DPS with a Step know
// their densities where the score does, for sampler.MALA.
//
// Given returns an error for what Observation.Validate and Problem.Validate find, one
// wrapping ErrShape for observations of another number of rows or columns than the
// Problem's, and one wrapping ErrRange for an impossible field of the method, a score
// without VJP, a Problem with cells that are left out, and an observation without noise
// that contradicts cells that the Problem knows. With noise there is no contradiction: a
// cell is what it is known to be, however far from it something else was measured.
type Method interface {
	Given(p sde.Problem, o Observation) (sde.Problem, error)
}

var (
	_ Method = DPS{}
	_ Method = PiGDM{}
	_ Method = TMPD{}
	_ Method = MMPS{}
)

// guidance is what tells one method from another.
type guidance interface {
	// check returns an error for an impossible field, or an observation that the
	// method does not take.
	check(l *Likelihood) error
	// add adds ∇ log p(y | x_t) to the scores in dst.
	add(dst *mat.Dense, at *moment)
}

// conservative is a guidance that is the gradient of a function of x.
type conservative interface {
	guidance
	// conserves says whether it is for this likelihood.
	conserves(l *Likelihood) bool
	// logProb adds that function to dst.
	logProb(dst []float64, at *moment)
}

// guided is the score of a posterior.
type guided struct {
	base sde.Problem
	pull sde.Pullback // of base.Score
	like *Likelihood
	seen *mat.Dense // base.Observed, of the rows that are meant
	by   guidance
}

var (
	_ sde.Selector  = (*guided)(nil)
	_ sde.Origin    = (*guided)(nil)
	_ sde.LogProber = guidedLogProb{}
)

// given makes the Problem of a method of this name.
func given(name string, p sde.Problem, o Observation, by guidance) (sde.Problem, error) {
	g, err := newGuided(p, o, by)
	if err != nil {
		return sde.Problem{}, fmt.Errorf("posterior: %s: %w", name, err)
	}
	return g.Problem(), nil
}

func newGuided(p sde.Problem, o Observation, by guidance) (*guided, error) {
	l, err := pose(o, p.Frame)
	if err != nil {
		return nil, err
	}
	in, _ := l.Dims()
	n := max(p.Rows, 1)
	if err := p.Validate(n, in); err != nil {
		return nil, err
	}
	if p.Rows > 0 && l.Rows() > 0 && p.Rows != l.Rows() {
		return nil, fmt.Errorf("Observation.Y: has %d rows, the score conditions for %d, want one for all rows, or as many: %w", l.Rows(), p.Rows, ErrShape)
	}
	if p.Observed != nil {
		for i := range p.Observed.RawMatrix().Rows {
			for j, v := range p.Observed.RawRowView(i) {
				if math.IsInf(v, 1) {
					return nil, fmt.Errorf("Problem.Observed: row %d, column %d is left out, want it drawn or known: %w", i, j, ErrRange)
				}
			}
		}
	}
	if err := by.check(l); err != nil {
		return nil, err
	}
	pull, ok := sde.As[sde.Pullback](p.Score)
	if ok && p.Rows > 0 {
		_, ok = sde.As[sde.Pullback](p.Select([]int{0}))
	}
	if !ok {
		return nil, fmt.Errorf("Problem.Score: is a %T, which does not know products with its Jacobian, want one with the method VJP of sde.Pullback: %w", p.Score, ErrRange)
	}
	g := &guided{base: p, pull: pull, like: l, seen: p.Observed, by: by}
	return g, g.agree()
}

// Problem implements sde.Origin.
func (g *guided) Problem() sde.Problem {
	p := g.base
	if p.Origin != nil {
		p = p.Origin.Problem()
	} else if o, ok := sde.As[sde.Origin](p.Score); ok {
		p = o.Problem()
	}
	now := *g
	now.base, now.like = p, g.like.in(p.Frame)
	if pull, ok := sde.As[sde.Pullback](p.Score); ok {
		now.pull = pull
	}
	p.Rows, p.Conditional = max(p.Rows, g.like.Rows()), true
	p.Score, p.Origin = &now, &now
	return p
}

// Select implements sde.Selector.
func (g *guided) Select(rows []int) sde.Scorer {
	some := *g
	if g.base.Rows > 0 {
		some.base.Score = g.base.Select(rows)
		some.pull, _ = sde.As[sde.Pullback](some.base.Score)
	}
	some.like = g.like.Select(rows)
	if g.seen != nil && g.seen.RawMatrix().Rows > 1 {
		some.seen = mat.NewDense(len(rows), g.seen.RawMatrix().Cols, nil)
		for i, r := range rows {
			some.seen.SetRow(i, g.seen.RawRowView(r))
		}
	}
	return &some
}

// Score writes the scores of the posteriors of the rows x into dst.
func (g *guided) Score(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	parts := g.parts(n, t)
	if parts == nil {
		g.by.add(dst, g.at(dst, x, t))
		return
	}
	g.like.check("Score", x)
	for _, rows := range parts {
		some := g.Select(rows).(*guided)
		to, from, times := mat.NewDense(len(rows), d, nil), mat.NewDense(len(rows), d, nil), t
		if len(t) == n {
			times = make([]float64, len(rows))
		}
		for k, i := range rows {
			from.SetRow(k, x.RawRowView(i))
			if len(t) == n {
				times[k] = t[i]
			}
		}
		some.by.add(to, some.at(to, from, times))
		for k, i := range rows {
			dst.SetRow(i, to.RawRowView(k))
		}
	}
}

// parts returns which of n rows are evaluated together, nil for all: not all where each may
// need a matrix of its own, which are not to fill the memory. Rows of one time stay together
// where they share a matrix.
func (g *guided) parts(n int, t []float64) (parts [][]int) {
	const numbers = 1 << 20
	switch g.by.(type) {
	case PiGDM, MMPS:
	default:
		return nil
	}
	shared := g.shared()
	if len(t) == 1 && shared {
		return nil
	}
	if _, ok := sde.As[sde.Selector](g.base.Score); !ok && g.base.Rows > 0 {
		return nil
	}
	_, m := g.like.Dims()
	most := max(1, numbers/m/m) // matrices
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if shared {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t[a], t[b]) })
	}
	matrices, first := 0, 0
	for k, i := range order {
		if k > first && shared && t[i] == t[order[k-1]] {
			continue
		}
		if matrices == most {
			parts, matrices, first = append(parts, order[first:k]), 0, k
		}
		matrices++
	}
	if parts == nil {
		return nil
	}
	return append(parts, order[first:])
}

// shared reports whether H, without what is known, is one matrix for all rows.
func (g *guided) shared() bool {
	return g.like.matrix != nil && (g.seen == nil || g.seen.RawMatrix().Rows == 1)
}

// Capabilities returns the log-density where the method and the score know it, and the
// twisting function of a likelihood that has a density.
func (g *guided) Capabilities() (all []any) {
	if twist, ok := g.by.(twisting); ok && g.like.noise.definite {
		all = append(all, guidedTwist{g, twist})
	}
	c, ok := g.by.(conservative)
	if !ok || !c.conserves(g.like) {
		return all
	}
	if base, ok := sde.As[sde.LogProber](g.base.Score); ok {
		all = append(all, guidedLogProb{g, c, base})
	}
	return all
}

type guidedLogProb struct {
	*guided
	by   conservative
	base sde.LogProber
}

// LogProb writes log p_t(x) + log p(y | x) of the rows x into dst.
func (g guidedLogProb) LogProb(dst []float64, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	at := g.at(mat.NewDense(n, d, nil), x, t)
	g.base.LogProb(dst, x, t)
	g.by.logProb(dst, at)
}

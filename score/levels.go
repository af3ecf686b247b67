package score

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// A model with Config.ColumnLevels is evaluated with six coefficients a cell,
//
//	s = p⊙y + q⊙F(a⊙y + b, c) + r,
//
// blocks of d columns each. One program serves whatever is observed.
const (
	cellIn    = iota // a
	cellValue        // b
	cellLevel        // c, what the network is told of the cell's noise
	cellOnX          // p
	cellOnF          // q
	cellShift        // r
	coeffsPerCell
)

// coeffsAt returns the number of coefficients of a time.
func (m *Model) coeffsAt() int {
	if m.levels {
		return coeffsPerCell * m.dim
	}
	return coeffsPerTime
}

// levelsOf builds the score from a row of coefficients of cells.
func levelsOf(b *nn.Build, net nn.Module, x, c *ad.Expr) *ad.Expr {
	d := x.Cols()
	block := func(k int) *ad.Expr { return ad.Slice(c, k*d, (k+1)*d) }
	b.Time = block(cellLevel)
	f := net.Apply(b, ad.Add(ad.Mul(block(cellIn), x), block(cellValue)))
	return ad.Add(ad.Add(ad.Mul(block(cellOnX), x), ad.Mul(block(cellOnF), f)), block(cellShift))
}

// clean returns the coefficients of at for data with noise of the deviation level
// and α = 1, those of the nearest level that the network knows. Level 0 is that of
// known cells.
func (m *Model) clean(level float64) [coeffsPerTime]float64 {
	start, end := m.process.Span()
	t := start
	if logSNR := -math.Log(level); logSNR < sde.LogSNR(m.process, start) {
		t = min(max(sde.TimeAt(m.process, logSNR), start), end)
	}
	α, _ := m.process.Kernel(t)
	c := m.at(t)
	return [coeffsPerTime]float64{c[0] * α, c[1], c[2] * α * α, c[3] * α}
}

// moment is what all cells of a time have in common.
type moment struct {
	α, σ  float64
	drawn [coeffsPerTime]float64
	known [coeffsPerTime]float64 // of cells that are known
	top   float64                // what the network is told of cells that are left out
}

// momentAt returns the moment of a time.
func (m *Model) momentAt(t float64) moment {
	α, σ := m.process.Kernel(t)
	return moment{α, σ, m.at(t), m.clean(0), m.highest()}
}

// cells fills the coefficients of a row. Of what is observed, k and τ are the values and
// their deviations in model coordinates:
//
//	known (τ = 0)   a = 0,  b = In k,  c the least level; the score is set apart
//	left out        a = 0,  b = 0,     c the highest level; likewise
//	known to ± τ    the two observations x of αx₀ and k of x₀ are one of x₀, of mean μ
//	                and level Σ, and s = (αD(μ, Σ) − x)/σ², with C = α²τ² + σ²:
//	                Σ = στ/√C,  μ = gx + hk,  g = ατ²/C,  h = σ²/C,
//	                s = (αk − x)/C + g s'(μ, Σ),
//
// s' being the score at α = 1. The last is the first for τ → 0 and what a drawn cell
// has for τ → ∞.
func (m *Model) cells(dst []float64, at *moment, seen *observation, row int) {
	d, α, σ := m.dim, at.α, at.σ
	set := func(j int, a, b, c, p, q, r float64) {
		for k, v := range [coeffsPerCell]float64{a, b, c, p, q, r} {
			dst[k*d+j] = v
		}
	}
	for j := range d {
		k, τ := seen.at(m, row, j)
		switch {
		case math.IsNaN(k):
			set(j, at.drawn[0], 0, at.drawn[1], at.drawn[2], at.drawn[3], 0)
		case math.IsInf(k, 1):
			set(j, 0, 0, at.top, 0, 0, 0)
		case τ == 0:
			set(j, 0, at.known[0]*k, at.known[1], 0, 0, 0)
		default:
			root := math.Hypot(α*τ, σ)
			g, h := α*(τ/root)*(τ/root), (σ/root)*(σ/root)
			c := m.clean(σ * (τ / root))
			set(j, c[0]*g, c[0]*h*k, c[1], -1/(root*root)+g*g*c[2], g*c[3], α*k/(root*root)+g*c[2]*h*k)
		}
	}
}

// highest returns what the network is told of a cell that is left out.
func (m *Model) highest() float64 {
	_, end := m.process.Span()
	return m.at(end)[1]
}

// observation is what a View knows of its rows, in the data's coordinates.
type observation struct {
	values, deviations *mat.Dense // deviations may be nil: all are 0
	exact              *mat.Dense // values, NaN where the deviation is not 0: what a Problem says
}

// rows returns the number of rows, 0 when it does not matter.
func (o *observation) rows() int {
	if o == nil || o.values.RawMatrix().Rows == 1 {
		return 0
	}
	return o.values.RawMatrix().Rows
}

// at returns value and deviation of a cell in the coordinates of the model.
func (o *observation) at(m *Model, i, j int) (k, τ float64) {
	if o == nil {
		return math.NaN(), 0
	}
	if o.rows() == 0 {
		i = 0
	}
	if k = o.values.At(i, j); !finite(k) {
		return k, 0
	}
	if o.deviations != nil {
		τ = o.deviations.At(i, j) / m.scale[j]
	}
	return (k - m.shift[j]) / m.scale[j], τ
}

// selected returns the observations of some rows.
func (o *observation) selected(rows []int) *observation {
	if o.rows() == 0 {
		return o
	}
	of := func(all *mat.Dense) *mat.Dense {
		if all == nil {
			return nil
		}
		some := mat.NewDense(len(rows), all.RawMatrix().Cols, nil)
		for i, r := range rows {
			some.SetRow(i, all.RawRowView(r))
		}
		return some
	}
	return &observation{of(o.values), of(o.deviations), of(o.exact)}
}

// settle sets the scores of the cells that are not drawn.
func (o *observation) settle(m *Model, dst, x *mat.Dense, t []float64) {
	if o == nil {
		return
	}
	for i := range x.RawMatrix().Rows {
		at := t[0]
		if len(t) > 1 {
			at = t[i]
		}
		α, σ := m.process.Kernel(at)
		out, y := dst.RawRowView(i), x.RawRowView(i)
		for j := range out {
			switch k, τ := o.at(m, i, j); {
			case math.IsInf(k, 1):
				out[j] = -y[j] / (α*α + σ*σ)
			case finite(k) && τ == 0:
				out[j] = (α*k - y[j]) / (σ * σ)
			}
		}
	}
}

// hide makes 0 of the numbers of cells that are not drawn, which may be anything.
func hide[T ad.Float](x []T, d int, exact *mat.Dense) {
	if exact == nil {
		return
	}
	one := exact.RawMatrix().Rows == 1
	for i := range len(x) / d {
		k := i
		if one {
			k = 0
		}
		for j, v := range exact.RawRowView(k) {
			if !math.IsNaN(v) {
				x[i*d+j] = 0
			}
		}
	}
}

// Observed is what is known of rows, in the data's coordinates: one row for all, or
// row i for row i of a run.
type Observed struct {
	// Values holds a finite number where a cell is known, NaN where it is to be drawn,
	// and +Inf where it is left out: neither known nor wanted, but integrated out.
	Values *mat.Dense
	// Deviations τ, of the shape of Values, say that a known value is one of
	// the cell plus noise N(0, τ²); the cell is drawn then. Where τ is 0 the value is
	// exact. Nil means 0 everywhere; what stands at cells that are not known does
	// not matter.
	Deviations *mat.Dense
}

// Observe returns the score of the model given what is known of some columns, and
// nothing else. See View.Observe.
func (m *Model) Observe(o Observed) *View { return m.Unconditional().Observe(o) }

// Marginal returns the score of the cells of x that are not NaN, the others being
// left out: LogProb of x with its Problem is the density of what is there. It panics
// where Observe does.
func (m *Model) Marginal(x *mat.Dense) *View {
	return m.Observe(Observed{Values: leftOut(x)})
}

// leftOut returns observations that leave out the NaNs of x.
func leftOut(x *mat.Dense) *mat.Dense {
	values := mat.DenseCopyOf(x)
	values.Apply(func(_, _ int, v float64) float64 {
		if math.IsNaN(v) {
			return math.Inf(1)
		}
		return math.NaN()
	}, values)
	return values
}

// Observe returns the score of the drawn columns of a model with
// Config.ColumnLevels given the known ones, and the conditions of v. Known cells come
// out of a run as they are, cells left out as NaN, see sde.Problem.Observed; rows of one
// run may know different columns. It replaces what v has observed, copies o,
// and panics for what CheckObserve finds.
func (v *View) Observe(o Observed) *View {
	if err := v.CheckObserve(o); err != nil {
		panic(err.Error())
	}
	seen := &observation{values: mat.DenseCopyOf(o.Values)}
	seen.exact = seen.values
	if o.Deviations != nil {
		seen.deviations = mat.DenseCopyOf(o.Deviations)
		seen.exact = mat.DenseCopyOf(o.Values)
		seen.exact.Apply(func(i, j int, k float64) float64 {
			if finite(k) && o.Deviations.At(i, j) != 0 {
				return math.NaN()
			}
			return k
		}, seen.exact)
	}
	return &View{m: v.m, cond: v.cond, seen: seen}
}

// CheckObserve returns an error for observations that come from outside: one wrapping
// ErrShape when the model is without Config.ColumnLevels, there are none, or they have
// other columns than the model or other rows than the conditions, ErrNonFinite for
// −Inf, and ErrRange for a deviation of a known value that is not a finite number
// ≥ 0, naming row and column.
func (v *View) CheckObserve(o Observed) error {
	if !v.m.levels {
		return fmt.Errorf("score: Observe: the model has one noise level for all columns, see Config.ColumnLevels: %w", ErrShape)
	}
	n, d := 0, 0
	if o.Values != nil {
		n, d = o.Values.Dims()
	}
	if n == 0 || d != v.m.dim {
		return fmt.Errorf("score: Observe: Values: are of %d rows and %d columns, the model has %d columns: %w", n, d, v.m.dim, ErrShape)
	}
	if o.Deviations != nil {
		if r, c := o.Deviations.Dims(); r != n || c != d {
			return fmt.Errorf("score: Observe: Deviations: are %d×%d, want %d×%d, the shape of Values: %w", r, c, n, d, ErrShape)
		}
	}
	if v.cond != nil {
		if k := v.cond.RawMatrix().Rows; k > 1 && n > 1 && k != n {
			return fmt.Errorf("score: Observe: Values: have %d rows, there are conditions for %d, want one for all, or as many: %w", n, k, ErrShape)
		}
	}
	for i := range n {
		for j, k := range o.Values.RawRowView(i) {
			if math.IsInf(k, -1) {
				return fmt.Errorf("score: Observe: Values: row %d, column %d: is −Inf, want a finite number, NaN to draw it, or +Inf to leave it out: %w", i, j, ErrNonFinite)
			}
			if o.Deviations == nil || !finite(k) {
				continue
			}
			if τ := o.Deviations.At(i, j); !(τ >= 0 && finite(τ)) {
				return fmt.Errorf("score: Observe: Deviations: row %d, column %d: is %v, want a finite number ≥ 0: %w", i, j, τ, ErrRange)
			}
		}
	}
	return nil
}

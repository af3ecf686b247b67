package posterior

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Likelihood is p(y | x₀) as a function of the model's coordinates
// u = (x₀ − shift)/scale, for rows u:
//
//	log p(y | u) = −½ rᵀ Σ⁻¹ r − ½ log det 2πΣ,   r = y − h(shift + scale⊙u).
//
// It is immutable and safe for concurrent use, as its Operator is.
type Likelihood struct {
	op     Operator
	matrix *mat.Dense // A diag(scale) of a Linear operator, else nil
	frame  sde.Frame
	y      *mat.Dense
	noise  *covariance
}

// NewLikelihood returns the likelihood of an observation in the coordinates of a frame;
// the zero Frame is the data's own. Errors are those of Observation.Validate, one that
// wraps ErrShape for a frame of other columns, and one that wraps ErrRange when Σ is not
// positive definite, so that there is no density.
func NewLikelihood(o Observation, f sde.Frame) (*Likelihood, error) {
	l, err := pose(o, f)
	if err != nil {
		return nil, fmt.Errorf("posterior: NewLikelihood: %w", err)
	}
	if !l.noise.definite {
		return nil, fmt.Errorf("posterior: NewLikelihood: Noise: is 0 or singular, want a positive definite covariance: %w", ErrRange)
	}
	return l, nil
}

// pose checks an observation and puts it into a frame; Σ may be singular.
func pose(o Observation, f sde.Frame) (*Likelihood, error) {
	o.Operator = pointed(o.Operator)
	if err := validOperator(o.Operator); err != nil {
		return nil, err
	}
	in, out := o.Operator.Dims()
	if f.Shift != nil && len(f.Shift) != in || f.Scale != nil && len(f.Scale) != in {
		return nil, fmt.Errorf("the operator takes %d columns, the frame has %d shifts and %d scales, want as many: %w", in, len(f.Shift), len(f.Scale), ErrShape)
	}
	if o.Y == nil || o.Y.IsEmpty() {
		return nil, fmt.Errorf("Observation.Y: is empty, want a row for all rows of a run, or one for each: %w", ErrShape)
	}
	if n, m := o.Y.Dims(); m != out {
		return nil, fmt.Errorf("Observation.Y: is %d×%d, the operator gives %d numbers: %w", n, m, out, ErrShape)
	}
	if err := checkFinite("Observation.Y", o.Y); err != nil {
		return nil, err
	}
	e, err := o.Noise.of(out)
	if err != nil {
		return nil, err
	}
	l := (&Likelihood{op: kept(o.Operator), y: mat.DenseCopyOf(o.Y), noise: e}).in(f)
	if err := l.sized(); err != nil {
		return nil, err
	}
	if l.matrix != nil && !e.definite {
		if err := independent(l.matrix, e); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// sized returns an error for rows of a Linear operator whose squares are no numbers.
func (l *Likelihood) sized() error {
	if l.matrix == nil {
		return nil
	}
	m, _ := l.matrix.Dims()
	for k := range m {
		row := l.matrix.RawRowView(k)
		if square := dot(row, row); !finite(square) || square == 0 && floats.Norm(row, math.Inf(1)) > 0 {
			return fmt.Errorf("number %d of y: its weights are of size %.3g in the coordinates of the model, want one with a finite square above 0, by other units: %w", k, floats.Norm(row, math.Inf(1)), ErrRange)
		}
	}
	return nil
}

// in returns the likelihood in another frame.
func (l *Likelihood) in(f sde.Frame) *Likelihood {
	framed := *l
	framed.frame = sde.Frame{Shift: slices.Clone(f.Shift), Scale: slices.Clone(f.Scale)}
	if linear, ok := l.op.(Linear); ok {
		framed.matrix = mat.DenseCopyOf(linear.Matrix())
		n, _ := framed.matrix.Dims()
		for k := range n {
			framed.scale(framed.matrix.RawRowView(k))
		}
	}
	return &framed
}

// model returns a value of column j in the coordinates of the frame.
func (l *Likelihood) model(j int, v float64) float64 {
	if l.frame.Shift != nil {
		v -= l.frame.Shift[j]
	}
	if l.frame.Scale != nil {
		v /= l.frame.Scale[j]
	}
	return v
}

// scale multiplies a row by the scales of the frame.
func (l *Likelihood) scale(row []float64) {
	for j, s := range l.frame.Scale {
		row[j] *= s
	}
}

// Dims returns the numbers of columns of x and of y.
func (l *Likelihood) Dims() (in, out int) { return l.op.Dims() }

// Rows returns the number of rows of y, 0 when one is for all rows of a run.
func (l *Likelihood) Rows() int {
	if n, _ := l.y.Dims(); n > 1 {
		return n
	}
	return 0
}

// Select returns the likelihood of the rows with these indices in the whole run, in this
// order.
func (l *Likelihood) Select(rows []int) *Likelihood {
	if l.Rows() == 0 {
		return l
	}
	some := *l
	some.y = mat.NewDense(len(rows), l.y.RawMatrix().Cols, nil)
	for i, r := range rows {
		some.y.SetRow(i, l.y.RawRowView(r))
	}
	return &some
}

// Residual writes y − h of the n×in rows u, in model coordinates, into the n×out rows of
// dst, in the units of y. It panics when the shapes do not match, or when y has a row for
// each of another number of rows.
func (l *Likelihood) Residual(dst, u *mat.Dense) {
	l.check("Residual", u)
	l.op.Apply(dst, l.data(u))
	n, _ := dst.Dims()
	for i := range n {
		row, y := dst.RawRowView(i), l.row(i)
		for k, v := range row {
			row[k] = y[k] - v
		}
	}
}

// LogProb writes log p(y | u) of the rows u, with its constant, into dst. It panics
// where Residual does.
func (l *Likelihood) LogProb(dst []float64, u *mat.Dense) {
	r := l.residual("LogProb", u)
	n, m := r.Dims()
	if len(dst) != n {
		panic(fmt.Sprintf("posterior: dimension mismatch: LogProb: dst has length %d, want %d, one entry a row", len(dst), n))
	}
	w := make([]float64, m)
	for i := range n {
		l.noise.solve(w, r.RawRowView(i))
		dst[i] = -0.5 * (dot(w, r.RawRowView(i)) + l.noise.logDet)
	}
}

// Gradient writes ∇_u log p(y | u) = (∂h/∂u)ᵀ Σ⁻¹ r of the rows u into dst. It panics
// where Residual does.
func (l *Likelihood) Gradient(dst, u *mat.Dense) {
	r := l.residual("Gradient", u)
	n, _ := r.Dims()
	for i := range n {
		l.noise.solve(r.RawRowView(i), r.RawRowView(i))
	}
	l.vjp(dst, u, r)
}

func (l *Likelihood) residual(verb string, u *mat.Dense) *mat.Dense {
	if !l.noise.definite {
		panic("posterior: " + verb + ": the noise is 0 or singular, there is no density")
	}
	n, _ := u.Dims()
	_, m := l.op.Dims()
	r := mat.NewDense(n, m, nil)
	l.Residual(r, u)
	return r
}

// row returns what is observed of row i.
func (l *Likelihood) row(i int) []float64 {
	if l.Rows() == 0 {
		i = 0
	}
	return l.y.RawRowView(i)
}

func (l *Likelihood) check(verb string, u *mat.Dense) {
	n, d := u.Dims()
	in, _ := l.op.Dims()
	if d != in {
		panic(fmt.Sprintf("posterior: dimension mismatch: %s: the rows are %d×%d, the operator takes %d columns", verb, n, d, in))
	}
	if k := l.Rows(); k > 0 && k != n {
		panic(fmt.Sprintf("posterior: dimension mismatch: %s: there are %d rows, and observations for %d, want one for all or one a row", verb, n, k))
	}
}

// data returns rows in the data's coordinates.
func (l *Likelihood) data(u *mat.Dense) *mat.Dense {
	if l.frame.Shift == nil && l.frame.Scale == nil {
		return u
	}
	x := mat.NewDense(u.RawMatrix().Rows, u.RawMatrix().Cols, nil)
	l.frame.ToData(x, u)
	return x
}

// jvp writes (∂h/∂u) v into dst.
func (l *Likelihood) jvp(dst, u, v *mat.Dense) {
	if l.frame.Scale != nil {
		v = mat.DenseCopyOf(v)
		for i := range v.RawMatrix().Rows {
			l.scale(v.RawRowView(i))
		}
	}
	l.op.JVP(dst, l.data(u), v)
}

// vjp writes (∂h/∂u)ᵀ w into dst.
func (l *Likelihood) vjp(dst, u, w *mat.Dense) {
	l.op.VJP(dst, l.data(u), w)
	for i := range dst.RawMatrix().Rows {
		l.scale(dst.RawRowView(i))
	}
}

// jacobian returns ∂h/∂u at a row u, which is not to be changed.
func (l *Likelihood) jacobian(u []float64) *mat.Dense {
	if l.matrix != nil {
		return l.matrix
	}
	in, out := l.op.Dims()
	h, all, unit := mat.NewDense(out, in, nil), mat.NewDense(out, in, nil), mat.NewDense(out, out, nil)
	for k := range out {
		all.SetRow(k, u)
		unit.Set(k, k, 1)
	}
	l.vjp(h, all, unit)
	return h
}

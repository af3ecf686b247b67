package export

import (
	"fmt"
	"math"
	"strconv"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// builder makes the expressions of a Problem and keeps their parameters together.
type builder struct {
	Settings
	problem sde.Problem
	dim     int
	y       *ad.Expr      // rows in model coordinates
	views   []*score.View // whose scores, weighted, are the Problem's
	scopes  []*nn.Build   // of the views; views of a model share one
	params  nn.Params
	root    *nn.Build
	weights map[string][]float32 // by the names of params
	cond    *ad.Expr             // nil: the views' own
}

// newBuilder looks through what a Problem is made of.
func newBuilder(p sde.Problem, s *Settings) (*builder, error) {
	b := &builder{problem: p, weights: make(map[string][]float32)}
	if s != nil {
		b.Settings = *s
	}
	if p.SDE == nil || p.Score == nil {
		return nil, fmt.Errorf("the Problem has no process or no score: %w", ErrRange)
	}
	b.root = nn.NewBuild(&b.params)
	if err := b.collect(p); err != nil {
		return nil, err
	}
	b.dim = b.views[0].Model().Dim()
	if err := p.Validate(max(1, p.Rows), b.dim); err != nil {
		return nil, err
	}
	scopes := make(map[*score.Model]*nn.Build)
	for _, v := range b.views {
		m := v.Model()
		if scope, ok := scopes[m]; ok {
			b.scopes = append(b.scopes, scope.Share())
			continue
		}
		name := "net"
		if len(scopes) > 0 {
			name += strconv.Itoa(1 + len(scopes))
		}
		scope := b.root.Scope(name)
		scopes[m], b.scopes = scope, append(b.scopes, scope)
		entries, theta := m.Weights()
		for _, e := range entries {
			b.weights[name+"."+e.Name] = theta[e.Offset : e.Offset+e.Rows*e.Cols]
		}
	}
	if err := b.checkConditions(); err != nil {
		return nil, err
	}
	if !b.Standardised {
		return b, b.checkFrame()
	}
	return b, nil
}

// collect lists the views.
func (b *builder) collect(p sde.Problem) error {
	if v, ok := sde.As[*score.View](p.Score); ok {
		for _, known := range b.views {
			if known == v {
				return nil
			}
		}
		b.views = append(b.views, v)
		return nil
	}
	mixed, ok := sde.As[sde.Mixed](p.Score)
	if !ok {
		return fmt.Errorf("the score is a %T, want that of a score.Model, or of sde.Guide and sde.Within of such: %w", p.Score, ErrUnsupported)
	}
	start, _ := p.Span()
	terms, _ := mixed.Terms(start)
	for _, q := range terms {
		if err := b.collect(q); err != nil {
			return err
		}
	}
	return nil
}

// share adds the weights that the views have in the score at a time.
func (b *builder) share(p sde.Problem, t, weight float64, to []float64) {
	if v, ok := sde.As[*score.View](p.Score); ok {
		for i, known := range b.views {
			if known == v {
				to[i] += weight
			}
		}
		return
	}
	mixed, _ := sde.As[sde.Mixed](p.Score)
	terms, weights := mixed.Terms(t)
	for i, q := range terms {
		b.share(q, t, weight*weights[i], to)
	}
}

// coefficients returns what the views need to know to build a y + b s(y, t).
func (b *builder) coefficients(t, onY, onScore float64) []float64 {
	shares := make([]float64, len(b.views))
	b.share(b.problem, t, 1, shares)
	var all []float64
	for i, v := range b.views {
		all = append(all, v.Coefficients(t, onY, onScore*shares[i])...)
		onY = 0
	}
	return all
}

// express builds a y + b s(y, t) from coefficients, one row for each row of y or for all.
// It is called again for other rows, with the same weights.
func (b *builder) express(y, c *ad.Expr) *ad.Expr {
	var sum *ad.Expr
	at := 0
	for i, v := range b.views {
		n := len(v.Coefficients(b.anyTime(), 0, 1))
		s := v.Express(b.scopes[i], y, ad.Slice(c, at, at+n), b.condOf(v))
		b.scopes[i] = b.scopes[i].Share()
		if at += n; sum == nil {
			sum = s
		} else {
			sum = ad.Add(sum, s)
		}
	}
	return sum
}

// anyTime is a time of the span.
func (b *builder) anyTime() float64 {
	start, end := b.problem.Span()
	return start + (end-start)/2
}

// condOf returns the conditions of a view that are an input, nil for its own or none.
func (b *builder) condOf(v *score.View) *ad.Expr {
	if b.cond != nil && v.Conditional() {
		return b.cond
	}
	return nil
}

// checkConditions makes the conditions an input if that is wanted.
func (b *builder) checkConditions() error {
	for _, v := range b.views {
		k := v.ConditionColumns()
		switch {
		case !v.Conditional():
		case b.Conditions && b.cond == nil:
			b.cond = ad.Input("cond", k)
		case b.Conditions && b.cond.Cols() != k:
			return fmt.Errorf("the models of a mixture have %d and %d columns of conditions: %w", b.cond.Cols(), k, ErrUnsupported)
		}
	}
	if b.Conditions && b.cond == nil {
		return fmt.Errorf("Settings.Conditions: is set, but the Problem's score has no conditions; make it with Model.Given: %w", ErrRange)
	}
	if !b.Conditions && b.problem.Rows > 0 {
		return fmt.Errorf("the Problem has conditions or observations for each of %d rows; want one for all, or Settings.Conditions: %w", b.problem.Rows, ErrUnsupported)
	}
	return nil
}

// mostOffset is how many deviations the data may lie from 0: float32 has seven digits.
const mostOffset = 1e4

func (b *builder) checkFrame() error {
	f := b.problem.Frame
	for j := range f.Shift {
		scale := 1.0
		if f.Scale != nil {
			scale = math.Abs(f.Scale[j])
		}
		if r := math.Abs(f.Shift[j]) / scale; r > mostOffset {
			return fmt.Errorf("column %d lies %.3g deviations from 0, where float32 tells deviations apart to %.1g only: set Settings.Standardised, and shift and scale outside: %w", j, r, r*0x1p-24, ErrRange)
		}
	}
	return nil
}

// constant returns a parameter with these numbers.
func (b *builder) constant(name string, rows, cols int, v []float64) *ad.Expr {
	narrow := make([]float32, len(v))
	for i, x := range v {
		narrow[i] = float32(x)
	}
	b.weights[name] = narrow
	return b.root.Param(name, rows, cols, nn.Zeros{})
}

// theta returns the vector of all parameters.
func (b *builder) theta() []float32 {
	v := make([]float32, b.params.Len())
	for _, e := range b.params.Entries() {
		copy(v[e.Offset:e.Offset+e.Rows*e.Cols], b.weights[e.Name])
	}
	return v
}

// shift and scale of the data, nil for 0 and 1.
func (b *builder) frame() (shift, scale []float64) {
	if b.Standardised {
		return nil, nil
	}
	return b.problem.Frame.Shift, b.problem.Frame.Scale
}

// toModel returns the model's coordinates of data, toData the opposite. The shift is
// subtracted in two parts, as it has more digits than float32.
func (b *builder) toModel(x *ad.Expr) *ad.Expr {
	shift, scale := b.frame()
	if shift != nil {
		most, rest := make([]float64, len(shift)), make([]float64, len(shift))
		for j, v := range shift {
			most[j] = float64(float32(v))
			rest[j] = v - most[j]
		}
		x = ad.Sub(ad.Sub(x, ad.Row(most)), ad.Row(rest))
	}
	if scale != nil {
		x = ad.Div(x, ad.Row(scale))
	}
	return x
}

func (b *builder) toData(y *ad.Expr) *ad.Expr {
	y = b.scaled(y)
	if shift, _ := b.frame(); shift != nil {
		y = ad.Add(y, ad.Row(shift))
	}
	return y
}

// scaled returns a difference of model coordinates in the data's.
func (b *builder) scaled(v *ad.Expr) *ad.Expr {
	if _, scale := b.frame(); scale != nil {
		v = ad.Mul(v, ad.Row(scale))
	}
	return v
}

package score

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// Classifier is a network that tells the class c of a noised row y_t, in model
// coordinates,
//
//	log p(c | y_t) = l_c − log Σ_k exp l_k,   l = Logits(y_t, log(σ/α)),
//
// for sde.GuideByClassifier. Training it, on rows noised by sde.Perturb, is the caller's.
type Classifier struct {
	// Process and Frame are those of the model that is to be guided, and of the rows
	// that the network was trained on.
	Process sde.SDE
	Frame   sde.Frame
	// Columns is the number of columns of a row, Classes that of classes.
	Columns, Classes int
	// Logits builds the network: from the rows, r×Columns, and a column of their noise
	// levels log(σ/α), one logit for each class, r×Classes.
	Logits func(y, level *ad.Expr) *ad.Expr
	// Weights are what its parameters are (ad.Param, or those of nn.Params).
	Weights []float32
}

// Given returns the Problem whose Score is ∇ log p(c | y_t), for one class for all rows
// of a run, or one for each. It is computed in float64, has its derivatives
// (sde.Divergencer, sde.Pullback) and log p(c | y_t) (sde.LogProber), and a copy of the
// weights. Errors wrap ErrRange for a field that is missing or impossible and a class
// that does not exist, ErrShape for logits of another number of columns, a Frame of others
// than Columns, and weights that are not as many as the network has, and ErrNonFinite for a
// weight that is no number. Guided by it, a run of other columns is refused.
func (c Classifier) Given(class ...int) (sde.Problem, error) {
	if err := c.validate(class); err != nil {
		return sde.Problem{}, fmt.Errorf("score: %w", err)
	}
	y, level, label, v := ad.Input("y", c.Columns), ad.Input("level", 1), ad.Input("class", 1), ad.Input("v", c.Columns)
	logits := c.Logits(y, level)
	if logits == nil {
		return sde.Problem{}, fmt.Errorf("score: Classifier.Logits: gives nil, want %d columns, one a class: %w", c.Classes, ErrShape)
	}
	if logits.Cols() != c.Classes {
		return sde.Problem{}, fmt.Errorf("score: Classifier.Logits: gives %d columns, want %d, one a class: %w", logits.Cols(), c.Classes, ErrShape)
	}
	if n := ad.Compile[float64]([]*ad.Expr{logits}, []*ad.Expr{y, level}).Params(); n != len(c.Weights) {
		return sde.Problem{}, fmt.Errorf("score: Classifier.Weights: are %d, the network has %d: %w", len(c.Weights), n, ErrShape)
	}
	logits = ad.Sub(logits, ad.MaxCols(logits)) // which cancels
	logp := ad.Sub(ad.SumCols(ad.Mul(ad.OneHot(label, c.Classes), logits)), ad.Log(ad.SumCols(ad.Exp(logits))))
	gradient := ad.Grad(logp, y)[0]
	net := &classifier{Classifier: c}
	for k, out := range [][]*ad.Expr{{gradient}, {logp}, {gradient, ad.JVP(gradient, y, v)}} {
		in := []*ad.Expr{y, level, label}
		if k == 2 {
			in = append(in, v)
		}
		p := ad.Compile[float64](out, in)
		w := make([]float64, len(c.Weights))
		for i, x := range c.Weights {
			w[i] = float64(x)
		}
		net.programs[k] = p
		p.Pack(&net.weights[k], w, nil)
	}
	g := classGradient{net, append([]int(nil), class...)}
	p := sde.Problem{SDE: c.Process, Score: g, Frame: c.Frame, Conditional: true}
	if p.Frame.Shift == nil {
		p.Frame.Shift = make([]float64, c.Columns) // which says how many columns there are
	}
	if len(class) > 1 {
		p.Rows = len(class)
	}
	return p, nil
}

func (c Classifier) validate(class []int) error {
	if err := sde.Validate(c.Process); err != nil {
		return fmt.Errorf("Classifier.Process: %w", err)
	}
	switch {
	case c.Columns < 1:
		return fmt.Errorf("Classifier.Columns: is %d, want 1 or more: %w", c.Columns, ErrRange)
	case c.Classes < 2:
		return fmt.Errorf("Classifier.Classes: is %d, want 2 or more: %w", c.Classes, ErrRange)
	case c.Logits == nil:
		return fmt.Errorf("Classifier.Logits: is nil, want a network: %w", ErrRange)
	case c.Frame.Shift != nil && len(c.Frame.Shift) != c.Columns || c.Frame.Scale != nil && len(c.Frame.Scale) != c.Columns:
		return fmt.Errorf("Classifier.Frame: has %d shifts and %d scales, want %d, the Columns: %w", len(c.Frame.Shift), len(c.Frame.Scale), c.Columns, ErrShape)
	case len(class) == 0:
		return fmt.Errorf("Classifier.Given: has no class, want one for all rows or one for each: %w", ErrRange)
	}
	for i, k := range class {
		if k < 0 || k >= c.Classes {
			return fmt.Errorf("Classifier.Given: class %d of row %d does not exist, want 0 to %d: %w", k, i, c.Classes-1, ErrRange)
		}
	}
	for i, w := range c.Weights {
		if w-w != 0 {
			return fmt.Errorf("Classifier.Weights[%d]: is %v, want a finite number: %w", i, w, ErrNonFinite)
		}
	}
	return nil
}

// classifier is the programs of a Classifier: of the gradient, of log p, and of the
// gradient with a derivative.
type classifier struct {
	Classifier
	programs [3]*ad.Program[float64]
	weights  [3]ad.Weights[float64]
}

// classGradient is ∇ log p(c | y_t) for the class of each row, or one of all.
type classGradient struct {
	net   *classifier
	class []int
}

var (
	_ sde.Divergencer = classGradient{}
	_ sde.Pullback    = classGradient{}
	_ sde.LogProber   = classGradient{}
	_ sde.Selector    = classGradient{}
)

// Select implements sde.Selector.
func (g classGradient) Select(rows []int) sde.Scorer {
	if len(g.class) == 1 {
		return g
	}
	some := classGradient{g.net, make([]int, len(rows))}
	for i, r := range rows {
		some.class[i] = g.class[r]
	}
	return some
}

// Score writes the gradients of the rows x into dst.
func (g classGradient) Score(dst, x *mat.Dense, t []float64) {
	dst.Copy(mat.NewDense(x.RawMatrix().Rows, g.net.Columns, g.run(0, dst, x, nil, t)[0]))
}

// LogProb writes log p(c | y_t) of the rows x into dst.
func (g classGradient) LogProb(dst []float64, x *mat.Dense, t []float64) {
	if n, _ := x.Dims(); len(dst) != n {
		panic(fmt.Sprintf("%s: dst has length %d, x %d rows", badShape, len(dst), n))
	}
	copy(dst, g.run(1, x, x, nil, t)[0])
}

// JVP writes the gradients into dst and their derivatives along v into jv.
func (g classGradient) JVP(dst, jv, x, v *mat.Dense, t []float64) {
	out := g.run(2, jv, x, v, t)
	n, d := x.Dims()
	g.check(dst, x, t)
	dst.Copy(mat.NewDense(n, d, out[0]))
	jv.Copy(mat.NewDense(n, d, out[1]))
}

// VJP is JVP: the derivatives of a gradient are symmetric.
func (g classGradient) VJP(dst, jtu, x, u *mat.Dense, t []float64) { g.JVP(dst, jtu, x, u, t) }

// Divergence writes the gradients into dst and their divergences into div, by a derivative
// for each column.
func (g classGradient) Divergence(dst *mat.Dense, div []float64, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	if len(div) != n {
		panic(fmt.Sprintf("%s: div has length %d, x %d rows", badShape, len(div), n))
	}
	clear(div)
	jv := mat.NewDense(n, d, nil)
	for j := range d {
		v := mat.NewDense(n, d, nil)
		for i := range n {
			v.Set(i, j, 1)
		}
		g.JVP(dst, jv, x, v, t)
		for i := range n {
			div[i] += jv.At(i, j)
		}
	}
}

// run runs a program on the rows x, with directions v or none.
func (g classGradient) run(k int, dst, x, v *mat.Dense, t []float64) [][]float64 {
	g.check(dst, x, t)
	n, d := x.Dims()
	level, label := make([]float64, n), make([]float64, n)
	for i := range n {
		if i < len(t) {
			level[i] = -sde.LogSNR(g.net.Process, t[i])
		} else {
			level[i] = level[0]
		}
		label[i] = float64(g.class[min(i, len(g.class)-1)])
	}
	in, out := [][]float64{toRows[float64](nil, x), level, label}, [][]float64{make([]float64, n*d)}
	switch k {
	case 1:
		out[0] = out[0][:n]
	case 2:
		g.check(v, x, t)
		in, out = append(in, toRows[float64](nil, v)), append(out, make([]float64, n*d))
	}
	g.net.programs[k].Run(n, &g.net.weights[k], nil, out, in, nil)
	return out
}

// check panics when shapes, or the number of classes, do not match.
func (g classGradient) check(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	r, c := dst.Dims()
	switch {
	case d != g.net.Columns || n == 0:
		panic(fmt.Sprintf("%s: x is %d×%d, the classifier has %d columns", badShape, n, d, g.net.Columns))
	case r != n || c != d:
		panic(fmt.Sprintf("%s: dst is %d×%d, x is %d×%d", badShape, r, c, n, d))
	case len(t) != 1 && len(t) != n:
		panic(fmt.Sprintf("%s: %d times for %d rows, want 1 or one a row", badShape, len(t), n))
	case len(g.class) > 1 && len(g.class) != n:
		panic(fmt.Sprintf("%s: classes of %d rows for %d, want 1 or one a row", badShape, len(g.class), n))
	}
}

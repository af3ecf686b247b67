package export

import (
	"fmt"
	"maps"
	"math"
	"strconv"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/sde"
)

// Settings are the choices of an export. The zero value, or a nil pointer, is ready to
// use.
type Settings struct {
	// Conditions makes the conditions an input "cond", a row for each row as Model.Given
	// takes them, instead of those that the Problem was made with. Scores without
	// conditions, as the second of a guided pair, stay without. Nothing checks what is
	// given: a label that does not exist counts as none of the classes.
	Conditions bool
	// Standardised leaves the Frame outside: x and all outputs are in the coordinates of
	// the model, y = (x − Shift)/Scale, and Metadata says what these are.
	Standardised bool
}

// Score returns the graph of ∇ₓ log p_t(x), in the coordinates of the data: inputs "x"
// (N×d) and "t" (N×1, times of the process), output "score" (N×d). Row i of "score" belongs
// to row i of "x" at time i of "t"; times beyond the span are at its ends.
//
// Errors of all verbs of this package wrap ErrUnsupported for a score that is not made of
// Models, for conditions or observations of every row without Settings.Conditions,
// and for a process whose coefficients are too rough, and ErrRange for a Problem
// or a setting that is impossible, among them a column that lies so far from 0 that
// float32 cannot tell its values apart.
func Score(p sde.Problem, s *Settings) (*onnx.Graph, error) {
	return atTimes("Score", p, s, func(float64) (float64, float64) { return 0, 1 }, func(b *builder, out *ad.Expr) []onnx.Output {
		if _, scale := b.frame(); scale != nil {
			out = ad.Div(out, ad.Row(scale))
		}
		return []onnx.Output{{Name: "score", Value: out}}
	})
}

// Denoiser returns the graph of D(x, t) = E[x₀ | x_t = x], both in the coordinates of
// the data: inputs "x" and "t" as for Score, output "denoised" (N×d). In model coordinates it
// is (y + σ² s)/α, whose parts are put together before the network is run, so that
// nothing cancels.
func Denoiser(p sde.Problem, s *Settings) (*onnx.Graph, error) {
	weights := func(t float64) (onY, onScore float64) {
		alpha, sigma := p.Kernel(t)
		return 1 / alpha, sigma * sigma / alpha
	}
	return atTimes("Denoiser", p, s, weights, func(b *builder, out *ad.Expr) []onnx.Output {
		return []onnx.Output{{Name: "denoised", Value: b.toData(out)}}
	})
}

// Flow returns the graph of the probability flow, of which a solver makes samples and
// log-densities: inputs "x" and "t" as for Score, outputs
//
//	"velocity"    v(x, t) = dx/dt   (N×d), in model coordinates f y − ½g² s
//	"divergence"  ∇·v               (N×1), exact
//
// With d/dt log p_t(x_t) = −∇·v along the flow, log p(x) is log p_T(x_T) + ∫∇·v dt,
// less Σ log Scale. The divergence costs d derivatives of the network.
func Flow(p sde.Problem, s *Settings) (*onnx.Graph, error) {
	weights := func(t float64) (onY, onScore float64) {
		f, g2 := p.Rates(t)
		return f, -0.5 * g2
	}
	return atTimes("Flow", p, s, weights, func(b *builder, out *ad.Expr) []onnx.Output {
		var parts []*ad.Expr
		for j := range b.dim {
			e := make([]float64, b.dim)
			e[j] = 1
			parts = append(parts, ad.Slice(ad.JVP(out, b.y, ad.Row(e)), j, j+1))
		}
		return []onnx.Output{
			{Name: "velocity", Value: b.scaled(out)},
			{Name: "divergence", Value: ad.SumCols(ad.Concat(parts...))},
		}
	})
}

// LogProb returns the graph of log p_t(x) up to a number that depends on t only, of a model
// whose network is an nn.Energy: inputs "x" and "t" as for Score, output "log_prob" (N×1),
// whose gradient is the score.
func LogProb(p sde.Problem, s *Settings) (*onnx.Graph, error) {
	b, err := newBuilder(p, s)
	if err != nil {
		return nil, fmt.Errorf("export: LogProb: %w", err)
	}
	view := b.views[0]
	if _, ok := sde.As[sde.LogProber](view); !ok || len(b.views) > 1 {
		return nil, fmt.Errorf("export: LogProb: the score has no log-density, want that of a model whose network is an nn.Energy: %w", ErrUnsupported)
	}
	return b.atTimes("LogProb", func(float64) (float64, float64) { return 0, 1 }, func(b *builder, c *ad.Expr) []onnx.Output {
		e := view.ExpressEnergy(b.scopes[0], b.y, c, b.condOf(view))
		return []onnx.Output{{Name: "log_prob", Value: ad.Neg(e)}}
	})
}

// atTimes returns a graph about a y + b s(y, t) with t an input.
func atTimes(verb string, p sde.Problem, s *Settings, weights func(t float64) (float64, float64), outputs func(b *builder, out *ad.Expr) []onnx.Output) (*onnx.Graph, error) {
	b, err := newBuilder(p, s)
	if err != nil {
		return nil, fmt.Errorf("export: %s: %w", verb, err)
	}
	return b.atTimes(verb, weights, func(b *builder, c *ad.Expr) []onnx.Output {
		return outputs(b, b.express(b.y, c))
	})
}

func (b *builder) atTimes(verb string, weights func(t float64) (onY, onScore float64), outputs func(b *builder, c *ad.Expr) []onnx.Output) (*onnx.Graph, error) {
	start, end := b.problem.Span()
	c, err := newCurve(func(t float64) (values, terms []float64) {
		onY, onScore := weights(t)
		values, terms = b.coefficients(t, onY, onScore), b.coefficients(t, 0, onScore)
		for i, v := range values {
			terms[i] = max(math.Abs(terms[i]), math.Abs(v), math.Abs(onY))
		}
		return values, terms
	}, start, end, b.breaks())
	if err != nil {
		return nil, fmt.Errorf("export: %s: %w", verb, err)
	}
	x, t := ad.Input("x", b.dim), ad.Input("t", 1)
	b.y = b.toModel(x)
	return b.graph(verb, []*ad.Expr{x, t}, outputs(b, c.express(b, t))), nil
}

// breaks returns the times at which the coefficients may be rough.
func (b *builder) breaks() []float64 {
	breaks := b.problem.Breakpoints
	if _, ok := sde.As[*sde.Discrete](b.problem.SDE); ok {
		start, end := b.problem.Span()
		for t := start; t <= end && t < start+mostPieces; t++ {
			breaks = append(breaks, t)
		}
	}
	return breaks
}

// graph puts together what all exports have in common.
func (b *builder) graph(verb string, in []*ad.Expr, out []onnx.Output) *onnx.Graph {
	if b.cond != nil {
		in = append(in, b.cond)
	}
	return &onnx.Graph{Inputs: in, Outputs: out, Weights: b.theta(), Name: verb, Metadata: b.metadata(verb)}
}

// metadata says what a model is about. What the user keeps beside the model is there too.
func (b *builder) metadata(verb string) map[string]string {
	start, end := b.problem.Span()
	m := maps.Clone(b.views[0].Model().Metadata)
	if m == nil {
		m = make(map[string]string)
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	m["gradlogp.kind"] = verb
	m["gradlogp.process"] = fmt.Sprintf("%T", b.problem.SDE)
	m["gradlogp.span"] = number(start) + " " + number(end)
	m["gradlogp.frame"] = "data"
	if b.Standardised {
		m["gradlogp.frame"] = "model"
		m["gradlogp.shift"], m["gradlogp.scale"] = numbers(b.problem.Frame.Shift), numbers(b.problem.Frame.Scale)
	}
	return m
}

// numbers prints numbers in a row.
func numbers(v []float64) string {
	var b []byte
	for i, x := range v {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendFloat(b, x, 'g', -1, 64)
	}
	return string(b)
}

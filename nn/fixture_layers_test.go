package nn_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// layersFixture are networks with gradients of torch's automatic
// differentiation in float64.
type layersFixture struct {
	Cases []layersCase
}

type layersCase struct {
	Name, Kind string
	D          int
	B          int `json:"B"`
	Net        struct {
		TimeEmbedding *struct{ Freqs fixture.Array } `json:"time_embedding"`
		Input         string
		Layers        []fixtureLayer
		ParamOrder    []string `json:"param_order"`
	}
	Eps, Sigma, T, X, V fixture.Array
	Out, Divergence     fixture.Array
	Energy, Score       fixture.Array
	Losses              map[string]fixtureLoss
}

type fixtureLoss struct {
	Loss  float64
	Grads []fixture.Array `json:"param_grads"`
}

type fixtureLayer struct {
	Type, Name, Fn string
	W              fixture.Array `json:"W"`
	B, Gamma, Beta fixture.Array
	Eps            float64
	Layers         []fixtureLayer
}

// fixtureActivations are the activations by the names of the reference.
var fixtureActivations = map[string]nn.Module{
	"silu": nn.SiLU{}, "tanh": nn.Tanh{}, "softplus": nn.Softplus{}, "gelu": nn.GELU{}, "gelu_tanh": nn.GELUTanh{},
	"relu": nn.ReLU{}, "sigmoid": nn.Sigmoid{}, "elu": nn.ELU{}, "sin": sine{},
}

type sine struct{}

func (sine) Apply(_ *nn.Build, x *ad.Expr) *ad.Expr { return ad.Sin(x) }

// hasLayers reports whether layers of a network are what this package has a
// module for beyond those of an MLP.
func hasLayers(layers []fixtureLayer) bool {
	return slices.ContainsFunc(layers, func(l fixtureLayer) bool {
		return l.Type == "layernorm" || l.Type == "residual" || l.Type == "film"
	})
}

// reference is a network of the fixture made of this package's modules.
type reference struct {
	t     *testing.T
	theta map[string][]float64 // weights by our names
	// from tells where in the flat vector a parameter of the fixture lies, and
	// how.
	from map[string]func(flat []float64) []float64
	p    *nn.Params
}

// module returns the module of a list of layers in a scope.
func (r *reference) module(layers []fixtureLayer, scope string) nn.Sequential {
	var s nn.Sequential
	for i, l := range layers {
		at := strings.TrimPrefix(scope+"."+strconv.Itoa(i), ".")
		switch l.Type {
		case "linear":
			s = append(s, nn.Linear{Out: l.W.Shape[0]})
			r.set(at+".weight", l.Name+".W", transposed(l.W.Data, l.W.Shape[0]), l.W.Shape[1])
			r.set(at+".bias", l.Name+".b", l.B.Data, 1)
		case "act":
			require.Contains(r.t, fixtureActivations, l.Fn)
			s = append(s, fixtureActivations[l.Fn])
		case "layernorm":
			s = append(s, nn.LayerNorm{Epsilon: l.Eps})
			r.set(at+".gain", l.Name+".gamma", l.Gamma.Data, 1)
			r.set(at+".bias", l.Name+".beta", l.Beta.Data, 1)
		case "residual":
			s = append(s, nn.Residual{Body: r.module(l.Layers, at+".body")})
		case "film":
			s = append(s, nn.Condition{})
			r.film(at, l)
		default:
			require.FailNow(r.t, "unknown layer", l.Type)
		}
	}
	return s
}

// set gives our parameter of the given number of rows its weights; the
// fixture's is the transpose if it is a matrix.
func (r *reference) set(name, theirs string, weights []float64, rows int) {
	r.theta[name] = weights
	r.from[theirs] = func(flat []float64) []float64 {
		v, _, _ := nn.View(r.p, flat, name)
		return transposed(v, rows)
	}
}

// film splits a layer with a bias, (scale, shift) = W e + b, into the two
// matrices of a Condition on (e, 1).
func (r *reference) film(at string, l fixtureLayer) {
	out, in := l.W.Shape[0], l.W.Shape[1]
	half := out / 2
	for k, name := range []string{at + ".scale", at + ".shift"} {
		w := l.W.Data[k*half*in : (k+1)*half*in]
		r.theta[name] = slices.Concat(transposed(w, half), l.B.Data[k*half:(k+1)*half])
	}
	parts := func(flat []float64) (scale, shift []float64) {
		scale, _, _ = nn.View(r.p, flat, at+".scale")
		shift, _, _ = nn.View(r.p, flat, at+".shift")
		return scale, shift
	}
	r.from[l.Name+".W"] = func(flat []float64) []float64 {
		scale, shift := parts(flat)
		return slices.Concat(transposed(scale[:in*half], in), transposed(shift[:in*half], in))
	}
	r.from[l.Name+".b"] = func(flat []float64) []float64 {
		scale, shift := parts(flat)
		return slices.Concat(scale[in*half:], shift[in*half:])
	}
}

// transposed returns the transpose of a row-major matrix of the given rows.
func transposed(v []float64, rows int) []float64 {
	cols := len(v) / rows
	w := make([]float64, len(v))
	for i := range rows {
		for j := range cols {
			w[j*rows+i] = v[i*cols+j]
		}
	}
	return w
}

// lastNorm is the number of the fixture's parameters ahead of the last layer
// norm.
func lastNorm(order []string) int {
	last := 0
	for i, p := range order {
		if strings.HasSuffix(p, ".gamma") {
			last = i
		}
	}
	return last
}

// lossOf returns the objective of each row.
func lossOf(name string, s, x, v, eps, sigma *ad.Expr) *ad.Expr {
	halfNorm := func(e *ad.Expr) *ad.Expr { return ad.Scale(0.5, ad.SumCols(ad.Square(e))) }
	vJv := func() *ad.Expr { return ad.SumCols(ad.Mul(v, ad.JVP(s, x, v))) }
	switch name {
	case "dsm":
		return ad.Mul(ad.Square(sigma), halfNorm(ad.Add(s, ad.Div(eps, sigma))))
	case "ism":
		loss := halfNorm(s)
		for k := range x.Cols() {
			unit := make([]float64, x.Cols())
			unit[k] = 1
			loss = ad.Add(loss, ad.Slice(ad.JVP(s, x, ad.Row(unit)), k, k+1))
		}
		return loss
	case "ssm":
		return ad.Add(vJv(), ad.Scale(0.5, ad.Square(ad.SumCols(ad.Mul(v, s)))))
	}
	return ad.Add(vJv(), halfNorm(s))
}

func TestLayersFixture(t *testing.T) {
	f := fixture.Load[layersFixture](t, "autodiff")
	fixture.EachExcept(t, f.Cases, func(_ int, c layersCase) string { return c.Name }, func(c layersCase) string {
		if !hasLayers(c.Net.Layers) {
			return "networks with layers that are not tested here"
		}
		return ""
	}, checkLayers)
}

func closeTo(t *testing.T, want, got []float64, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.LessOrEqual(t, math.Abs(got[i]-want[i]), tolerance*max(1, math.Abs(want[i])), "element %d: %v, want %v", i, got[i], want[i])
	}
}

func checkLayers(t *testing.T, c layersCase) {
	x, time, v := ad.Input("x", c.D), ad.Input("t", 1), ad.Input("v", c.D)
	eps, sigma := ad.Input("eps", c.D), ad.Input("sigma", 1)
	leaves := []*ad.Expr{x, time, v, eps, sigma}
	values := [][]float64{c.X.Data, c.T.Data, c.V.Data, c.Eps.Data, c.Sigma.Data}

	var params nn.Params
	b, in := nn.NewBuild(&params), x
	if e := c.Net.TimeEmbedding; e != nil {
		angle := ad.Scale(2*math.Pi, ad.Mul(time, ad.Row(e.Freqs.Data)))
		embedding := ad.Concat(ad.Sin(angle), ad.Cos(angle))
		b.Cond = ad.Concat(embedding, ad.Const(1))
		if c.Net.Input == "concat(x, temb)" {
			in = ad.Concat(x, embedding)
		}
	}
	r := &reference{t: t, theta: map[string][]float64{}, from: map[string]func([]float64) []float64{}, p: &params}
	out := r.module(c.Net.Layers, "").Apply(b, in)
	theta := make([]float64, params.Len())
	require.Len(t, r.theta, len(params.Entries()))
	for name, w := range r.theta {
		part, _, _ := nn.View(&params, theta, name)
		require.Len(t, w, len(part), name)
		copy(part, w)
	}

	evaluate := func(e *ad.Expr, theta []float64) []float64 {
		return run[float64](e, c.B, theta, leaves, values...)
	}
	s := out
	if c.Kind == "energy" {
		closeTo(t, c.Energy.Data, evaluate(out, theta), 1e-10)
		s = ad.Neg(ad.Grad(out, x)[0])
		closeTo(t, c.Score.Data, evaluate(s, theta), 1e-10)
	} else {
		closeTo(t, c.Out.Data, evaluate(out, theta), 1e-10)
		closeTo(t, c.Divergence.Data, evaluate(ad.Sub(lossOf("ism", s, x, v, eps, sigma), ad.Scale(0.5, ad.SumCols(ad.Square(s)))), theta), 1e-10)
	}
	for _, name := range []string{"dsm", "ism", "ssm", "ssm_vr"} {
		want, ok := c.Losses[name]
		if !ok {
			continue
		}
		loss := ad.Scale(1/float64(c.B), ad.SumRows(lossOf(name, s, x, v, eps, sigma)))
		closeTo(t, []float64{want.Loss}, evaluate(loss, theta), 1e-10)
		grad := make([]float64, params.Len())
		for i, g := range ad.Grad(loss, params.Leaves()...) {
			copy(grad[params.Entries()[i].Offset:], evaluate(g, theta))
		}
		// torch 1.13 drops terms of the third derivative of its layer norm:
		// an energy's implicit loss has the right gradient from the last one
		// on only. Differences replace the wrong ones.
		wrong := 0
		if c.Kind == "energy" && name == "ism" {
			wrong = lastNorm(c.Net.ParamOrder)
		}
		for i, p := range c.Net.ParamOrder {
			require.Contains(t, r.from, p)
			if i >= wrong {
				closeTo(t, want.Grads[i].Data, r.from[p](grad), 1e-10)
			}
		}
		if wrong > 0 {
			direction := normals(len(theta), 1, 5)
			at := func(h float64) float64 {
				moved := slices.Clone(theta)
				for i := range moved {
					moved[i] += h * direction[i]
				}
				return evaluate(loss, moved)[0]
			}
			const h = 1e-3
			slope := 0.0
			for i, g := range grad {
				slope += g * direction[i]
			}
			require.InDelta(t, (8*(at(h)-at(-h))-at(2*h)+at(-2*h))/(12*h), slope, 1e-7*max(1, math.Abs(slope)))
		}
	}
}

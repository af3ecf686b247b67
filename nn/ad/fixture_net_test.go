package ad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
)

// references are gradients of torch's automatic differentiation in float64.
type references struct {
	Cases       []fixtureCase       `json:"cases"`
	Activations []fixtureActivation `json:"activations"`
	Ops         []fixtureOp         `json:"ops"`
	Embeddings  []fixtureEmbedding  `json:"embeddings"`
}

type fixtureCase struct {
	Name                      string     `json:"name"`
	Kind                      string     `json:"kind"`
	D                         int        `json:"d"`
	B                         int        `json:"B"`
	Net                       fixtureNet `json:"net"`
	X0, Eps, Sigma, T, X, V   fixture.Array
	Out, Jacobian, Divergence fixture.Array
	JVP                       fixture.Array `json:"jvp_v"`
	VJP                       fixture.Array `json:"vjp_v"`
	GradDiv                   fixture.Array `json:"grad_div_x"`
	Energy, Score, Hessian    fixture.Array
	HVP                       fixture.Array          `json:"hvp_v"`
	Losses                    map[string]fixtureLoss `json:"losses"`
}

type fixtureLoss struct {
	Loss  float64         `json:"loss"`
	Grads []fixture.Array `json:"param_grads"`
	GradX fixture.Array   `json:"grad_x"`
}

type fixtureActivation struct {
	Name             string `json:"name"`
	X, F, D1, D2, D3 fixture.Array
}

type fixtureOp struct {
	Op     string `json:"op"`
	X, Y   fixture.Array
	W      fixture.Array `json:"cotangent_w"`
	VJP    fixture.Array `json:"vjp"`
	U      fixture.Array `json:"direction_u"`
	Second fixture.Array `json:"second_order"`
}

type fixtureEmbedding struct {
	Name         string        `json:"name"`
	Dim          int           `json:"dim"`
	W            fixture.Array `json:"W"`
	Channels     int           `json:"num_channels"`
	MaxPositions float64       `json:"max_positions"`
	Endpoint     bool          `json:"endpoint"`
	Freqs        fixture.Array `json:"freqs"`
	Features     int           `json:"features"`
	T, Out       fixture.Array
}

// fixtureNet is a network as the fixtures describe it.
type fixtureNet struct {
	TimeEmbedding *struct {
		Type  string        `json:"type"`
		Freqs fixture.Array `json:"freqs"`
	} `json:"time_embedding"`
	Input      string         `json:"input"`
	Layers     []fixtureLayer `json:"layers"`
	ParamOrder []string       `json:"param_order"`
}

type fixtureLayer struct {
	Type   string         `json:"type"`
	Name   string         `json:"name"`
	Fn     string         `json:"fn"`
	W      fixture.Array  `json:"W"`
	B      fixture.Array  `json:"b"`
	Gamma  fixture.Array  `json:"gamma"`
	Beta   fixture.Array  `json:"beta"`
	Eps    float64        `json:"eps"`
	Layers []fixtureLayer `json:"layers"`
}

// builder composes a network of the fixtures from this package's operations.
type builder struct {
	t      *testing.T
	theta  []float64
	params map[string]fixtureParam
	linear int
}

type fixtureParam struct {
	expr       *Expr
	transposed bool // stored as in×out, the fixture's gradient being out×in
}

func (b *builder) param(name string, rows, cols int, data []float64) *Expr {
	p := Param(name, rows, cols, len(b.theta))
	b.theta = append(b.theta, data...)
	b.params[name] = fixtureParam{expr: p}
	return p
}

// affine returns x·Wᵀ + c for the fixture's out×in matrix, in turn with the
// matrix as it is and transposed, so that all three products and the addend of
// Affine are exercised.
func (b *builder) affine(name string, x *Expr, w, c fixture.Array) *Expr {
	out, in := w.Shape[0], w.Shape[1]
	bias := func() *Expr { return b.param(name+".b", 1, out, c.Data) }
	b.linear++
	if b.linear%2 == 0 {
		return Add(MatMulT(x, b.param(name+".W", out, in, w.Data)), bias())
	}
	p := b.param(name+".W", in, out, transpose(w.Data, out, in))
	b.params[name+".W"] = fixtureParam{expr: p, transposed: true}
	return Affine(x, p, bias())
}

func transpose(v []float64, rows, cols int) []float64 {
	w := make([]float64, len(v))
	for i := range rows {
		for j := range cols {
			w[j*rows+i] = v[i*cols+j]
		}
	}
	return w
}

func (b *builder) apply(layers []fixtureLayer, h, temb *Expr) *Expr {
	for _, l := range layers {
		switch l.Type {
		case "linear":
			h = b.affine(l.Name, h, l.W, l.B)
		case "act":
			h = activation(b.t, l.Fn)(h)
		case "layernorm":
			h = layerNorm(h, l.Eps)
			h = Mul(h, b.param(l.Name+".gamma", 1, h.Cols(), l.Gamma.Data))
			h = Add(h, b.param(l.Name+".beta", 1, h.Cols(), l.Beta.Data))
		case "residual":
			h = Add(h, b.apply(l.Layers, h, temb))
		case "film":
			o, width := b.affine(l.Name, temb, l.W, l.B), h.Cols()
			h = Add(Mul(h, Shift(Slice(o, 0, width), 1)), Slice(o, width, 2*width))
		default:
			require.FailNow(b.t, "unknown layer", l.Type)
		}
	}
	return h
}

func (b *builder) network(net fixtureNet, x, time *Expr) *Expr {
	var temb *Expr
	if e := net.TimeEmbedding; e != nil {
		require.Equal(b.t, "fourier", e.Type)
		angle := Scale(2*math.Pi, MatMul(time, Row(e.Freqs.Data)))
		temb = Concat(Sin(angle), Cos(angle))
	}
	if net.Input == "concat(x, temb)" {
		return b.apply(net.Layers, Concat(x, temb), temb)
	}
	require.Equal(b.t, "x", net.Input)
	return b.apply(net.Layers, x, temb)
}

// layerNorm subtracts the mean of each row and divides by its deviation.
func layerNorm(h *Expr, eps float64) *Expr {
	n := float64(h.Cols())
	centred := Sub(h, Scale(1/n, SumCols(h)))
	variance := Scale(1/n, SumCols(Square(centred)))
	return Div(centred, Sqrt(Shift(variance, eps)))
}

func activation(t *testing.T, name string) func(*Expr) *Expr {
	f := map[string]func(*Expr) *Expr{
		"silu": SiLU, "tanh": Tanh, "softplus": Softplus, "gelu": GELU, "gelu_tanh": GELUTanh, "relu": ReLU,
		"sin": Sin, "sigmoid": Sigmoid, "elu": func(x *Expr) *Expr { return ELU(x, 1) },
	}[name]
	require.NotNil(t, f, "activation %s", name)
	return f
}

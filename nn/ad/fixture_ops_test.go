package ad

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
)

// torch's softplus is the identity above 20; this package's is exact, so that
// there the test compares with the definition.
func exactSoftplus(x float64) [4]float64 {
	s := 1 / (1 + math.Exp(-x))
	p := math.Exp(-x) * s * s // S(1−S)
	return [4]float64{x + math.Log1p(math.Exp(-x)), s, p, p * (1 - 2*s)}
}

func TestFixtureActivations(t *testing.T) {
	fixture.Each(t, fixture.Load[references](t, "autodiff").Activations, func(_ int, a fixtureActivation) string {
		return a.Name
	}, func(t *testing.T, a fixtureActivation) {
		x := Input("x", 1)
		want := [4][]float64{a.F.Data, a.D1.Data, a.D2.Data, a.D3.Data}
		if a.Name == "softplus" {
			for i, v := range a.X.Data {
				for k, exact := range exactSoftplus(v) {
					if v > 20 {
						require.InDelta(t, exact, want[k][i], 3e-9)
						want[k][i] = exact
					}
				}
			}
		}
		var e expectation
		reverse, forward := activation(t, a.Name)(x), activation(t, a.Name)(x)
		for k, w := range want {
			e.add("reverse mode, order "+strconv.Itoa(k), reverse, w)
			e.add("forward mode, order "+strconv.Itoa(k), forward, w)
			reverse, forward = Grad(reverse, x)[0], JVP(forward, x, Const(1))
		}
		e.check(t, []*Expr{x}, len(a.X.Data), nil, [][]float64{a.X.Data})
		for i, got := range run[float64](e.out, []*Expr{x}, len(a.X.Data), nil, [][]float64{a.X.Data}, 1) {
			for j, want := range e.want[i] { // where the function is small, 1−tanh² loses digits here and in torch
				require.InDelta(t, want, got[j], fixtureTolerance*math.Abs(want)+2e-12, "%s at %g", e.what[i], a.X.Data[j])
			}
		}
	})
}

// couplesRows lists the operations of the fixtures that this package has no
// counterpart of, because one row's result depends on the other rows.
var couplesRows = []string{"var_unbiased_dim0", "matmul_xxT"}

func fixtureOperation(t *testing.T, name string, x *Expr) *Expr {
	columns := make([]*Expr, x.Cols())
	for j := range columns {
		columns[j] = Slice(x, j, j+1)
	}
	fold := func(f func(a, b *Expr) *Expr) *Expr {
		y := columns[0]
		for _, c := range columns[1:] {
			y = f(y, c)
		}
		return y
	}
	logSumExp := func() *Expr { return Log(SumCols(Exp(x))) }
	if eps, ok := strings.CutPrefix(name, "layernorm_noaffine_eps"); ok {
		v, err := strconv.ParseFloat(eps, 64)
		require.NoError(t, err)
		return layerNorm(x, v)
	}
	switch name {
	case "softmax_lastdim":
		return Div(Exp(x), SumCols(Exp(x)))
	case "logsumexp_lastdim":
		return logSumExp()
	case "log_softmax_lastdim":
		return Sub(x, logSumExp())
	case "cumsum_lastdim":
		sums := make([]*Expr, x.Cols())
		for j := range sums {
			sums[j] = SumCols(Slice(x, 0, j+1))
		}
		return Concat(sums...)
	case "l2norm_lastdim":
		return Sqrt(SumCols(Square(x)))
	case "exp":
		return Exp(x)
	case "log_abs_plus1":
		return Log(Shift(Add(ReLU(x), ReLU(Neg(x))), 1))
	case "sqrt_sq_plus1":
		return Sqrt(Shift(Square(x), 1))
	case "prod_lastdim":
		return fold(Mul)
	case "max_lastdim":
		return fold(func(a, b *Expr) *Expr { return Add(b, ReLU(Sub(a, b))) })
	}
	require.FailNow(t, "unknown operation", name)
	return nil
}

func TestFixtureOperations(t *testing.T) {
	fixture.EachExcept(t, fixture.Load[references](t, "autodiff").Ops, func(_ int, op fixtureOp) string {
		return op.Op
	}, func(op fixtureOp) string {
		if slices.Contains(couplesRows, op.Op) {
			return "one row's result depends on the other rows"
		}
		return ""
	}, func(t *testing.T, op fixtureOp) {
		x, w, u := Input("x", op.X.Shape[1]), Input("w", op.Y.Shape[1]), Input("u", op.X.Shape[1])
		y := fixtureOperation(t, op.Op, x)
		vjp := Grad(Mul(y, w), x)[0]
		var e expectation
		e.add("y", y, op.Y.Data)
		e.add("vjp", vjp, op.VJP.Data)
		e.add("second order, reverse over reverse", Grad(Mul(vjp, u), x)[0], op.Second.Data)
		e.add("second order, forward over reverse", JVP(vjp, x, u), op.Second.Data)
		e.add("second order, reverse over forward", Grad(Mul(w, JVP(y, x, u)), x)[0], op.Second.Data)
		e.check(t, []*Expr{x, w, u}, op.X.Shape[0], nil, [][]float64{op.X.Data, op.W.Data, op.U.Data})
	})
}

func TestFixtureEmbeddings(t *testing.T) {
	fixture.Each(t, fixture.Load[references](t, "autodiff").Embeddings, func(_ int, r fixtureEmbedding) string {
		return r.Name
	}, func(t *testing.T, r fixtureEmbedding) {
		time := Input("t", 1)
		// geometric returns base^(−i/last) for i < n.
		geometric := func(base float64, n, last int) *Expr {
			f := make([]float64, n)
			for i := range f {
				f[i] = math.Pow(base, -float64(i)/float64(last))
			}
			return MatMul(time, Row(f))
		}
		turns := func(f []float64) *Expr { return Scale(2*math.Pi, MatMul(time, Row(f))) }
		sinCos := func(a *Expr) []*Expr { return []*Expr{Sin(a), Cos(a)} }
		cosSin := func(a *Expr) []*Expr { return []*Expr{Cos(a), Sin(a)} }
		var parts []*Expr
		switch name, _, _ := strings.Cut(r.Name, " ("); name {
		case "score_sde get_timestep_embedding":
			parts = sinCos(geometric(1e4, r.Dim/2, r.Dim/2-1))
			if r.Dim%2 == 1 {
				parts = append(parts, ConstRow(0, 1))
			}
		case "score_sde GaussianFourierProjection":
			parts = sinCos(turns(r.W.Data))
		case "edm PositionalEmbedding":
			last := r.Channels / 2
			if r.Endpoint {
				last--
			}
			parts = cosSin(geometric(r.MaxPositions, r.Channels/2, last))
		case "edm FourierEmbedding":
			parts = cosSin(turns(r.Freqs.Data))
		case "azula SineEncoding":
			parts = sinCos(geometric(1e4, r.Features/2, r.Features/2-1))
		default:
			require.FailNow(t, "unknown embedding", r.Name)
		}
		var e expectation
		e.add("embedding", Concat(parts...), r.Out.Data)
		e.check(t, []*Expr{time}, len(r.T.Data), nil, [][]float64{r.T.Data})
	})
}

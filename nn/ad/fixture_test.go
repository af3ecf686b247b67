package ad

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/fixture"
)

const fixtureTolerance = 1e-10

// expectation collects expressions and what they must be, to evaluate them in
// one program.
type expectation struct {
	what        []string
	out         []*Expr
	want        [][]float64
	differences []difference
}

// difference is a gradient whose reference is wrong: torch 1.13 drops terms of
// the third derivative of its layer norm, so that the gradient of an energy
// network's implicit score matching loss is right from the last layer norm on
// only. (The sixth-order central differences of the energy alone, which need
// no derivative of the library's or torch's, show it.) The loss itself is
// compared with the reference, and its gradient with central differences.
type difference struct {
	what string
	loss *Expr
	wrt  *Expr
}

// lastNorm is the number of parameters ahead of the last layer norm.
func lastNorm(net fixtureNet) int {
	last := 0
	for i, p := range net.ParamOrder {
		if strings.HasSuffix(p, ".gamma") {
			last = i
		}
	}
	return last
}

func (e *expectation) add(what string, y *Expr, want []float64) {
	e.what, e.out, e.want = append(e.what, what), append(e.out, y), append(e.want, want)
}

// check runs everything as one compiled program, and by Eval.
func (e *expectation) check(t *testing.T, in []*Expr, n int, theta []float64, inputs [][]float64) {
	t.Helper()
	got := run[float64](e.out, in, n, theta, inputs, 1)
	slow := Eval(e.out, n, theta, nil, leavesOf(in, inputs))
	for i, what := range e.what {
		if largest(e.want[i]) == 0 {
			require.LessOrEqual(t, largest(got[i]), 1e-14, what)
			continue
		}
		requireClose(t, e.want[i], got[i], fixtureTolerance, what)
		requireClose(t, e.want[i], slow[i], fixtureTolerance, what)
	}
	for _, d := range e.differences {
		p := Compile[float64]([]*Expr{d.loss}, in)
		grad := run[float64](Grad(d.loss, d.wrt), in, n, theta, inputs, 1)[0]
		value := func(k int, h float64) float64 {
			moved := slices.Clone(theta)
			moved[d.wrt.index+k] += h
			return runCompiled(p, n, moved, inputs, 1)[0][0]
		}
		for k := 0; k < len(grad); k += 1 + len(grad)/3 {
			const h = 1e-3
			want := (8*(value(k, h)-value(k, -h)) - value(k, 2*h) + value(k, -2*h)) / (12 * h)
			require.InDelta(t, want, grad[k], 1e-8*max(1, largest(grad)), "%s[%d]", d.what, k)
		}
	}
}

func TestFixtureNetworks(t *testing.T) {
	fixture.Each(t, fixture.Load[references](t, "autodiff").Cases, func(_ int, c fixtureCase) string {
		return c.Name
	}, func(t *testing.T, c fixtureCase) {
		x, time, v := Input("x", c.D), Input("t", 1), Input("v", c.D)
		eps, sigma := Input("eps", c.D), Input("sigma", 1)
		b := &builder{t: t, params: make(map[string]fixtureParam)}
		y := b.network(c.Net, x, time)
		var e expectation
		s := y
		switch c.Kind {
		case "score":
			scoreExpectations(&e, c, s, x, v)
		case "energy":
			s = Neg(Grad(y, x)[0])
			energyExpectations(&e, c, y, s, x, v)
		default:
			require.FailNow(t, "unknown kind", c.Kind)
		}
		require.NotEmpty(t, c.Losses)
		for _, name := range []string{"dsm", "ism", "ssm", "ssm_vr"} {
			if ref, ok := c.Losses[name]; ok {
				lossExpectations(t, &e, c, b, name, ref, fixtureObjective(name, s, x, v, eps, sigma), x)
			}
		}
		for i, x0 := range c.X0.Data { // the losses are taken at x = x₀ + σε
			require.InDelta(t, c.X.Data[i], x0+c.Sigma.Data[i/c.D]*c.Eps.Data[i], 1e-12)
		}
		e.check(t, []*Expr{x, time, v, eps, sigma}, c.B, b.theta,
			[][]float64{c.X.Data, c.T.Data, c.V.Data, c.Eps.Data, c.Sigma.Data})
	})
}

func scoreExpectations(e *expectation, c fixtureCase, s, x, v *Expr) {
	e.add("out", s, c.Out.Data)
	jacobianExpectations(e, c, s, x, c.Jacobian.Data)
	div := divergence(s, x)
	e.add("divergence", div, c.Divergence.Data)
	e.add("Jv", JVP(s, x, v), c.JVP.Data)
	e.add("Jᵀv", Grad(Mul(s, v), x)[0], c.VJP.Data)
	e.add("∇ div", Grad(div, x)[0], c.GradDiv.Data)
}

func energyExpectations(e *expectation, c fixtureCase, energy, s, x, v *Expr) {
	e.add("energy", energy, c.Energy.Data)
	e.add("score", s, c.Score.Data)
	g := Grad(energy, x)[0]
	jacobianExpectations(e, c, g, x, c.Hessian.Data)
	e.add("Hv forward over reverse", JVP(g, x, v), c.HVP.Data)
	e.add("Hv reverse over reverse", Grad(Mul(g, v), x)[0], c.HVP.Data)
	e.add("Hv reverse over forward", Grad(JVP(energy, x, v), x)[0], c.HVP.Data)
}

// jacobianExpectations compares ∂s_i/∂x_j column by column with JVPs and row
// by row with gradients.
func jacobianExpectations(e *expectation, c fixtureCase, s, x *Expr, jacobian []float64) {
	for k := range c.D {
		column, row := make([]float64, c.B*c.D), make([]float64, c.B*c.D)
		for b := range c.B {
			for l := range c.D {
				column[b*c.D+l] = jacobian[(b*c.D+l)*c.D+k]
				row[b*c.D+l] = jacobian[(b*c.D+k)*c.D+l]
			}
		}
		e.add("column of J", JVP(s, x, unit(k, c.D)), column)
		e.add("row of J", Grad(Slice(s, k, k+1), x)[0], row)
	}
}

// fixtureObjective returns the loss of each row.
func fixtureObjective(name string, s, x, v, eps, sigma *Expr) *Expr {
	halfNorm := func(e *Expr) *Expr { return Scale(0.5, SumCols(Square(e))) }
	vJv := func() *Expr { return SumCols(Mul(v, JVP(s, x, v))) }
	switch name {
	case "dsm":
		return Mul(Square(sigma), halfNorm(Add(s, Div(eps, sigma))))
	case "ism":
		return Add(halfNorm(s), divergence(s, x))
	case "ssm":
		return Add(vJv(), Scale(0.5, Square(SumCols(Mul(v, s)))))
	default:
		return Add(vJv(), halfNorm(s))
	}
}

func lossExpectations(t *testing.T, e *expectation, c fixtureCase, b *builder, name string, ref fixtureLoss, rows, x *Expr) {
	loss := Scale(1/float64(c.B), SumRows(rows))
	e.add(name, loss, []float64{ref.Loss})
	require.Len(t, ref.Grads, len(c.Net.ParamOrder))
	wrong := 0
	if c.Kind == "energy" && name == "ism" {
		wrong = lastNorm(c.Net)
	}
	for i, p := range c.Net.ParamOrder {
		param, ok := b.params[p]
		require.True(t, ok, "parameter %s", p)
		want := ref.Grads[i].Data
		if i < wrong {
			e.differences = append(e.differences, difference{name + " ∂ " + p, loss, param.expr})
			continue
		}
		if param.transposed {
			want = transpose(want, param.expr.Cols(), param.expr.Rows())
		}
		e.add(name+" ∂ "+p, Grad(loss, param.expr)[0], want)
	}
	if ref.GradX.Shape != nil {
		e.add(name+" ∂x", Grad(loss, x)[0], ref.GradX.Data)
	}
}

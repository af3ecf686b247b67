package score

import (
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// conservative is a network that is minus the gradient of a potential, as
// nn.Energy is.
type conservative interface {
	nn.Module
	Potential(b *nn.Build, x *ad.Expr) *ad.Expr
}

// Energy writes −log p_t(y) of each row y into dst, up to a constant that
// depends on t, for a model whose network is an nn.Energy E_θ:
//
//	½A‖y‖² + (B/In) E_θ(In·y),   s = −A y + B F,   F = −∇E_θ,
//
// whose gradient is exactly −Score. It panics when the network is of another
// kind or the shapes do not match.
func (m *Model) Energy(dst []float64, x *mat.Dense, t []float64) { m.energyGiven(dst, x, t, nil) }

func (m *Model) energyGiven(dst []float64, x *mat.Dense, t, cond []float64) {
	if _, ok := m.net.(conservative); !ok {
		panic("score: Energy: the network is not an energy, see nn.Energy")
	}
	m.check(x, x, t)
	if len(dst) != x.RawMatrix().Rows {
		panic(badShape)
	}
	c := m.coefficients(t)
	m.eval.energy(dst, x, place{c, m.given(cond)})
	m.release(c)
}

// energyOf builds the energy from a row of coefficients, see scoreOf.
func energyOf(b *nn.Build, net conservative, x, c *ad.Expr) *ad.Expr {
	col := func(i int) *ad.Expr { return ad.Slice(c, i, i+1) }
	b.Time = col(1)
	e := net.Potential(b, ad.Mul(col(0), x))
	return ad.Sub(ad.Mul(ad.Div(col(3), col(0)), e), ad.Scale(0.5, ad.Mul(col(2), ad.SumCols(ad.Square(x)))))
}

func (e *engine[T]) energy(dst []float64, x *mat.Dense, at place) {
	f := e.form(energyForm, at)
	n := x.RawMatrix().Rows
	b := f.take(1)
	b.set(x, at)
	b.out[0] = resize(b.out[0], n)
	f.run(n, b)
	for i, v := range b.out[0] {
		dst[i] = float64(v)
	}
	f.give(b)
}

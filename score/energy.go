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
	b.set(e.m.cond, x, at)
	b.out[0] = resize(b.out[0], n)
	f.run(n, b, at.alone)
	for i, v := range b.out[0] {
		dst[i] = float64(v)
	}
	f.idle.Give(b)
}

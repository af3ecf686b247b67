package ad

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorkCountsProductsOfASample(t *testing.T) {
	x, label, w := Input("x", 10), Input("label", 1), Param("w", 10, 20, 0)
	picture, a, b := Input("picture", 8*8*5), Input("a", 2*6*4), Input("b", 2*6*4)
	work := func(out ...*Expr) float64 {
		return Compile[float32](out, []*Expr{x, label, picture, a, b}).Work()
	}
	y := MatMul(x, w)
	require.Equal(t, 200.0, work(y))
	require.Equal(t, 220.0, work(y, Exp(y)))
	require.InDelta(t, 600, work(Grad(SumCols(Square(y)), x, w)...), 50, "the product and its two derivatives")
	require.Equal(t, 20.0, work(MatMul(OneHot(label, 1000), Param("v", 1000, 20, 0))), "one product for a one-hot")
	require.Equal(t, 64.0*45*7, work(MatMul(Gather(picture, neighbours(8, 8, 5, 1)), Param("v", 45, 7, 0))))

	logits := RowMatMulT(Regroup(a, 12), Regroup(b, 12), 2)
	require.Equal(t, 2.0*6*6*4, work(logits))
	require.Equal(t, 2.0*6*6*4+2*6*4*6, work(logits, RowMatMul(logits, Regroup(a, 12), 2)))
	require.Equal(t, 2.0*4*6*4, work(RowMatTMul(Regroup(a, 12), Regroup(b, 12), 2)))

	v, field := UniformInput("v", 10), MatMul(x, Param("v", 10, 10, 0))
	divergence := SumCols(Mul(v, JVP(field, x, v)))
	require.InDelta(t, 1000, CompileOver[float32]([]*Expr{divergence}, []*Expr{x}, v).Work(), 400, "for each direction")
}

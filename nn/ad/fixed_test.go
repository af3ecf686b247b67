package ad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The columns of a Concat overflowed an int, and its shape was negative.
func TestColumnsThatOverflowAreRefused(t *testing.T) {
	wide := ConstRow(1, math.MaxInt)
	for _, xs := range [][]*Expr{{wide, Const(1)}, {Const(1), wide}, {wide, wide}, {Const(1), Const(2), wide}} {
		require.Panics(t, func() { Concat(xs...) })
	}
	require.Equal(t, math.MaxInt, Concat(ConstRow(1, math.MaxInt-1), Const(1)).Cols())
}

// n·cols of a run overflowed, so that empty slices passed for those of n rows.
func TestRowsThatOverflowAreRefused(t *testing.T) {
	x := Input("x", 4)
	p := Compile[float64]([]*Expr{Square(x)}, []*Expr{x})
	require.Panics(t, func() { p.Run(math.MaxInt/2+1, nil, nil, [][]float64{nil}, [][]float64{nil}, nil) })
}

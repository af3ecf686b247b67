package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

// express computes what Express builds, for rows of one time.
func express(v *View, y *mat.Dense, cond *mat.Dense, t, a, b float64) *mat.Dense {
	n, d := y.Dims()
	leaf, in := ad.Input("y", d), [][]float64{y.RawMatrix().Data}
	leaves := []*ad.Expr{leaf}
	var c *ad.Expr
	if cond != nil {
		_, k := cond.Dims()
		c = ad.Input("cond", k)
		leaves, in = append(leaves, c), append(in, cond.RawMatrix().Data)
	}
	params := &nn.Params{}
	e := v.Express(nn.NewBuild(params).Scope("net"), leaf, ad.Row(v.Coefficients(t, a, b)), c)
	entries, theta := v.Model().Weights()
	joint := make([]float64, params.Len())
	for i, own := range params.Entries() {
		for k := range own.Rows * own.Cols {
			joint[own.Offset+k] = float64(theta[entries[i].Offset+k])
		}
	}
	p := ad.Compile[float64]([]*ad.Expr{e}, leaves)
	var w ad.Weights[float64]
	p.Pack(&w, joint, nil)
	out := mat.NewDense(n, d, nil)
	p.Run(n, &w, nil, [][]float64{out.RawMatrix().Data}, in, nil)
	return out
}

func TestExpressIsTheScoreAndWhatIsMadeOfIt(t *testing.T) {
	const n = 6
	one, rows := mat.NewDense(1, 2, []float64{6, 2}), mat.NewDense(n, 2, nil)
	for i := range n {
		rows.SetRow(i, []float64{float64(i), float64(i % 3)})
	}
	conditional := exact(t, 3, &Config{Cond: Conditions{Columns: 1, Classes: []int{3}, Embed: nn.Linear{Out: 4}}})
	levels := exact(t, 3, &Config{ColumnLevels: true})
	observed := Observed{
		Values:     mat.NewDense(1, 3, []float64{0.5, math.NaN(), 1.5}),
		Deviations: mat.NewDense(1, 3, []float64{0, 0, 0.3}),
	}
	for name, c := range map[string]struct {
		view *View
		cond *mat.Dense
		want *View
	}{
		"plain":              {exact(t, 3, nil).Unconditional(), nil, nil},
		"below MinNoise":     {exact(t, 3, &Config{MinNoise: 30}).Unconditional(), nil, nil},
		"its own condition":  {conditional.Given(one), nil, nil},
		"without conditions": {conditional.Unconditional(), nil, nil},
		"a condition a row":  {conditional.Unconditional(), rows, conditional.Given(rows)},
		"flow map":           {exact(t, 3, &Config{FlowMap: true}).Unconditional(), nil, nil},
		"levels":             {levels.Unconditional(), nil, nil},
		"observed":           {levels.Observe(observed), nil, nil},
		"left out":           {levels.Marginal(mat.NewDense(1, 3, []float64{1, math.NaN(), 1})), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == nil {
				c.want = c.view
			}
			y, s := mat.NewDense(n, 3, nil), mat.NewDense(n, 3, nil)
			for i := range n {
				y.SetRow(i, []float64{math.Sin(float64(i)), float64(i) - 2, 0.5})
			}
			for _, at := range []float64{0.01, 0.7, 20} {
				c.want.Score(s, y, []float64{at})
				for _, w := range [][2]float64{{0, 1}, {1, at * at}, {2, -0.5}} {
					got := express(c.view, y, c.cond, at, w[0], w[1])
					for i := range n {
						for j := range 3 {
							terms := math.Abs(w[0]*y.At(i, j)) + math.Abs(w[1]*s.At(i, j))
							require.InDelta(t, w[0]*y.At(i, j)+w[1]*s.At(i, j), got.At(i, j), 1e-9*(terms+1), "t = %v, row %d, column %d", at, i, j)
						}
					}
				}
			}
		})
	}
	require.Panics(t, func() { express(conditional.Given(rows), mat.NewDense(n, 3, nil), nil, 1, 0, 1) })
	require.Panics(t, func() { express(levels.Unconditional(), mat.NewDense(n, 3, nil), rows, 1, 0, 1) })
	require.Panics(t, func() {
		express(conditional.Unconditional(), mat.NewDense(n, 3, nil), mat.NewDense(n, 3, nil), 1, 0, 1)
	})
	require.Panics(t, func() {
		levels.Observe(Observed{Values: mat.NewDense(2, 3, nil)}).Coefficients(1, 0, 1)
	})
	require.Panics(t, func() {
		v := levels.Unconditional()
		v.ExpressEnergy(nn.NewBuild(&nn.Params{}), ad.Input("y", 3), ad.Row(v.Coefficients(1, 0, 1)), nil)
	})
}

// exact returns a model in float64 whose weights are a pattern, all layers among them.
func exact(t *testing.T, d int, c *Config) *Model {
	m, err := New(d, c)
	require.NoError(t, err)
	for i := range m.theta {
		m.theta[i] = float32(i%13)/40 - 0.15
	}
	if m.cond != nil {
		for j := range m.cond.shift {
			m.cond.shift[j], m.cond.scale[j] = 3, 2
		}
	}
	return m.Float64()
}

package ad

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

// classifier is a network told time and labels in two layers, one by FiLM, with
// what is trained of it and everything that a run may ask for. The one-hots may
// be those of OneHot or matrices given to the program.
type classifier struct {
	x, time *Expr
	classes []int
	size    int // of the parameters
}

func (c *classifier) param(rows, cols int) *Expr {
	p := Param("w", rows, cols, c.size)
	c.size += rows * cols
	return p
}

// outputs builds the values; hots are the one-hots of the labels.
func (c *classifier) outputs(hots []*Expr) []*Expr {
	c.size = 0
	const width = 12
	frequency := c.param(1, 3)
	temb := Sin(MatMul(c.time, frequency))
	e := Concat(append(append([]*Expr{temb}, hots...), Cos(c.time), Const(1))...)
	w1, b1, scale, shift := c.param(2, width), c.param(1, width), c.param(e.Cols(), width), c.param(e.Cols(), width)
	table := c.param(hots[0].Cols(), 2)
	w2, add, b2 := c.param(width+2, 2), c.param(e.Cols(), 2), c.param(1, 2)
	z := Affine(c.x, w1, b1)
	h := SiLU(Add(Mul(z, Shift(MatMul(e, scale), 1)), MatMul(e, shift)))
	s := Affine(Concat(h, MatMul(hots[0], table)), w2, Affine(e, add, b2))
	params := []*Expr{frequency, w1, b1, scale, shift, table, w2, add, b2}

	loss := total(Square(s))
	jvp := JVP(s, c.x, ConstRow(1, 2))
	inTime := JVP(s, c.time, Const(1))
	out := []*Expr{s, jvp, inTime, Grad(SumCols(Square(s)), c.x)[0]}
	out = append(out, Grad(loss, params...)...)
	out = append(out, Grad(total(Add(jvp, Square(inTime))), params...)...)
	energy := SumCols(Square(s))
	again := []*Expr{c.x}
	if c.time.PerRow() {
		again = append(again, c.time) // which is beside the labels
	}
	for _, g := range Grad(energy, again...) {
		out = append(out, Grad(total(Add(Square(g), JVP(g, c.x, Const(1)))), params...)...)
	}
	return out
}

// run compares the two ways.
func (c *classifier) run(t *testing.T, rng *rand.Rand, n int, commonTime bool, commonLabel []bool) {
	c.x, c.time = Input("x", 2), Input("t", 1)
	if commonTime {
		c.time = UniformInput("t", 1)
	}
	sparse, dense := []*Expr{c.x, c.time}, []*Expr{c.x, c.time}
	inputs := inputsOf(rng, sparse, n)
	given := append([][]float64(nil), inputs...)
	var hots, matrices []*Expr
	for i, k := range c.classes {
		rows, label, matrix := n, Input("label", 1), Input("onehot", k)
		if commonLabel[i] {
			rows, label, matrix = 1, UniformInput("label", 1), UniformInput("onehot", k)
		}
		labels, ones := make([]float64, rows), make([]float64, rows*k)
		for r := range labels {
			class := rng.IntN(min(k, 7)+1) - 1 // repeated ones, and none
			if class == 6 {
				class = k - 1
			}
			if labels[r] = float64(class); class >= 0 {
				ones[r*k+class] = 1
			}
		}
		hots, matrices = append(hots, OneHot(label, k)), append(matrices, matrix)
		sparse, dense = append(sparse, label), append(dense, matrix)
		inputs, given = append(inputs, labels), append(given, ones)
	}
	out, reference := c.outputs(hots), c.outputs(matrices)
	theta := normals(rng, c.size)
	what := fmt.Sprint(c.classes, n, commonTime, commonLabel)
	compareOneHot[float32](t, out, reference, sparse, dense, n, theta, inputs, given, 2e-4, what)
	compareOneHot[float64](t, out, reference, sparse, dense, n, theta, inputs, given, 1e-12, what)
	if c.classes[0] < 100 {
		exact := Eval(out, n, theta, hashFiller, leavesOf(sparse, inputs))
		for i, v := range run[float64](out, sparse, n, theta, inputs, 1) {
			requireClose(t, exact[i], v, 1e-10, what, i)
		}
	}
}

func compareOneHot[T Float](t *testing.T, out, reference, sparse, dense []*Expr, n int, theta []float64, inputs, given [][]float64, tol float64, what string) {
	t.Helper()
	p := Compile[T](out, sparse)
	got, want := runCompiled(p, n, theta, inputs, 1), run[T](reference, dense, n, theta, given, 1)
	for i := range want {
		requireClose(t, want[i], got[i], tol, what, i)
	}
	const ofFrequency = 4 // it comes through the part beside the labels, of which the adjoints are added in another order
	for i := range want[:4+9] {
		if i != ofFrequency {
			requireSameBits(t, want[i], got[i], what, i)
		}
	}
	if n <= inline {
		return
	}
	team := Compile[T](out, sparse)
	team.wide = true
	for _, workers := range []int{2, 3, 7, 16} {
		for _, p := range []*Program[T]{p, team} {
			for i, v := range runCompiled(p, n, theta, inputs, workers) {
				requireSameBits(t, got[i], v, what, "workers", workers, i)
			}
		}
	}
}

func TestAOneHotHasTheValuesAndDerivativesOfItsMatrix(t *testing.T) {
	arithmetic(t)
	rng := generator(61)
	for _, classes := range [][]int{{1}, {2}, {3, 2}, {40}, {3, wide}, {wide, 2, 70}} {
		c := &classifier{classes: classes}
		c.run(t, rng, 130, false, make([]bool, len(classes)))
		for _, commonTime := range []bool{false, true} {
			common := make([]bool, len(classes))
			for i := range common {
				c.run(t, rng, 1+4*i, commonTime, common)
				common[i] = true
			}
			c.run(t, rng, 3, commonTime, common)
		}
	}
}

func TestBitsOfManyClassesAreThoseOfTheMatrix(t *testing.T) {
	(&classifier{classes: []int{20000}}).run(t, generator(62), 9, true, []bool{false})
}

// The rows of w of a part within a part were counted from the first row.
func TestAPartWithinAPartHasItsOwnRows(t *testing.T) {
	u := UniformInput("u", 1)
	padded := spreadRows(Concat(ConstRow(0, wide), u), batch)
	c := Input("c", 1)
	x := Concat(ConstRow(0, wide), u, padded, c)
	w := Param("w", x.Cols(), 1, 0)
	theta := normals(generator(63), x.Cols())
	in := []*Expr{u, c}
	inputs := [][]float64{{1.5}, {0.3}}
	out := []*Expr{MatMul(x, Tanh(w))}
	exact := Eval(out, 1, theta, nil, leavesOf(in, inputs))
	requireClose(t, exact[0], run[float64](out, in, 1, theta, inputs, 1)[0], 1e-12)
}

func TestLabelsOutsideAreNone(t *testing.T) {
	label, x := Input("label", 1), Input("x", 1)
	labels := []float64{0, 1.4, 0.5, 2, -0.5, 3, -1, -7, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat32}
	n := len(labels)
	want := []int{0, 1, 0, 2, -1, -1, -1, -1, -1, -1, -1, -1}
	for _, k := range []int{3, wide + 3} {
		w := Param("w", k, 2, 0)
		theta := normals(generator(63), 2*k)
		h := OneHot(label, k)
		s := MatMul(h, w)
		out, in := []*Expr{h, s, Slice(h, 1, 3), MatTMul(h, x), JVP(s, label, Const(1)), Grad(SumCols(s), label)[0]}, []*Expr{label, x}
		for i := range labels {
			if labels[i] == 3 && k > 3 {
				want[i] = 3
			}
		}
		inputs := [][]float64{labels, normals(generator(64), n)}
		for _, got := range [][][]float64{
			run[float32](out, in, n, converted[float64](converted[float32](theta)), inputs, 1), run[float64](out, in, n, theta, inputs, 1),
			Eval(out, n, theta, nil, leavesOf(in, inputs)),
		} {
			sums := make([]float64, k)
			for r, class := range want {
				row, ones := make([]float64, 2), make([]float64, k)
				if class >= 0 {
					ones[class], row = 1, theta[2*class:2*class+2]
					sums[class] += inputs[1][r]
				}
				require.Equal(t, ones, got[0][r*k:(r+1)*k], "label %v of %d", labels[r], k)
				require.InDeltaSlice(t, row, got[1][2*r:2*r+2], 1e-6)
				require.Equal(t, ones[1:3], got[2][2*r:2*r+2])
			}
			require.InDeltaSlice(t, sums, got[3], 1e-6)
			require.Equal(t, make([]float64, 2*n), got[4])
			require.Equal(t, make([]float64, n), got[5])
		}
	}
}

func TestEveryLabelUpToMostClassesIsTold(t *testing.T) {
	label := Input("label", 1)
	out := []*Expr{Slice(OneHot(label, MostClasses), MostClasses-3, MostClasses)}
	got := run[float32](out, []*Expr{label}, 4, nil, [][]float64{{MostClasses - 1, MostClasses - 2, MostClasses - 3, MostClasses - 4}}, 1)
	require.Equal(t, []float64{0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0}, got[0])
}

func TestProductsDoNotStoreAOneHot(t *testing.T) {
	const classes = 20000
	c := &classifier{classes: []int{classes}, x: Input("x", 2), time: Input("t", 1)}
	label := Input("label", 1)
	p := Compile[float32](c.outputs([]*Expr{OneHot(label, classes)}), []*Expr{c.x, c.time, label})
	require.Less(t, p.layout.arena, classes/10, "no column for a class")
	require.NotContains(t, p.String(), "= onehot")

	h, x, w := OneHot(label, 50), Input("x", 3), Param("w", 50, 3, 0)
	print := func(out ...*Expr) string { return listing([]*Expr{label, x}, out...) }
	require.Equal(t, "rows    %3 r×3 out[0] = matmul onehot(in[0]) w[0]\n", print(MatMul(h, w)))
	require.Equal(t, "rows    %4 r×3 out[0] = silu of matmul onehot(in[0]) w[0]\n", print(SiLU(MatMul(h, w))))
	require.Equal(t, "rows    %3 50×3 lane[0] = Σ matTmul onehot(in[0]) in[1]\n", print(MatTMul(h, x)))
	require.Contains(t, print(Add(h, h)), "= onehot in[0]", "what is not a product needs the matrix")
	wider := Param("w", 53, 3, 6)
	require.Equal(t, "rows    %4 r×3 block[0] = matmul in[1] w[6]\nrows    %5 r×3 out[0] = matmul onehot(in[0]) w[15] %4\n", print(MatMul(Concat(x, h), wider)))
	require.Equal(t, "rows    %3 r×3 out[0] = matmulT in[1] w[6]\n", print(Slice(MatMulT(x, wider), 0, 3)), "of a product no more than is needed")
	require.Equal(t, "rows    %3 r×3 out[0] = matmulT in[1] w[9]\n", print(Slice(MatMulT(x, wider), 1, 4)))
}

func TestRunWithOneHotsDoesNotAllocate(t *testing.T) {
	rng := generator(65)
	for _, classes := range []int{3, 50, 20000} {
		c := &classifier{classes: []int{classes}, x: Input("x", 2), time: Input("t", 1)}
		label := Input("label", 1)
		in := []*Expr{c.x, c.time, label}
		p := Compile[float32](c.outputs([]*Expr{OneHot(label, classes)})[:13], in)
		const n = 300
		inputs := make([][]float32, len(in))
		for i, v := range inputsOf(rng, in, n) {
			inputs[i] = converted[float32](v)
		}
		for r := range inputs[2] {
			inputs[2][r] = float32(rng.IntN(classes))
		}
		for _, workers := range []int{1, 2} {
			crew := pool.New(workers)
			var w Weights[float32]
			p.Pack(&w, make([]float32, c.size), crew)
			outs := outputsOf(p, n)
			p.Run(n, &w, nil, outs, inputs, crew)
			require.Zero(t, testing.AllocsPerRun(5, func() { p.Run(n, &w, nil, outs, inputs, crew) }), "%d classes", classes)
		}
	}
}

func TestOneHotRefusesWhatItCannotTell(t *testing.T) {
	require.PanicsWithValue(t, "ad: OneHot: labels is r×2, want one column", func() { OneHot(Input("l", 2), 3) })
	require.PanicsWithValue(t, "ad: OneHot: classes = 0, want at least 1", func() { OneHot(Input("l", 1), 0) })
	require.PanicsWithValue(t, "ad: OneHot: classes = 16777217, want at most 16777216", func() { OneHot(Input("l", 1), 1<<24+1) })
}

func TestDivergenceUnderLabelsIsThatUnderTheirMatrix(t *testing.T) {
	rng := generator(66)
	const classes, n = wide + 8, 70
	c := &classifier{classes: []int{classes}, x: Input("x", 2), time: UniformInput("t", 1)}
	label, matrix, v := Input("label", 1), Input("onehot", classes), UniformInput("v", 2)
	labels, ones := make([]float64, n), make([]float64, n*classes)
	for r := range labels {
		labels[r] = float64(rng.IntN(classes))
		ones[r*classes+int(labels[r])] = 1
	}
	common := inputsOf(rng, []*Expr{c.x, c.time}, n)
	of := func(hot, leaf *Expr, values []float64) [][]float64 {
		s := c.outputs([]*Expr{hot})[0]
		p := CompileOver[float32]([]*Expr{s, SumCols(Mul(v, JVP(s, c.x, v)))}, []*Expr{c.x, c.time, leaf}, v)
		return runCompiled(p, n, normals(generator(67), c.size), append(common[:2:2], values), 2)
	}
	want, got := of(matrix, matrix, ones), of(OneHot(label, classes), label, labels)
	for i := range want {
		requireSameBits(t, want[i], got[i], i)
	}
}

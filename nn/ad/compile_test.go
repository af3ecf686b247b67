package ad

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listing prints the instructions of a program for y, without the header.
func listing(in []*Expr, out ...*Expr) string {
	_, lines, _ := strings.Cut(Compile[float64](out, in).String(), "\n")
	return lines
}

func TestSimplifyGivesTheShorterForm(t *testing.T) {
	x, c, u := Input("x", 3), Input("c", 1), UniformInput("u", 3)
	w := Param("w", 3, 3, 0)
	in := []*Expr{x, c, u}
	zero, two := full(0, x), full(2, x)
	for _, r := range []struct {
		name       string
		long, want *Expr
	}{
		{"1·x", Scale(1, Exp(x)), Exp(x)},
		{"x+0", Shift(Exp(x), 0), Exp(x)},
		{"0·x", Scale(0, Exp(x)), zero},
		{"a(b·x)", Scale(2, Scale(3, x)), Scale(6, x)},
		{"−(−x)", Neg(Neg(Exp(x))), Exp(x)},
		{"constants", Mul(Add(two, Const(3)), Div(Const(4), Sub(Const(1), two))), full(-20, x)},
		{"function of a constant", Exp(Shift(zero, 1)), spreadRows(spreadCols(Exp(Const(1)), 3), batch)},
		{"x + const", Add(two, x), Shift(x, 2)},
		{"const + x", Add(x, two), Shift(x, 2)},
		{"x − const", Sub(x, two), Shift(x, -2)},
		{"0 − x", Sub(zero, x), Neg(x)},
		{"x·const", Mul(x, two), Scale(2, x)},
		{"const·x", Mul(Const(2), x), Scale(2, x)},
		{"x·0", Mul(x, zero), zero},
		{"0/x", Div(zero, x), zero},
		{"x / const", Div(x, two), Scale(0.5, x)},
		{"x + (−y)", Add(x, Neg(u)), Sub(x, u)},
		{"(−y) + x", Add(Neg(u), x), Sub(x, u)},
		{"x − (−y)", Sub(x, Neg(u)), Add(x, u)},
		{"spread column", Mul(x, spreadCols(c, 3)), Mul(x, c)},
		{"spread row", Mul(x, spreadRows(u, batch)), Mul(x, u)},
		{"spread twice", spreadRows(spreadCols(Slice(u, 0, 1), 3), batch), Add(Slice(u, 0, 1), zero)},
		{"function of a spread column", Exp(spreadCols(c, 3)), spreadCols(Exp(c), 3)},
		{"factors of a spread column", Scale(2, spreadCols(Scale(3, c), 3)), spreadCols(Scale(6, c), 3)},
		{"sum of spread rows", Add(spreadRows(u, batch), spreadRows(Exp(u), batch)), spreadRows(Add(u, Exp(u)), batch)},
		{"Σ of a constant", SumCols(two), full(6, c)},
		{"Σ of a spread column", SumCols(spreadCols(c, 3)), Scale(3, c)},
		{"Σ over the rows of a constant", SumRows(constant(2, 5, 3)), ConstRow(10, 3)},
		{"slice of a constant", Slice(two, 1, 2), full(2, c)},
		{"slice of a slice", Slice(Slice(x, 1, 3), 1, 2), Slice(x, 2, 3)},
		{"slice of a concatenation", Slice(Concat(c, Exp(x), c), 1, 4), Exp(x)},
		{"slice within a concatenation", Slice(Concat(c, x), 2, 4), Slice(x, 1, 3)},
		{"slice of a spread column", Slice(spreadCols(c, 4), 1, 3), spreadCols(c, 2)},
		{"slice of a spread row", Slice(spreadRows(u, batch), 1, 3), spreadRows(Slice(u, 1, 3), batch)},
		{"nested concatenations", Concat(Concat(c, x), c), Concat(c, x, c)},
		{"neighbouring zeros", Concat(full(0, c), Concat(ConstRow(0, 2), x)), Concat(ConstRow(0, 3), x)},
		{"concatenation of constants", Concat(two, full(2, c)), constant(2, batch, 4)},
		{"concatenation of repeated rows", Concat(spreadRows(u, batch), full(1, c)), spreadRows(Concat(u, Const(1)), batch)},
		{"0·w", MatMul(zero, w), zero},
		{"0·wᵀ", MatMulT(zero, w), zero},
		{"xᵀ·0", MatTMul(x, zero), constant(0, 3, 3)},
		{"a repeated row times w", MatMul(spreadRows(u, batch), w), spreadRows(MatMul(u, w), batch)},
		{"a repeated row times wᵀ", MatMulT(two, w), spreadRows(MatMulT(ConstRow(2, 3), w), batch)},
		{"a repeated row and addend", Affine(spreadRows(u, batch), w, spreadRows(u, batch)), spreadRows(Affine(u, w, u), batch)},
		{"repeated addend", Affine(x, w, spreadRows(u, batch)), Affine(x, w, u)},
		{"a+b = b+a", Mul(Add(Exp(x), u), Add(u, Exp(x))), func() *Expr { s := Add(Exp(x), u); return Mul(s, s) }()},
	} {
		require.Equal(t, listing(in, r.want), listing(in, r.long), r.name)
	}
}

func TestConcatenationKeepsConstantsAsOneRow(t *testing.T) {
	x := Input("x", 2)
	lines := listing([]*Expr{x}, Concat(full(0, x), x, full(1, x)))
	require.Equal(t, ""+
		"before  %0 1×2 once[0] = const 0\n"+
		"before  %2 1×2 once[2] = const 1\n"+
		"rows    %3 r×6 out[0] = concat %0 in[0] %2\n", lines)
}

func TestEqualValuesAreComputedOnce(t *testing.T) {
	x := Input("x", 2)
	p := Param("w", 2, 2, 4)
	same := Param("again", 2, 2, 4) // the same parameters by another name
	a, b := Exp(MatMul(x, p)), Exp(MatMul(x, same))
	lines := listing([]*Expr{x}, Add(a, b), Mul(b, a))
	require.Equal(t, 1, strings.Count(lines, "matmul"), lines)
	require.Equal(t, 1, strings.Count(lines, "exp"), lines)

	y := Input("x", 2) // another variable, though of the same name
	lines = listing([]*Expr{x, y}, Exp(x), Exp(y))
	require.Equal(t, 2, strings.Count(lines, "exp"), lines)
}

func TestWhatNoOutputNeedsIsPruned(t *testing.T) {
	x, unused := Input("x", 2), Input("unused", 5)
	e := Exp(x)
	p := Compile[float64]([]*Expr{Slice(Concat(Sin(x), e), 2, 4)}, []*Expr{unused, x})
	require.NotContains(t, p.String(), "sin")
	got := runCompiled(p, 1, nil, [][]float64{make([]float64, 5), {0, 0}}, 1)
	require.Equal(t, []float64{1, 1}, got[0])
}

func TestUniformWorkIsHoisted(t *testing.T) {
	x, time := Input("x", 3), UniformInput("t", 1)
	s, _ := conditioned(true, x, time)
	for line := range strings.Lines(listing([]*Expr{x, time}, s)) {
		phase, rest, _ := strings.Cut(line, " ")
		uniform := strings.Contains(rest, " 1×")
		require.Equal(t, uniform, phase == "before", line)
	}
	loss := total(Square(s))
	lines := listing([]*Expr{x, time}, Scale(0.5, loss))
	require.Contains(t, lines, "after   ", "what follows a sum over the rows is done once")
	require.Contains(t, lines, "scale")
}

func TestFunctionsFuseWithProducts(t *testing.T) {
	x := Input("x", 2)
	w, b := Param("w", 2, 4, 0), Param("b", 1, 4, 8)
	pre := Affine(x, w, b)
	in := []*Expr{x}
	require.Equal(t, "rows    %4 r×4 out[0] = silu of matmul in[0] w[0] w[8]\n", listing(in, SiLU(pre)))

	lines := listing(in, SiLU(pre), pre) // pre is needed by itself
	require.NotContains(t, lines, "of matmul")

	grad := listing(in, Grad(Square(SiLU(pre)), x)[0])
	require.Contains(t, grad, "mul silu'", "the derivative multiplies the gradient")
}

func TestCompilePanicsWithAReason(t *testing.T) {
	x, w := Input("x", 2), Param("w", 2, 3, 0)
	mean := SumRows(x)
	for _, c := range []struct {
		want    string
		out, in []*Expr
	}{
		{"ad: Compile: the leaf x r×2 is needed but not listed among the inputs", []*Expr{Exp(x)}, nil},
		{"ad: Compile: input 0 is w 2×3, want an Input or UniformInput", []*Expr{w}, []*Expr{w}},
		{"ad: Compile: input 1 is exp r×2, want an Input or UniformInput", []*Expr{x}, []*Expr{x, Exp(x)}},
		{"ad: Compile: input 1, x r×2, is listed twice", []*Expr{x}, []*Expr{x, x}},
		{"ad: Compile: sub r×2, of each row, needs sumrows 1×2, a sum over the rows of the same program: " +
			"split the work into two programs, or keep rows independent", []*Expr{Sub(x, mean)}, []*Expr{x}},
		{"ad: Compile: matmul r×2, of each row, needs matTmul 2×2, a sum over the rows of the same program: " +
			"split the work into two programs, or keep rows independent", []*Expr{MatMul(x, MatTMul(x, x))}, []*Expr{x}},
		{"ad: Compile: mul r×2, of each row, needs scale 1×2, a sum over the rows of the same program: " +
			"split the work into two programs, or keep rows independent", []*Expr{Mul(Exp(x), Scale(2, mean))}, []*Expr{x}},
	} {
		require.PanicsWithValue(t, c.want, func() { Compile[float32](c.out, c.in) })
	}
	got := Eval([]*Expr{Sub(x, mean)}, 2, nil, nil, leavesOf([]*Expr{x}, [][]float64{{1, 2, 3, 4}}))
	require.Equal(t, []float64{-3, -4, -1, -2}, got[0], "Eval does it")
}

// Each corruption breaks a program the way a mistake in place would.
func TestVerifyCatchesCorruptedPlacement(t *testing.T) {
	x := Input("x", 2)
	net := newNetwork(SiLU, 2, 4, 4, 2)
	s := net.apply(x)
	build := func() ([]instr, int) {
		p := Compile[float64](append(Grad(SumCols(Square(s)), net.params()...), divergence(s, x)), []*Expr{x})
		return p.phases[body], p.layout.arena
	}
	instrs, columns := build()
	require.NotPanics(t, func() { verify(instrs, nil, columns) })
	caught, tried := 0, 0
	for i := range instrs {
		if instrs[i].dst.space != inArena {
			continue
		}
		for at := 0; at+instrs[i].dst.cols <= columns; at++ {
			broken, _ := build()
			if at == broken[i].dst.at {
				continue
			}
			broken[i].dst.at = at // its readers look for it where it was
			tried++
			if panics(func() { verify(broken, nil, columns) }) {
				caught++
			}
		}
	}
	require.Positive(t, tried)
	require.Equal(t, tried, caught)

	broken, _ := build()
	for i := range broken {
		if in := &broken[i]; in.op == opMatMulT && in.operands[0].space == inArena && in.dst.space == inArena {
			in.dst.at = in.operands[0].at
			require.Panics(t, func() { verify(broken, nil, columns) }, "a product over its own operand")
			return
		}
	}
	require.Fail(t, "no product to corrupt")
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestArenaIsReused(t *testing.T) {
	x := Input("x", 8)
	deep := x
	for range 20 {
		deep = Sin(Shift(Scale(1.1, deep), 0.1))
	}
	require.Equal(t, 8, Compile[float64]([]*Expr{deep}, []*Expr{x}).layout.arena)
}

func TestFreeListFitsAndMerges(t *testing.T) {
	var f freeList
	a, b, c := f.take(4), f.take(2), f.take(3)
	require.Equal(t, []int{0, 4, 6, 9}, []int{a, b, c, f.end})
	f.give(a, 4)
	f.give(c, 3)
	f.give(b, 2)
	require.Equal(t, []hole{{0, 9}}, f.holes)
	require.Equal(t, 0, f.take(5))
	require.Equal(t, 5, f.take(6), "the last hole grows")
	require.Equal(t, 11, f.end)
	require.Empty(t, f.holes)
}

func testSumsOverDirections[T Float](t *testing.T) {
	tol := 1e-12
	if sizeof[T]() == 4 {
		tol = 2e-5
	}
	for _, d := range []int{1, 3, 11} {
		rng := generator(40)
		x, time, v := Input("x", d), UniformInput("t", 1), UniformInput("v", d)
		net := newNetwork(SiLU, d, 24, 20, d)
		s := Add(Mul(Shift(Sin(time), 2), x), net.apply(x))
		tangent := JVP(s, x, v)
		out := []*Expr{
			s, SumCols(Mul(v, tangent)), Square(tangent), s,
			SumCols(Mul(v, tangent)), Mul(s, v), tangent, Sin(Square(tangent)), MatMulT(tangent, v),
		}
		in := []*Expr{x, time}
		p := CompileOver[T](out, in, v)
		p.wide = d == 11 // shared by teams
		for _, n := range []int{0, 1, 64, 150} {
			theta, inputs := net.theta(generator(41)), inputsOf(rng, in, n)
			got := runCompiled(p, n, theta, inputs, 7)
			want := make([][]float64, len(out))
			for k := range d {
				unit := make([]float64, d)
				unit[k] = 1
				leaves := leavesOf(in, inputs)
				leaves[v] = unit
				for i, y := range Eval(out, n, theta, nil, leaves) {
					if want[i] == nil {
						want[i] = make([]float64, len(y))
					}
					for j := range y {
						if i == 0 || i == 3 {
							want[i][j] = y[j]
						} else {
							want[i][j] += y[j]
						}
					}
				}
			}
			for i := range want {
				requireClose(t, want[i], got[i], tol, "d", d, "n", n, "output", i)
			}
		}
	}
}

func TestSumsOverDirectionsAreThoseOfEachInTurn(t *testing.T) {
	arithmetic(t)
	t.Run("float32", testSumsOverDirections[float32])
	t.Run("float64", testSumsOverDirections[float64])
}

func TestWhatDoesNotDependOnTheDirectionIsDoneOnce(t *testing.T) {
	const d = 5
	x, v := Input("x", d), UniformInput("v", d)
	net := newNetwork(SiLU, d, 8, d)
	s := net.apply(x)
	p := CompileOver[float64]([]*Expr{s, SumCols(Mul(v, JVP(s, x, v)))}, []*Expr{x}, v)
	functions := 0
	for _, in := range p.phases[turns] {
		if in.op == opUnary || in.folded {
			functions++
		}
	}
	require.Zero(t, functions, "the derivative of the activation belongs to the rows\n%s", p)
	require.NotEmpty(t, p.phases[turns])
}

func TestCompileOverRefusesWhatIsNotOfEachRow(t *testing.T) {
	x, v := Input("x", 2), UniformInput("v", 2)
	require.PanicsWithValue(t, "ad: CompileOver: output 0, v 1×2, depends on the direction and is not of each row",
		func() { CompileOver[float64]([]*Expr{v}, []*Expr{x}, v) })
	require.PanicsWithValue(t, "ad: CompileOver: sumrows 1×2, a sum over the rows, depends on the direction",
		func() { CompileOver[float64]([]*Expr{SumRows(Mul(x, v))}, []*Expr{x}, v) })
}

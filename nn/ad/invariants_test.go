package ad

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

// trainer is a program of everything at once: per-row outputs, a loss with
// dropout, a divergence, and the gradient of every parameter.
func trainer(rng *rand.Rand) (out, in []*Expr, theta []float64) {
	x, time := Input("x", 3), Input("t", 1)
	net := newNetwork(SiLU, 3, 24, 20, 3)
	film := net.param("film", 1, 24)
	theta = append(net.theta(rng), normals(rng, 24)...)
	h := SiLU(Affine(x, net.weights[0], Add(Mul(Tanh(time), film), net.biases[0])))
	keep := Step(Shift(Random(24, 4), -0.2))
	h = SiLU(Affine(Mul(h, keep), net.weights[1], net.biases[1]))
	s := Affine(h, net.weights[2], net.biases[2])
	div := divergence(s, x)
	loss := SumRows(Add(Scale(0.5, SumCols(Square(s))), div))
	out = append([]*Expr{loss, s, div}, Grad(loss, append(net.params(), film)...)...)
	return out, []*Expr{x, time}, theta
}

func inputsOf(rng *rand.Rand, in []*Expr, n int) [][]float64 {
	values := make([][]float64, len(in))
	for i, e := range in {
		rows := e.Rows()
		if e.PerRow() {
			rows = n
		}
		values[i] = normals(rng, rows*e.Cols())
	}
	return values
}

func testBitsDoNotDependOnWorkers[T Float](t *testing.T) {
	rng := generator(20)
	out, in, theta := trainer(rng)
	p := Compile[T](out, in)
	teams := Compile[T](out, in)
	teams.wide = true
	for _, n := range []int{0, 1, 63, 64, 65, 128, 257, 1000} {
		inputs := inputsOf(rng, in, n)
		want := runCompiled(p, n, theta, inputs, 1)
		for _, workers := range []int{0, 2, 3, 7, 16} {
			for _, p := range []*Program[T]{p, teams} {
				got := runCompiled(p, n, theta, inputs, workers)
				for i := range want {
					requireSameBits(t, want[i], got[i], n, workers, i, p.wide)
				}
			}
		}
		exact := Eval(out, n, theta, hashFiller, leavesOf(in, inputs))
		for i := range want {
			var x T
			tol := 1e-11
			if _, single := any(x).(float32); single {
				tol = 1e-3
			}
			if n > 0 {
				requireClose(t, exact[i], want[i], tol, n, i)
			}
		}
	}
}

func TestBitsDoNotDependOnWorkers(t *testing.T) {
	t.Run("float32", testBitsDoNotDependOnWorkers[float32])
	t.Run("float64", testBitsDoNotDependOnWorkers[float64])
}

// rowsOf returns the rows [from, to) of per-row values.
func rowsOf(values [][]float64, es []*Expr, from, to int) [][]float64 {
	part := make([][]float64, len(values))
	for i, v := range values {
		part[i] = v[from*es[i].Cols() : to*es[i].Cols()]
	}
	return part
}

func testRowsAreIndependent[T Float](t *testing.T) {
	rng := generator(21)
	x, time := Input("x", 3), Input("t", 1)
	net := newNetwork(GELU, 4, 21, 13, 3)
	s := net.apply(Concat(x, Sin(time)))
	out, in := []*Expr{s, divergence(s, x), Grad(SumCols(Square(s)), x)[0]}, []*Expr{x, time}
	p := Compile[T](out, in)
	const n = 150
	theta, inputs := net.theta(rng), inputsOf(rng, in, n)
	whole := runCompiled(p, n, theta, inputs, 2)
	for r := range n {
		alone := runCompiled(p, 1, theta, rowsOf(inputs, in, r, r+1), 1)
		for i, want := range rowsOf(whole, out, r, r+1) {
			requireSameBits(t, want, alone[i], "row", r)
		}
	}
	for from, to := range map[int]int{0: 2, 1: 4, 5: 22, 30: 130} {
		part := runCompiled(p, to-from, theta, rowsOf(inputs, in, from, to), 1)
		for i, want := range rowsOf(whole, out, from, to) {
			requireSameBits(t, want, part[i], "rows", from, to)
		}
	}
	spoilt := [][]float64{slices.Clone(inputs[0]), inputs[1]}
	spoilt[0][3*70] = math.NaN()
	spoilt[0][3*71+1] = math.Inf(1)
	after := runCompiled(p, n, theta, spoilt, 2)
	require.True(t, math.IsNaN(after[0][3*70]))
	for _, span := range [][2]int{{0, 70}, {72, n}} {
		for i, want := range rowsOf(whole, out, span[0], span[1]) {
			requireSameBits(t, want, rowsOf(after, out, span[0], span[1])[i], "beside a NaN")
		}
	}
}

func TestRowsAreIndependent(t *testing.T) {
	t.Run("float32", testRowsAreIndependent[float32])
	t.Run("float64", testRowsAreIndependent[float64])
}

// conditioned builds a network with the time as a leaf of either kind.
func conditioned(film bool, x, time *Expr) (s *Expr, size int) {
	frequencies := Row([]float64{1, 2.5, 7, 11})
	angle := MatMul(time, frequencies)
	temb := Concat(Sin(angle), Cos(angle))
	net := newNetwork(SiLU, 3, 20, 20, 3)
	h := x
	for i, w := range net.weights {
		last := i == len(net.weights)-1
		switch {
		case last:
			h = Affine(h, w, net.biases[i])
		case film:
			o := Affine(temb, net.param("film", 8, 40), net.param("film", 1, 40))
			h = Affine(h, w, net.biases[i])
			h = SiLU(Add(Mul(h, Shift(Slice(o, 0, 20), 1)), Slice(o, 20, 40)))
		default:
			h = SiLU(Affine(h, w, Affine(temb, net.param("c", 8, 20), net.biases[i])))
		}
	}
	return h, net.size
}

func testCommonTime[T Float](t *testing.T) {
	const n = 133
	for _, film := range []bool{true, false} {
		rng := generator(22)
		x, common, each := Input("x", 3), UniformInput("t", 1), Input("t", 1)
		xs, at := normals(rng, 3*n), 0.37
		v := Input("v", 3)
		vs := normals(rng, 3*n)
		results := make([][][]float64, 2)
		for i, time := range []*Expr{common, each} {
			s, size := conditioned(film, x, time)
			times := []float64{at}
			if time.PerRow() {
				times = slices.Repeat(times, n)
			}
			theta := normals(generator(23), size)
			out := []*Expr{s, divergence(s, x), JVP(s, x, v), Grad(Mul(s, v), x)[0]}
			results[i] = run[T](out, []*Expr{x, time, v}, n, theta, [][]float64{xs, times, vs}, 2)
		}
		for i := range results[0] {
			requireSameBits(t, results[0][i], results[1][i], "film", film, "output", i)
		}
	}
}

func TestACommonTimeAndTheSameTimeRepeatedGiveTheSameBits(t *testing.T) {
	t.Run("float32", testCommonTime[float32])
	t.Run("float64", testCommonTime[float64])
}

func TestRunDoesNotAllocate(t *testing.T) {
	rng := generator(24)
	out, in, theta := trainer(rng)
	const n = 300
	inputs := inputsOf(rng, in, n)
	training, team := Compile[float64](out, in), Compile[float64](out, in)
	team.wide = true
	scoring := Compile[float64](out[1:2], in) // no sum over rows
	fill := func(dst []float64, row, slot int) {
		for i := range dst {
			dst[i] = 0.5
		}
	}
	for name, p := range map[string]*Program[float64]{"training": training, "team": team, "scoring": scoring} {
		for _, workers := range []int{1, 2, 9} {
			crew := pool.New(workers)
			var w Weights[float64]
			p.Pack(&w, theta, crew)
			outs := outputsOf(p, n)
			p.Run(n, &w, fill, outs, inputs, crew)
			require.Zero(t, testing.AllocsPerRun(100, func() { p.Run(n, &w, fill, outs, inputs, crew) }), "%s %d", name, workers)
			require.Zero(t, testing.AllocsPerRun(100, func() { p.Pack(&w, theta, crew) }))
		}
	}
}

func TestConcurrentRunsAgree(t *testing.T) {
	rng := generator(25)
	out, in, theta := trainer(rng)
	p := Compile[float32](out, in)
	const n = 200
	inputs := inputsOf(rng, in, n)
	want := runCompiled(p, n, theta, inputs, 1)
	results := make([][][]float64, 16)
	var done sync.WaitGroup
	for i := range results {
		done.Go(func() {
			for range 3 {
				results[i] = runCompiled(p, n, theta, inputs, 1+i%3)
			}
		})
	}
	done.Wait()
	for i, got := range results {
		for j := range want {
			requireSameBits(t, want[j], got[j], "goroutine", i)
		}
	}
}

func TestExpressionsMayBeBuiltConcurrently(t *testing.T) {
	x := Input("x", 2)
	net := newNetwork(Tanh, 2, 8, 2)
	s := net.apply(x)
	printed := make([]string, 8)
	var done sync.WaitGroup
	for i := range printed {
		done.Go(func() {
			loss := SumRows(Add(SumCols(Square(s)), divergence(s, x)))
			printed[i] = Compile[float64](Grad(loss, net.params()...), []*Expr{x}).String()
		})
	}
	done.Wait()
	for _, p := range printed {
		require.Equal(t, printed[0], p, "compiling is deterministic")
	}
}

func TestWhatIsKeptBetweenRunsIsNeverStale(t *testing.T) {
	rng := generator(27)
	x, common := Input("x", 3), UniformInput("t", 1)
	s, size := conditioned(true, x, common)
	out, in := []*Expr{s, Mul(common, Const(2)), Recip(common)}, []*Expr{x, common}
	p := Compile[float64](out, in)
	const n = 5
	xs := normals(rng, 3*n)
	thetas := [][]float64{normals(rng, size), normals(rng, size)}
	var weights [2]Weights[float64]
	for i := range weights {
		p.Pack(&weights[i], thetas[i], nil)
	}
	for _, c := range []struct {
		weights int
		repack  bool
		time    float64
	}{
		{0, false, 0.3}, {0, false, 0.3}, {1, false, 0.3}, {0, false, 0.3}, {0, true, 0.3}, {0, false, 0.5},
		{0, false, 0}, {0, false, math.Copysign(0, -1)}, {0, false, math.NaN()}, {0, false, math.NaN()}, {0, false, 0.3},
	} {
		if c.repack {
			thetas[c.weights] = normals(rng, size)
			p.Pack(&weights[c.weights], thetas[c.weights], nil)
		}
		inputs := [][]float64{xs, {c.time}}
		got := outputsOf(p, n)
		p.Run(n, &weights[c.weights], nil, got, inputs, nil)
		fresh := runCompiled(Compile[float64](out, in), n, thetas[c.weights], inputs, 1)
		for i := range fresh {
			requireSameBits(t, fresh[i], got[i], c.time, "output", i)
		}
	}
}

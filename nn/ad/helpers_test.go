package ad

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/stretchr/testify/require"
)

// normals returns n normal numbers.
func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

func generator(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// run compiles out, runs it on inputs and returns the results in float64.
func run[T Float](out, in []*Expr, n int, theta []float64, inputs [][]float64, workers int) [][]float64 {
	return runCompiled(Compile[T](out, in), n, theta, inputs, workers)
}

// runCompiled runs p with outputs poisoned by NaN.
func runCompiled[T Float](p *Program[T], n int, theta []float64, inputs [][]float64, workers int) [][]float64 {
	var w Weights[T]
	p.Pack(&w, converted[T](theta), nil)
	outs := outputsOf(p, n)
	ins := make([][]T, len(inputs))
	for i, v := range inputs {
		ins[i] = converted[T](v)
	}
	p.Run(n, &w, hashFiller, outs, ins, pool.New(workers))
	results := make([][]float64, len(outs))
	for i, v := range outs {
		results[i] = converted[float64](v)
	}
	return results
}

// outputsOf returns slices for the outputs of p, full of NaN.
func outputsOf[T Float](p *Program[T], n int) [][]T {
	outs := make([][]T, len(p.out))
	for i, e := range p.out {
		outs[i] = make([]T, rowsIn(e.rows, n)*e.Cols())
		for j := range outs[i] {
			outs[i][j] = T(math.NaN())
		}
	}
	return outs
}

func converted[To, From Float](v []From) []To {
	c := make([]To, len(v))
	for i, x := range v {
		c[i] = To(x)
	}
	return c
}

// hashFiller is a Filler: a pure function of its address.
func hashFiller(dst []float64, row, slot int) {
	rng := rand.New(rand.NewPCG(uint64(row), uint64(slot)))
	for i := range dst {
		dst[i] = rng.Float64()
	}
}

// leavesOf pairs leaves with their values for Eval.
func leavesOf(in []*Expr, values [][]float64) map[*Expr][]float64 {
	leaves := make(map[*Expr][]float64)
	for i, e := range in {
		leaves[e] = values[i]
	}
	return leaves
}

func norm(v []float64) float64 { return math.Sqrt(dot(v, v)) }

func dot(a, b []float64) float64 {
	s := 0.0
	for i, x := range a {
		s += x * b[i]
	}
	return s
}

func largest(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}

// relativeError is the largest difference over the largest wanted magnitude.
func relativeError(want, got []float64) float64 {
	if len(want) != len(got) {
		return math.Inf(1)
	}
	worst := 0.0
	for i := range want {
		if d := math.Abs(want[i] - got[i]); !(d <= worst) {
			worst = d
		}
	}
	if worst == 0 {
		return 0
	}
	return worst / largest(want)
}

// requireClose fails unless got agrees with want to tol of want's largest
// magnitude.
func requireClose(t require.TestingT, want, got []float64, tol float64, what ...any) {
	if h, ok := t.(*testing.T); ok {
		h.Helper()
	}
	require.Len(t, got, len(want), what...)
	require.LessOrEqual(t, relativeError(want, got), tol, what...)
}

// requireSameBits fails unless a and b are equal to the bit.
func requireSameBits(t *testing.T, a, b []float64, what ...any) {
	t.Helper()
	require.Len(t, b, len(a), what...)
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) {
			require.Failf(t, "bits differ", "entry %d: %v and %v; %v", i, a[i], b[i], what)
		}
	}
}

// total is the number that Grad differentiates: the sum of all entries.
func total(y *Expr) *Expr { return SumRows(SumCols(y)) }

// unit returns the j-th unit vector of d columns.
func unit(j, d int) *Expr {
	v := make([]float64, d)
	v[j] = 1
	return Row(v)
}

// divergence returns Σ_j ∂s_j/∂x_j.
func divergence(s, x *Expr) *Expr {
	var tr *Expr
	for j := range x.Cols() {
		c := Slice(JVP(s, x, unit(j, x.Cols())), j, j+1)
		if tr == nil {
			tr = c
		} else {
			tr = Add(tr, c)
		}
	}
	return tr
}

// network is a multilayer perceptron, its parameters in one vector.
type network struct {
	weights, biases []*Expr
	act             func(*Expr) *Expr
	size            int
}

func newNetwork(act func(*Expr) *Expr, sizes ...int) *network {
	m := &network{act: act}
	for i := 1; i < len(sizes); i++ {
		m.weights = append(m.weights, m.param("W", sizes[i-1], sizes[i]))
		m.biases = append(m.biases, m.param("b", 1, sizes[i]))
	}
	return m
}

func (m *network) param(name string, rows, cols int) *Expr {
	p := Param(name, rows, cols, m.size)
	m.size += rows * cols
	return p
}

func (m *network) apply(h *Expr) *Expr {
	for i, w := range m.weights {
		h = Affine(h, w, m.biases[i])
		if i < len(m.weights)-1 {
			h = m.act(h)
		}
	}
	return h
}

// params lists the parameters in the order of the vector.
func (m *network) params() []*Expr {
	var ps []*Expr
	for i := range m.weights {
		ps = append(ps, m.weights[i], m.biases[i])
	}
	return ps
}

// theta draws parameters of the usual size: He's initialisation, small biases.
func (m *network) theta(rng *rand.Rand) []float64 {
	var v []float64
	for _, w := range m.weights {
		for range w.Rows() * w.Cols() {
			v = append(v, rng.NormFloat64()*math.Sqrt(2/float64(w.Rows())))
		}
		for range w.Cols() {
			v = append(v, 0.1*rng.NormFloat64())
		}
	}
	return v
}

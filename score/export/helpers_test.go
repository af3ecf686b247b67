package export

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/nn/onnx"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// evaluate runs a graph by programs of package ad, on inputs of n rows in order.
func evaluate(g *onnx.Graph, n int, inputs ...[]float32) map[string][]float32 {
	in := append([]*ad.Expr(nil), g.Inputs...)
	if g.Loop != nil {
		in, inputs = loop(g, n, inputs)
	}
	out := make([]*ad.Expr, len(g.Outputs))
	for i, o := range g.Outputs {
		out[i] = o.Value
	}
	results := make(map[string][]float32)
	for i, v := range compute(out, in, g.Weights, n, inputs) {
		results[g.Outputs[i].Name] = v
	}
	return results
}

// loop returns the inputs of a graph with the last state of its loop.
func loop(g *onnx.Graph, n int, inputs [][]float32) ([]*ad.Expr, [][]float32) {
	l := g.Loop
	var starts, nexts []*ad.Expr
	in := append([]*ad.Expr(nil), g.Inputs...)
	for _, s := range l.State {
		starts, nexts, in = append(starts, s.Start), append(nexts, s.Next), append(in, s.Leaf)
	}
	state := compute(starts, g.Inputs, g.Weights, n, inputs)
	body := append([]*ad.Expr(nil), in...)
	for _, s := range l.Steps {
		body = append(body, s.Leaf)
	}
	for _, p := range l.Picks {
		body = append(body, p.Leaf)
	}
	step := compiled(nexts, body, g.Weights)
	for k := range l.Count {
		values := append(append([][]float32(nil), inputs...), state...)
		for _, s := range l.Steps {
			c := s.Leaf.Cols()
			values = append(values, s.Values[k*c:(k+1)*c])
		}
		for _, p := range l.Picks {
			values = append(values, picked(g, p, p.Index[k], n, inputs))
		}
		state = step(n, values)
	}
	return in, append(append([][]float32(nil), inputs...), state...)
}

func picked(g *onnx.Graph, p onnx.Pick, index []int, n int, inputs [][]float32) (v []float32) {
	for i, e := range g.Inputs {
		for r := 0; e == p.From && r < n; r++ {
			for _, k := range index {
				v = append(v, inputs[i][r*e.Cols()+k*p.Width:][:p.Width]...)
			}
		}
	}
	return v
}

func compute(out, in []*ad.Expr, theta []float32, n int, inputs [][]float32) [][]float32 {
	return compiled(out, in, theta)(n, inputs)
}

func compiled(out, in []*ad.Expr, theta []float32) func(n int, inputs [][]float32) [][]float32 {
	p := ad.Compile[float32](out, in)
	var w ad.Weights[float32]
	p.Pack(&w, theta, nil)
	return func(n int, inputs [][]float32) [][]float32 {
		results := make([][]float32, len(out))
		for i, e := range out {
			results[i] = make([]float32, n*e.Cols())
		}
		p.Run(n, &w, nil, results, inputs, nil)
		return results
	}
}

func narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// rounded returns rows of normals, shifted and scaled, as float32 has them.
func rounded(seed uint64, n, d int, shift, scale []float64) *mat.Dense {
	rng := rand.New(rand.NewPCG(seed, 3))
	x := mat.NewDense(n, d, nil)
	x.Apply(func(_, j int, _ float64) float64 {
		return float64(float32(shift[j] + scale[j]*rng.NormFloat64()))
	}, x)
	return x
}

// trained returns a model as one that has been trained on data whose columns have shifts
// and scales of their own: no weight is 0.
func trained(t testing.TB, d int, c *score.Config) *score.Model {
	m, err := score.New(d, c)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, m.Save(&b))
	f, err := checkpoint.Read(&b)
	require.NoError(t, err)
	shift, scale := frameOf(d)
	rng := rand.New(rand.NewPCG(7, 7))
	for i, tensor := range f.Tensors {
		switch v := tensor.Data.(type) {
		case []float32:
			for k := range v {
				v[k] += float32(0.05 * rng.NormFloat64())
			}
		case []float64:
			values := map[string][]float64{"frame.shift": shift, "frame.scale": scale, "condition.shift": {8}, "condition.scale": {2}}
			f.Tensors[i].Data = values[tensor.Name]
		}
	}
	b.Reset()
	require.NoError(t, checkpoint.Write(&b, f))
	require.NoError(t, m.Load(&b))
	return m
}

func frameOf(d int) (shift, scale []float64) {
	for j := range d {
		shift, scale = append(shift, 3-2*float64(j)), append(scale, math.Pow(10, float64(j%4)-1))
	}
	return shift, scale
}

func small(d int) nn.Module { return nn.RecipeMLP(d, 16) }

// noised returns times over the span and data noised to them.
func noised(p sde.Problem, n, d int) (x *mat.Dense, t []float64) {
	start, end := p.Span()
	z := rounded(2, n, d, make([]float64, d), ones(d))
	for i := range n {
		u := float64(i) / float64(max(n-1, 1))
		at := start + u*(end-start)
		if start > 0 && i%2 == 0 {
			at = start * math.Pow(end/start, u)
		}
		at = float64(float32(min(max(at, up(start)), down(end))))
		alpha, sigma := p.Kernel(at)
		t = append(t, at)
		for j := range d {
			z.Set(i, j, math.Sqrt(alpha*alpha+sigma*sigma)*z.At(i, j))
		}
	}
	p.Frame.ToData(z, z)
	z.Apply(func(_, _ int, v float64) float64 { return float64(float32(v)) }, z)
	return z, t
}

func ones(d int) []float64 {
	v := make([]float64, d)
	for i := range v {
		v[i] = 1
	}
	return v
}

// requireRows fails unless the rows of got are within tol of those of want, relative to
// the length of a row, or to the size of the terms that it is a sum of where those are
// given.
func requireRows(t *testing.T, want *mat.Dense, got []float32, tol float64, what string, terms ...float64) float64 {
	n, d := want.Dims()
	require.Len(t, got, n*d)
	worst := 0.0
	for i := range n {
		off, size := 0.0, 0.0
		for j := range d {
			off = math.Hypot(off, float64(got[i*d+j])-want.At(i, j))
			size = math.Hypot(size, want.At(i, j))
		}
		if terms != nil {
			size = max(size, terms[i])
		}
		worst = max(worst, off/size)
		require.LessOrEqual(t, off, tol*size, "%s, row %d: %v, want %v", what, i, got[i*d:(i+1)*d], want.RawRowView(i))
	}
	return worst
}

func worstRow(want, got *mat.Dense) float64 {
	n, d := want.Dims()
	worst := 0.0
	for i := range n {
		off, size := 0.0, 0.0
		for j := range d {
			off, size = math.Hypot(off, got.At(i, j)-want.At(i, j)), math.Hypot(size, want.At(i, j))
		}
		worst = max(worst, off/size)
	}
	return worst
}

package ad

import (
	"fmt"
	"testing"
)

// benchmarkProgram runs a program on so many samples, of which each takes flops.
func benchmarkProgram(b *testing.B, out, in []*Expr, samples int, flops float64) {
	p := Compile[float32](out, in)
	rng := generator(100)
	var w Weights[float32]
	p.Pack(&w, converted[float32](normals(rng, p.Params())), nil)
	inputs := make([][]float32, len(in))
	for i, v := range inputsOf(rng, in, samples) {
		inputs[i] = converted[float32](v)
	}
	outs := outputsOf(p, samples)
	for b.Loop() {
		p.Run(samples, &w, nil, outs, inputs, nil)
	}
	b.ReportMetric(flops*float64(samples)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// BenchmarkConvolution is a 3×3 convolution of so many channels to as many, on one
// worker: forward, and with the gradients of picture and weights.
func BenchmarkConvolution(b *testing.B) {
	for _, s := range []struct{ side, channels, samples int }{{28, 32, 16}, {28, 64, 8}, {14, 64, 16}, {8, 64, 64}} {
		pixels, c := s.side*s.side, s.channels
		x, g := Input("x", pixels*c), Input("g", pixels*c)
		w, bias := Param("w", 9*c, c, 0), Param("b", 1, c, 9*c*c)
		y := Affine(Gather(x, neighbours(s.side, s.side, c, 1)), w, bias)
		grads := Grad(Mul(y, Regroup(g, pixels)), x, w, bias)
		flops := 2 * float64(pixels*9*c*c)
		name := fmt.Sprintf("%d×%d×%d", s.side, s.side, c)
		b.Run(name+"/forward", func(b *testing.B) { benchmarkProgram(b, []*Expr{y}, []*Expr{x}, s.samples, flops) })
		b.Run(name+"/all", func(b *testing.B) {
			benchmarkProgram(b, append([]*Expr{y}, grads...), []*Expr{x, g}, s.samples, 3*flops)
		})
	}
}

// BenchmarkAttention is attention of four heads between 64 rows, forward and with
// all gradients, on one worker.
func BenchmarkAttention(b *testing.B) {
	const rows, heads, width, samples = 64, 4, 32, 16
	var in, parts []*Expr
	for _, name := range []string{"q", "k", "v"} {
		x := Input(name, heads*rows*width)
		in, parts = append(in, x), append(parts, Regroup(x, heads*rows))
	}
	y := RowMatMul(Softmax(RowMatMulT(parts[0], parts[1], heads)), parts[2], heads)
	flops := 4 * float64(heads*rows*rows*width)
	b.Run("forward", func(b *testing.B) { benchmarkProgram(b, []*Expr{y}, in, samples, flops) })
	b.Run("all", func(b *testing.B) {
		benchmarkProgram(b, append([]*Expr{y}, Grad(Square(y), in...)...), in, samples, 3*flops)
	})
}

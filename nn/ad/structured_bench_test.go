package ad

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/nn/pool"
)

// benchmarkProgram runs a program on so many samples, of which each takes flops, with
// one worker and with two.
func benchmarkProgram(b *testing.B, name string, out, in []*Expr, samples int, flops float64) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("%s/workers=%d", name, workers), func(b *testing.B) {
			p := Compile[float32](out, in)
			rng := generator(100)
			var w Weights[float32]
			p.Pack(&w, converted[float32](normals(rng, p.Params())), nil)
			inputs := make([][]float32, len(in))
			for i, v := range inputsOf(rng, in, samples) {
				inputs[i] = converted[float32](v)
			}
			outs, crew := outputsOf(p, samples), pool.New(workers)
			p.Run(samples, &w, nil, outs, inputs, crew)
			for b.Loop() {
				p.Run(samples, &w, nil, outs, inputs, crew)
			}
			perSecond := float64(samples) * float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "samples/s")
			b.ReportMetric(flops*perSecond/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkConvolution is a 3×3 convolution of so many channels to as many, forward,
// and with the gradients of picture and weights.
func BenchmarkConvolution(b *testing.B) {
	for _, s := range []struct{ side, channels, samples int }{{28, 32, 16}, {28, 64, 8}, {14, 64, 16}, {8, 64, 64}} {
		pixels, c := s.side*s.side, s.channels
		x, g := Input("x", pixels*c), Input("g", pixels*c)
		w, bias := Param("w", 9*c, c, 0), Param("b", 1, c, 9*c*c)
		y := Affine(Gather(x, neighbours(s.side, s.side, c, 1)), w, bias)
		grads := Grad(Mul(y, Regroup(g, pixels)), x, w, bias)
		flops := 2 * float64(pixels*9*c*c)
		name := fmt.Sprintf("%d×%d×%d", s.side, s.side, c)
		benchmarkProgram(b, name+"/forward", []*Expr{y}, []*Expr{x}, s.samples, flops)
		benchmarkProgram(b, name+"/all", append([]*Expr{y}, grads...), []*Expr{x, g}, s.samples, 3*flops)
	}
}

// BenchmarkAttention is attention of four heads between 64 rows of 128 columns, with
// the layers that make queries, keys, values and the result, forward and with all
// gradients.
func BenchmarkAttention(b *testing.B) {
	const rows, heads, width, samples = 64, 4, 32, 16
	const channels = heads * width
	x, g := Input("x", rows*channels), Input("g", rows*channels)
	leaves, at := []*Expr{x}, 0
	param := func(rows, cols int) *Expr {
		p := Param("w", rows, cols, at)
		at += rows * cols
		leaves = append(leaves, p)
		return p
	}
	layer := func(x *Expr) *Expr { return Affine(x, param(channels, channels), param(1, channels)) }
	apart, together := make([][]int, 0, heads*rows), make([][]int, rows)
	for h := range heads {
		for i := range rows {
			apart = append(apart, []int{i*heads + h})
			together[i] = append(together[i], h*rows+i)
		}
	}
	toHeads, toRows := NewTable(apart, heads*rows, width), NewTable(together, heads*rows, width)
	part := func() *Expr { return Gather(layer(Regroup(x, rows)), toHeads) }
	q, k, v := Scale(1/math.Sqrt(width), part()), part(), part()
	y := layer(Gather(RowMatMul(Softmax(RowMatMulT(q, k, heads)), v, heads), toRows))
	grads := Grad(Mul(y, Regroup(g, rows)), leaves...)
	flops := 8*float64(rows*channels*channels) + 4*float64(rows*rows*channels)
	benchmarkProgram(b, "64×128/forward", []*Expr{y}, []*Expr{x}, samples, flops)
	benchmarkProgram(b, "64×128/all", append([]*Expr{y}, grads...), []*Expr{x, g}, samples, 3*flops)
}

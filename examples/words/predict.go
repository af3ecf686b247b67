package main

import (
	"context"
	"io"
	"math"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/examples/internal/learn"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// predictor is an autoregressive model: a network that has learned to tell from the
// symbols of a window before each position which one comes there.
type predictor struct {
	program *ad.Program[float32]
	weights ad.Weights[float32]
	crew    *pool.Crew
	window  int
}

// predict returns a predictor that has learned windows of c by their cross-entropy.
func (j *job) predict(ctx context.Context, stderr io.Writer, c corpus) *predictor {
	net := nn.Transformer{Size: []int{j.window}, Width: width, Blocks: blocks, Heads: heads, Out: kinds, Relative: true, Causal: true}
	before, label := ad.Input("before", j.window), ad.Input("label", j.window)
	indicators := func(x *ad.Expr) *ad.Expr { return ad.OneHot(ad.Regroup(x, j.window), kinds) }
	params := &nn.Params{}
	z := ad.Regroup(net.Apply(nn.NewBuild(params), indicators(before)), j.window)
	p := ad.Softmax(z)
	z = ad.Sub(z, ad.MaxCols(z))
	loss := ad.SumGroups(ad.Sub(ad.Log(ad.SumCols(ad.Exp(z))), ad.SumCols(ad.Mul(z, indicators(label)))))
	m := &predictor{crew: pool.New(j.workers), window: j.window}
	rng := rand.New(rand.NewPCG(j.seed, 3))
	progress := bar.New(stderr, j.steps)
	defer progress.Close()
	theta := learn.Minimise(ctx, params, ad.Scale(1/float64(j.window), loss), []*ad.Expr{before, label}, func(batch [][]float32) {
		for i := range j.batch {
			labels := c.draw(j.window, rng)
			shift(batch[0][i*j.window:], labels)
			for t, k := range labels {
				batch[1][i*j.window+t] = float32(k)
			}
		}
	}, &learn.Settings{Steps: j.steps, Batch: j.batch, Rate: j.schedule(), Optimizer: &optim.Adam[float32]{}, Seed: j.seed, Crew: m.crew, Recorder: progress})
	m.program = ad.Compile[float32]([]*ad.Expr{ad.Regroup(p, 1)}, []*ad.Expr{before})
	m.program.Pack(&m.weights, theta, m.crew)
	return m
}

// shift writes labels as the network sees them: each where the next one is to be found,
// with −1 before the first.
func shift(dst []float32, labels []uint8) {
	dst[0] = -1
	for i, k := range labels[:len(labels)-1] {
		dst[i+1] = float32(k)
	}
}

// next returns the probabilities of the symbols at each position of windows.
func (m *predictor) next(w [][]uint8) []float32 {
	in, p := make([]float32, len(w)*m.window), make([]float32, len(w)*m.window*kinds)
	for i, labels := range w {
		shift(in[i*m.window:], labels)
	}
	m.program.Run(len(w), &m.weights, nil, [][]float32{p}, [][]float32{in}, m.crew)
	return p
}

// bits returns the mean of −log₂ p over the labels of windows.
func (m *predictor) bits(w [][]uint8) float64 {
	p, sum := m.next(w), 0.0
	for i, labels := range w {
		for t, k := range labels {
			sum -= math.Log2(float64(p[(i*m.window+t)*kinds+int(k)]))
		}
	}
	return sum / float64(len(w)*m.window)
}

// sample draws windows, symbol after symbol.
func (m *predictor) sample(n int, rng *rand.Rand) [][]uint8 {
	w := make([][]uint8, n)
	for i := range w {
		w[i] = make([]uint8, m.window)
	}
	for t := range m.window {
		p := m.next(w)
		for i := range w {
			w[i][t] = choose(p[(i*m.window+t)*kinds:][:kinds], rng)
		}
	}
	return w
}

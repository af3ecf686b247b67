package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/augment"
	"github.com/gradlogp/gradlogp/examples/internal/learn"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// classifier is a small convolutional network that has learned labels by their
// cross-entropy.
type classifier struct {
	format
	program *ad.Program[float32]
	weights ad.Weights[float32]
	crew    *pool.Crew
}

// classifierNet gives a logit for each class.
func (f format) classifierNet() nn.Module {
	whole := []int{f.height, f.width}
	half := []int{(f.height + 1) / 2, (f.width + 1) / 2}
	return nn.Sequential{
		nn.Conv{Size: whole, Out: 16}, nn.SiLU{},
		nn.Conv{Size: whole, Out: 32, Stride: 2}, nn.SiLU{}, nn.Dropout{P: 0.3},
		nn.Conv{Size: half, Out: 64, Stride: 2}, nn.SiLU{}, nn.Dropout{P: 0.3},
		nn.Linear{Out: f.classes, Init: nn.LeCun{}},
	}
}

// learn returns a classifier that has seen the images of s only, moved by up to a
// fourteenth of their sides: a digit is the same a little to the side.
func (j *job) learn(s set) *classifier {
	grid, move := augment.Grid{Size: []int{s.height, s.width}}, augment.Shift{Most: []int{s.height / 14, s.width / 14}}
	by, moved := make([]float64, len(move.Most)), make([]float64, s.pixels())
	net, pixels := s.classifierNet(), s.pixels()
	x, label := ad.Input("x", pixels), ad.Input("label", 1)
	params := &nn.Params{}
	b := nn.NewBuild(params)
	b.Train = true
	z := net.Apply(b, x)
	z = ad.Sub(z, ad.MaxCols(z))
	loss := ad.Sub(ad.Log(ad.SumCols(ad.Exp(z))), ad.SumCols(ad.Mul(z, ad.OneHot(label, s.classes))))
	c := &classifier{format: s.format, crew: pool.New(j.workers)}
	rng := rand.New(rand.NewPCG(j.seed, 3))
	theta := learn.Minimise(context.Background(), params, loss, []*ad.Expr{x, label}, func(batch [][]float32) {
		for i := range batch[1] {
			k := rng.IntN(s.len())
			move.Draw(by, grid, rng)
			move.Apply(moved, s.x.RawRowView(k), by, grid, rng)
			s.pack(batch[0][i*pixels:], moved)
			batch[1][i] = float32(s.labels.At(k, 0))
		}
	}, &learn.Settings{
		Steps: j.lessons, Batch: 128, Rate: optim.Cosine{Peak: 3e-3, Steps: j.lessons},
		Optimizer: &optim.Adam[float32]{WeightDecay: 0.01}, Seed: j.seed, Crew: c.crew,
	})
	c.program = ad.Compile[float32]([]*ad.Expr{net.Apply(nn.NewBuild(params), x)}, []*ad.Expr{x})
	c.program.Pack(&c.weights, theta, c.crew)
	return c
}

// pack writes an image as the network sees it, with shades from −1 to 1.
func (f format) pack(dst []float32, image []float64) {
	for p, v := range image {
		dst[p] = float32(2*v/f.white() - 1)
	}
}

// labels returns the likeliest class of each row.
func (c *classifier) labels(x *mat.Dense) []int {
	n := x.RawMatrix().Rows
	in, logits := make([]float32, n*c.pixels()), make([]float32, n*c.classes)
	for i := range n {
		c.pack(in[i*c.pixels():], x.RawRowView(i))
	}
	c.program.Run(n, &c.weights, nil, [][]float32{logits}, [][]float32{in}, c.crew)
	labels := make([]int, n)
	for i := range labels {
		row := logits[i*c.classes : (i+1)*c.classes]
		for k, v := range row {
			if v > row[labels[i]] {
				labels[i] = k
			}
		}
	}
	return labels
}

// accuracy returns the share of s that the classifier knows, with its standard error.
func (c *classifier) accuracy(s set) share {
	right := 0
	for i, k := range c.labels(s.x) {
		if float64(k) == s.labels.At(i, 0) {
			right++
		}
	}
	return share{right, s.len()}
}

// share is a part of independent trials.
type share struct{ part, of int }

func (s share) String() string {
	return fmt.Sprintf("%.3f (%d of %d)", float64(s.part)/float64(s.of), s.part, s.of)
}

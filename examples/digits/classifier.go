package main

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

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

const classifierBatch = 128

// learn returns a classifier that has seen the images of s only.
func (j *job) learn(s set) *classifier {
	net, pixels := s.classifierNet(), s.pixels()
	x, label := ad.Input("x", pixels), ad.Input("label", 1)
	params := &nn.Params{}
	b := nn.NewBuild(params)
	b.Train = true
	z := net.Apply(b, x)
	z = ad.Sub(z, ad.MaxCols(z))
	logLikelihood := ad.Sub(ad.SumCols(ad.Mul(z, ad.OneHot(label, s.classes))), ad.Log(ad.SumCols(ad.Exp(z))))
	loss := ad.Scale(-1./classifierBatch, ad.SumRows(logLikelihood))
	train := ad.Compile[float32](ad.Grad(loss, params.Leaves()...), []*ad.Expr{x, label})

	initial, theta := make([]float64, params.Len()), make([]float32, params.Len())
	params.Init(initial, rand.NewPCG(j.seed, 2))
	for i, v := range initial {
		theta[i] = float32(v)
	}
	grad := make([]float32, len(theta))
	var out [][]float32
	for _, e := range params.Entries() {
		out = append(out, grad[e.Offset:e.Offset+e.Rows*e.Cols])
	}
	c := &classifier{format: s.format, crew: pool.New(j.workers)}
	adam, rate := &optim.Adam[float32]{WeightDecay: 0.01}, optim.Cosine{Peak: 3e-3, Steps: j.lessons}
	rng := rand.New(rand.NewPCG(j.seed, 3))
	in := [][]float32{make([]float32, classifierBatch*pixels), make([]float32, classifierBatch)}
	for step := range j.lessons {
		for i := range classifierBatch {
			k := rng.IntN(s.len())
			s.pack(in[0][i*pixels:], s.x.RawRowView(k))
			in[1][i] = float32(s.labels.At(k, 0))
		}
		train.Pack(&c.weights, theta, c.crew)
		train.Run(classifierBatch, &c.weights, func(dst []float64, row, slot int) {
			mask := rand.New(rand.NewPCG(j.seed+uint64(step)<<20, uint64(slot)<<32+uint64(row)))
			for i := range dst {
				dst[i] = float64(mask.Uint64()>>40) / (1 << 24)
			}
		}, out, in, c.crew)
		optim.ClipNorm(grad, 1)
		optim.Step(adam, theta, grad, step, rate.At(step))
	}
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

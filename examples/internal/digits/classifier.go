package digits

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

// Classifier is a small convolutional network that has learned labels by their
// cross-entropy.
type Classifier struct {
	Format
	program *ad.Program[float32]
	weights ad.Weights[float32]
	crew    *pool.Crew
}

// classifierNet gives a logit for each class.
func (f Format) classifierNet() nn.Module {
	whole := []int{f.Height, f.Width}
	half := []int{(f.Height + 1) / 2, (f.Width + 1) / 2}
	return nn.Sequential{
		nn.Conv{Size: whole, Out: 16}, nn.SiLU{},
		nn.Conv{Size: whole, Out: 32, Stride: 2}, nn.SiLU{}, nn.Dropout{P: 0.3},
		nn.Conv{Size: half, Out: 64, Stride: 2}, nn.SiLU{}, nn.Dropout{P: 0.3},
		nn.Linear{Out: f.Classes, Init: nn.LeCun{}},
	}
}

// Lessons steer Learn.
type Lessons struct {
	Steps, Workers int
	Seed           uint64
}

// Learn returns a classifier that has seen the images of s only, moved by up to a
// fourteenth of their sides: a digit is the same a little to the side.
func Learn(s Set, l Lessons) *Classifier {
	grid, move := augment.Grid{Size: []int{s.Height, s.Width}}, augment.Shift{Most: []int{s.Height / 14, s.Width / 14}}
	by, moved := make([]float64, len(move.Most)), make([]float64, s.Pixels())
	net, pixels := s.classifierNet(), s.Pixels()
	x, label := ad.Input("x", pixels), ad.Input("label", 1)
	params := &nn.Params{}
	b := nn.NewBuild(params)
	b.Train = true
	z := net.Apply(b, x)
	z = ad.Sub(z, ad.MaxCols(z))
	loss := ad.Sub(ad.Log(ad.SumCols(ad.Exp(z))), ad.SumCols(ad.Mul(z, ad.OneHot(label, s.Classes))))
	c := &Classifier{Format: s.Format, crew: pool.New(l.Workers)}
	rng := rand.New(rand.NewPCG(l.Seed, 3))
	theta := learn.Minimise(context.Background(), params, loss, []*ad.Expr{x, label}, func(batch [][]float32) {
		for i := range batch[1] {
			k := rng.IntN(s.Len())
			move.Draw(by, grid, rng)
			move.Apply(moved, s.X.RawRowView(k), by, grid, rng)
			s.pack(batch[0][i*pixels:], moved)
			batch[1][i] = float32(s.Labels.At(k, 0))
		}
	}, &learn.Settings{
		Steps: l.Steps, Batch: 128, Rate: optim.Cosine{Peak: 3e-3, Steps: l.Steps},
		Optimizer: &optim.Adam[float32]{WeightDecay: 0.01}, Seed: l.Seed, Crew: c.crew,
	})
	c.program = ad.Compile[float32]([]*ad.Expr{net.Apply(nn.NewBuild(params), x)}, []*ad.Expr{x})
	c.program.Pack(&c.weights, theta, c.crew)
	return c
}

// pack writes an image as the network sees it, with shades from −1 to 1.
func (f Format) pack(dst []float32, image []float64) {
	for p, v := range image {
		dst[p] = float32(2*v/f.White() - 1)
	}
}

// Labels returns the likeliest class of each row.
func (c *Classifier) Labels(x *mat.Dense) []int {
	n := x.RawMatrix().Rows
	in, logits := make([]float32, n*c.Pixels()), make([]float32, n*c.Classes)
	for i := range n {
		c.pack(in[i*c.Pixels():], x.RawRowView(i))
	}
	c.program.Run(n, &c.weights, nil, [][]float32{logits}, [][]float32{in}, c.crew)
	labels := make([]int, n)
	for i := range labels {
		row := logits[i*c.Classes : (i+1)*c.Classes]
		for k, v := range row {
			if v > row[labels[i]] {
				labels[i] = k
			}
		}
	}
	return labels
}

// Accuracy returns the share of s that the classifier knows, with its standard error.
func (c *Classifier) Accuracy(s Set) Share {
	right := 0
	for i, k := range c.Labels(s.X) {
		if float64(k) == s.Labels.At(i, 0) {
			right++
		}
	}
	return Share{right, s.Len()}
}

// Share is a part of independent trials.
type Share struct{ Part, Of int }

// String implements fmt.Stringer.
func (s Share) String() string {
	return fmt.Sprintf("%.3f (%d of %d)", float64(s.Part)/float64(s.Of), s.Part, s.Of)
}

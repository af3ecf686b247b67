package main

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// gan is a Wasserstein GAN with gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028): a generator
// g(z) makes f(g) large, and a critic f makes small
//
//	f(g) − f(x) + λ(‖∇f(x̂)‖ − 1)²,   x̂ = u x + (1−u) g,   u uniform.
type gan struct {
	*trainer
	s                *setup
	x, z, u          *ad.Expr // leaves
	made             *ad.Expr // g(z)
	critic, generate *ad.Expr // the two losses
	first            int      // the critic's first entry
	params           nn.Params
}

const (
	penalty    = 0.1 // λ
	criticRate = 4e-3
	ganRate    = 2e-3
	ganLatent  = 2 // columns of z for each of x
)

func newGAN(s *setup, width int) model {
	g := &gan{s: s}
	b := nn.NewBuild(&g.params)
	g.x, g.z, g.u = ad.Input("x", s.dim), ad.Input("z", ganLatent*s.dim), ad.Input("u", 1)
	g.made = b.Scope("generator").Apply(perceptron(width, s.dim, nil), g.z)
	g.first = len(g.params.Entries())

	critic, net := b.Scope("critic").Share(), perceptron(width, 1, s.features())
	value := func(x *ad.Expr) *ad.Expr { return critic.Apply(net, x) }
	u := ad.Shift(ad.Scale(0.5, ad.Erf(ad.Scale(math.Sqrt2/2, g.u))), 0.5) // uniform, u a normal number
	between := ad.Add(g.made, ad.Mul(u, ad.Sub(g.x, g.made)))
	slope := ad.Grad(value(between), between)[0]
	length := ad.Sqrt(ad.Shift(ad.SumCols(ad.Square(slope)), 1e-12))
	g.critic = ad.Add(ad.Sub(value(g.made), value(g.x)), ad.Scale(penalty, ad.Square(ad.Shift(length, -1))))
	g.generate = ad.Neg(value(g.made))
	return g
}

func (g *gan) size() int { return g.params.Len() }

func (g *gan) train(ctx context.Context, steps int) error {
	g.trainer = newTrainer(&g.params, g.s)
	adam := optim.Adam[float32]{Beta1: 0.5, Beta2: 0.9}
	in := []*ad.Expr{g.x, g.z, g.u}
	f := newFeed(g.s, in)
	critic := g.player(&g.params, g.first, len(g.params.Entries()), g.critic, in, adam, schedule(criticRate, steps))
	generator := g.player(&g.params, 0, g.first, g.generate, in, adam, schedule(ganRate, steps))
	for range steps {
		for _, player := range []*player{critic, generator} {
			if err := f.next(ctx, 0); err != nil {
				return err
			}
			g.move(player, f.leaves)
		}
	}
	return nil
}

func (g *gan) sample(_ context.Context, dst *mat.Dense, seed uint64) error {
	n, _ := dst.Dims()
	z := normals(rand.New(rand.NewPCG(seed, 4)), n*g.z.Cols())
	g.s.restore(dst, newEvaluator([]*ad.Expr{g.made}, []*ad.Expr{g.z}).at(g.trainer, n, z)[0])
	return nil
}

// logProb has no answer: the law of g(z) has no density that could be computed.
func (g *gan) logProb(context.Context, []float64, *mat.Dense) error { return errNoDensity }

func (g *gan) evaluations() int { return 1 }

package main

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
)

// vae is a variational autoencoder (Kingma & Welling 2014, arXiv:1312.6114) whose encoder and decoder are
// normal laws with means and deviations of their own for every row:
//
//	−log p(x) ≤ E_q[−log p(x|z)] + KL(q(z|x) ‖ N(0, I)),   z = μ(x) + s(x) ε
type vae struct {
	*trainer
	s               *setup
	x, ε, z, weight *ad.Expr // leaves
	loss, logRatio  *ad.Expr // the bound; log p(x|z)p(z)/q(z|x) at a draw z of q
	mean, logStd    *ad.Expr // of x given the leaf z
	params          nn.Params
}

const (
	vaeRate     = 6e-3
	warmUp      = 0.1 // share of the training in which the weight of KL climbs to 1
	importance  = 500 // draws of z for the nats of a test row
	narrowestSD = -5  // logarithm of the least deviation of a decoder, which starts at 1
)

func newVAE(s *setup, width int) model {
	v := &vae{s: s}
	d, k := s.dim, s.dim // as many latent columns
	b := nn.NewBuild(&v.params)
	v.x, v.ε, v.z, v.weight = ad.Input("x", d), ad.Input("ε", k), ad.Input("z", k), ad.UniformInput("weight", 1)

	q := b.Scope("encoder").Apply(perceptron(width, 2*k, s.features()), v.x)
	μ, logs := ad.Slice(q, 0, k), ad.Slice(q, k, 2*k)
	drawn := ad.Add(μ, ad.Mul(ad.Exp(logs), v.ε))
	decoder, net := b.Scope("decoder").Share(), perceptron(width, 2*d, nil)
	decode := func(z *ad.Expr) (mean, logStd *ad.Expr) {
		p := decoder.Apply(net, z)
		return ad.Slice(p, 0, d), ad.Shift(ad.Softplus(ad.Shift(ad.Slice(p, d, 2*d), -narrowestSD)), narrowestSD)
	}
	mean, logStd := decode(drawn)
	v.mean, v.logStd = decode(v.z)

	logp := ad.SumCols(ad.Neg(ad.Add(ad.Scale(0.5, ad.Square(ad.Mul(ad.Sub(v.x, mean), ad.Exp(ad.Neg(logStd))))), ad.Shift(logStd, halfLog2π))))
	kl := ad.SumCols(ad.Shift(ad.Sub(ad.Scale(0.5, ad.Add(ad.Square(μ), ad.Exp(ad.Scale(2, logs)))), logs), -0.5))
	v.loss = ad.Sub(ad.Mul(v.weight, kl), logp)
	v.logRatio = ad.Add(logp, ad.SumCols(ad.Add(ad.Scale(0.5, ad.Sub(ad.Square(v.ε), ad.Square(drawn))), logs)))
	return v
}

func (v *vae) size() int { return v.params.Len() }

func (v *vae) train(ctx context.Context, steps int) error {
	v.trainer = newTrainer(&v.params, v.s)
	in := []*ad.Expr{v.x, v.ε, v.weight}
	player := v.player(&v.params, 0, len(v.params.Entries()), v.loss, in, optim.Adam[float32]{}, schedule(vaeRate, steps))
	return v.run(ctx, v.s, steps, player, v.loss, in, warmUp)
}

func (v *vae) sample(_ context.Context, dst *mat.Dense, seed uint64) error {
	n, _ := dst.Dims()
	rng := rand.New(rand.NewPCG(seed, 4))
	p := newEvaluator([]*ad.Expr{v.mean, v.logStd}, []*ad.Expr{v.z}).at(v.trainer, n, normals(rng, n*v.z.Cols()))
	for i := range p[0] {
		p[0][i] += float32(math.Exp(float64(p[1][i])) * rng.NormFloat64())
	}
	v.s.restore(dst, p[0])
	return nil
}

// logProb is the importance-weighted bound (Burda et al. 2016, arXiv:1509.00519), which tends to log p.
func (v *vae) logProb(ctx context.Context, dst []float64, x *mat.Dense) error {
	rows := make([]float32, len(dst)*v.s.dim)
	v.s.standardise(rows, x)
	rng := rand.New(rand.NewPCG(v.s.seed, 5))
	ratios, ratio := make([][]float64, len(dst)), newEvaluator([]*ad.Expr{v.logRatio}, []*ad.Expr{v.x, v.ε})
	for range importance {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, r := range ratio.at(v.trainer, len(dst), rows, normals(rng, len(dst)*v.ε.Cols()))[0] {
			ratios[i] = append(ratios[i], float64(r))
		}
	}
	for i, r := range ratios {
		dst[i] = floats.LogSumExp(r) - math.Log(importance) - v.s.logVolume()
	}
	return nil
}

func (v *vae) evaluations() int { return 1 }

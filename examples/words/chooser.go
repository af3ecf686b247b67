package main

import (
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/score"
)

// chooser is a network whose denoiser is a mean of the symbols' vectors. What a noisy
// vector x says of the symbol at its own position is known by Bayes' rule; the network of
// Logits adds what the other positions say:
//
//	D = Σ_k p_k e_k,   p = softmax(ℓ + Logits(softmax ℓ, x)),   ℓ_k = log π_k + log N(x; e_k, σ²I).
//
// The model wants F = (D − Skip·x)/Out, with Skip = 1/(1+σ²) and Out = σ/√(1+σ²) of
// score.EDM.
type chooser struct {
	vectors
	Window int
	Logits nn.Module
}

// Apply implements nn.Module.
func (c chooser) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	σ := ad.Exp(ad.Scale(4, b.Time)) // as the time is ¼ ln σ
	root := ad.Sqrt(ad.Shift(ad.Square(σ), 1))
	noisy := ad.Regroup(ad.Mul(x, root), c.Window) // x is scaled by 1/√(1+σ²)
	// log N = (x·e_k − ‖e_k‖²/2)/σ² = s²(x_k/s + π_k)/σ², both up to what is the same for
	// all k.
	prior := make([]float64, kinds)
	for k, often := range c.often {
		prior[k] = math.Log(often)
	}
	fit := ad.Div(ad.Scale(c.scale*c.scale, c.share(noisy)), ad.Square(σ))
	alone := ad.Add(ad.Row(prior), fit)
	seen := ad.Concat(ad.Scale(4, ad.Softmax(alone)), ad.Regroup(x, c.Window))
	logits := b.Scope("logits").Apply(c.Logits, ad.Regroup(seen, 1))
	p := ad.Softmax(ad.Add(alone, ad.Regroup(logits, c.Window)))
	return ad.Div(ad.Sub(ad.Mul(ad.Regroup(c.mean(p), 1), root), x), σ)
}

// crossEntropy is the loss −Σ log p of the symbols that were there, in nats a window. The
// mean of the vectors gives back the probabilities.
type crossEntropy struct {
	vectors
	window int
}

// Loss implements score.Objective.
func (c crossEntropy) Loss(_ *nn.Build, f score.Fields, d score.Batch) *ad.Expr {
	share := func(x *ad.Expr) *ad.Expr { return c.share(ad.Regroup(x, c.window)) }
	p := ad.SumCols(ad.Mul(share(f.Denoise(d.Xt)), share(d.X0)))
	return ad.Neg(ad.SumGroups(ad.Log(ad.Shift(p, leastShare))))
}

// leastShare keeps the logarithm of a probability that is 0 but for rounding.
const leastShare = 1e-5

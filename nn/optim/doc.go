// Package optim optimises the parameters of networks: optimisers, learning rates,
// averages of the weights, and bounds for gradients. All of them see the
// parameters as one flat vector θ and know nothing of a network's shape.
//
// One step, with gradient g, counted from 0 by all parts alike:
//
//	‖g‖ = ClipNorm(g, 1)                        g ← g min(1, 1/‖g‖)
//	Step(optimizer, θ, g, step, rate.At(step))  Adam: θ ← θ − η m̂/(√v̂ + ε)
//	ema.Update(shadow, θ, step)                 shadow ← β shadow + (1−β) θ
//
// The optimisers, with the gradient's running mean m̂ and mean square v̂, freed
// of the bias of their start:
//
//	SGD             θ ← θ − η m, m ← μm + (1−τ)g       (Polyak 1964; Nesterov 1983)
//	Adam            θ ← θ − η m̂/(√v̂ + ε)               (Kingma & Ba 2015)
//	AMSGrad         v̂ does not shrink                  (Reddi, Kale & Kumar 2018)
//	RAdam           η r m̂/√v̂, r from the variance of v̂ (Liu et al. 2020)
//	NAdam           m̂ one step ahead                   (Dozat 2016)
//	RMSprop         η g/(√v + ε)                       (Tieleman & Hinton 2012)
//	Adagrad         η g/(√Σg² + ε)                     (Duchi, Hazan & Singer 2011)
//
// All decay weights by θ ← θ(1−ηλ), not through the gradient (Loshchilov &
// Hutter 2019); GroupDecay does so with a λ for each parameter. An L2 penalty
// would be a term of the loss. Rates and averages of step s, n = s+1:
//
//	WarmUp          η n/W until W, then another rate
//	SlowStart       (1 − γⁿ) times another rate
//	Cosine          a half cosine from peak to floor   (Loshchilov & Hutter 2017)
//	CosineRestarts  half cosines, each longer          (the same)
//	OneCycle        up and down once                   (Smith & Topin 2019)
//	StepDecay       γ^⌊s/S⌋;  Milestones at given steps
//	Exponential     γˢ
//	Polynomial      (1 − s/S)ᵖ
//	InversePower    (1 + s/S)^−p, p = ½                (Vaswani et al. 2017)
//	EMA             β = min(Decay, (1+n)/(10+n))
//	HalfLife        β = 2^(−1/h)                       (Karras et al. 2022)
//	PowerFunction   β = (1 − 1/n)^(γ+1)                (Karras et al. 2024)
//	PowerRamp       β = 1 − (1 + s/S)^−p
//
// ClipNorm, ClipPNorm and ClipValue bound a gradient. An Updater makes clipping,
// step and average on several goroutines, with an Optimizer of one's own as with
// those above.
//
// The zero values of Adam and EMA, and RecipeRate, are settings found by experiment
// for small score networks.
package optim

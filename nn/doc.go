// Package nn describes networks, initialises their parameters, and optimises
// them. It knows nothing of diffusion, and no layer in it has a derivative:
// a Module maps expressions of package ad to expressions, and ad.Grad and
// ad.JVP do the rest.
//
// # Networks
//
// A network F_θ(x; c, k) is a function of the rows x, of a time c and of
// further conditions k, both common to all rows or one a row, with the same
// bits either way. All its parameters lie in one flat vector θ (Params), and
// so does every gradient, moment and average of them. An MLP conditions each
// hidden layer on an embedding e of (c, k), in FiLM form
//
//	h_l = a((h_{l−1} W_l + b_l) ⊙ (1 + e G_l) + e B_l),   F = h_L W_out + b_out,
//
// and may see x through Fourier features. Energy makes of a one-column network
// E_θ the conservative field F = −∇ₓ E_θ.
//
// Networks of other shapes are put together from layers, each a Module:
//
//	Linear          x W + b
//	LayerNorm       g ⊙ (x − μ)/√(s² + ε) + b, μ and s² of the row
//	Residual        x + Body(x)
//	Dropout         x ⊙ [u ≥ P]/(1−P) in training, u addressed
//	Condition       z ⊙ (1 + e G) + e B, or z + e C
//	Embedded        e = (Time(c), Cond(k)) once for all of Body
//	Embedding       Σ_k w_k table_k, w the indicator of a label or weights
//	OneHot          [x = k], k = 0, 1, …; no class gives zeros
//	Fourier         (x, sin wx, cos wx), TimeFourier without x
//	Sequential, Parallel, Columns
//
// Labels reach a network as a column of numbers 0, 1, … of the conditions; −1
// is none.
//
// # Initial weights
//
// With W ~ N(0, 2/fan-in) a layer keeps the mean square of a signal that a
// rectifier has halved (He et al. 2015); with N(0, 1/fan-in) that of any
// signal (LeCun et al. 1998). It matters more here than elsewhere: when the
// signal shrinks from layer to layer an activation such as SiLU is nearly
// linear on its range, for centred and whitened data the best linear F is zero,
// and F = 0 is a saddle that training does not leave, while the loss is finite
// and samples look plausible. MLP.Spread measures it before training. For the
// same reason the weights of e start at zero: a wide embedding beside x would
// drown it.
//
// # Training
//
// One step, with gradient g, counted from 0 by all parts alike:
//
//	‖g‖ = ClipNorm(g, 1)                        g ← g min(1, 1/‖g‖)
//	optimizer.Step(θ, g, step, rate.At(step))   Adam: θ ← θ − η m̂/(√v̂ + ε)
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
// step and average on several goroutines.
//
// The zero values of Adam and EMA, RecipeMLP and RecipeRate are settings found
// by experiment for small score networks.
package nn

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
// The zero values of Adam and EMA, RecipeMLP and RecipeRate are settings found
// by experiment for small score networks.
package nn

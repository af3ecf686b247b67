// Package score learns the score ∇ₓ log p_t(x) of data with a neural network.
//
// # From a network to a score
//
// The data x₀ are noised by a process (package sde) to x_t = αx₀ + σz. A
// network F, given the scaled row and the noise level, is tied to the posterior
// mean of the clean row by four numbers at each time, the preconditioning:
//
//	D(x, t) = E[x₀ | x_t = x] ≈ Skip·x + Out·F(In·x, Noise)
//
// from which the score follows by Tweedie's formula,
//
//	s = (αD − x)/σ² = −(1 − α·Skip)/σ² x + α·Out/σ² F.
//
// The coefficients are computed in float64 and in closed form; (αD − x)/σ²
// itself would be lost to rounding at small σ.
//
//	prediction   Skip          Out            1 − α·Skip
//	EDM          αv/C          σ√(v/C)        σ²/C          C = α²v + σ²
//	Epsilon      1/α           −σ/α           0
//	Clean        0             1              1
//	V            α/(α²+σ²)     −σ/(α²+σ²)     σ²/(α²+σ²)
//
// with In = 1/√C and Noise = ¼ ln(σ/α) for all of them. EDM with calibrated
// variance is the default (Karras et al. 2022). An energy network, nn.Energy,
// fits in the network's place; its energy is that of the log-density,
//
//	−log p_t(x) = ‖x‖²/(2C) + (α√v/σ) E_θ(In·x) + const(t).
//
// # Coordinates
//
// The process runs in model coordinates y = (x − shift)/scale, in which the
// data have mean 0 and mean square 1. Fit measures shift and scale. Scores,
// divergences and times are those of y; package sampler maps rows at entry and
// exit.
//
// # Training
//
// Fit minimises the mean over rows of an Objective, by default denoising score
// matching w(t)‖D(x_t, t) − x₀‖² (Vincent 2011). Three devices, all unbiased,
// reduce its variance: times are stratified over the batch; each clean row is
// noised by z and by −z (antithetic pairs); and the clean row is replaced by
// its posterior mean over reference rows from the data,
//
//	x̄_i = Σ_j w_ij x_j,   w_ij = softmax_j(−‖x_t,i − αx_j‖²/(2σ²)),
//
// the row itself being one of them (the Rao-Blackwellised target). The Model
// gets a moving average of the weights.
//
// A run is a function of its seeds: the same data, settings and seeds give the
// same bits whatever the number of workers.
package score

// Package sampler draws samples by running a noising process backwards with
// its score.
//
// A process noises data as x_t = α(t)x₀ + σ(t)z (package sde). With the score
// s(x, t) = ∇ₓ log p_t(x) come the denoiser and the noise,
//
//	D(x, t) = E[x₀ | x_t = x] = (x + σ²s)/α,   ε̂ = −σs,
//
// and, for every Λ ≥ 0, a process that carries p_t back to the data
// (Anderson 1982; Song et al. 2021, for Λ = 0 the probability flow):
//
//	dx = [f x − ½(1+Λ²) g² s] dt + Λ g dw̄.
//
// Sample starts from the Gaussian Prior at the first time of a grid and lets a
// Predictor carry the state from each time t to the next, u < t. A Corrector
// may then move it within the time it has reached. The last state is denoised
// (Tweedie), unless the grid ends where the score is not known.
//
//	method          evaluations a step   order       stochastic
//	EulerMaruyama   1                    1           yes
//	Euler{Lambda}   1                    1           when Λ > 0
//	DDIM{Eta}       1                    1           when η > 0
//	ReverseDiffusion 1                   1           unless Flow
//	Ancestral       1                    1           yes
//	Heun            2                    2           no
//	DPMpp2M         1                    2           no
//	DPMSolver       1, 2, 3              1, 2, 3     no
//	AdamsBashforth  1                    1 … 4       no
//	UniPC           1                    p + 1       no
//	Hold            0                    –           no (moves nothing)
//	Langevin        Steps                corrector   yes
//	Refresh         Steps                corrector   yes
//	MALA            Steps + 1            corrector   yes, and exact
//	Gibbs           Back's × Substeps    corrector   yes
//
// The order is that of the law of the result, and for methods without noise of
// every path; EulerMaruyama's paths converge with order 1 too, the noise being
// additive. A multistep method has its order from a start of that order. Its own
// first steps have lower orders, which caps it at 2 in the end; but they lie where
// the denoiser hardly moves, and what they add is small. A grid of n points makes
// n−1 steps, and the final denoise is one more evaluation: n in all for a method
// that takes one a step.
//
// Langevin and Refresh leave a law invariant that differs from p_t by something
// of the order of their step, so that at a fixed setting more steps of the
// predictor lead to a plateau. Gibbs has the error of its way back, MALA none.
//
// # Coordinates
//
// Noise levels, grids and priors are made for data whose variance is about 1.
// A trained model brings its own coordinates y = (x − shift)/scale and says so
// by being an sde.Framed: the run is in y, matrices are in x.
//
// # What a sample depends on
//
// Rows are independent. Sample i depends on the seed and on i, not on the
// number of rows, how they are split over calls (Settings.FirstRow), the
// workers or GOMAXPROCS: the bits are the same. Only a Coupler, such as the
// batch-norm rule of Langevin, makes rows depend on each other, and even then
// not on the workers.
package sampler

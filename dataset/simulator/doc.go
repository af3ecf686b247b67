// Package simulator holds the tasks on which methods of simulation-based inference
// are compared: a prior p(θ), a program that makes data x from parameters θ, and
// draws from the posterior p(θ | x) to judge by.
//
// The tasks are those of "Benchmarking Simulation-Based Inference" (Lueckmann et al.
// 2021, arXiv:2101.04653), written from its definitions; each type gives its own. What
// the paper leaves open (the frozen input of BernoulliGLM, the distractors, the times of
// SIR and LotkaVolterra) is as in the program that belongs to it.
//
// # References
//
// Four tasks have posteriors that can be drawn from exactly and independently: the
// Gaussian ones by normal distributions cut at the prior's bounds, TwoMoons by
// inverting its simulator, SLCP by an inverse Wishart distribution and rejection.
//
// The others, BernoulliGLM, SIR and LotkaVolterra, have normal priors, after a logarithm
// of the parameters or without, and go from the prior to the posterior by tempering
// ("Sequential Monte Carlo samplers", Del Moral et al. 2006): four independent
// populations pass through
//
//	p_β(θ) ∝ p(θ) p(x | θ)^β,   0 = β₀ < β₁ < … < 1,
//
// each step as long as half of a population's weight allows, resampled and moved by
// elliptical slices about a Student t distribution fitted to it ("Parallel MCMC with
// Generalized Elliptical Slice Sampling", Nishihara et al. 2014, arXiv:1210.7477). At
// β = 1 they move until no draw is correlated with its start, and the draws are
// returned when the populations agree: the split R̂ ("Rank-normalization, folding, and
// localization: An improved R̂", Vehtari et al. 2021, arXiv:1903.08008) is below 1.01.
//
// # Randomness
//
// Every row has a source of its own, addressed by the seed and the index of the row:
// results have the same bits for any number of processors, and a table of pairs can be
// made in parts.
package simulator

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
// The others, BernoulliGLM, SIR and LotkaVolterra, and one in sixty observations of SLCP, go from
// the prior to the posterior by tempering ("Sequential Monte Carlo samplers", Del Moral et al.
// 2006): four independent populations of 1024 draws pass through
//
//	p_β(θ) ∝ p(θ) p(x | θ)^β,   0 = β₀ < β₁ < … < 1,
//
// each step as long as half of a population's weight allows, resampled and moved by
// elliptical slices about a Student t distribution fitted to it ("Parallel MCMC with
// Generalized Elliptical Slice Sampling", Nishihara et al. 2014, arXiv:1210.7477). At
// β = 1 they move until no draw is correlated with its start, and then on until the
// populations and their halves agree: R̂ ("Inference from Iterative Simulation Using Multiple
// Sequences", Gelman and Rubin 1992) is below 1.005, for means that differ by less than six
// times the variance that independent draws give them.
//
// By simulation-based calibration (dataset/calibration: the parameters, their products and
// log p(x | θ), 99 draws a trial) nothing is wrong with tempered references, as far as so few
// trials can tell; those of LotkaVolterra hardly tell more than ESS. P are the
// p-values of all quantities together, R̂ the largest of all observations and parameters, of
// ranks, and ESS how many independent draws 4,096 are worth, by the variance of the mean
// ranks of populations and their halves, over all observations and parameters
// (go test ./dataset/simulator -run - -bench References -benchtime 1x):
//
//	                          trials  P(χ²)  P(ECDF)     R̂    ESS
//	bernoulli_glm                200    .66      .83  1.003  4075
//	sir                           25    .89      .92  1.001  3997
//	lotka_volterra                 6    .83      .22  1.001  4141
//	slcp, where it is tempered    50    .10      .39  1.004  3200
//
// # Randomness
//
// Every row has a source of its own, addressed by the seed and the index of the row:
// results have the same bits for any number of processors, and a table of pairs can be
// made in parts.
package simulator

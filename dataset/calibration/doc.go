// Package calibration tests whether posteriors that were learned from simulations
// are right, and whether an observation is like what was simulated.
//
// # Ranks
//
// A truth θ* from the prior p(θ), an observation x from the simulator p(x|θ*), and
// draws θ_1, …, θ_L from the posterior p(θ|x) have a joint distribution in which θ* and
// the draws are exchangeable: the rank of θ*, the number of draws below it by any
// numerical quantity f(θ, x), is uniform,
//
//	P(#{l: f(θ_l, x) < f(θ*, x)} = r) = 1/(L + 1),   r = 0, …, L.
//
// Trials hold n such groups for a posterior q(θ|x) in question, and the ranks are
// tested with the parameters as quantities, and any others, by SBC ("Validating
// Bayesian Inference Algorithms with Simulation-Based Calibration", arXiv:1804.06788),
// with distances to random points by TARP (arXiv:2302.03026), and with the density of
// q by HighestDensity (arXiv:2110.06581). The shares of ranks below a level are then
// the expected coverage of credible regions.
//
// Each Result has two tests. Pearson's is χ² = Σ (count − mean)²/mean over the bins of a
// histogram. The other is that of the band of the distribution function ("Graphical
// Test for Discrete Uniformity and Its Applications in Goodness-of-Fit Evaluation and
// Multiple Sample Comparison", arXiv:2103.10522): with C_z of n ranks below the level z
// its statistic is
//
//	min_z 2 min(P(B ≤ C_z), P(B ≥ C_z)),   B ~ Binomial(n, z).
//
// Quantities are seldom independent of each other. Since truth and draws are
// exchangeable, the joint null distribution of all statistics is that over random choices
// of which of the L + 1 members of each trial plays the truth. So p-values are exact for
// any n, L and number of quantities: with exact draws P ≤ α has at most the
// probability α.
//
// # Classifiers and predictions
//
// LocalC2ST (arXiv:2306.03580) asks a classifier, at given observations, what it knows
// of the difference between draws and truths. Predictive and LowDensity compare an
// observation with draws from a predictive distribution, given all observations (is the
// simulator misspecified?) or given this one (the posterior predictive check). Their
// p-values rest on exchangeability, too.
//
// # What each test can see
//
// The shares of runs with P ≤ .05 for two parameters whose exact posterior is a Gaussian
// of correlation −.71, with draws that are exact, have deviations from the mean times
// 1.3 and .7, are shifted by .4 standard deviations in one parameter, have no
// correlation, or ignore x and are of the prior; n = 200 trials of L = 50 draws, but n =
// 1000 for LocalC2ST at one observation (of 400 runs for SBC, 200 for TARP and
// HighestDensity, 40 for LocalC2ST):
//
//	                    exact    wide  narrow  shifted  no corr.  prior
//	SBC, parameters       .07     .91    1.00      .99       .06    .03
//	SBC, Products         .07     .96    1.00      .99      1.00    .04
//	SBC, log p(θ, x)      .08    1.00    1.00     1.00      1.00   1.00
//	TARP                  .04     .90    1.00      .07       .16    .04
//	TARP, Nearest         .04     .93    1.00      .10       .41   1.00
//	HighestDensity        .05    1.00    1.00      .41       .45    .04
//	LocalC2ST             .03     .85     .40      .83       .90   1.00
//
// The prior is calibrated: that a posterior ignores x is seen by nothing but what
// depends on x in another way than the posterior does, which are the joint density,
// TARP with Nearest, and LocalC2ST. Ranks of parameters see no correlation; the
// Products do. TARP hardly sees a constant shift, as its points lie on all sides.
// LocalC2ST sees every kind of fault, given many trials. When the
// likelihood is known, log p(θ) + log p(x|θ) is the quantity to add to SBC; when not,
// SBC with Products, and TARP with Nearest.
package calibration

// Package dataset holds distributions with exact densities, the checks that
// data pass before they are used, and conversions of data into matrices.
//
// # Oracles
//
// A score model is judged against distributions whose answers are known. When
// x₀ has the density p and x_t = αx₀ + σz with z ~ N(0, I), the noised density,
// its score and the posterior mean of the clean point belong together by
// Tweedie's formula,
//
//	p_t(x) = ∫ p(x₀) N(x; αx₀, σ²I) dx₀                                      (1)
//	s(x)   = ∇ₓ log p_t(x) = (α E[x₀ | x_t = x] − x)/σ²                      (2)
//	∂s/∂x  = (α² Cov[x₀ | x_t = x]/σ² − I)/σ².                               (3)
//
// A Diffusible distribution evaluates all of them in closed form. For a Mixture
// of Gaussians p_t is a mixture with the components N(αμ_k, α²C_k + σ²I); for
// the Checkerboard it is a sum of products of uniform distributions convolved
// with a Gaussian; the curves of Moons, SwissRoll and Spirals are mixtures by
// quadrature; for the Pinwheel the integral over the plane is taken by
// quadrature, to a stated accuracy. Evaluation is in log space, so that points
// forty standard deviations away keep finite scores.
//
// # Distributions on the plane
//
// Moons, the ring of eight Gaussians (NewRing), Checkerboard, SwissRoll, Spirals
// and Pinwheel have unit scale and known entropies, which are the floors of any
// log-likelihood:
//
//	moons 1.1002         ring 0.3121       checkerboard log 8 = 2.0794
//	swiss roll 0.9350    spirals 1.3977    pinwheel 1.5345 nats.
//
// The forms of other libraries, for comparisons with published figures, are as
// exact: NewScikitMoons and the toys of FFJORD ("FFJORD: Free-form Continuous
// Dynamics for Scalable Reversible Generative Models", arXiv:1810.01367),
//
//	scikit-learn's moons with noise 0.05, 0.1, 0.2    0.2892, 1.0076, 1.6775
//	FFJORD's checkerboard log 32 = 3.4657             Gaussians 2.8319
//	rings 2.6232         circles 3.2681               moons 2.3939
//	swiss roll 2.6696    spirals 2.6455               pinwheel 2.3178 nats.
//
// Affine scales and shifts any of them.
package dataset

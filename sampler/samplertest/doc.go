// Package samplertest checks predictors: those of package sampler, and a user's
// own, which should pass before its samples are believed.
//
//	report, err := samplertest.Verify(samplertest.Claim{
//		Predictor: mine{}, Evaluations: 1, Order: 2,
//	})
//
// # What is measured
//
// On a Gaussian x₀ ~ N(m, S) the score is linear, so that a run is an affine map
// of its starting point and its normals. Impulse feeds unit impulses through
// the real code and reads mean and covariance of the result off the responses,
// without Monte Carlo; started from the exact p_T they should be those of the
// exact p_t, and the distance between the two (Bures 1969; the Wasserstein-2
// distance of Gaussians) falls with the number of steps N as N^−order.
//
// On a mixture of three modes, where the score is not linear, methods without
// noise are compared with the exact flow path by path, in the median over
// paths: the mean is ruled by the few beside the boundaries of basins. Those
// that are sampler.Reversible are compared on the way back, too. Methods with
// noise are run on one Brownian path with N, 2N, 4N … steps, on the Gaussian
// again, and the distances of neighbours fall with their strong order.
//
// Invariants checks what every predictor must do whatever its order.
//
// # References
//
//	Bures 1969 An extension of Kakutani's theorem on infinite product measures to the tensor product of semifinite w*-algebras, Transactions of the American Mathematical Society 135
package samplertest

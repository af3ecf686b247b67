// Package posterior makes scores of p(x_t | y) from scores of p(x_t): a model that
// knows nothing of conditions becomes the prior of an inverse problem
//
//	y = h(x₀) + N(0, Σ),                                                                     (1)
//
// such as a hole in a picture, a blur, a sum over columns, or a size without its sign.
// What comes out is a sde.Problem, so that every sampler and grid runs on it:
//
//	o := posterior.Observation{
//		Operator: posterior.Matrix{A: a},
//		Y:        y,
//		Noise:    posterior.Noise{Deviation: 0.1},
//	}
//	p, err := posterior.MMPS{}.Given(model.Problem(), o)
//	…
//	err = sampler.Sample(ctx, x, p, sampler.DPMpp2MSDE{}, nil)
//
// A Matrix is any linear operator; Mask picks columns, Sums, Blur and BlockMeans are
// those of pictures and signals. Others implement Operator.
//
// An observation is in the data's coordinates and units; where the model has a Frame
// of its own it is translated.
//
// # Methods
//
// With the denoiser D(x_t) = E[x₀ | x_t] = (x_t + σ²s)/α, its Jacobian ∂D/∂x, and
// H = h'(D), all methods take p(x₀ | x_t) to be a normal distribution N(D, V), for which
//
//	∇ log p(x_t | y) = s + ∇ log p(y | x_t),                                                 (2)
//	∇ log p(y | x_t) ≈ (∂D/∂x)ᵀ Hᵀ (H V Hᵀ + Σ)⁻¹ (y − h(D)).                                (3)
//
//	method   V                                                 products   exact for normal data
//	DPS      0, and not beyond y                               1          never              (4)
//	PiGDM    diag σ²v_j/(α²v_j + σ²)                           1          of independent columns   (5)
//	TMPD     what makes H V Hᵀ the diagonal of the row sums    2          when H V Hᵀ is diagonal   (6)
//	         of the true one, and not beyond the true V
//	MMPS     (σ²/α) ∂D/∂x, the true Cov[x₀ | x_t]              up to 5    always, when solved   (7)
//
// A product is one with the Jacobian of the score, which costs as much as two evaluations
// of a network, one pass forward and one backward. The scores have to be capable of it
// (sde.Pullback); a score.View, sde.Analytic and sde.Guide are.
//
// On data that are not normal no method is exact, whatever its budget: p(x₀ | x_t) has
// modes, of whose weights given y a single normal knows nothing. Where σ/α is below the
// width of the modes MMPS is right to some per cent; above, errors of the term of a fifth
// to two fifths of its size remain, and of all of it where only the size of a column is
// seen: see the example posterior (examples/posterior). MMPS is the one to begin with; more
// than one of its iterations makes scores better, but not the samples there; of normal
// data they do. What is exact:
//
//   - a Mask with independent noise, for a model with score.Config.ColumnLevels: see
//     score.View.Observe and Observation.Cells;
//   - many particles that one of the methods moves, in many steps: see sampler.Twisted, for
//     any h that is defined and differentiable, and sampler.Steered, which takes no derivative.
//
// Draws of these methods with an h that is not linear have the modes that they come to first,
// which of a product x₀x₁ = 3 may be one of two. Where h is not defined at D, as the logarithm
// of a negative number, rows become NaN, and a run reports them with sampler.ErrNonFinite
// without naming h; sampler.Twisted, sampler.Steered and sampler.DAPS bear it.
//
// A model knows nothing of where it has not been trained, and no method says when an
// observation lies there. With a network that had learned 4 normal columns of correlation .7,
// one of which was observed with noise .1 at 6, 10 and 50 deviations, MMPS was off by .7, 1.3
// and 9 deviations of the exact posterior, and 1.3, 1.4 and 3.6 times too wide.
//
// # Densities
//
// Derivatives of these scores would need second derivatives of the model, and are not
// given: sampler.LogProb refuses the Problems with an error. PiGDM when h is linear, and
// DPS with a Step, are the gradients of log p_t(x) + log N(y; h(D), H V Hᵀ + Σ) and of log
// p_t(x) − w ‖y − h(D)‖, which they know (sde.LogProber) when the model's log-density is
// known. The others are no gradients: DPS shortens one, and that of V is left out, as the
// papers do.
//
// # References
//
//	Boys et al. 2023     Tweedie Moment Projected Diffusions for Inverse Problems, arXiv:2310.06721
//	Chung et al. 2023    Diffusion Posterior Sampling for General Noisy Inverse Problems, arXiv:2209.14687
//	Rozet et al. 2024    Learning Diffusion Priors from Observations by Expectation Maximization, arXiv:2405.13712
//	Song et al. 2023     Pseudoinverse-Guided Diffusion Models for Inverse Problems, ICLR 2023
package posterior

// Package inference learns the posterior p(θ | x) of a simulator's parameters from
// simulations, by their conditional score.
//
//	post, err := inference.Infer(ctx, prior, simulator, columns, 10_000, nil)
//	view, err := post.Given(observation)
//	err = view.Sample(ctx, theta, nil)
//
// A prior p(θ) and a program that draws x from p(x | θ) are all that is needed: no
// likelihood. What is learned holds for every x (amortised inference), so that Given and
// GivenAll take seconds. This is neural posterior estimation (Papamakarios & Murray 2016)
// by a score (Geffner et al. 2023; Sharrock et al. 2022).
//
// # Coordinates
//
// The score is learned of y, which parameters are mapped to in three steps, one to one for
// every x:
//
//	u = free(θ)                  without bounds, a parameter by itself                       (1)
//	v_j = (u_j − m_j(x))/s_j(x)  what a linear regression on x leaves                        (2)
//	y = R⁻¹v                     of covariance I over simulations                            (3)
//
// with free(θ) = θ, log(θ − low), −log(high − θ), or Φ⁻¹((θ − low)/(high − low)) by the
// bounds that there are. So no draw is outside the bounds, and priors that are uniform
// between two bounds or lognormal are normal in u. A parameter between two bounds of which a
// linear regression leaves less than half as much, or, of up to three, no more, when it is
// u = p + 0.0005 log(p/(1 − p)), p = (θ − low)/(high − low), has that for its free(θ): nearly
// linear but at the ends. The
// regression is that of approximate Bayesian computation (Beaumont et al. 2002): where the
// posterior is normal and its mean linear in x nothing is left to learn, and ten parameters are
// learned from 10,000 simulations as well as the moments are known from them. z(x) is
// standardised and cut at ±5, and a parameter takes part as far as x tells more of it than
// chance would. The weights are shrunk as generalised cross-validation says (Craven & Wahba
// 1979), and the y that is learned of a pair is what the regression on all others leaves: with
// 200 columns for 1,000 simulations what a regression leaves of its own pairs is narrower than
// the posterior by a tenth.
//
// How well x tells of a parameter depends on x, too (heteroscedastic regression: Blum & François
// 2010). A second regression is that of log |u − v| on z(x), v being the first one, which is then
// repeated with the weights 1/δ² of the deviations δ(x) that were found, and so on. Of u and v in
// units of the prior's deviation,
//
//	v = a + bᵀz,   log δ = c + dᵀz,   m = v/(1 + δ²),   s² = δ²/(1 + δ²),                    (4)
//
// as it would be for normal parameters. Of a parameter between two bounds
// it may be p that is measured so; then m and s are brought to u by Φ⁻¹ and its slope. In such y
// a posterior that is a hundred times narrower than another one is learned as well as that one. It is left at s = 1 unless log s has a
// deviation of ½ over simulations at least, so that s is several times larger for one x than for
// another, and for fewer than 200 pairs or more than 64 columns; and δ is not less than what it
// is for a fiftieth of the simulations.
//
// Parameters that simulations have exactly at a bound, as clamped ones and counts do, lie at
// infinity by these formulas. There the bound moves outwards in them by δ, which is how far
// as many parameters next to it reach; those at the bound have the coordinate of δ/2 beyond
// it, and draws beyond it are the bound. A number next to a bound that many of them have, the ε
// of max(ε, θ), stands for the bound. A Warning tells of them: p(θ | x) has no density
// there, and LogProb is that of what lies within.
//
// A few rows far from all others have no say in the scale of a column: ten deviations of a
// normal one with the same quartiles from its median, distances begin to count by their
// logarithms, one to one, in u as in x. Below there is no change. Where such rows are apart from
// the rest, as mistakes and codes for missing values are, a Warning names column, row and number.
//
// The density has the Jacobian of all steps,
//
//	log p(θ | x) = log p(y | x) − log det R + Σ_j (log du_j/dθ_j − log s_j(x)),              (5)
//
// that of y being exact for what has been learned (sampler.LogProb).
//
// # Repeated measurements
//
// Three and more columns of x of which every two have the same distribution over simulations,
// and rise and fall together, are taken for measurements of the same thing: their mean and the
// logarithm of their deviation s are put beside x, and for every two such sets of one size
// artanh of the correlation of their members in the order of the columns, unless these numbers
// are more than the columns. All of this is in x,
// but where four numbers that spread over units agree within a thousandth, neither a regression
// nor a network sees it there. (What is standardised is log s; where s is 0 it is the least
// that was simulated, less 1.) An Embed of one's own sees x only. Of the tasks of
// dataset/simulator slcp has them: without, C2ST for ten observations, which are not those of
// examples/sbi, was .811 with 3,000 draws, with them .674, and .617 with units s(x) besides.
//
// # Long observations
//
// Settings.Embed is the network that reads x. What it knows of x it has not to learn: nn.Conv
// that a shape means the same at all times of a series, nn.Pointwise and nn.Mean that the
// order of a set means nothing (see the examples of Settings). A linear regression on hundreds
// of columns has as many weights to get wrong, and what it gets wrong such a network cannot
// undo: Settings.Plain leaves it out. From 3,000 simulations and 800 steps, for mean and
// log-deviation of 50 normal numbers (set) and coefficient and log-deviation of an
// autoregressive series of 200, means are off by so many deviations of the exact posterior,
// and deviations so many times too large (means over eight observations,
// TestEmbeddingsKnowSetsAndSeries):
//
//	                            set          series
//	nn.Mean, nn.Conv, Plain   .36  1.25    .51  1.49
//	nn.Mean, nn.Conv          .42  1.42   1.32  2.02
//	default, Plain            .41  1.16   2.39  2.51
//	default                   .55  1.03   3.15  3.05
//
// # Several observations
//
// For independent observations x_1, …, x_n of one θ
//
//	p(θ | x_1, …, x_n) ∝ p(θ)^{1−n} Π_i p(θ | x_i),                                          (6)
//
// but the sum of the scores (1−n)s_λ + Σ s_i of noisy parameters is that of noisy draws
// from it at t = 0 only. With P_i the precision of θ given θ_t and x_i, and P_λ without x,
//
//	Λ s = Σ_i P_i s_i + (1−n) P_λ s_λ,   Λ = Σ_i P_i + (1−n) P_λ,                            (7)
//
// is exact where all are normal (Linhart et al. 2024): GAUSS has
// P_i = Σ_i⁻¹ + (α²/σ²)I from the covariance Σ_i of draws given x_i, JAC has
// P_i⁻¹ = (σ²/α²)(I + σ²∂s_i/∂θ). FNPE takes the sum as it is and leaves it to annealed
// Langevin dynamics to forget where they came from (Geffner et al. 2023). There the paper has
// (1 − t/T)∇log p(θ) for the prior's part, with which densities of processes such as
// sde.EDM's cannot be normalised; here it is the score of the noisy prior. No P_i is less
// than P_λ, whatever errors of draws and networks say, and those of JAC are within 30 times of
// those of GAUSS. Where s depends on x, every x_i has
// coordinates y = A_i(θ − m_i) of its own, in which the noise of θ is that of no time. Yet
// P_i s_i are A_iᵀ times those of y at any time, in units of the noise, where all are normal; it
// is taken at that of which the noise has the same determinant.
//
// # Importance
//
// Where the likelihood is known, View.Weigh makes draws of the learned posterior q draws of
// the exact one by the weights p(θ)p(x|θ)/q(θ|x), and says by the effective sample size how
// far q is from it.
//
// # What goes wrong
//
// A simulation that fails for some θ is left out (Simulate); what is learned is the posterior
// given that the simulator works. An observation outside what was simulated is answered, with
// a warning that names column, value and range (Joint.Outside for a Joint); what a network
// says there is an extrapolation. As in z(x), numbers more than 5 deviations from the mean are
// cut to that for the network of a Posterior, but where such were simulated to the last of
// those. Errors of what is run with it repeat the warning. Simulations are not lost when a
// context ends (Unfinished), nor is a training that left checkpoints (Resume). How well a posterior is calibrated, package dataset/calibration
// says.
//
// # References
//
//	Beaumont et al. 2002           Approximate Bayesian Computation in Population Genetics, Genetics 162
//	Blum & François 2010           Non-linear regression models for Approximate Bayesian Computation, Statistics and Computing 20
//	Craven & Wahba 1979            Smoothing noisy data with spline functions, Numerische Mathematik 31
//	Deistler et al. 2022           Truncated proposals for scalable and hassle-free simulation-based inference, arXiv:2210.04815
//	Geffner et al. 2023            Compositional Score Modeling for Simulation-based Inference, arXiv:2209.14249
//	Linhart et al. 2024            Diffusion posterior sampling for simulation-based inference in tall data settings, arXiv:2404.07593
//	Papamakarios & Murray 2016     Fast ε-free Inference of Simulation Models with Bayesian Conditional Density Estimation, arXiv:1605.06376
//	Sharrock et al. 2022           Sequential Neural Score Estimation, arXiv:2210.04872
package inference

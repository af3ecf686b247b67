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
// What all processes have in common appears in y = x/α and the noise-to-signal ratio
// ς = σ/α (Karras et al. 2022): in it, or in λ = −log ς, the flow is
//
//	dy/dς = ε̂ = (y − D)/ς                                                                (1)
//	dy/dλ = D − y,                                                                       (2)
//
// the same for all of them, and linear but for D, so that between two times (Lu et al. 2022)
//
//	x_u = (σ_u/σ_t) x_t + σ_u ∫ e^λ D dλ   over λ from λ_t to λ_u.                       (3)
//
// Most methods below are a quadrature of this, of more values of D or of ε̂ for a higher
// order; the comment of each has its step, with a number.
//
// Sample starts from the Gaussian Prior at the first time of a grid and lets a
// Predictor carry the state from each time t to the next, u < t. A Corrector
// may then move it within the time it has reached. The last state is denoised
// (Tweedie), unless the grid ends where the score is not known.
//
//	method             evaluations a step   order       strong   stochastic
//	EulerMaruyama      1                    1           1        yes
//	Euler{Lambda}      1                    1           1        when Λ > 0
//	DDIM{Eta}          1                    1           1        when η > 0
//	ReverseDiffusion   1                    1           1        unless Flow
//	Ancestral          1                    1           1        yes
//	Heun{Churn}        2                    2           1        with Churn
//	RungeKutta{Alpha}  1, 2                 1, 2        1        with Churn
//	DPM2{Churn}        2                    2           1        with Churn
//	DPMpp2S            2                    2           –        no
//	DPMpp2M            1                    2           –        no
//	DPMpp3M            1                    3 (or 2)    –        no
//	LMS{Order}         1                    1 … 4       –        no
//	DPMSolver{Order}   1, 2, 3              1, 2, 3     –        no
//	DEIS               1                    1 … 4       –        no
//	UniPC{Order}       1                    2, 3, 4     –        no
//	EulerAncestral     1                    1           1        yes
//	DPM2Ancestral      2                    2           1        yes
//	DPMpp2SAncestral   2                    2           1        yes
//	DPMppSDE           2                    2           1        yes
//	DPMpp2MSDE         1                    2           –        yes
//	DPMpp3MSDE         1                    2           –        yes
//	DPMFast            3                    3           –        with Eta
//	DPMAdaptive        2, 3                 adaptive    –        with Eta
//	DormandPrince      6                    adaptive    –        no
//	AdaptiveSDE        2                    adaptive    –        yes
//	Twisted            1 and products       –           –        yes
//	DAPS{FlowSteps}    1, or FlowSteps      –           –        yes
//	Steered            1                    –           –        yes
//	Replace{Back}      Back's               –           –        yes
//	FlowMap            1                    exact map    –        unless Deterministic
//	NoPredictor        0                    –           –        no (moves nothing)
//	Langevin           Steps                corrector   –        yes
//	Renoise            Steps                corrector   –        yes
//	MALA               Steps + 1            corrector   –        yes, and exact
//	Gibbs              Back's × Substeps    corrector   –        yes
//
// The order is that of the distribution of the result, and for methods without noise of
// every path. The strong order is that of the paths of a method with noise when
// the noise is one Brownian path (noise.Brownian): it is 1, the noise being
// additive and known by its increments. Both are measured, in samplertest, which
// also checks a user's own methods. A multistep method has its order from a start
// of that order. Its own first steps have lower orders, which caps it at 2 in the
// end; but they lie where the denoiser hardly moves, and what they add is small.
// DPMpp3M, DPMpp3MSDE, UniPC and DEIS in X0Form extrapolate the denoiser, which goes
// wrong over a step longer than .6 in λ = log(α/σ): there they have order 1, and
// UniPC its corrector, so that few steps are no worse than those of DDIM, and DEIS
// of order 4 has order 3 in the other forms. Their FullOrder switches that off.
// Adaptive methods make as many steps, of that many evaluations, as their
// tolerance asks for, and end one at the Problem's Breakpoints. A grid of n points makes n−1 steps, and the final denoise
// is one more evaluation: n in all for a method that takes one a step. Default is
// the one to begin with.
//
// Langevin and Renoise leave a distribution invariant that differs from p_t by something
// of the order of their step, so that at a fixed setting more steps of the
// predictor lead to a plateau. Gibbs has the error of its way back, MALA none.
//
// A step to σ = 0, where the score is not known, is that of DDIM: it ends at the
// denoised state, after one evaluation. Only the methods that step in the
// process's own time, Euler, EulerMaruyama, ReverseDiffusion and RungeKutta, take
// Euler's step there too.
//
// # Runs
//
// Sample draws new rows, Batches more of them than fit in memory. Steps ranges
// over the points of a run and may stop. Continue starts from given rows: after
// NoiseTo it edits data, after Encode it decodes.
//
// # Densities
//
// The probability flow also gives densities. LogProb follows rows from the start
// of the span to its end, in units r = √(α² + σ²) of the marginal's scale and in
// λ = log(α/σ), in which the flow is the same for all processes,
//
//	d/dλ [y, Δ] = (σ/r)² [y + ŝ, d + ∇·ŝ],   y = x/r,   ŝ(y) = r s(ry, t),               (4)
//
// or rather in asinh(σ/(α√S)), S being the variance of the data near the row,
// which does not waste steps where the noise is too small to matter. Steps end
// at the Problem's Breakpoints. Then log p_start =
// log π + Δ + d log(r_end/r_start) in nats. Every row has steps, a count of
// evaluations and error estimates of its own. SampleLogProb draws rows with their
// density; LogProbBound is a lower bound without derivatives of the score, with
// its Monte Carlo error. Three things no tolerance mends: the density is that of
// data with the noise of the start of the span; the prior is not quite p_end
// (FlowResult.LogPrior, sde.Prior.KL); and the distribution of the flow is not that of the
// reverse SDE when the score is not exact.
//
// # Coordinates
//
// Noise levels, grids and priors are made for data whose variance is about 1.
// A trained model brings its own coordinates y = (x − shift)/scale, the Frame of
// its Problem: the run is in y, matrices are in x.
//
// # Conditions
//
// A Score may be different for every row, as a score.View is, and the Problem says
// for how many. Row i of a run then has the score of row i, however the run is
// split and whichever rows a method evaluates. Data under a condition have a mean
// of their own, which the start takes from the denoiser.
//
// # Columns given others
//
// What is known of some cells of a row, Problem.Observed, makes the run one of the
// cells to draw given those: the known ones come out as they are known to be, to the bit,
// what is left out as NaN, and densities are those of the drawn cells. Rows of
// one run may know different cells. It works with every method, because the score
// keeps the known cells at α times the known value plus noise, where the process
// would have them, and the drawn cells do not look there.
//
// # Posteriors
//
// Package sde/posterior makes the score of p(x_t | y) from that of p(x_t), up to an
// approximation that no grid mends. Twisted is the predictor that does: its rows are
// particles, which the approximation moves, and which are weighed and resampled by what it
// gets wrong. Steered does without derivatives, for any function of the clean rows, which
// it tempers. Both estimate the evidence log p(y), with a standard error. DAPS draws clean rows given the
// state and the observation and noises them anew, an approximation that is
// exact for normal data and needs no derivatives either. Replace, with Gibbs, is RePaint
// for columns that are known.
//
// # Few steps
//
// FlowMap goes by the map of the flow that a model for few steps has learned (a
// score.Model with Config.FlowMap): samples in one, two or four evaluations on the times
// of grid.Few. A map has no density. LogProb of such a model's Problem follows the
// field that the map begins with, which is another flow; what the model was taught by,
// its teacher, has the better densities.
//
// # Wrappers
//
// What a run means is in the Problem. What a score is capable of besides,
// derivatives, log-densities, is found by sde.As through wrappers that have the
// method Unwrap. A wrapper without costs time, or an error that names what is
// missing; no number changes.
//
// # What a sample depends on
//
// Rows are independent. Sample i depends on the seed and on i, not on the
// number of rows, how they are split over calls (Settings.FirstRow), the
// workers or GOMAXPROCS: the bits are the same. Only a Coupler, such as Twisted or the
// batch-norm rule of Langevin, makes rows depend on each other, and even then
// not on the workers.
//
// # References
//
//	Anderson 1982                      Reverse-time diffusion equation models, Stochastic Processes and their Applications 12
//	Chen et al. 2018                   Neural Ordinary Differential Equations, arXiv:1806.07366
//	Dormand & Prince 1980              A family of embedded Runge–Kutta formulae, Journal of Computational and Applied Mathematics 6
//	Girolami & Calderhead 2011         Riemann manifold Langevin and Hamiltonian Monte Carlo methods, Journal of the Royal Statistical Society B 73
//	Gordon, Salmond & Smith 1993       Novel approach to nonlinear/non-Gaussian Bayesian state estimation, IEE Proceedings F 140
//	Grathwohl et al. 2019              FFJORD: Free-form Continuous Dynamics for Scalable Reversible Generative Models, arXiv:1810.01367
//	Ho et al. 2020                     Denoising Diffusion Probabilistic Models, arXiv:2006.11239
//	Hutchinson 1990                    A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines, Communications in Statistics 19
//	Jolicoeur-Martineau et al. 2021    Gotta Go Fast When Generating Data with Score-Based Models, arXiv:2105.14080
//	Karras et al. 2022                 Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364
//	Kitagawa 1996                      Monte Carlo Filter and Smoother for Non-Gaussian Nonlinear State Space Models, Journal of Computational and Graphical Statistics 5
//	Lee & Whiteley 2018                Variance estimation in the particle filter, arXiv:1509.00394
//	Liu & Chen 1998                    Sequential Monte Carlo Methods for Dynamic Systems, Journal of the American Statistical Association 93
//	Lu et al. 2022                     DPM-Solver, arXiv:2206.00927, and DPM-Solver++, arXiv:2211.01095
//	Lugmayr et al. 2022                RePaint: Inpainting using Denoising Diffusion Probabilistic Models, arXiv:2201.09865
//	Meng et al. 2022                   SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations, arXiv:2108.01073
//	Roberts & Tweedie 1996             Exponential convergence of Langevin distributions and their discrete approximations, Bernoulli 2
//	Singhal et al. 2025                A General Framework for Inference-time Scaling and Steering of Diffusion Models, arXiv:2501.06848
//	Söderlind 2003                     Digital Filters in Adaptive Time-Stepping, ACM Transactions on Mathematical Software 29
//	Song & Ermon 2019                  Generative Modeling by Estimating Gradients of the Data Distribution, arXiv:1907.05600
//	Song et al. 2021                   Score-Based Generative Modeling through Stochastic Differential Equations, arXiv:2011.13456
//	Song et al. 2021, NeurIPS          Maximum Likelihood Training of Score-Based Diffusion Models, arXiv:2101.09258
//	Song et al. 2023                   Consistency Models, arXiv:2303.01469
//	Song, Meng & Ermon 2021            Denoising Diffusion Implicit Models, arXiv:2010.02502
//	Theis et al. 2016                  A note on the evaluation of generative models, arXiv:1511.01844
//	Wu et al. 2023                     Practical and Asymptotically Exact Conditional Sampling in Diffusion Models, arXiv:2306.17775
//	Zhang & Chen 2023                  Fast Sampling of Diffusion Models with Exponential Integrator, arXiv:2204.13902
//	Zhang et al. 2024                  Improving Diffusion Inverse Problem Solving with Decoupled Noise Annealing, arXiv:2407.01521
//	Zhao et al. 2023                   UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models, arXiv:2302.04867
package sampler

// Package score learns the score ∇ₓ log p_t(x) of data with a neural network.
//
// # The score, and how it is matched
//
// The score of a distribution with the parameters θ is the gradient of its log-density in x
// (what statistics call the score is the gradient in θ):
//
//	S(x) = log p(x | θ),   s(x) = ∇ₓ S(x).                                               (1)
//
// What p is divided by to have the integral 1 is not in it, so that a function s_θ of any
// form may be a score; that of p = e^−E/Z is
//
//	s = −∇ₓ E.                                                                           (2)
//
// s_θ is fitted by least squares. The score of the data is not known, but integration by
// parts takes it out (Hyvärinen 2005), and random directions v with E vvᵀ = I take out the
// trace (Song et al. 2019):
//
//	½E‖s_θ − s‖² = E[½‖s_θ‖² + tr ∂s_θ/∂x] + ½E‖s‖²                                      (3)
//	tr ∂s_θ/∂x = E_v[vᵀ (∂s_θ/∂x) v].                                                    (4)
//
// So does noise, x_t = αx₀ + σz (Vincent 2011):
//
//	E‖s_θ(x_t) − s(x_t)‖² = E‖s_θ(x_t) + z/σ‖² − (d/σ² − E‖s(x_t)‖²).                    (5)
//
// In each the last term has no θ. Noise asks for no derivative of s_θ, and it covers the space
// between the rows, where they do not tell the score. That of much noise is easily learned and
// leads to that of little: hence a process.
//
// # From a network to a score
//
// The data x₀ are noised by a process (package sde) to x_t = αx₀ + σz. A
// network F, given the scaled row and the noise level, is tied to the posterior
// mean of the clean row by four numbers at each time, the preconditioning:
//
//	D(x, t) = E[x₀ | x_t = x] ≈ Skip·x + Out·F(In·x, Noise)                              (6)
//
// from which the score follows by Tweedie's formula,
//
//	s = (αD − x)/σ² = −(1 − α·Skip)/σ² x + α·Out/σ² F.                                   (7)
//
// The coefficients are computed in float64 and in closed form; (αD − x)/σ²
// itself would be lost to rounding at small σ.
//
//	prediction   Skip          Out            1 − α·Skip                                 (8)
//	EDM          αv/C          σ√(v/C)        σ²/C          C = α²v + σ²
//	Epsilon      1/α           −σ/α           0
//	X0           0             1              1
//	V            α/(α²+σ²)     −σ/(α²+σ²)     σ²/(α²+σ²)
//	Velocity     (1+2fσ²/g²)/α −2σ²/(αg²)     −2fσ²/g²
//
// with In = 1/√C and Noise = ¼ ln(σ/α) for all of them but Velocity, whose Noise
// is t. EDM with calibrated variance is the default (Karras et al. 2022); its Detail r₀
// multiplies Out by r/√(r² + r₀²), r = σ/α. An energy network, nn.Energy,
// fits in the network's place; its energy is that of the log-density,
//
//	−log p_t(x) = ‖x‖²/(2C) + (α√v/√(σ² + α²r₀²)) E_θ(In·x) + const(t).                  (9)
//
// # Coordinates
//
// The process runs in model coordinates y = (x − shift)/scale, in which the
// data have mean 0 and mean square 1. Fit measures shift and scale: one scale for
// columns of about the same deviation, one a column otherwise (see Scaling).
// Scores, divergences and times are those of y; package sampler maps rows at
// entry and exit.
//
// # Training
//
// Fit minimises the mean over rows of an Objective, by default denoising score
// matching w(t)‖D(x_t, t) − x₀‖² (Vincent 2011). Three devices, all unbiased,
// reduce its variance: times are stratified over the batch; each clean row is
// noised by z and by −z (antithetic pairs); and the clean row is replaced by
// its posterior mean over reference rows from the data,
//
//	x̄_i = Σ_j w_ij x_j,   w_ij = softmax_j(−‖x_t,i − αx_j‖²/(2σ²)),                      (10)
//
// the row itself being one of them: the stable target field of Xu, Tong &
// Jaakkola 2023, here called the Rao-Blackwellised target. It has the expectation
// of the clean row at any number of references:
//
//	Which row was noised says nothing of the rows: they are exchangeable. So, given them and
//	x_t, it was row j with probability w_j, and x̄ = E[x₀ | x_t, rows]; E[x̄ | x_t] = E[x₀ | x_t].
//
// With Settings.Pool, the default for many rows of up to 8 columns, it averages over
// thousands of rows, of which a noisy row takes those near it; then it does not matter how
// many there are, as long as they are fresh. What is
// left of the noise of the target,
//
//	E (1 + σ²)/σ² ‖x̄ − E[x₀ | x_t]‖²/d   at the times LogNormal{−2, 1.4},
//
// for a mixture of six normals in d columns (BenchmarkTarget prints it):
//
//	d                      1      2      3      4      8      16     64
//	the clean row          .958   .867   .770   .713   .640   .594   .564
//	References: 1,024      .012   .116   .221   .290   .416   .487   .539
//	References: 4,096      .003   .055   .144   .217   .368   .462   .534
//	Pool{Rows: 4096}       .006   .063   .153   .218   .370   .465   .539
//	Pool{Rows: 16384}      .004   .034   .103   .156   .328   .449
//
// In a few columns a pool has nearly the noise of as many References at a part of their
// cost. From about sixteen columns on hardly any row is near enough to matter, and in
// hundreds the clean row will do.
//
// The weights are moved by optim.SOAP, with a norm in the network that suits it, or by Adam
// where SOAP has not been measured to be better, see Recommend. In the recipe these belong
// together: the norm, the gated waves, the lower noise levels of LogNormal{−2.4, 1.4}, SOAP at
// twice Adam's rate, and the pool, whose targets have less noise for a fast optimiser to
// follow. What the network gives makes no difference to that: KLBound of moons / spirals /
// checkerboard in nats after 1,250 steps, mean of two seeds (examples/quality -kind; the first
// column with -recipe w -pool 4096):
//
//	network                        without norm, by Adam   with norm, by SOAP
//	nn.RecipeEnergy                .0065 / .0094 / .0378   .0028 / .0062 / .0191
//	Epsilon                        .0217 / .0523 / .0649   .0084 / .0138 / .0240
//	Velocity, of sde.Linear        .0404 / .1255 / .0660   .0059 / .0280 / .0306
//
// The target asks of Data that the rows of a step are drawn alike, whatever their place
// in it, and of an Objective that it is quadratic in the target; another one,
// such as a Huber loss, has its own minimiser, as it has with the clean row. The
// Model gets a moving average of the weights.
//
// # Objectives
//
//	DSM             w‖D − x₀‖²                      Vincent 2011; with EDMWeight Karras et al. 2022   (11)
//	DDPM            ‖ε̂ − z‖²                        Ho et al. 2020                       (12)
//	NCSN            ½σ²‖s + z/σ‖²                   Song & Ermon 2019                    (13)
//	FlowMatching    ‖u − (α̇x₀ + σ̇z)‖²               Lipman et al. 2023                   (14)
//	ISM             ω(½‖s‖² + tr ∂s/∂x)             Hyvärinen 2005                       (15)
//	SSM             ω(vᵀ(∂s/∂x)v + ½(vᵀs)²)         Song et al. 2019                     (16)
//	SSMVR           ω(vᵀ(∂s/∂x)v + ½‖s‖²)           Song et al. 2019                     (17)
//	FDSSM           SSMVR by central differences    Pang et al. 2020                     (18)
//	ControlVariate  DSM less what has mean 0        Wang et al. 2020                     (19)
//	LogVariance     ℓ e^−u + u for a loss ℓ         Kendall et al. 2018                  (20)
//	Progressive     w‖D − x̃₀‖² by two DDIM steps    Salimans & Ho 2022                   (21)
//	MeanFlow, Consistency, Trajectories             see "Few steps"
//
// But for the last four all have the same minimiser. ω is σ², or 2wσ⁴/α² when Weighted; then the losses
// are those of DSM up to a constant. Weights w are in the denoiser's form:
//
//	EDMWeight    (α²v + σ²)/(vσ²)      the regression error of the EDM network           (22)
//	Simple       α²/σ²                 the error of the noise                            (23)
//	Likelihood   ½g²α²/σ⁴              nats; by Importance (λ_ε − λ_T)/(T − ε) α²/σ²     (24)
//	MinSNR       min(α²/σ², γ)         the clean error, bounded                          (25)
//	SoftMinSNR   α²/(α²v + σ²)                                                           (26)
//	VWeight      (α² + σ²)²/σ²         the error of v                                    (27)
//
// Likelihood is that of the divergence from the data to what the reverse SDE makes of the
// prior π (Song et al. 2021),
//
//	KL(p_ε ‖ p_θ) ≤ KL(p_T ‖ π) + ½∫ g² E‖s_θ − s‖² dt,                                  (28)
//
// over the span from ε to T, with equality when s_θ is the score of some distribution, noised
// as the data are, which ends as π.
//
// Times are quantile functions, hence stratified: LogNormal, LogUniform (the
// importance sampling of Likelihood), LogLogistic, SplitLogNormal and CosineTimes
// in σ/α, UniformTimes, and LevelTimes for tables. For the published discrete
// objectives take a process of sde.NewDDPM or sde.NewNCSN with LevelTimes.
//
// # Conditions
//
// A model with Config.Cond learns s(y, t | c) for class labels and continuous c
// from rows with conditions (see Rows and Drawn.WithConditions), and with the
// probability Settings.DropCond the unconditional score too. The posterior mean above then
// runs over references with the same label; with continuous c the target is the
// clean row. Model.Given binds conditions, sde.Guide is classifier-free guidance
//
//	s_u + w(s_c − s_u)
//
// (Ho & Salimans 2022).
//
// # Columns given others
//
// In a model with Config.ColumnLevels every column j of a row has a noise level of its
// own,
//
//	y_j = α_j x_j + σ_j z_j,                                                             (29)
//
// of all of which the network is told (diffusion forcing, Chen et al. 2024; masks in
// place of levels are those of Ivanov et al. 2019 and Gloeckler et al. 2024). A known column
// has next to no noise, one that is left out infinitely much, of which nothing is seen, and
// those to be drawn the level of the run. So one network has the score of any columns
// given any others, with the rest integrated out:
//
//	m.Observe(score.Observed{Values: x}).Problem()  // NaN in x is drawn, +Inf left out
//
// for imputation, for rows of a rare kind, and for conditional densities (sampler.LogProb);
// Model.Marginal is for the densities of rows with missing values. A column known to ± τ
// has the level τ, which together with the state makes one observation of lower level,
// so that its score is exact, too. All of this is exact as far as the network has
// learned.
//
// The loss is Σ_j w(σ_j)(D_j − x_j)² over the columns that are noised. Settings.Patterns
// chooses the columns; a NaN in a row is a missing value, which is left out and has no
// loss, so that rows with holes are trained on as they are (see Incomplete). The price is
// what the same steps learn of whole rows: examples/columns measures it.
//
// # Few steps
//
// A solver of the probability flow takes some dozens of evaluations, since it has to follow
// the flow. A model with Config.FlowMap is told where the flow ends as well, and learns
// to go there at once. In the coordinates of unit scale and the noise's angle,
//
//	y = x/√C,  C = α²v + σ²,  θ = arctan(σ/(α√v)),                                       (30)
//
// the flow of every process is, with the network F of the preconditioning EDM,
//
//	dy/dθ = −F(y, θ),                                                                    (31)
//
// and a way from t down to r is
//
//	y_r = y_t + (θ_t − θ_r) F̄(y_t, t, r),   F̄ = 1/(θ_t − θ_r) ∫_{θ_r}^{θ_t} F dθ.        (32)
//
// F̄ is what the network learns, F̄(y, t, t) = F(y, t) being the score; its Views are
// sde.FlowMaps, which sampler.FlowMap runs. Three objectives train it, with the target F*
// of F that the clean row, or its posterior mean, gives:
//
//	MeanFlow       F* − (θ_t − θ_r) dF̄/dθ_t                           Geng et al. 2025   (33)
//	Consistency    wF* + (1 − w) F̄(y_s, s, r), w = (θ_t−θ_s)/(θ_t−θ_r)  Song et al. 2023   (34)
//	Trajectories   (y_r − y_t)/(θ_t − θ_r) on ways of the teacher     Luhman & Luhman 2021   (35)
//
// the first two with a target that the network makes itself, and whose gradient is
// stopped. With Settings.Teacher, a trained model, F* is the teacher's field, and NewFlowMap
// is the model to begin with:
//
//	few, err := score.NewFlowMap(m)
//	…
//	_, err = score.Fit(ctx, few, data, &score.Settings{Teacher: m})
//	…
//	err = sampler.Sample(ctx, x, few.Problem(), sampler.FlowMap{}, &sampler.Settings{Grid: grid.Few(few.Process(), 2)})
//
// The defaults are Trajectories and a quarter of the model's steps, each of which takes some
// two of the model's; for MeanFlow, whose steps take less, three tenths. Measured on toys (examples/fewsteps), that is enough for samples in two
// evaluations that can hardly be told from the data. Progressive is for models without
// a map, on grid.Halving. A map has no density: likelihoods are the teacher's, and those of a model with
// FlowMap those of its field at r = t, which is not quite the teacher's. Nor is it guided:
// what sde.Guide returns is a score, which sampler.FlowMap refuses.
//
// # Averages after the run
//
// How far back the average of the weights should reach is known when the run is over. With
// Checkpoints.Averages the checkpoints hold two averages of the power-function kind
// (optim.PowerFunction), of which those of all other widths are combinations (Karras et al.
// 2024): Model.LoadAverage finds the best one by least squares.
//
// A run is a function of its seeds: the same data, settings and seeds give the
// same bits whatever the number of workers.
//
// # Few rows
//
// On few rows a network learns first the distribution and then the rows by
// heart. Fit therefore holds a tenth of them out, looks at the loss on these with
// the same noise every 100 steps, and leaves the average of the best look
// (Validation). And it chooses what suits the rows (Recommend), so that the best look
// falls where the rate has fallen: below 20,000 rows the target is the plain one and
// the network has no Fourier features, and the noise levels are not lower for SOAP; from four
// columns on it has no norm, the optimiser is Adam, and a model whose network is left to Fit
// is regularised (Settings.Regularize).
//
// KLBound on n rows of moons / spirals / ring, in nats, after about 2n steps (examples/quality
// -rows; for 1,000 the mean of three sets):
//
//	n         network without norm, by Adam   with norm, by SOAP
//	 1,000    .055 / .153 / .062              .046 / .114 / .063
//	 3,000    .026 / .068 / .029              .022 / .042 / .026
//	10,000    .010 / .028 / .011              .011 / .023 / .008
//
// With Fourier features 1,000 moons ended a half further from the law, with dropout of .1 a
// sixth (both by Adam). SOAP at lower noise levels, LogNormal{−2, 1.4}, ended at .055 / .128 /
// .072 on one set of 1,000, where those of few rows ended at .044 / .108 / .063.
//
// The rows held out say when to stop, and nothing is learned from them. A second run with all
// rows, for as many passes as the best look of the first took (Result.Again), ended nearer to
// the law, at twice the time; the means of five sets of 1,000 (examples/quality -rows 1000
// -again), beside 2,000 further rows held out (-held-out 2000), and in nats as below in eight
// columns (BenchmarkFewRows):
//
//	                          a tenth held out   again with all   2,000 further ones held out
//	moons / spirals / ring    .048 / .110 / .054 .047 / .099 / .050 .042 / .098 / .049
//	mixture, 300 / 1,000      1.095 / .449       1.001 / .418
//	bent, 300 / 1,000         1.463 / .813       1.391 / .753
//
// In more columns dropout and weight decay of 6/√n, which Recommend takes, move the
// best look from the first tenth of the run to near its end, and lower both the
// divergence and what the model gives away of its rows. What helps is not to learn them
// by heart early: on the same rows, a second run whose schedule ends at the best look of the
// first, or a fall of the rate branched off there, did hardly better than stopping.
//
// SOAP and a norm, which learn faster, are no better there. With the Steps and Regularize of
// Recommend, nats of eight columns, the mean of two sets (BenchmarkFewRows): KLBound for
// mixtures of four normals, and the divergence of the probability flow for columns with curved
// means and varying deviations given those before:
//
//	law      n       network without norm, by Adam   with norm, by SOAP
//	mixture    300   1.095                           1.145
//	         1,000   .449                            .470
//	bent       300   1.463                           1.748
//	         1,000   .813                            .887
//
// Posteriors from few simulations differ in what they want. For nearly normal ones in
// many parameters take optim.Adam[float32]{WeightDecay: 1}, as long as the held-out loss
// agrees; for those of several modes it is too much.
//
// # Runs that one can leave alone
//
// With Checkpoints the state of a run is on disk: weights, averages, optimiser,
// losses, and a description of model and settings, in a safetensors file that is
// put in place in one step. A step depends on the state, the seeds and its
// number only, so that Resume goes on with the bits of a run that was never
// interrupted. A file holds
//
//	net.*, frame.*              the model, as Fit would leave it now
//	run.weights, run.average    of the network and then the objective
//	run.average.0, …            those of Checkpoints.Averages
//	run.best                    the average of the best look at held-out rows
//	run.optimizer.0, …          the optimiser's state
//	run.losses, run.checks      what the Result needs
//	gradlogp.run.*              step, best look, warnings, fingerprints of the data
//	gradlogp.settings.*         the Settings, a key a field
//
// Whatever ends a run early (the context, an error of data, Recorder or disk, a
// loss that is not finite, a collapse) ends it after a complete step, with
// the last good checkpoint in place. Recorders write what a run says of each
// step, with metrics of one's own such as the likelihood of held-out rows,
// Settings.Logger of events.
//
// # Files
//
// A model is a safetensors file that says of itself what it is made of: Open
// needs nothing else, unless there are parts of the user's own, for which there
// are New and LoadFile. Model.Metadata are kept in it.
//
// # References
//
//	Chen et al. 2024         Diffusion Forcing: Next-token Prediction Meets Full-Sequence Diffusion, arXiv:2407.01392
//	Crowson et al. 2024      Scalable High-Resolution Pixel-Space Image Synthesis with Hourglass Diffusion Transformers, arXiv:2401.11605
//	Geng et al. 2024         Consistency Models Made Easy, arXiv:2406.14548
//	Geng et al. 2025         Mean Flows for One-step Generative Modeling, arXiv:2505.13447
//	Gloeckler et al. 2024    All-in-one simulation-based inference, arXiv:2404.09636
//	Hang et al. 2023         Efficient Diffusion Training via Min-SNR Weighting Strategy, arXiv:2303.09556
//	Ho et al. 2020           Denoising Diffusion Probabilistic Models, arXiv:2006.11239
//	Ho & Salimans 2022       Classifier-Free Diffusion Guidance, arXiv:2207.12598
//	Hoogeboom et al. 2023    simple diffusion: End-to-end diffusion for high resolution images, arXiv:2301.11093
//	Hyvärinen 2005           Estimation of Non-Normalized Statistical Models by Score Matching, JMLR 6
//	Ivanov et al. 2019       Variational Autoencoder with Arbitrary Conditioning, arXiv:1806.02382
//	Karras et al. 2022       Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364
//	Karras et al. 2024       Analyzing and Improving the Training Dynamics of Diffusion Models, arXiv:2312.02696
//	Kendall et al. 2018      Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics, arXiv:1705.07115
//	Lipman et al. 2023       Flow Matching for Generative Modeling, arXiv:2210.02747
//	Luhman & Luhman 2021     Knowledge Distillation in Iterative Generative Models for Improved Sampling Speed, arXiv:2101.02388
//	Pang et al. 2020         Efficient Learning of Generative Models via Finite-Difference Score Matching, arXiv:2007.03317
//	Salimans & Ho 2021       Should EBMs model the energy or the score?, ICLR workshop on energy-based models
//	Salimans & Ho 2022       Progressive Distillation for Fast Sampling of Diffusion Models, arXiv:2202.00512
//	Song & Ermon 2019        Generative Modeling by Estimating Gradients of the Data Distribution, arXiv:1907.05600
//	Song et al. 2019         Sliced Score Matching: A Scalable Approach to Density and Score Estimation, arXiv:1905.07088
//	Song et al. 2021         Maximum Likelihood Training of Score-Based Diffusion Models, arXiv:2101.09258
//	Song et al. 2023         Consistency Models, arXiv:2303.01469
//	Song & Kingma 2021       How to Train Your Energy-Based Models, arXiv:2101.03288
//	Vincent 2011             A Connection Between Score Matching and Denoising Autoencoders, Neural Computation 23
//	Wang et al. 2020         A Wasserstein Minimum Velocity Approach to Learning Unnormalized Models, arXiv:2002.07501
//	Xu, Tong & Jaakkola 2023 Stable Target Field for Reduced Variance Score Estimation in Diffusion Models, arXiv:2302.00670
package score

// Package sde holds noising processes and what follows from them: the score's
// other forms, the processes that run backwards, and exact scores.
//
// # Processes
//
// Every process here is linear,
//
//	dx = f(t) x dt + g(t) dw,   x_t | x_0 ~ N(α(t) x_0, σ(t)² I),                (1)
//
// and two numbers at each time say everything about it: α and σ, or
// their rates
//
//	f = d log α/dt,   g² = dσ²/dt − 2fσ².                                        (2)
//
// An SDE gives both. The log signal-to-noise ratio decreases from data to noise,
//
//	λ(t) = log(α/σ),   dλ/dt = −g²/(2σ²),                                        (3)
//
// and TimeAt inverts it. Between times u < t the kernel is (Transition)
//
//	x_t | x_u ~ N(a x_u, (σ_t² − a²σ_u²) I),   a = α_t/α_u.                      (4)
//
//	process   α                σ                       f          g²                         (5)
//	VP        e^{−B/2}         √(1 − e^{−B})           −½β        β
//	SubVP     e^{−B/2}         1 − e^{−B}              −½β        β(1 − e^{−2B})
//	Cosine    cos φ/cos φ(0)   √(1 − α²)               −φ̇ tan φ   2φ̇ tan φ
//	VE        1                σ_min(σ_max/σ_min)^t    0          2σ² ln(σ_max/σ_min)
//	EDM       1                t                       0          2t
//	Linear    1 − t            σ_min + (1 − σ_min)t    −1/(1−t)   2σ/(1−t)
//	Schedule  the user's       the user's              α̇/α        2σ(σ̇ − fσ)
//	Discrete  Πa_i             from a table of steps   log a_i    constant in a step
//
// with β(t) linear in t and B its integral, and φ(t) = ½π(t + s)/(1 + s).
// Values are right to a relative 1e-12 everywhere in the span and below it,
// without the cancellation of 1 − α² at small times. A process of a user's own
// is a Schedule, or any type with the three methods; package sdetest checks it.
//
// Perturb draws x_t from x_0, and Simulate whole paths; both are exact. At the
// end of the span little is left of the data, and a sampler starts from a
// Gaussian in place of p_t: Prior says how far from it that is, and how much
// noise it takes to keep to a given distance.
//
// # Discrete tables
//
// What is trained for N noise levels (Song & Ermon 2019; Ho et al. 2020)
// belongs to a chain of steps
//
//	x_{i+1} = a_i x_i + √q_i z,                                                  (6)
//
// with
//
//	NewDDPM     a_i = √(1 − β_i)      q_i = β_i
//	NewNCSN     a_i = 1               q_i = σ_i² − σ_{i−1}²
//	.Discrete   β̃_i = β₀/N + i/(N−1) (β₁ − β₀)/N for VP, geometric σ_i for VE,
//	            1 − α²((i+1)/N)/α²(i/N) for Cosine
//
// and Discrete, whose time is the number of steps, is also the SDE between
// them: any method samples it on any grid.
//
// # Scores
//
// The density of x_t and its score are
//
//	p_t(x) = ∫ p(x_0) N(x; αx_0, σ²I) dx_0                                       (7)
//	s(x, t) = ∇ₓ log p_t(x) = E[(αx_0 − x)/σ² | x_t = x],                        (8)
//
// the second by taking the gradient under the integral, which is Tweedie's formula (Efron
// 2011). The score has three other forms, which Convert turns into one another:
//
//	D = E[x_0 | x_t = x] = (x + σ²s)/α      denoiser                             (9)
//	ε = E[z | x_t = x]   = −σs              noise                                (10)
//	u = α̇D + σ̇ε         = f x − ½g²s       velocity of the probability flow     (11)
//
// # Reverse time
//
// A density that is carried by a drift b(x, t) and a noise g(t) changes in time as the
// Fokker–Planck equation says (Risken 1996), ∂p/∂t = −∇·(b p) + ½g²∇²p. For the process
// above, b = f x, this is, divided by p,
//
//	∂/∂t log p_t = ½g²(∇·s + ‖s‖²) − f (d + x·s)                                 (12)
//
// in d columns. As ∇²p = ∇·(s p), noise does to a density what a drift of −½g²s does. Turned
// round in time the equation asks for noise that narrows, which there is not; a drift does
// that, and makes up for any noise that is put in besides. So, run from the end to the
// start, every member of the family
//
//	dx = [f x − ½(1 + Λ²) g² s] dt + Λ g dw                                      (13)
//
// has the marginals p_t of the noising process (Anderson 1982; Song et al.
// 2021); Reverse is that family. Λ = 1 is the reverse SDE. Λ = 0 is the probability flow,
// an ordinary differential equation with the velocity u above: it takes every row to one
// row of the data, and back. Analytic is the exact score of a distribution
// whose diffused form is known, the oracle that samplers and networks are
// tested against.
//
// # Guidance
//
// Guide, GuideByClassifier and Within make a Problem of two, whose score is
//
//	s_u + w (s_c − s_u)        Guide: classifier-free guidance and autoguidance  (14)
//	s + w ∇ₓ log p(c | x_t)    GuideByClassifier                                 (15)
//	s_a or s_b, by σ/α         Within: guidance on an interval                   (16)
//
// All samplers run on them, and densities as far as both have derivatives. w = 1 is
// the score of the condition. Larger w lean towards it, and samples then have the
// tilted distribution p_u^{1−w} p_c^w only where both are normals of one covariance:
// the noised forms of a product are not the products of the noised forms.
//
// # Conventions
//
// Rows are samples. Time runs from data to noise; flow matching's runs the other
// way, and its velocity has the other sign. Times lie in the span, which InSpan
// decides for all, except that Kernel is also right below its start, down to
// t = 0, where a sampler may put its last point. A time that is NaN gives NaNs
// where there is no error to return.
//
// Matrices of the wrong shape panic with the argument and both shapes; impossible
// settings are reported by Validate.
//
// # References
//
//	Anderson 1982              Reverse-time diffusion equation models, Stochastic Processes and their Applications 12
//	Dhariwal & Nichol 2021     Diffusion Models Beat GANs on Image Synthesis, arXiv:2105.05233
//	Efron 2011                 Tweedie's Formula and Selection Bias, Journal of the American Statistical Association 106
//	Ho et al. 2020             Denoising Diffusion Probabilistic Models, arXiv:2006.11239
//	Ho & Salimans 2022         Classifier-Free Diffusion Guidance, arXiv:2207.12598
//	Karras et al. 2022         Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364
//	Karras et al. 2024         Guiding a Diffusion Model with a Bad Version of Itself, arXiv:2406.02507
//	Kynkäänniemi et al. 2024   Applying Guidance in a Limited Interval Improves Sample and Distribution Quality in Diffusion Models, arXiv:2404.07724
//	Lipman et al. 2023         Flow Matching for Generative Modeling, arXiv:2210.02747
//	Liu et al. 2023            Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow, arXiv:2209.03003
//	Nichol & Dhariwal 2021     Improved Denoising Diffusion Probabilistic Models, arXiv:2102.09672
//	Risken 1996                The Fokker–Planck Equation: Methods of Solution and Applications, Springer
//	Sohl-Dickstein et al. 2015 Deep Unsupervised Learning using Nonequilibrium Thermodynamics, arXiv:1503.03585
//	Song & Ermon 2019          Generative Modeling by Estimating Gradients of the Data Distribution, arXiv:1907.05600
//	Song & Ermon 2020          Improved Techniques for Training Score-Based Generative Models, arXiv:2006.09011
//	Song et al. 2021           Score-Based Generative Modeling through Stochastic Differential Equations, arXiv:2011.13456
package sde

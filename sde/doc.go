// Package sde holds noising processes and what follows from them: the score's
// other forms, the processes that run backwards, and exact scores.
//
// # Processes
//
// Every process here is linear,
//
//	dx = f(t) x dt + g(t) dw,   x_t | x_0 ~ N(α(t) x_0, σ(t)² I),
//
// and two numbers at each time say everything about it: α and σ, or
// their rates
//
//	f = d log α/dt,   g² = dσ²/dt − 2fσ².
//
// An SDE gives both. The log signal-to-noise ratio λ(t) = log(α/σ) decreases
// from data to noise, with dλ/dt = −g²/(2σ²), and TimeAt inverts it.
// Between times u < t the kernel is N(a x_u, (σ_t² − a²σ_u²) I), a = α_t/α_u
// (Transition).
//
//	process   α                σ                       f          g²
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
// belongs to a chain of steps x_{i+1} = a_i x_i + √q_i z,
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
// The score s(x, t) = ∇ₓ log p_t(x) has three other forms, which Convert turns
// into one another:
//
//	D = E[x_0 | x_t = x] = (x + σ²s)/α      denoiser
//	ε = E[z | x_t = x]   = −σs              noise
//	u = α̇D + σ̇ε         = f x − ½g²s       velocity of the probability flow
//
// Run from the end to the start, every member of the family
//
//	dx = [f x − ½(1 + Λ²) g² s] dt + Λ g dw
//
// has the marginals p_t of the noising process (Anderson 1982; Song et al.
// 2021); Reverse is that family. Analytic is the exact score of a distribution
// whose diffused form is known, the oracle that samplers and networks are
// tested against.
//
// # Guidance
//
// Guide, GuideByClassifier and Within make a Problem of two, whose score is
//
//	s_u + w (s_c − s_u)        Guide: classifier-free guidance and autoguidance
//	s + w ∇ₓ log p(c | x_t)    GuideByClassifier
//	s_a or s_b, by σ/α         Within: guidance on an interval
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
//	Ho et al. 2020             Denoising Diffusion Probabilistic Models, arXiv:2006.11239
//	Ho & Salimans 2022         Classifier-Free Diffusion Guidance, arXiv:2207.12598
//	Karras et al. 2022         Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364
//	Karras et al. 2024         Guiding a Diffusion Model with a Bad Version of Itself, arXiv:2406.02507
//	Kynkäänniemi et al. 2024   Applying Guidance in a Limited Interval Improves Sample and Distribution Quality in Diffusion Models, arXiv:2404.07724
//	Lipman et al. 2023         Flow Matching for Generative Modeling, arXiv:2210.02747
//	Liu et al. 2023            Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow, arXiv:2209.03003
//	Nichol & Dhariwal 2021     Improved Denoising Diffusion Probabilistic Models, arXiv:2102.09672
//	Sohl-Dickstein et al. 2015 Deep Unsupervised Learning using Nonequilibrium Thermodynamics, arXiv:1503.03585
//	Song & Ermon 2019          Generative Modeling by Estimating Gradients of the Data Distribution, arXiv:1907.05600
//	Song & Ermon 2020          Improved Techniques for Training Score-Based Generative Models, arXiv:2006.09011
//	Song et al. 2021           Score-Based Generative Modeling through Stochastic Differential Equations, arXiv:2011.13456
package sde

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
//	process   α         σ                       f      g²
//	VP        e^{−B/2}  √(1 − e^{−B})           −½β    β            β linear, B = ∫β
//	sub-VP    e^{−B/2}  1 − e^{−B}              −½β    β(1 − e^{−2B})
//	VE        1         σ_min(σ_max/σ_min)^t    0      2σ² ln(σ_max/σ_min)
//	EDM       1         t                       0      2t
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
// whose diffused law is known, the oracle that samplers and networks are
// tested against; with its derivative (Divergencer) and the log-density
// (LogProber) where the law has them.
//
// # Conventions
//
// Rows are samples. Times lie in the span, except that Kernel is also right
// below its start, down to t = 0, where a sampler may put its last point.
// Matrices of the wrong shape panic; impossible settings are reported by
// Validate.
package sde

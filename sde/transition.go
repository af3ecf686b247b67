package sde

// Transition returns the kernel between two times u ≤ t,
//
//	x_t | x_u ~ N(a x_u, q I),   a = α_t/α_u,   q = σ_t² − a²σ_u².
//
// Transitions compose: from r by way of u, a is the product of the two and q
// is a²q_ru + q_ut with the a of the later step.
func Transition(p SDE, u, t float64) (a, q float64) {
	alphaU, sigmaU := p.Kernel(u)
	alphaT, sigmaT := p.Kernel(t)
	a = alphaT / alphaU
	return a, (sigmaT - a*sigmaU) * (sigmaT + a*sigmaU)
}
